"""Inpatients: outpatients' and inpatients' money at one terminal, a deposit by code, and what is left going back."""

import csv
import io
import itertools
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from kiosk_screen import KioskScreen, kiosk_screen
from paper import Paper
from playwright.sync_api import Browser, expect

import books
from card_hands import CardHands
from cards import fresh_card
from real_platform import RealPlatform, until

WARD = "H0105"
OUTPATIENT, INPATIENT = "898999900000001", "898999900000002"
WITHIN_MS = 30_000
_names = (f"柳住{letter}" for letter in itertools.cycle("一二三四五六七八九"))
_MESSAGES = """
SELECT s.scope, s.merchant_no, s.terminal_no, s.terminal_id, m.batch_no, m.trace_no, m.amount_fen
FROM line_message m JOIN line_session s USING (hospital_id, session_id)
WHERE m.kind = 'purchase' AND m.reference LIKE $1
"""
_PRINTED = """
SELECT d.kind, j.copy FROM print_job j JOIN document d USING (hospital_id, document_no)
WHERE d.data::jsonb::text LIKE '%' || $1 || '%' AND d.kind <> 'receipt' ORDER BY j.queued_at
"""
_KEYS = """
SELECT encode(check_value, 'hex') AS check_value FROM line_key
WHERE merchant_no = ANY ($1) AND terminal_no = $2 AND purpose = 'tmk'
"""


def test_both_scopes_at_one_terminal(house: RealPlatform, chromium: Browser) -> None:
    """A registration and then a deposit, by the same bank card at the same terminal: each under its own merchant number
    and keys, and in its own clearing file."""
    hands = CardHands(house)
    with kiosk_screen(house, chromium, "portrait", "zh-CN") as screen:
        name = new_patient(screen)
        registration = screen.choose()
        screen.to_code()
        by_card(screen, hands, registration, "门诊")
        admission_no = admit(house, name)
        screen.home()
        to_stay(screen, admission_no)
        before = house.papers()
        deposit = to_check(screen, admission_no, "1000", typed=True)
        screen.to_code()
        by_card(screen, hands, deposit, "住院")
        assert "1000.00" in screen.text()
        assert Paper(house.paper_after(before)).payment_no() == deposit
        screen.go(f"/inpatient/{admission_no}/deposits")
        screen.seen(r"/inpatient/\d+/deposits", ".rows .row")
        assert "+¥1000.00" in screen.text().replace("\n", "")
    books.agree(house, registration, deposit)
    [out], [inside] = (house.rows(_MESSAGES, f"{number}%") for number in (registration, deposit))
    assert (out["scope"], inside["scope"]) == ("outpatient", "inpatient")
    assert (out["merchant_no"], inside["merchant_no"]) == (OUTPATIENT, INPATIENT)
    assert (out["terminal_id"], out["terminal_no"]) == (inside["terminal_id"], inside["terminal_no"])
    assert inside["amount_fen"] == 1000_00
    own_keys(house, out["terminal_no"])
    assert [in_file(house, merchant_no, out) for merchant_no in (OUTPATIENT, INPATIENT)] == [True, False]
    assert [in_file(house, merchant_no, inside) for merchant_no in (OUTPATIENT, INPATIENT)] == [False, True]


@pytest.mark.walk
def test_by_code_and_what_is_left_goes_back(house: RealPlatform, chromium: Browser) -> None:
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        name = new_patient(screen)
        admission_no = admit(house, name)
        screen.home()
        with screen.walk("deposit", 4):
            to_stay(screen, admission_no)
            payment_no = to_check(screen, admission_no, "3000")
            order = house.phone("pay", screen.to_code())
            screen.seen(rf"/done/{payment_no}", ".slip .no")
        assert order["reference"].startswith(payment_no)
        assert (order["amount_fen"], order["merchant"]) == (3000_00, "示范医院住院 Demo Hospital Inpatients")
        screen.press(f'.act a[href="/kiosk/inpatient/{admission_no}"]')
        screen.seen(rf"/inpatient/{admission_no}", ".tiles .tile")
        screen.home()
        with screen.walk("daily_list", 4):
            daily_list(screen, admission_no)
        ward(house, "wards/discharge", admission_no=admission_no)
        ward(house, "wards/settle", admission_no=admission_no)
        until(lambda: is_settled(screen, admission_no), "the stay is settled")
        screen.home()
        with screen.walk("statement", 3):
            statement(screen, admission_no)
        screen.home()
        statement(screen, admission_no)
        assert [(row["kind"], row["copy"]) for row in house.rows(_PRINTED, admission_no)] == [
            ("daily_list", False),
            ("discharge_statement", False),
            ("discharge_statement", True),
        ]
        left_fen = stay(house, admission_no)
        screen.go(f"/inpatient/{admission_no}/statement")
        screen.seen(rf"/inpatient/{admission_no}/statement", ".rows .row")
        screen.press_link(f"/inpatient/{admission_no}/return")
        screen.seen(rf"/inpatient/{admission_no}/return", ".rows .row")
        assert "To WeChat" in screen.text()
        screen.press_form(f"/inpatient/{admission_no}/return")
        screen.seen(rf"/inpatient/{admission_no}/return", ".rows .row")
        expect(screen.page.locator(".act form.go")).to_have_count(0, timeout=WITHIN_MS)
        until(lambda: returned(house, payment_no) == left_fen, "what is left is back")
        assert stay(house, admission_no) == 0
        screen.go(f"/inpatient/{admission_no}/return")
        screen.seen(rf"/inpatient/{admission_no}/return", ".rows .row")
        assert "Given back to WeChat" in screen.text()
    books.agree(house, payment_no)


# ---- at the screen


def new_patient(screen: KioskScreen) -> str:
    """From home to the clinics, for somebody new with a name of his own."""
    name = next(_names)
    screen.first_visit(fresh_card(name))
    screen.house.take_card()
    return name


def to_stay(screen: KioskScreen, admission_no: str) -> None:
    """From home."""
    screen.press_link("/inpatient")
    screen.seen("/inpatient", ".facts")
    assert admission_no in screen.text()


def to_check(screen: KioskScreen, admission_no: str, yuan: str, typed: bool = False) -> str:
    """``typed``: the amount, otherwise it stands on a button."""
    screen.press_link(f"/inpatient/{admission_no}/deposit")
    screen.seen(rf"/inpatient/{admission_no}/deposit", ".amounts")
    if typed:
        screen.press_link(f"/inpatient/{admission_no}/deposit?typed")
        screen.seen(rf"/inpatient/{admission_no}/deposit\?typed=1", ".pad")
        screen.type(yuan)
        screen.press_form(f"/inpatient/{admission_no}/deposit")
    else:
        screen.press(f'button[name="yuan"][value="{yuan}"]')
    screen.seen(r"/register/check/\w+", ".facts")
    return screen.payment_no()


def by_card(screen: KioskScreen, hands: CardHands, payment_no: str, merchant: str, done: str = ".slip .no") -> None:
    """``done``: what stands on the last page."""
    screen.press(f':is(form[action$="/{payment_no}/card"] button, button[formaction$="/card"]):visible')
    screen.seen(rf"/pay/{payment_no}", "#screen.insert .slotpic")
    assert merchant in screen.text(), "who gets the money stands on the screen"
    hands.until_asked()
    hands.bring()
    screen.seen(rf"/pay/{payment_no}", "#screen.pin .stars")
    hands.type()
    screen.seen(rf"/done/{payment_no}", done)
    hands.take()
    expect(screen.page.locator("[data-take-card]")).to_have_count(0, timeout=WITHIN_MS)


def daily_list(screen: KioskScreen, admission_no: str) -> None:
    """From home to a day's costs on paper."""
    to_stay(screen, admission_no)
    screen.press_link(f"/inpatient/{admission_no}/costs")
    screen.seen(rf"/inpatient/{admission_no}/costs", ".rows .row")
    screen.press(".rows .row")
    screen.seen(rf"/inpatient/{admission_no}/costs/\d{{4}}-\d\d-\d\d", ".rows .row")
    sheet_of(screen, f"/inpatient/{admission_no}/costs/")


def is_settled(screen: KioskScreen, admission_no: str) -> bool:
    """Whether its page says so; it may be a second old."""
    screen.go("/inpatient")
    return screen.page.locator(f'.act a[href$="/{admission_no}/statement"]').count() == 1


def statement(screen: KioskScreen, admission_no: str) -> None:
    """From home to the discharge statement on paper: the first is the official one, another is a copy."""
    to_stay(screen, admission_no)
    screen.press_link(f"/inpatient/{admission_no}/statement")
    screen.seen(rf"/inpatient/{admission_no}/statement", ".rows .row")
    sheet_of(screen, f"/inpatient/{admission_no}/statement")


def sheet_of(screen: KioskScreen, path: str) -> None:
    """Pressed, and a sheet has come out."""
    screen.press(f'.act form[action^="/kiosk{path}"] button')
    screen.seen(r"/sheets/\w+", ".next .ok")


# ---- on the far side


def ward(house: RealPlatform, what: str, **told: Any) -> dict[str, Any]:
    done = house.sandbox.post(f"/hospital/{what}", json=told).raise_for_status().json()
    assert done.get("code", "0") == "0", done
    return done


def admit(house: RealPlatform, name: str) -> str:
    """The admission number, once there are costs."""
    [row] = house.rows(
        "SELECT patient_no FROM his.patient WHERE full_name = $1 ORDER BY patient_no DESC LIMIT 1", name, at="hospital"
    )
    [number] = ward(house, "wards/admit", patient_no=row["patient_no"], ward_code=WARD)["numbers"]
    ward(house, "work")
    return number


def stay(house: RealPlatform, admission_no: str) -> int:
    """What is left of its deposits, in fen."""
    return house.rows("SELECT left_fen FROM his.query_stay($1)", admission_no, at="hospital")[0]["left_fen"]


def returned(house: RealPlatform, payment_no: str) -> int:
    return house.rows("SELECT returned_fen FROM payment WHERE payment_no = $1", payment_no)[0]["returned_fen"]


def own_keys(house: RealPlatform, terminal_no: str) -> None:
    """The two merchant numbers of one terminal share no key, at neither side; the bank has checked every MAC and PIN
    with those of the merchant number that it came under."""
    sessions = f"/bank/sessions/{{}}/{terminal_no}/keys"
    pairs = [house.sandbox.get(sessions.format(number)).raise_for_status().json() for number in (OUTPATIENT, INPATIENT)]
    for name in ("tmk", "pik", "mak"):
        assert len({pair[name] for pair in pairs if pair[name]}) == 2, name
    ours = house.rows(_KEYS, [OUTPATIENT, INPATIENT], terminal_no)
    assert len({row["check_value"] for row in ours}) == 2


def in_file(house: RealPlatform, merchant_no: str, message: Any) -> bool:
    """Whether this purchase stands in the merchant's clearing file of today."""
    today = house.clock.now().astimezone(ZoneInfo("Asia/Shanghai")).date().isoformat()
    file = house.sandbox.get(f"/bank/clearing/{merchant_no}/{today}", params={"so_far": "1"}).raise_for_status().text
    wanted = ("purchase", message["terminal_no"], message["batch_no"], message["trace_no"], message["amount_fen"])
    lines = [line for line in csv.DictReader(io.StringIO(file)) if line["kind"] == "purchase"]
    return wanted in [
        (line["kind"], line["terminal_no"], int(line["batch_no"]), int(line["trace_no"]), int(line["amount_fen"]))
        for line in lines
    ]
