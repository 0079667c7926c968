"""The phone's own code under the kiosk's scanner: with a password and without, refused, unknown, next to ours."""

import pytest
from kiosk_screen import EVERY_LOOK, WITHIN_MS, KioskScreen, kiosk_screen
from paper import Paper
from playwright.sync_api import Browser, expect

import books
from cards import fresh_card
from real_platform import RealPlatform


def test_wechat_asks_for_the_password(house: RealPlatform, chromium: Browser) -> None:
    """Our own code is open: it is closed first, and nobody can pay it any more. Then the password, the slip."""
    with kiosk_screen(house, chromium) as screen:
        payment_no, code = at_the_code(screen)
        before = house.papers()
        digits, payer = house.payer_code("password")
        house.hold(digits)
        screen.seen(rf"/pay/{payment_no}", "#screen.password")
        assert screen.asks() == "请在手机上输入支付密码"
        house.hold(digits)
        assert house.sandbox.post("/wechatpay/phone/pay", json={"code_url": code}).status_code in (403, 409)
        assert house.phone("pay", payer)["state"] == "paid"
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        assert Paper(house.paper_after(before)).payment_no() == payment_no
        assert digits not in screen.page.content()
    books.agree(house, payment_no)


def test_alipay_asks_for_the_password(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        payment_no, _ = at_the_code(screen)
        house.hold(house.alipay_payer_code("password"))
        screen.seen(rf"/pay/{payment_no}", "#screen.password")
        assert "Alipay asks for your password" in screen.text()
        house.alipay_password()
        screen.seen(rf"/done/{payment_no}", ".slip .no")
    books.agree(house, payment_no)


def test_what_is_no_payment_code_is_told_and_what_is_refused_too(house: RealPlatform, chromium: Browser) -> None:
    """A code that nobody knows, at home and while paying; a phone without money, then the other app, which pays."""
    with kiosk_screen(house, chromium) as screen:
        house.hold("6923450657713")
        screen.seen(r"/code\?is=&after=\d+", ".facts")
        assert screen.asks() == "这里不认识这个码"
        screen.press('.act a[href="/kiosk/"]')
        screen.seen("/", ".tiles.main")
        payment_no, code = at_the_code(screen)
        assert "付款码对准扫码口" in screen.text()
        house.hold("6923450657713")
        screen.seen(rf"/pay/{payment_no}\?other=1", ".note.bad")
        assert "这里只能扫微信或支付宝的付款码" in screen.text()
        assert screen.code() == code
        house.hold(house.payer_code("empty")[0])
        screen.seen(rf"/pay/{payment_no}", "#screen.refused")
        assert screen.asks() == "微信余额不足"
        house.hold(house.alipay_payer_code())
        screen.seen(rf"/done/{payment_no}", ".slip .no")
    books.agree(house, payment_no)


@pytest.mark.parametrize("used", ["120000000000000001", pytest.param("280000000000000001", marks=EVERY_LOOK)])
def test_a_code_that_has_run_out_and_then_a_code_to_scan(house: RealPlatform, chromium: Browser, used: str) -> None:
    """The channel knows nothing of these digits, as if they had run out; the patient goes back to scanning ours."""
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        payment_no, _ = at_the_code(screen)
        house.hold(used)
        screen.seen(rf"/pay/{payment_no}", "#screen.refused")
        assert screen.asks() == "That payment code has run out"
        screen.press_form(f"/pay/{payment_no}")
        screen.seen(rf"/pay/{payment_no}", ".code")
        phone = house.phone if used.startswith("1") else house.alipay_phone
        assert phone("pay", screen.code())["state"] == "paid"
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        house.hold(house.payer_code()[0])
        expect(screen.page.locator(".slip .no")).to_be_visible(timeout=WITHIN_MS)
    books.agree(house, payment_no)


def at_the_code(screen: KioskScreen) -> tuple[str, str]:
    """A new patient, up to the code: the payment's number, and what the code says."""
    screen.first_visit(fresh_card())
    screen.house.take_card()
    payment_no = screen.choose()
    return payment_no, screen.to_code()
