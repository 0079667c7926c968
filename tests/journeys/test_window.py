"""A cashier's window in a real browser: whoever calls at a kiosk is seen and answered; a patient whom only the hospital
knows pays by a code on the customer's screen and by his own code, and gets back some lines of a bill and a whole
payment, and what is left of a stay's deposits in cash; nothing happens twice."""

from typing import Any

from demo_desk import A_CALL_REACHES_PEOPLE_MS, WITHIN_MS, DemoDesk, demo_desk
from playwright.sync_api import Browser, expect

import books
from real_platform import RealPlatform, until

DEPARTMENT, WARD = "1002", "H0103"
DEPOSIT_FEN = 5_000_00
_OWES_NOTHING = """
SELECT p.patient_no FROM his.patient p
WHERE NOT EXISTS (SELECT FROM his.invoice i WHERE i.patient_no = p.patient_no AND i.state = 'open')
ORDER BY p.patient_no
"""
_CALLS = """
INSERT INTO staff_call (hospital_id, terminal_id, called_at)
SELECT hospital_id, terminal_id, $1 FROM terminal WHERE retired_at IS NULL ORDER BY terminal_id LIMIT 1
RETURNING call_id, terminal_id
"""
"""As a kiosk calls, that is: what its screen shows then is another test's."""
_KNOWN = "SELECT patient_no FROM patient"
_ASKED = "SELECT count(*) AS n FROM idempotency WHERE operation = $1"
_SAID = "SELECT detail FROM audit WHERE operation = $1 AND subject = $2"
_COST = "SELECT his.cost_($1) AS fen"
_RETURNED = "SELECT amount_fen, source FROM his.deposit WHERE admission_no = $1 AND kind = 'return'"
_STANDING = "SELECT taken_fen, returned_fen FROM payment WHERE payment_no = $1"
_LINES = "SELECT amount_fen, refunded_by FROM his.invoice_line WHERE invoice_no = $1 ORDER BY line_no"


def test_a_cashiers_window(house: RealPlatform, chromium: Browser) -> None:
    patient_no = a_stranger(house)
    bills = [bill for _ in range(2) for bill in ordered(house, patient_no)]
    with demo_desk(house, chromium, (1600, 1000), path="/demo/window") as desk:
        somebody_comes(house, desk)
        desk.page.fill("#patient", patient_no)
        desk.press("#looking button")
        expect(desk.page.locator("#owed li")).to_have_count(len(bills) + 1, timeout=WITHIN_MS)
        first = by_a_code_that_is_shown(desk)
        second = by_the_payers_code(desk)
        assert desk.accessibility() == []
        some_lines_back(house, desk, first)
        all_back(house, desk, second)
        found_by_its_number(desk, first)
        rest_of_a_deposit(house, desk, patient_no)
        desk.press("#language")
        expect(desk.sees("#payments-title")).to_have_text("Payments")
        assert desk.accessibility() == []
        assert [each for each in desk.complaints() if "403" not in each] == []
    asked_twice(house, patient_no)
    books.agree(house, first, second)


def somebody_comes(house: RealPlatform, desk: DemoDesk) -> None:
    expect(desk.page.locator("#calls")).to_be_hidden()
    [called] = house.rows(_CALLS, house.clock.now())
    bell = desk.page.locator(f'[data-call="{called["call_id"]}"]')
    expect(bell).to_be_visible(timeout=A_CALL_REACHES_PEOPLE_MS)
    assert desk.page.title().startswith("(1) ")
    assert desk.accessibility() == []
    bell.click()
    expect(bell).to_have_count(0, timeout=WITHIN_MS)
    expect(desk.page.locator("#calls [role=status]")).to_contain_text(called["terminal_id"])
    [told] = house.rows("SELECT answered_at, answered_by FROM staff_call WHERE call_id = $1", called["call_id"])
    assert told["answered_at"] is not None
    assert told["answered_by"] == "hospital:his"


def a_stranger(house: RealPlatform) -> str:
    """Only the hospital knows him."""
    known = {row["patient_no"] for row in house.rows(_KNOWN)}
    found = (row["patient_no"] for row in house.rows(_OWES_NOTHING, at="hospital"))
    return next(each for each in found if each not in known)


def ordered(house: RealPlatform, patient_no: str) -> list[str]:
    told = house.sandbox.post("/hospital/doctors/order", json={"patient_no": patient_no, "dept_code": DEPARTMENT})
    numbers: list[str] = told.raise_for_status().json()["numbers"]
    return numbers


def by_a_code_that_is_shown(desk: DemoDesk) -> str:
    """One code is given up, and the bill is free again; the next one is paid."""
    desk.page.check("#owed li:nth-child(1) input")
    desk.press("#show-wechatpay")
    desk.sees("#screen img")
    desk.press("#give-up")
    desk.sees('#screen[data-state="closed"]')
    desk.page.check("#owed li:nth-child(1) input")
    desk.press("#show-alipay")
    desk.press("#pays")
    return settled(desk)


def by_the_payers_code(desk: DemoDesk) -> str:
    """He shows it, and the cashier presses twice."""
    desk.page.check("#owed li:nth-child(1) input")
    desk.press("#scan")
    desk.press("#phone-wechatpay")
    expect(desk.page.locator("#payer")).not_to_have_value("")
    desk.page.locator("#scanning button").dblclick()
    return settled(desk)


def settled(desk: DemoDesk) -> str:
    """The payment's number, once it is paid and the page lists it."""
    desk.sees('#screen[data-state="fulfilled"]')
    number = desk.sees("#screen > small").inner_text()
    desk.sees(f'[data-payment="{number}"][data-state="fulfilled"]')
    return number


def some_lines_back(house: RealPlatform, desk: DemoDesk, number: str) -> None:
    row = f'[data-payment="{number}"]'
    bill = house.rows(
        "SELECT i.invoice_no FROM his.invoice i JOIN his.bill_posting p ON p.ref = i.paid_by WHERE p.payment_no = $1",
        number,
        at="hospital",
    )[0]["invoice_no"]
    before = house.rows(_LINES, bill, at="hospital")
    desk.page.select_option("#reason", "off")
    desk.page.check(f"{row} .bill label:nth-of-type(1) input")
    desk.page.locator(f"{row} .lines-back").dblclick()
    expect(desk.page.locator(f"{row} .bill label:nth-of-type(1) input")).to_be_disabled(timeout=WITHIN_MS)
    after = house.rows(_LINES, bill, at="hospital")
    assert [each["refunded_by"] is not None for each in after] == [nth == 0 for nth in range(len(before))]
    until(lambda: standing(house, number)["returned_fen"] == before[0]["amount_fen"], "the line's money is back")


def all_back(house: RealPlatform, desk: DemoDesk, number: str) -> None:
    row = f'[data-payment="{number}"]'
    asked = house.rows(_ASKED, "payments.RefundPayment.v1")[0]["n"]
    desk.page.select_option("#reason", "twice")
    desk.page.locator(f"{row} .whole").dblclick()
    until(lambda: standing(house, number)["returned_fen"] == standing(house, number)["taken_fen"], "all of it is back")
    assert house.rows(_ASKED, "payments.RefundPayment.v1")[0]["n"] == asked + 1
    said = " ".join(row["detail"] for row in house.rows(_SAID, "payments.RefundPayment.v1", number))
    assert "重复缴费" in said
    assert "C12" in said


def found_by_its_number(desk: DemoDesk, number: str) -> None:
    desk.page.fill("#slip", number)
    desk.press("#find")
    expect(desk.page.locator("#payments li")).to_have_count(1, timeout=WITHIN_MS)
    desk.sees(f'[data-payment="{number}"]')


def rest_of_a_deposit(house: RealPlatform, desk: DemoDesk, patient_no: str) -> None:
    """The hospital lists it as given back at a window, once, and the platform is told once."""
    stay: dict[str, Any] = {"admission_no": admitted(house, patient_no)}
    ward(house, "/window/deposit", stay | {"amount_fen": DEPOSIT_FEN})
    ward(house, "/wards/discharge", stay)
    ward(house, "/wards/settle", stay)
    left_fen = DEPOSIT_FEN - house.rows(_COST, stay["admission_no"], at="hospital")[0]["fen"]
    desk.page.fill("#patient", patient_no)
    desk.press("#looking button")
    desk.page.locator("#deposits .pay-out").dblclick()
    expect(desk.page.locator("#deposits-left")).to_be_hidden(timeout=WITHIN_MS)
    expect(desk.page.locator("#said")).to_contain_text(f"{left_fen / 100:.2f}")
    returned = house.rows(_RETURNED, stay["admission_no"], at="hospital")
    assert [(each["amount_fen"], each["source"]) for each in returned] == [(left_fen, "window")]
    assert house.rows(_ASKED, "inpatient.ReturnDepositAtWindow.v1")[0]["n"] == 1


def admitted(house: RealPlatform, patient_no: str) -> str:
    [number] = ward(house, "/wards/admit", {"patient_no": patient_no, "ward_code": WARD})["numbers"]
    return number


def ward(house: RealPlatform, path: str, body: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = house.sandbox.post(f"/hospital{path}", json=body).raise_for_status().json()
    assert told["code"] == "0", told
    return told


def asked_twice(house: RealPlatform, patient_no: str) -> None:
    """Without an answer the page asks again under the same key."""
    wanted: dict[str, Any] = {"patient_no": patient_no, "operator": "C12", "invoice_nos": [], "amount_fen": 10_00}
    wanted["key"] = "window-asked-twice"
    told = [house.http.post("/demo/cashier/take", json=wanted).raise_for_status().json() for _ in range(2)]
    assert told[0]["payment_no"] == told[1]["payment_no"]
    given_up = {"payment_no": told[0]["payment_no"], "operator": "C12", "key": "window-given-up"}
    house.http.post("/demo/cashier/give-up", json=given_up).raise_for_status()


def standing(house: RealPlatform, number: str) -> dict[str, Any]:
    return house.rows(_STANDING, number)[0]
