"""The main journey, through everything that is real: card, clinic, doctor, payment, slip."""

import pytest
from kiosk_screen import kiosk_screen
from paper import Paper
from playwright.sync_api import Browser, expect

import books
from real_platform import RealPlatform
from yinyi_sandbox.people.people import person

WALKS = {"wang-fang": ("registration", 8), "li-jianguo": ("registration_elder", 12)}
"""The second is 81 years old and wants large print."""
LOOKS = [("portrait", "zh-CN", "wang-fang"), ("landscape", "en", "li-jianguo")]


@pytest.mark.walk
@pytest.mark.parametrize(("shape", "language", "who"), LOOKS)
def test_from_card_to_slip(house: RealPlatform, chromium: Browser, shape: str, language: str, who: str) -> None:
    patient = person(who)
    with kiosk_screen(house, chromium, shape, language) as screen:
        before = house.papers()
        with screen.walk(*WALKS[who]):
            screen.identify(patient.card)
            if who == "li-jianguo":
                screen.press('.veil button[value="elder"]')
                screen.seen("/register/departments", ".tiles")
                expect(screen.page.locator('html[data-mode="elder"]')).to_have_count(1)
            payment_no = screen.choose()
            house.take_card()
            paid = house.phone("pay", screen.to_code())
            assert paid["state"] == "paid"
            shown = screen.seen(rf"/done/{payment_no}", ".slip .no").inner_text()
        mine = house.hospital("registrations", patient_no=patient.records[0].patient_no)
        [registration] = [each for each in mine if each["payment_no"] == payment_no]
        assert registration["state"] == "confirmed"
        assert registration["amount_fen"] == paid["amount_fen"]
        assert str(registration["number"]) in shown
        paper = Paper(house.paper_after(before))
        assert paper.number() == registration["number"]
        assert paper.payment_no() == payment_no
        screen.press_form("/finish")
        screen.seen(r"/(\?bye=1)?", "#screen.home")
        assert patient.name not in screen.text()
    books.agree(house, payment_no)
