"""A card at the card terminal beside the screen: paid, refused, cancelled, forgotten, and a bank that says nothing."""

import pytest
from card_hands import CardHands
from kiosk_screen import WITHIN_MS, KioskScreen, kiosk_screen
from playwright.sync_api import Browser, expect

import books
from cards import fresh_card
from real_platform import RealPlatform


@pytest.mark.parametrize(("shape", "language"), [("portrait", "zh-CN"), ("landscape", "en")])
def test_paid_by_bank_card(house: RealPlatform, chromium: Browser, shape: str, language: str) -> None:
    """The code that was open is closed first; the slip says where the money went."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium, shape, language) as screen:
        payment_no, code = at_the_code(screen)
        before, had = house.papers(), hands.balance()
        to_card(screen, payment_no)
        amount = hands.pad()["amount_fen"]
        hands.bring()
        screen.seen(rf"/pay/{payment_no}", "#screen.pin .stars")
        hands.type("12", enter=False)
        expect(screen.page.locator(".stars i.on")).to_have_count(2, timeout=WITHIN_MS)
        hands.type("3456")
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        assert "银行卡" in screen.text() if language == "zh-CN" else "bank card" in screen.text()
        assert hands.balance() == had - amount
        assert house.sandbox.post("/wechatpay/phone/pay", json={"code_url": code}).status_code in (403, 409)
        hands.take()
        expect(screen.page.locator("[data-take-card]")).to_have_count(0, timeout=WITHIN_MS)
        assert house.paper_after(before)
    books.agree(house, payment_no)


def at_the_code(screen: KioskScreen) -> tuple[str, str]:
    """A new patient, up to the code: the payment's number, and what the code says."""
    screen.first_visit(fresh_card())
    screen.house.take_card()
    payment_no = screen.choose()
    return payment_no, screen.to_code()


def to_card(screen: KioskScreen, payment_no: str) -> None:
    """From the code to the page that asks for a card."""
    screen.press(f'form[action$="/{payment_no}/card"] button')
    screen.seen(rf"/pay/{payment_no}", "#screen.insert .slotpic")
