"""Bookings in a real browser: booked, cancelled, another doctor refused, stopped by the hospital and booked again,
checked in by slip."""

import re
from typing import Any

import pytest
from kiosk_screen import KioskScreen, kiosk_screen
from paper import Paper
from playwright.sync_api import Browser

import books
from cards import fresh_card
from real_platform import RealPlatform, until
from yinyi.kernel.ids import BOOKING_SLIP

CLINIC = "0103"
_TODAY = """
UPDATE payment SET facts = facts || jsonb_build_object('service_date', $2::text, 'session_until', $3::text)
WHERE payment_no = $1
"""
_SESSION_TODAY = """
UPDATE his.schedule SET work_date = his.today_(), starts_at = his.instant_() - interval '1 hour',
  ends_at = his.instant_() + interval '8 hours', closes_at = his.instant_() + interval '8 hours', session_no = 2,
  slot_minutes = 60
WHERE schedule_id = $1
"""
_FREE_TODAY = "DELETE FROM his.schedule WHERE doctor_no = $1 AND work_date = his.today_() AND session_no = 2"


@pytest.mark.walk
def test_booked_cancelled_stopped_and_checked_in(house: RealPlatform, chromium: Browser) -> None:
    card = fresh_card("柳预约")
    with kiosk_screen(house, chromium, "portrait", "zh-CN") as screen:
        screen.first_visit(card)
        house.take_card()
        screen.home()
        with screen.walk("booking", 6):
            cancelled = book(screen)
        cancel(screen, cancelled)
        screen.home()
        refused = book(screen, day=3)
        screen.home()
        stopped = book(screen)
        house.substitute(schedule_of(house, refused))
        house.stop_schedule(schedule_of(house, stopped))
        until(lambda: house.rows("SELECT FROM visit_change WHERE payment_no = $1", stopped), "the platform knows")
        again(screen, card)
        assert "换" in screen.asks()
        screen.press('button[name="then"][value="back"]')
        screen.seen(rf"/trouble/{refused}", ".act")
        screen.go("/changed")
        screen.seen("/changed", ".facts")
        assert "停诊" in screen.asks()
        screen.press('button[name="then"][value="book"]')
        booked = book(screen, "")
        it_is_today(house, booked)
        screen.go()
        screen.press(".row.quit")
        screen.seen("/", '.tile[href="/kiosk/register"]')
        before = house.papers()
        with screen.walk("check_in", 2):
            house.hold(f"{BOOKING_SLIP}{booked}")
            screen.seen(rf"/slip/{booked}", "form.go")
            screen.press_form(f"/slip/{booked}")
            screen.seen(r"/done/\w+", ".slip .no")
        arrived = screen.payment_no()
        assert Paper(house.paper_after(before)).payment_no() == arrived
        assert re.search("前面", screen.text())
    back = (cancelled, refused, stopped)
    until(lambda: all(returned(house, each) > 0 for each in back), "what was paid is back")
    books.agree(house, *back, booked)


def book(screen: KioskScreen, clinic: str = CLINIC, day: int = 2) -> str:
    """From home, paid by code; ``clinic`` empty: its days are on the screen. The booking's number."""
    house = screen.house
    if clinic:
        screen.press_link("/book")
        screen.seen("/book/departments", ".tiles .tile")
        screen.press(f'a[href="/kiosk/book/{clinic}"]')
    screen.seen(r"/book/\w+", ".week a.day")
    screen.press(f".week a.day >> nth={day}")
    screen.seen(r"/book/\w+/[\d-]+", "a.row.doc")
    screen.press("a.row.doc")
    screen.seen(r"/book/\w+/[\d-]+/\d+", "button.time")
    screen.press("button.time")
    screen.seen(r"/register/check/\w+", ".facts")
    number, before = screen.payment_no(), house.papers()
    house.phone("pay", screen.to_code())
    screen.seen(rf"/done/{number}", ".slip .no")
    assert Paper(house.paper_after(before)).payment_no() == number
    return number


def cancel(screen: KioskScreen, number: str) -> None:
    screen.go("/check-in")
    screen.seen("/check-in", ".rows .row")
    screen.press(f'a[href$="/check-in/{number}"]')
    screen.seen(rf"/check-in/{number}", ".facts")
    screen.press('a[href$="?cancel=1"]')
    screen.seen(rf"/check-in/{number}\?cancel=1", "form.go")
    screen.press_form(f"/check-in/{number}/cancel")
    screen.seen(rf"/trouble/{number}", ".act")


def again(screen: KioskScreen, card: Any) -> None:
    """The same person, later: who he is is found out anew."""
    screen.go()
    screen.seen("/", ".tiles.main")
    screen.press('form[action$="/finish"] button')
    screen.seen("/", ".tiles.main")
    screen.press_link("/register")
    screen.seen("/identify", "#screen.identify")
    screen.house.lay(card)
    screen.seen("/changed", ".facts")
    screen.house.take_card()


def schedule_of(house: RealPlatform, number: str) -> str:
    return house.rows("SELECT facts ->> 'schedule_id' AS id FROM payment WHERE payment_no = $1", number)[0]["id"]


def it_is_today(house: RealPlatform, number: str) -> None:
    """The day of the visit has come, for both sides."""
    schedule_id = int(schedule_of(house, number))
    house.rows(_FREE_TODAY, schedule_id // 10 % 10000, at="hospital")
    house.rows(_SESSION_TODAY, schedule_id, at="hospital")
    now = house.clock.now()
    today = house.rows("SELECT his.today_() AS today", at="hospital")[0]["today"]
    house.rows(_TODAY, number, today.isoformat(), now.replace(hour=15, minute=59).isoformat())


def returned(house: RealPlatform, number: str) -> int:
    return house.rows("SELECT returned_fen FROM payment WHERE payment_no = $1", number)[0]["returned_fen"]
