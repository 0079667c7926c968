"""The prepaid account: topped up by phone and by card, looked at, and given back to where it came from."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest
from demo_desk import demo_desk
from kiosk_screen import KioskScreen, kiosk_screen
from paper import Paper
from playwright.sync_api import Browser, expect

import books
from card_hands import CardHands
from cards import fresh_card
from real_platform import RealPlatform, until


@pytest.mark.walk
def test_topped_up_by_phone_and_given_back(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium, "portrait", "zh-CN") as screen:
        to_account(screen)
        assert "还没有记录" in screen.text()
        before = house.papers()
        with screen.walk("top_up", 4):
            payment_no = to_check(screen, "200")
            code = screen.to_code()
            assert "给号" not in screen.text()
            house.phone("pay", code)
            screen.seen(rf"/done/{payment_no}", ".slip .no")
        assert "200.00" in screen.page.locator(".slip .no").inner_text()
        assert Paper(house.paper_after(before)).payment_no() == payment_no
        screen.press_link("/account")
        screen.seen("/account", ".rows .row")
        assert "+¥200.00" in screen.text().replace("\n", "")
        charged_at_the_doctors(house, chromium, screen)
        no_more_top_ups(screen)
        screen.home()
        with screen.walk("withdraw", 4):
            screen.press_link("/account")
            screen.seen("/account", ".rows .row")
            screen.press_link("/account/withdraw")
            screen.seen("/account/withdraw", ".rows .row")
            assert "退到微信" in screen.text()
            screen.press_form("/account/withdraw")
            expect(screen.page.locator(".act form.go")).to_have_count(0)
            screen.seen("/account/withdraw", ".rows .row")
        until(lambda: returned(house, payment_no) == 200_00, "the money is back")
        screen.go("/account/withdraw")
        screen.seen("/account/withdraw", ".rows .row")
        assert "已退到微信" in screen.text()
        screen.press_link("/account")
        screen.seen("/account", ".rows .row")
        assert "原路退回" in screen.text()
        no_accounts_at_all(screen)
        screen.press_link("/account/top-up")
        screen.seen("/account/top-up", ".amounts")
        screen.press('.dock a[href="/kiosk/"]')
        screen.seen("/", ".row.quit")
        screen.press_link("/payments")
        screen.seen("/payments", f'a.row[href$="{payment_no}"]').click()
        screen.seen(rf"/done/{payment_no}", ".slip .no")
    books.agree(house, payment_no)


def test_topped_up_by_card_with_a_typed_amount(house: RealPlatform, chromium: Browser) -> None:
    hands = CardHands(house)
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        to_account(screen)
        screen.press_link("/account/top-up")
        screen.seen("/account/top-up", ".amounts")
        screen.press_link("/account/top-up?typed")
        screen.seen(r"/account/top-up\?typed=1", ".pad")
        screen.type("6000")
        screen.press_form("/account/top-up")
        screen.seen("/account/top-up", ".note.bad")
        screen.press('.pad [data-key="clear"]')
        screen.type("123")
        screen.press_form("/account/top-up")
        screen.seen(r"/register/check/\w+", ".facts")
        payment_no = screen.payment_no()
        screen.to_code()
        had = hands.balance()
        screen.press(f':is(form[action$="/{payment_no}/card"] button, button[formaction$="/card"]):visible')
        screen.seen(rf"/pay/{payment_no}", "#screen.insert")
        hands.until_asked()
        hands.bring()
        screen.seen(rf"/pay/{payment_no}", "#screen.pin .stars")
        hands.type()
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        assert hands.balance() == had - 123_00
        hands.take()
    books.agree(house, payment_no)


def charged_at_the_doctors(house: RealPlatform, chromium: Browser, screen: KioskScreen) -> None:
    """With the patient at the kiosk; all of it is given back in the end."""
    [patient] = house.rows("SELECT patient_no FROM patient ORDER BY patient_id DESC LIMIT 1")
    with demo_desk(house, chromium, (1600, 1000), path="/demo/doctor") as desk:
        desk.page.fill("#patient", patient["patient_no"])
        desk.press("#looking button")
        expect(desk.sees("#balance")).to_have_text("¥200.00")
        desk.page.check("#items li:nth-child(1) input")
        desk.page.check("#items li:nth-child(2) input")
        desk.press("#take")
        expect(desk.sees("#balance")).to_have_text("¥162.00")
        screen.go("/account")
        screen.seen("/account", ".rows .row")
        record = screen.text().replace("\n", "")
        assert "内科 3 诊室 心电图 等−¥38.00" in record
        assert "¥162.00" in record
        desk.press("#charges .acts button:nth-child(3)")
        expect(desk.sees("#balance")).to_have_text("¥181.00")
        assert desk.accessibility() == []
        desk.page.check("#items li:nth-child(3) input")
        desk.page.check("#items li:nth-child(4) input")
        desk.page.check("#items li:nth-child(1) input")
        desk.page.check("#items li:nth-child(2) input")
        desk.press("#take")
        expect(desk.sees("#said")).to_have_attribute("data-bad", "yes")
        desk.press("#charges .acts button:nth-child(2)")
        expect(desk.sees("#balance")).to_have_text("¥200.00")
        assert [each for each in desk.complaints() if "403" not in each] == [], (
            "it is no kiosk, and only dresses like it"
        )
    screen.go("/account")
    screen.seen("/account", ".rows .row")


def no_more_top_ups(screen: KioskScreen) -> None:
    """The hospital takes none any more: what is left can be given back, and no address leads to a top-up."""
    with prepaid_mode(screen.house, "refund_only"):
        screen.go("/account")
        screen.seen("/account", ".note")
        assert "已停止预交金充值" in screen.text()
        expect(screen.page.locator('a[href$="/account/top-up"]')).to_have_count(0)
        screen.go("/account/top-up")
        screen.seen("/account", '.go a.first[href$="/account/withdraw"]')


def no_accounts_at_all(screen: KioskScreen) -> None:
    """Nothing on the first page leads to them, and their own page says so; it ends on the page of the account."""
    with prepaid_mode(screen.house, "off"):
        screen.go()
        screen.seen("/", ".row.quit")
        for path in ("/", "/?page=2"):
            screen.go(path)
            expect(screen.page.locator(".row.quit")).to_be_visible()
            expect(screen.page.locator('.tile[href$="/account"]')).to_have_count(0)
        screen.go("/account")
        screen.seen("/account", ".card.calls")
        assert "没有" in screen.asks()
    screen.go("/account")
    screen.seen("/account", ".rows .row")


@contextmanager
def prepaid_mode(house: RealPlatform, mode: str) -> Generator[None]:
    """What the hospital wants for as long as the block; top-ups again afterwards."""
    try:
        house.staff_ask("SetPrepaidMode", mode=mode)
        yield
    finally:
        house.staff_ask("SetPrepaidMode", mode="collect")


def to_account(screen: KioskScreen) -> None:
    """From home, as somebody whom the hospital does not know yet."""
    screen.first_visit(fresh_card())
    screen.house.take_card()
    screen.go()
    screen.seen("/", ".row.quit")
    screen.press_link("/account")
    screen.seen("/account", ".go")


def to_check(screen: KioskScreen, yuan: str) -> str:
    screen.press_link("/account/top-up")
    screen.seen("/account/top-up", ".amounts")
    screen.press(f'button[name="yuan"][value="{yuan}"]')
    screen.seen(r"/register/check/\w+", ".facts")
    return screen.payment_no()


def returned(house: RealPlatform, payment_no: str) -> int:
    return house.rows("SELECT returned_fen FROM payment WHERE payment_no = $1", payment_no)[0]["returned_fen"]
