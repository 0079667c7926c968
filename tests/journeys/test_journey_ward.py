"""A night in a ward: everything that is sold there at a quarter past eleven, each under the merchant number of its own
scope, and a service that the hospital closes at night says when it opens. What a day's end makes of both scopes is
tests/contract/test_ward_midnight.py."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from kiosk_screen import EVERY_LOOK, KioskScreen, kiosk_screen
from paper import Paper
from playwright.sync_api import Browser, expect
from test_journey_bills import three_bills
from test_journey_booking import book
from test_journey_inpatient import INPATIENT, OUTPATIENT, admit, by_card, new_patient, to_check, to_stay

import books
from card_hands import CardHands
from real_platform import ZONE, RealPlatform
from yinyi.kernel.clock import ShiftedClock

EMERGENCY = "1001"
WITHIN_MS = 30_000
_TAKEN_BY = """
SELECT split_part(p.debit_account, ':', 2) AS channel, split_part(p.debit_account, ':', 3) AS at
FROM posting p JOIN journal_entry USING (hospital_id, entry_id)
WHERE source LIKE $1 || '%' AND p.debit_account LIKE 'channel:%'
"""


@EVERY_LOOK
def test_a_night_in_the_ward(chromium: Browser, tmp_path: Path) -> None:
    house = RealPlatform(tmp_path / "var", quarter_past_eleven())
    try:
        house.hear("Everything answers")
        house.until_connected()
        in_a_ward(house)
        hands = CardHands(house)
        with kiosk_screen(house, chromium) as screen:
            says_when_it_opens(screen)
            name = new_patient(screen)
            registration = in_the_emergency_room(screen)
            screen.to_code()
            by_card(screen, hands, registration, "门诊")
            screen.home()
            booking = book(screen)
            bill = a_bill(screen, hands, name)
            admission_no = admit(house, name)
            screen.home()
            to_stay(screen, admission_no)
            before = house.papers()
            deposit = to_check(screen, admission_no, "1000")
            screen.to_code()
            by_card(screen, hands, deposit, "住院")
            assert Paper(house.paper_after(before)).payment_no() == deposit
        books.agree(house, registration, booking, bill, deposit)
        assert [taken_by(house, number) for number in (registration, booking, bill, deposit)] == [
            ("bank_card", OUTPATIENT),
            ("wechatpay", "outpatient"),
            ("bank_card", OUTPATIENT),
            ("bank_card", INPATIENT),
        ]
    finally:
        house.stop()


def quarter_past_eleven() -> ShiftedClock:
    now = datetime.now(UTC)
    night = now.astimezone(ZONE).replace(hour=23, minute=15, second=0, microsecond=0)
    return ShiftedClock(timedelta(seconds=round((night - now).total_seconds())))


def in_a_ward(house: RealPlatform) -> None:
    """Its terminal stands in one, and there the account is open by day only."""
    [terminal] = house.rows("SELECT terminal_id FROM terminal")
    house.staff_ask("SetProfile", terminal_id=terminal["terminal_id"], profile="ward")
    house.staff_ask("SetServiceHours", profile="ward", service="account", opens="07:00:00", closes="22:00:00")


def says_when_it_opens(screen: KioskScreen) -> None:
    """The account on its tile; nobody checks in where he lies."""
    screen.go()
    closed = screen.seen("/", ".tile.shut")
    expect(closed).to_contain_text("预交金", timeout=WITHIN_MS)
    tomorrow = screen.house.clock.now().astimezone(ZONE) + timedelta(days=1)
    expect(closed).to_contain_text(f"{tomorrow.month}月{tomorrow.day}日 7:00", timeout=WITHIN_MS)
    expect(screen.page.locator('.act a[href="/kiosk/check-in"]')).to_have_count(0)


def in_the_emergency_room(screen: KioskScreen) -> str:
    """Its tile is on a later page; the payment's number."""
    while not screen.page.locator(f'a[href="/kiosk/register/doctors/{EMERGENCY}"]').is_visible():
        screen.press(".pager button >> nth=1")
    return screen.choose(EMERGENCY)


def a_bill(screen: KioskScreen, hands: CardHands, name: str) -> str:
    """What a doctor has ordered for him this night; the payment's number."""
    query = "SELECT patient_no FROM his.patient WHERE full_name = $1"
    [patient] = screen.house.rows(query, name, at="hospital")
    three_bills(screen.house, patient["patient_no"])
    screen.go("/bills")
    screen.seen("/bills", ".pair")
    screen.press_form("/bills")
    screen.seen(r"/register/check/\w+", ".rows .row")
    number = screen.payment_no()
    screen.to_code()
    by_card(screen, hands, number, "门诊", ".goal li")
    return number


def taken_by(house: RealPlatform, number: str) -> tuple[str, str]:
    """The channel that took it, and under what: a merchant number of the bank, or a scope."""
    [row] = house.rows(_TAKEN_BY, number)
    return row["channel"], row["at"]
