"""Who is it? First visits, hospital numbers, two patients for one card, cards that cannot be read or do not count."""

import msgspec
import pytest
from kiosk_screen import EVERY_LOOK, KioskScreen, kiosk_screen
from playwright.sync_api import Browser, expect

from cards import fresh_card
from real_platform import RealPlatform
from yinyi.wire import resident_card
from yinyi_sandbox.people.people import person

NAME_AT, NAME_BYTES, NUMBER_AT, NUMBER_BYTES = 0, 30, 122, 36
"""Where they stand on a resident card's block."""


@pytest.mark.slow
def test_first_visit_makes_one_record_that_the_card_finds_again(house: RealPlatform, chromium: Browser) -> None:
    card = fresh_card()
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        screen.press_link("/register")
        screen.seen("/identify")
        house.lay(card)
        screen.seen("/first-visit", ".pad")
        screen.type("123")
        screen.press_form("/first-visit")
        screen.seen("/first-visit", '.note[role="alert"]')
        assert "11 digits" in screen.text()
        screen.press('.pad [data-key="clear"]')
        screen.type("13912345678")
        screen.press_form("/first-visit")
        screen.seen("/first-visit", ".facts")
        assert "139****5678" in screen.text()
        assert card.number not in screen.page.content()
        screen.press_form("/first-visit")
        screen.seen("/register/departments", ".tiles")
        number_tail = screen.page.locator(".who small").first.inner_text()[-4:]
        finish(screen)
        house.take_card()
        screen.seen("/")
        house.lay(card)
        screen.seen("/", ".row.quit")
        assert screen.page.locator(".who small").first.inner_text()[-4:] == number_tail


def test_hospital_number_needs_a_proof(house: RealPlatform, chromium: Browser) -> None:
    patient = person("wu-xiulan")
    with kiosk_screen(house, chromium) as screen:
        screen.press_link("/register")
        screen.seen("/identify")
        screen.press_link("/identify/number")
        for proof in ("0000", patient.phone[-4:]):
            screen.seen("/identify/number", ".pad")
            screen.press('.pad [data-key="clear"]')
            screen.type(patient.records[0].patient_no)
            screen.press_form("/identify/number")
            screen.seen("/identify/number", 'input[name="proof"]')
            screen.type(proof)
            screen.press_form("/identify/number")
        screen.seen("/register/departments", ".tiles")
        expect(screen.page.locator(".who")).to_contain_text(patient.records[0].patient_no[-4:])


def test_codes_that_say_who_somebody_is(house: RealPlatform, chromium: Browser) -> None:
    """The hospital number on a slip fills itself in and needs its proof; an insurance code on a phone needs none."""
    patient = person("liu-yan")
    [record] = patient.records
    with kiosk_screen(house, chromium, "landscape", "zh-CN") as screen:
        screen.scan(record.patient_no)
        screen.seen(r"/identify/number\?scanned=\d+", 'input[name="proof"]')
        screen.type(patient.phone[-4:])
        screen.press_form("/identify/number")
        screen.seen("/", ".row.quit")
        expect(screen.page.locator(".who")).to_contain_text(record.patient_no[-4:])
        screen.press(".row.quit")
        screen.seen("/", ".read")
        shown = house.sandbox.post("/insurance/phone/code", json={"key": patient.key}).raise_for_status().json()["code"]
        screen.press_link("/bills")
        screen.seen("/identify", "#screen.identify")
        screen.scan(shown)
        screen.seen("/bills", "#screen.choose")
        expect(screen.page.locator(".who")).to_contain_text(record.patient_no[-4:])
        assert shown not in screen.page.content()


def test_two_patients_for_one_card(house: RealPlatform, chromium: Browser) -> None:
    patient = person("zhang-wei")
    with kiosk_screen(house, chromium) as screen:
        screen.press_link("/register")
        screen.seen("/identify")
        house.lay(patient.card)
        screen.seen("/identify/who", "button.person")
        assert screen.page.locator("button.person").count() == 2
        assert patient.name not in screen.text()
        chosen = screen.page.locator("button.person").nth(1)
        tail = chosen.locator("small").first.inner_text().rpartition("…")[2]
        chosen.click()
        screen.seen("/register/departments", ".tiles")
        expect(screen.page.locator(".who")).to_contain_text(tail)


def test_a_card_that_has_run_out_is_sent_to_the_window(house: RealPlatform, chromium: Browser) -> None:
    assert "3 号窗口" in complaint(house, chromium, resident_card.encode(person("zheng-qiang").card))


@pytest.mark.parametrize(
    ("name", "at", "text"),
    [
        ("check digit", NUMBER_AT, ""),
        pytest.param("no card at all", NAME_AT, "\ud800" * 15, marks=EVERY_LOOK),
    ],
)
def test_what_is_no_card_is_told_and_the_next_card_works(
    house: RealPlatform, chromium: Browser, name: str, at: int, text: str
) -> None:
    card = fresh_card()
    wrong = card.number[:-1] + ("0" if card.number[-1] != "0" else "1")
    raw = (text or wrong).encode("utf-16-le", "surrogatepass")
    block = resident_card.encode(card)
    damaged = block[:at] + raw + block[at + len(raw) :]
    with kiosk_screen(house, chromium) as screen:
        screen.press_link("/register")
        screen.seen("/identify")
        house.lay(damaged)
        screen.seen("/identify", '.note[role="alert"]')
        house.take_card()
        house.lay(card)
        screen.seen("/first-visit", ".pad")


@pytest.mark.parametrize(
    "name",
    [
        "周䶮㛃𠅤",
        "<b>x</b>&'\"",
        pytest.param("'; DROP TABLE", marks=EVERY_LOOK),
        pytest.param("阿卜杜热西提·买买提", marks=EVERY_LOOK),
    ],
)
def test_names_are_names_whatever_they_look_like(house: RealPlatform, chromium: Browser, name: str) -> None:
    """A rare one keeps its characters all the way to the hospital; markup and SQL are letters."""
    card = msgspec.structs.replace(fresh_card(), name=name)
    with kiosk_screen(house, chromium) as screen:
        screen.first_visit(card)
        payment_no = screen.choose()
        assert screen.page.locator("#screen b b").count() == 0
        last = screen.page.locator(".who b").first.inner_text().split()[0]
        assert last.strip("*·")[-1:] in name
    made = [each for each in house.hospital("registrations", source="platform") if payment_no in each["reference"]]
    assert [each["full_name"] for each in made if each["state"] == "held"] == [name]


def complaint(house: RealPlatform, chromium: Browser, block: bytes) -> str:
    """What the page says of this card."""
    with kiosk_screen(house, chromium) as screen:
        screen.press_link("/register")
        screen.seen("/identify")
        house.lay(block)
        screen.seen("/identify", '.note[role="alert"]')
        return screen.page.locator('.note[role="alert"]').inner_text()


def finish(screen: KioskScreen) -> None:
    """From wherever he is: home, and done."""
    screen.press('.dock a[href="/kiosk/"]')
    screen.seen("/", ".row.quit")
    screen.press(".row.quit")
