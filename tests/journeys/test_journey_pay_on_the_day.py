"""A hospital where a visit is paid when its patient comes: booked without money, asked for it at check-in, and nobody
is checked in who has not paid."""

from pathlib import Path

from kiosk_screen import EVERY_LOOK, KioskScreen, kiosk_screen
from paper import Paper
from playwright.sync_api import Browser
from test_journey_booking import CLINIC, it_is_today

import books
from cards import fresh_card
from real_platform import RealPlatform

_TAKEN = "SELECT FROM payment WHERE facts ->> 'booking_no' = $1 AND taken_fen > 0"


@EVERY_LOOK
def test_paid_on_the_day(chromium: Browser, tmp_path: Path) -> None:
    house = RealPlatform(tmp_path / "var", BOOKING_PAID="check_in")
    try:
        house.hear("Everything answers")
        house.until_connected()
        with kiosk_screen(house, chromium) as screen:
            booking_no = booked_unpaid(screen)
            it_is_today(house, booking_no)
            first = comes(screen, booking_no)
            screen.press('button[formaction*="/release/"]')
            screen.seen("/check-in", ".rows form .row")
            assert not house.rows(_TAKEN, booking_no), "who does not pay is not checked in, and nothing is taken"
            arrival = comes(screen, booking_no)
            assert arrival != first
            before = house.papers()
            assert house.phone("pay", screen.to_code())["state"] == "paid"
            screen.seen(rf"/done/{arrival}", ".slip .no")
            assert "前面" in screen.text(), "his place in the queue"
            assert Paper(house.paper_after(before)).payment_no() == arrival
            screen.go("/check-in")
            screen.seen("/check-in", ".rows a.row")
            assert screen.page.locator(".rows form").count() == 0, "once only"
        books.agree(house, booking_no, arrival)
    finally:
        house.stop()


def booked_unpaid(screen: KioskScreen) -> str:
    """Two days ahead, by somebody new; the slip says what is to be paid, and when."""
    screen.first_visit(fresh_card("柳后付"))
    screen.house.take_card()
    screen.go("/book/departments")
    screen.seen("/book/departments", ".tiles .tile")
    screen.press(f'a[href="/kiosk/book/{CLINIC}"]')
    screen.seen(r"/book/\w+", ".week a.day")
    screen.press(".week a.day >> nth=2")
    screen.seen(r"/book/\w+/[\d-]+", "a.row.doc").click()
    before = screen.house.papers()
    screen.seen(r"/book/\w+/[\d-]+/\d+", "button.time").click()
    screen.seen(r"/done/\w+", ".slip .no")
    assert "取号时" in screen.text(), "it is paid later"
    number = screen.payment_no()
    assert Paper(screen.house.paper_after(before)).payment_no() == number
    return number


def comes(screen: KioskScreen, booking_no: str) -> str:
    """On the day; asked for the fee. The check-in's number."""
    screen.go("/check-in")
    screen.seen("/check-in", ".rows form .row")
    screen.press(f'form[action$="/check-in/{booking_no}"] button')
    screen.seen(r"/register/check/\w+", ".facts")
    arrival = screen.payment_no()
    assert arrival != booking_no
    return arrival
