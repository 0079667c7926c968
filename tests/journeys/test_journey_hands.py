"""Hands that do the unexpected: press twice, go back, open two tabs, pull the plug while money is on its way."""

from kiosk_screen import KioskScreen, kiosk_screen
from playwright.sync_api import Browser, expect

import books
from cards import fresh_card
from real_platform import RealPlatform, until
from yinyi.wire.resident_card import CardText

_CODES = "SELECT reference FROM payment_step JOIN payment USING (payment_id) WHERE payment_no = $1 AND kind = $2"


def test_pressed_twice_pays_once(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium) as screen:
        payment_no = checked(screen)
        screen.page.locator('.act form[action^="/kiosk/pay/"] button.first').dblclick()
        screen.seen(rf"/pay/{payment_no}", ".code")
        assert len(takes(house, payment_no)) == 1
        house.phone("pay", screen.code())
        screen.seen(rf"/done/{payment_no}", ".slip .no")
    books.agree(house, payment_no)


def test_back_button_after_paying_pays_nothing_again(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium, "landscape") as screen:
        payment_no = checked(screen)
        house.phone("pay", screen.to_code())
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        for path in (f"/register/check/{payment_no}", f"/pay/{payment_no}"):
            screen.go(path)
            screen.seen(rf"/done/{payment_no}", ".slip .no")
        screen.page.go_back()
        screen.page.wait_for_load_state()
        expect(screen.page.locator(".code")).to_have_count(0)
        assert len(takes(house, payment_no)) == 1
    books.agree(house, payment_no)


def test_two_tabs_are_one_payment(house: RealPlatform, chromium: Browser) -> None:
    """The second one goes along by itself."""
    with kiosk_screen(house, chromium, "portrait", "en") as screen:
        payment_no = checked(screen)
        other = screen.another_tab()
        other.go(f"/register/check/{payment_no}")
        code = screen.to_code()
        other.seen(rf"/pay/{payment_no}", ".code")
        assert other.code() == code
        assert len(takes(house, payment_no)) == 1
        house.phone("pay", code)
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        other.seen(rf"/done/{payment_no}", ".slip .no")
        assert house.sandbox.post("/wechatpay/phone/pay", json={"code_url": code}).status_code != 200
    books.agree(house, payment_no)


def test_browser_closed_while_paying(house: RealPlatform, chromium: Browser) -> None:
    """The money is taken after the screen has gone dark; he is told as soon as he lays his card at any machine."""
    card = fresh_card()
    with kiosk_screen(house, chromium) as screen:
        payment_no = checked(screen, card)
        code = screen.to_code()
    house.phone("pay", code)
    books.agree(house, payment_no)
    with kiosk_screen(house, chromium) as screen:
        screen.press_link("/payments")
        screen.seen("/identify")
        house.lay(card)
        screen.seen("/payments/news", f'a.row[href$="{payment_no}"] svg').click()
        screen.seen(rf"/done/{payment_no}", ".slip .no")


def test_agent_gone_in_mid_journey(house: RealPlatform, chromium: Browser) -> None:
    """The cable is out from the check page on: paying goes on, the paper comes when the line is back."""
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        payment_no = checked(screen)
        before = house.papers()
        house.unplug(600)
        house.phone("pay", screen.to_code())
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        expect(screen.page.locator(".note.bad")).to_contain_text("The printer does not answer")
        house.unplug(0)
        house.until_connected()
        until(lambda: house.papers() > before, "the paper comes after all")
    books.agree(house, payment_no)


def test_no_reader_no_dead_end(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium) as screen:
        house.unplug(600)
        screen.go("/register?no_paper=1")
        screen.seen("/identify", ".reader.off")
        assert "就诊号" in screen.text()
        house.unplug(0)
        house.until_connected()
        expect(screen.page.locator(".reader.off")).to_have_count(0)


def checked(screen: KioskScreen, card: CardText | None = None) -> str:
    """A new patient, up to the check page; the payment's number."""
    screen.first_visit(card or fresh_card())
    screen.house.take_card()
    return screen.choose()


def takes(house: RealPlatform, payment_no: str) -> list[str]:
    """What WeChat Pay was asked for, by our references."""
    return [row["reference"] for row in house.rows(_CODES, payment_no, "payments.take")]
