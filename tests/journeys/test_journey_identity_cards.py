"""A bank card, a public card or a social security card says who somebody is, once it is bound to him."""

import pytest
from kiosk_screen import EVERY_LOOK, WITHIN_MS, KioskScreen, kiosk_screen
from playwright.sync_api import Browser, expect

import books
from card_hands import POOR, PUBLIC, RICH, SOCIAL, CardHands
from cards import fresh_card
from real_platform import RealPlatform
from yinyi_sandbox.bank.model import Card

ROW = ".rows a.row:has(svg.i-credit-card)"
"""Of the one card that is no ID card."""


@pytest.mark.walk
@pytest.mark.parametrize(
    ("shape", "language", "card"),
    [
        pytest.param("portrait", "zh-CN", RICH, id="bank", marks=EVERY_LOOK),
        pytest.param("landscape", "en", SOCIAL, id="social"),
    ],
)
def test_bound_and_then_registered_with(
    house: RealPlatform, chromium: Browser, shape: str, language: str, card: Card
) -> None:
    """No money is moved by any of it; and the same card pays afterwards, under the merchant's own name."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium, shape, language) as screen:
        known(screen)
        had = hands.balance(card.pan)
        with screen.walk("bind_card", 2):
            to_bind(screen)
            assert (hands.pad()["purpose"], hands.pad()["amount_fen"]) == ("bind", 0)
            hands.bring(card.pan)
            screen.seen(r"/cards/bind/[\w-]+", "#screen.pin .stars")
            hands.type(card.pin)
            screen.seen(rf"/cards\?bound={card.pan[-4:]}", ROW)
        assert card.pan not in screen.page.content()
        expect(screen.page.locator("[data-take-card]")).to_be_visible(timeout=WITHIN_MS)
        hands.take()
        expect(screen.page.locator("[data-take-card]")).to_have_count(0, timeout=WITHIN_MS)
        patient = screen.page.locator(".who small").first.inner_text()[-4:]
        leave(screen)
        if language != "zh-CN":
            screen.language(language)
        by_card(screen, hands, card.pan)
        screen.seen("/register/departments", ".tiles")
        assert screen.page.locator(".who small").first.inner_text()[-4:] == patient
        assert hands.balance(card.pan) == had
        payment_no = screen.choose()
        hands.take()
        assert house.phone("pay", screen.to_code())["state"] == "paid"
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        unbind(screen, card)
    books.agree(house, payment_no)


def test_a_card_that_is_bound_to_nobody_says_how_to_bind_it(house: RealPlatform, chromium: Browser) -> None:
    """Its issuer asks for no PIN: it is bound by holding it against the pad."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        by_card(screen, hands, PUBLIC.pan, "contactless")
        screen.seen("/identify/card", "#screen.refused .note")
        assert screen.asks() == "This card belongs to nobody here yet"
        assert "My cards" in screen.text()
        screen.press_link("/identify")
        screen.seen("/identify", "#screen.identify")
        house.lay(fresh_card())
        first_visit(screen)
        house.take_card()
        screen.press('.dock a[href="/kiosk/"]')
        to_bind(screen)
        hands.bring(PUBLIC.pan, "contactless")
        screen.seen(rf"/cards\?bound={PUBLIC.pan[-4:]}", ".rows a.row")
        unbind(screen, PUBLIC)


def test_a_wrong_pin_binds_nothing_and_the_right_one_does(house: RealPlatform, chromium: Browser) -> None:
    hands = CardHands(house)
    with kiosk_screen(house, chromium) as screen:
        known(screen)
        to_bind(screen)
        hands.bring(POOR.pan)
        screen.seen(r"/cards/bind/[\w-]+", "#screen.pin .stars")
        hands.type("000000")
        screen.seen(r"/cards/bind/[\w-]+", "#screen.refused .note")
        assert screen.asks() == "密码不对"
        screen.press_form("/cards/bind")
        screen.seen(r"/cards/bind/[\w-]+", "#screen.pin .stars")
        hands.cancel()
        screen.seen(r"/cards/bind/[\w-]+", "#screen.refused .note")
        hands.take()
        screen.press_form("/cards/bind")
        screen.seen(r"/cards/bind/[\w-]+", "#screen.insert .slotpic")
        hands.bring(POOR.pan)
        screen.seen(r"/cards/bind/[\w-]+", "#screen.pin .stars")
        hands.type(POOR.pin)
        screen.seen(rf"/cards\?bound={POOR.pan[-4:]}", ".rows a.row")
        hands.take()
        unbind(screen, POOR)


def test_nobody_is_asked_for_a_card_that_he_no_longer_wants(house: RealPlatform, chromium: Browser) -> None:
    """Back by the button, or by going home: the card terminal is quiet again."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium) as screen:
        to_insert(screen)
        hands.until_asked()
        screen.press('form[action$="/identify/no-card"] button')
        screen.seen("/identify", "#screen.identify")
        hands.until_asked("")
        screen.press('form[action$="/identify/card"] button')
        screen.seen("/identify/card", "#screen.insert .slotpic")
        hands.until_asked()
        screen.press('.dock a[href="/kiosk/"]')
        screen.seen("/", ".tiles.main")
        hands.until_asked("")


def known(screen: KioskScreen) -> None:
    """A new patient, at home."""
    screen.first_visit(fresh_card())
    screen.house.take_card()
    screen.press('.dock a[href="/kiosk/"]')


def first_visit(screen: KioskScreen) -> None:
    """From the card on the reader to wherever he wanted to go."""
    screen.seen("/first-visit", ".pad")
    screen.type("13912345678")
    screen.press_form("/first-visit")
    screen.seen("/first-visit", ".facts")
    screen.press_form("/first-visit")
    screen.seen("/register/departments", ".tiles")


def to_bind(screen: KioskScreen) -> None:
    """From home to the page that asks for the card to be bound."""
    screen.seen("/", ".row.quit")
    screen.press_link("/cards")
    screen.seen("/cards", ".rows a.row")
    screen.press_form("/cards/bind")
    screen.seen(r"/cards/bind/[\w-]+", "#screen.insert .slotpic")


def to_insert(screen: KioskScreen) -> None:
    """From home to the page that asks for a card that says who he is."""
    screen.press_link("/register")
    screen.seen("/identify", "#screen.identify")
    screen.press('form[action$="/identify/card"] button')
    screen.seen("/identify/card", "#screen.insert .slotpic")


def by_card(screen: KioskScreen, hands: CardHands, pan: str, entry_mode: str = "chip") -> None:
    to_insert(screen)
    hands.until_asked()
    assert (hands.pad()["purpose"], hands.pad()["amount_fen"]) == ("identify", 0)
    hands.bring(pan, entry_mode)


def leave(screen: KioskScreen) -> None:
    screen.press('.dock a[href="/kiosk/"]')
    screen.seen("/", ".row.quit")
    screen.press(".row.quit")
    screen.seen("/", ".tiles.main")
    expect(screen.page.locator(".row.quit")).to_have_count(0, timeout=WITHIN_MS)


def unbind(screen: KioskScreen, card: Card) -> None:
    """Asked once more before it is taken off."""
    screen.go("/cards")
    screen.seen("/cards", ".rows a.row")
    screen.press(ROW)
    screen.seen(r"/cards\?unbind=\d+", ".facts")
    screen.press_form("/cards")
    screen.seen(rf"/cards\?unbound={card.pan[-4:]}", ".rows a.row")
    expect(screen.page.locator(ROW)).to_have_count(0)
