"""A card at the card terminal beside the screen: paid, refused, cancelled, forgotten, and a bank that says nothing."""

import pytest
from kiosk_screen import EVERY_LOOK, WITHIN_MS, KioskScreen, kiosk_screen
from playwright.sync_api import Browser, expect

import books
from card_hands import POOR, PUBLIC, RICH, SOCIAL, CardHands
from cards import fresh_card
from real_platform import RealPlatform, until

CHANNEL_OF = """
SELECT s.params ->> 'channel' AS channel FROM payment_step s JOIN payment p USING (hospital_id, payment_id)
WHERE p.payment_no = $1 AND s.kind = 'payments.take' AND s.state = 'done'
"""


@pytest.mark.parametrize(
    ("shape", "language"), [("portrait", "zh-CN"), pytest.param("landscape", "en", marks=EVERY_LOOK)]
)
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
        expect(screen.page.locator("[data-take-card]")).to_be_visible(timeout=WITHIN_MS)
        assert hands.balance() == had - amount
        assert house.sandbox.post("/wechatpay/phone/pay", json={"code_url": code}).status_code in (403, 409)
        hands.take()
        expect(screen.page.locator("[data-take-card]")).to_have_count(0, timeout=WITHIN_MS)
        assert house.paper_after(before)
    books.agree(house, payment_no)


def test_a_wrong_pin_and_then_the_right_one(house: RealPlatform, chromium: Browser) -> None:
    """The card stays where it is; the pad asks for the PIN again."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium) as screen:
        payment_no = at_the_pin(screen, hands)
        hands.type("000000")
        screen.seen(rf"/pay/{payment_no}", "#screen.refused .note")
        assert screen.asks() == "密码不对"
        assert "还可以再试 2 次" in screen.text()
        screen.press_form(f"/pay/{payment_no}/card")
        screen.seen(rf"/pay/{payment_no}", "#screen.pin .stars")
        hands.type()
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        hands.take()
    books.agree(house, payment_no)


def test_refused_by_the_bank_and_then_by_the_public_card(house: RealPlatform, chromium: Browser) -> None:
    """The public card goes to its own issuer, although a bank card was asked for, and nobody asks for a PIN."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium, "portrait", "en") as screen:
        payment_no = at_the_pin(screen, hands, POOR.pan, fault="51")
        hands.type(POOR.pin)
        screen.seen(rf"/pay/{payment_no}", "#screen.refused .note")
        assert screen.asks() == "There is not enough money on this card"
        expect(screen.page.locator("[data-take-card]")).to_be_visible(timeout=WITHIN_MS)
        hands.take()
        expect(screen.page.locator("[data-take-card]")).to_have_count(0, timeout=WITHIN_MS)
        had = hands.balance(PUBLIC.pan)
        screen.press_form(f"/pay/{payment_no}/card")
        screen.seen(rf"/pay/{payment_no}", "#screen.insert .slotpic")
        amount = hands.pad()["amount_fen"]
        hands.bring(PUBLIC.pan, "contactless")
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        assert hands.balance(PUBLIC.pan) == had - amount
    books.agree(house, payment_no)


def test_paid_from_the_account_of_a_social_security_card(house: RealPlatform, chromium: Browser) -> None:
    """Like a bank card, under its own name and on its own route: a terminal that asks for any card knows it."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        before, had = house.papers(), hands.balance(SOCIAL.pan)
        payment_no = at_the_pin(screen, hands, SOCIAL.pan)
        amount = hands.pad()["amount_fen"]
        hands.type(SOCIAL.pin)
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        assert hands.balance(SOCIAL.pan) == had - amount
        hands.take()
        assert house.paper_after(before)
    (row,) = house.rows(CHANNEL_OF, payment_no)
    assert row["channel"] == "social_security_card"
    books.agree(house, payment_no)


def test_cancelled_on_the_pad_and_paid_by_phone(house: RealPlatform, chromium: Browser) -> None:
    """The code is still open: a card that was only thought of has closed nothing."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium, "landscape") as screen:
        payment_no = at_the_pin(screen, hands)
        hands.type("12", enter=False)
        hands.cancel()
        screen.seen(rf"/pay/{payment_no}", "#screen.refused .note")
        assert screen.asks() == "您在密码键盘上按了取消"
        hands.take()
        screen.press('button[name="tender"]')
        screen.seen(rf"/pay/{payment_no}", ".code")
        assert house.phone("pay", screen.code())["state"] == "paid"
        screen.seen(rf"/done/{payment_no}", ".slip .no")
    books.agree(house, payment_no)


def test_a_bank_that_says_nothing_keeps_nothing(house: RealPlatform, chromium: Browser) -> None:
    """It has taken the money and does not say so: the purchase is reversed, and the screen says what is true."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium) as screen:
        payment_no = at_the_pin(screen, hands)
        had = hands.balance()
        hands.bank_fault("purchase", "torn")
        hands.type()
        screen.seen(rf"/pay/{payment_no}", "#screen.refused .note")
        assert screen.asks() == "银行没有明确答复"
        assert hands.balance() == had
        hands.take()
        screen.press('form[action$="/cancel"] button, button[formaction$="/cancel"]')
        screen.seen(rf"/trouble/{payment_no}", "#screen.trouble .facts")
    books.agree(house, payment_no)


def test_a_card_pulled_out_at_every_step(house: RealPlatform, chromium: Browser) -> None:
    """While its PIN is typed nothing was asked, after a wrong PIN it goes in once more, and while its bank is asked the
    answer counts all the same: it is paid once, and every page says what is true."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium) as screen:
        payment_no = at_the_pin(screen, hands)
        had, amount = hands.balance(), hands.pad()["amount_fen"]
        hands.type("123", enter=False)
        hands.take()
        screen.seen(rf"/pay/{payment_no}", "#screen.refused .note")
        assert screen.asks() == "卡拔出得太早了"
        in_again(screen, hands, payment_no)
        hands.type("000000")
        screen.seen(rf"/pay/{payment_no}", "#screen.refused .tries")
        expect(screen.page.locator(".act .btn.first")).to_have_text("重新输入密码", timeout=WITHIN_MS)
        hands.take()
        expect(screen.page.locator(".act .btn.first")).to_have_text("重新刷卡", timeout=WITHIN_MS)
        assert hands.balance() == had, "nothing was taken"
        in_again(screen, hands, payment_no)
        hands.bank_fault("purchase", "held")
        hands.type()
        screen.seen(rf"/pay/{payment_no}", "#screen.at-bank .spin")
        expect(screen.page.locator(".act")).to_contain_text("请先不要取卡", timeout=WITHIN_MS)
        hands.take()
        expect(screen.page.locator(".act")).to_contain_text("卡已经读完，不用再插卡", timeout=WITHIN_MS)
        hands.bank_answers()
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        assert hands.balance() == had - amount
    books.agree(house, payment_no)


def in_again(screen: KioskScreen, hands: CardHands, payment_no: str) -> None:
    """From the page that says why not to the PIN."""
    screen.press_form(f"/pay/{payment_no}/card")
    screen.seen(rf"/pay/{payment_no}", "#screen.insert .slotpic")
    hands.until_asked()
    hands.bring()
    screen.seen(rf"/pay/{payment_no}", "#screen.pin .stars")


def test_a_card_that_is_left_behind_is_reported(house: RealPlatform, chromium: Browser) -> None:
    """The screen asks for it until it is taken, whoever is there by then, and people are called."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium) as screen:
        payment_no = at_the_pin(screen, hands)
        hands.type()
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        expect(screen.page.locator("[data-take-card]")).to_be_visible(timeout=WITHIN_MS)
        screen.press_form("/finish")
        screen.seen(r"/\?bye=1", "[data-take-card]")
        hands.wait_long()
        until(lambda: house.rows("SELECT 1 FROM card_reading WHERE forgotten"), "the card is reported")
        [called] = house.rows("SELECT call_id FROM staff_call WHERE terminal_id = 'K03' AND answered_at IS NULL")
        assert house.command("calls", "answer", str(called["call_id"])).returncode == 0
        assert (hands.pad()["light"], hands.pad()["buzzes"]) == (True, True)
        hands.take()
        assert (hands.pad()["light"], hands.pad()["buzzes"]) == (False, False)
        screen.seen("/", ".tiles.main")
    books.agree(house, payment_no)


def test_what_is_left_on_a_public_card(house: RealPlatform, chromium: Browser) -> None:
    """Found among the services by whoever is not known; its issuer is asked, and nothing is taken."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium, "portrait", "en") as screen:
        had = hands.balance(PUBLIC.pan)
        screen.press('a[href$="?page=2"]')
        screen.press('a[href$="/card-balance"]')
        screen.press_form("/card-balance")
        screen.seen(r"/card-balance/.+", "#screen.insert .slotpic")
        hands.until_asked()
        hands.bring(PUBLIC.pan)
        screen.seen(r"/card-balance/.+", ".facts .price")
        assert f"{had // 100}.{had % 100:02}" in screen.text()
        assert f"…{PUBLIC.pan[-4:]}" in screen.text()
        expect(screen.page.locator("[data-take-card]")).to_be_visible(timeout=WITHIN_MS)
        hands.take()
        expect(screen.page.locator("[data-take-card]")).to_have_count(0, timeout=WITHIN_MS)
        assert hands.balance(PUBLIC.pan) == had


def at_the_pin(screen: KioskScreen, hands: CardHands, pan: str = RICH.pan, fault: str = "") -> str:
    """A new patient whose card is in the slot and whose PIN is asked for; the payment's number."""
    payment_no, _ = at_the_code(screen)
    to_card(screen, payment_no)
    if fault:
        hands.bank_fault("purchase", "code", code=fault)
    hands.bring(pan)
    screen.seen(rf"/pay/{payment_no}", "#screen.pin .stars")
    return payment_no


def at_the_code(screen: KioskScreen) -> tuple[str, str]:
    """A new patient, up to the code: the payment's number, and what the code says."""
    screen.first_visit(fresh_card())
    screen.house.take_card()
    payment_no = screen.choose()
    return payment_no, screen.to_code()


def to_card(screen: KioskScreen, payment_no: str) -> None:
    """From the code to the page that asks for a card."""
    screen.press(f':is(form[action$="/{payment_no}/card"] button, button[formaction$="/card"]):visible')
    screen.seen(rf"/pay/{payment_no}", "#screen.insert .slotpic")
