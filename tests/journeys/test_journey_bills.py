"""Outpatient bills at the kiosk: two of three are paid, then the third by the code of its request form."""

from typing import Any

import pytest
from kiosk_screen import KioskScreen, kiosk_screen
from paper import Paper
from playwright.sync_api import Browser, Locator, expect

import books
from cards import fresh_card
from real_platform import RealPlatform, until
from yinyi.kernel.money import yuan

WITHIN_MS = 30_000
DEPARTMENT = "0102"
_RECEIPTS = """
SELECT copy FROM print_job JOIN document USING (hospital_id, document_no)
WHERE kind = 'fiscal' AND payment_no = $1 ORDER BY nth
"""
_OPEN = """
SELECT invoice_no, form_no, total_fen, version FROM his.invoice WHERE patient_no = $1 AND state = 'open' ORDER BY 1
"""


@pytest.mark.walk
def test_two_of_three(house: RealPlatform, chromium: Browser) -> None:
    """Pressing one leaves it out; two are paid by phone with five presses at most, from the home page to the slip."""
    with kiosk_screen(house, chromium, "portrait", "zh-CN") as screen:
        patient_no = new_patient(screen, "贝一")
        bills = three_bills(house, patient_no)

        until_listed(screen, patient_no)
        screen.go()
        screen.seen("/", ".row.quit")
        with screen.walk("bills", 5):
            screen.press_link("/bills")
            row = screen.seen("/bills", ".pair").locator("button")
            expect(row).to_have_attribute("aria-checked", "true")
            assert yuan(sum(each["total_fen"] for each in bills)) in screen.text()
            screen.press(".pair button")
            left_out = screen.seen(r"/bills\?but=.*", '.pair[data-here] button[aria-checked="false"]')
            number = left_out.get_attribute("value")
            assert number is not None
            chosen = [each for each in bills if each["invoice_no"] != number.partition(":")[0]]
            total = yuan(sum(each["total_fen"] for each in chosen))
            assert total in screen.text()
            screen.press_form("/bills")
            screen.seen(r"/register/check/\w+", ".rows .row")
            payment_no = screen.payment_no()
            before = house.papers()
            order = house.phone("pay", screen.to_code())
            assert order["reference"].startswith(payment_no)
            assert order["amount_fen"] == sum(each["total_fen"] for each in chosen)
            screen.seen(rf"/done/{payment_no}", ".slip .no")
        assert total in screen.text()
        expect(screen.page.locator(".goal li").first).to_be_visible(timeout=WITHIN_MS)
        assert Paper(house.paper_after(before)).payment_no() == payment_no
        screen.home()
        with screen.walk("fees", 3):
            to_fees(screen)
            screen.press(".rows a.row")
            screen.seen(r"/bills/\w+", ".rows .row")
        on_a4(screen, "form.go .btn.first")
        screen.home()
        with screen.walk("fee_list", 4):
            to_fees(screen)
            screen.press_link("/fees/print")
            screen.seen("/fees/print", ".rows .row")
            on_a4(screen, '.rows button[value="month"]')
        [left] = house.rows(_OPEN, patient_no, at="hospital")
        assert left["invoice_no"] == number.partition(":")[0]
        electronic_receipt(screen, payment_no)
        parted = in_two_parts(screen)
    books.agree(house, payment_no, parted)


def electronic_receipt(screen: KioskScreen, payment_no: str) -> None:
    """It is on the list, comes by itself, is shown as the hospital has issued it, and is printed once and then as a
    copy; how often stands there."""
    wanted = "SELECT FROM fiscal_invoice WHERE payment_no = $1"
    until(lambda: screen.house.rows(wanted, payment_no), "a receipt is wanted")
    screen.go("/receipts")
    screen.seen("/receipts", f'.rows a[href$="/{payment_no}"]').click()
    screen.seen(rf"/receipt/{payment_no}", ".act form button.first")
    screen.press_link(f"/receipt/{payment_no}/file")
    page = screen.seen(rf"/receipt/{payment_no}/file", ".large img")
    assert page.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1400
    screen.press(".act .go a.first")
    screen.seen(rf"/receipt/{payment_no}", ".act form button.first")
    for times in (1, 2):
        before = screen.house.papers()
        screen.press(".act form button.first")
        screen.seen(rf"/receipt/{payment_no}\?printing=1", "#screen")
        screen.house.paper_after(before)
        expect(screen.page.locator(".act .note.plain")).to_contain_text(str(times), timeout=WITHIN_MS)
    assert [row["copy"] for row in screen.house.rows(_RECEIPTS, payment_no)] == [False, True]


def in_two_parts(screen: KioskScreen) -> str:
    """What is left to pay, one yuan of it first, by the other app's code under the scanner; the payment's number."""
    screen.go("/bills")
    screen.press_form("/bills")
    screen.seen(r"/register/check/\w+", ".rows .row")
    payment_no = screen.payment_no()
    screen.go(f"/pay/{payment_no}/part")
    screen.page.locator('input[name="yuan"]').fill("1")
    screen.press('#typing button[name="tender"] >> nth=0')
    screen.seen(rf"/pay/{payment_no}", ".code")
    screen.press('.act form.go button[name="tender"]')
    expect(screen.page.locator("#screen h1")).to_contain_text("支付宝", timeout=WITHIN_MS)
    expect(screen.page.locator(".cost .price")).to_have_text("¥1.00", timeout=WITHIN_MS)
    screen.scan(screen.house.alipay_payer_code())
    screen.seen(rf"/register/check/{payment_no}", ".act")
    [row] = screen.house.rows("SELECT taken_fen FROM payment WHERE payment_no = $1", payment_no)
    assert row["taken_fen"] == 100
    screen.house.phone("pay", screen.to_code())
    screen.seen(rf"/done/{payment_no}", ".slip .no")
    [row] = screen.house.rows("SELECT taken_fen, amount_fen FROM payment WHERE payment_no = $1", payment_no)
    assert row["taken_fen"] == row["amount_fen"]
    return payment_no


def test_by_the_code_of_a_request_form(house: RealPlatform, chromium: Browser) -> None:
    """Held under the scanner on the home page: exactly its bill, paid without a card. Then it says that it is paid,
    and a code of anything else that it opens nothing."""
    with kiosk_screen(house, chromium, "landscape", "en") as screen:
        patient_no = new_patient(screen, "贝二")
        bill, *others = three_bills(house, patient_no)
        screen.go()
        screen.seen("/", ".row.quit")
        screen.press('.act form[action="/kiosk/finish"] button')
        screen.seen("/", ".tiles.main")
        screen.scan(bill["form_no"])
        screen.seen(rf"/bills/{bill['invoice_no']}\?form=1", ".rows .row")
        assert yuan(bill["total_fen"]) in screen.text()
        screen.press_form("/bills")
        screen.seen(r"/register/check/\w+", ".rows .row")
        payment_no = screen.payment_no()
        order = house.phone("pay", screen.to_code())
        assert order["amount_fen"] == bill["total_fen"]
        screen.seen(rf"/done/{payment_no}", ".slip .no")
        screen.press('.act form[action="/kiosk/finish"] button.first')
        screen.seen("/", ".tiles.main")
        screen.scan(bill["form_no"])
        screen.seen(rf"/bills/{bill['invoice_no']}\?form=1", ".note.good")
        screen.press_link("/")
        screen.seen("/", ".tiles.main")
        screen.press_link("/bills")
        screen.seen("/identify", "#screen.identify")
        screen.scan(bill["invoice_no"])
        screen.seen(r"/(request-form\?news|identify\?tube)=unknown")  # one in ten looks like the number of a tube
        left = house.rows(_OPEN, patient_no, at="hospital")
        assert [each["invoice_no"] for each in left] == [each["invoice_no"] for each in others]
    books.agree(house, payment_no)


def test_what_the_hospital_does_to_a_bill_meanwhile(house: RealPlatform, chromium: Browser) -> None:
    """The doctor changes one and the window takes the money of another between the page and the press: nothing is
    taken, and the page says what has become of them. The window cannot take what is being paid here; what is gone all
    the same once it is paid comes back whole."""
    with kiosk_screen(house, chromium, "portrait", "en") as screen:
        patient_no = new_patient(screen, "贝三")
        changed, paid, _ = three_bills(house, patient_no)
        until_listed(screen, patient_no)
        at_hospital(house, "doctors/change", invoice_no=changed["invoice_no"])
        screen.press_form("/bills")
        screen.seen(r"/bills\?news=changed", ".note.bad")
        until_listed(screen, patient_no)
        at_hospital(house, "window/pay", invoice_no=paid["invoice_no"])
        screen.press_form("/bills")
        screen.seen(r"/bills\?news=paid", ".note.bad")
        assert "Nothing was taken" in screen.text()
        until_listed(screen, patient_no)
        screen.press_form("/bills")
        screen.seen(r"/register/check/\w+", ".rows .row")
        payment_no, code = screen.payment_no(), screen.to_code()
        kept = {"invoice_no": changed["invoice_no"]}
        refused = house.sandbox.post("/hospital/window/pay", json=kept).raise_for_status().json()
        assert refused["code"] != "0", "it is kept for whoever pays here"
        at_hospital(house, "doctors/drop", **kept)
        order = house.phone("pay", code)
        screen.seen(rf"/trouble/{payment_no}", ".facts")
        until(lambda: returned(house, payment_no) == order["amount_fen"], "all of it is back")
    books.agree(house, payment_no)


# ---- at the screen


def until_listed(screen: KioskScreen, patient_no: str) -> None:
    """All that is open, as it now stands at the hospital; a list may be a second old."""
    found = screen.house.rows(_OPEN, patient_no, at="hospital")
    now = {f"{each['invoice_no']}:{each['version']}" for each in found}

    def listed() -> bool:
        screen.go("/bills")
        return {each for sent in screen.page.locator('input[name="chosen"]').all() for each in said(sent)} == now

    until(listed, "they are listed")


def said(sent: Locator) -> list[str]:
    return (sent.get_attribute("value") or "").split()


def to_fees(screen: KioskScreen) -> None:
    """From home to what was paid before."""
    screen.press_link("/bills")
    screen.seen("/bills", ".go")
    screen.press_link("/fees")
    screen.seen("/fees", ".rows .row")


def on_a4(screen: KioskScreen, button: str) -> None:
    """Pressed, and a sheet has come out."""
    screen.press(button)
    screen.seen(r"/sheets/\w+", ".next .ok")


def new_patient(screen: KioskScreen, name: str) -> str:
    """From home to the bills, of which there are none, for somebody whom the hospital does not know."""
    screen.press_link("/bills")
    screen.seen("/identify", "#screen.identify")
    screen.house.lay(fresh_card(name))
    screen.seen("/first-visit", ".pad")
    screen.type("13912345678")
    screen.press_form("/first-visit")
    screen.seen("/first-visit", ".facts")
    screen.press_form("/first-visit")
    screen.seen("/bills", ".card.calls")
    screen.house.take_card()
    query = "SELECT patient_no FROM his.patient WHERE full_name = $1 ORDER BY patient_no DESC LIMIT 1"
    return screen.house.rows(query, name, at="hospital")[0]["patient_no"]


# ---- on the far side


def three_bills(house: RealPlatform, patient_no: str) -> list[Any]:
    """A doctor has ordered twice, and has taken one back."""
    for _ in range(2):
        at_hospital(house, "doctors/order", patient_no=patient_no, dept_code=DEPARTMENT)
    [first, *_] = house.rows(_OPEN, patient_no, at="hospital")
    at_hospital(house, "doctors/cancel", invoice_no=first["invoice_no"])
    found = house.rows(_OPEN, patient_no, at="hospital")
    assert len(found) == 3
    return found


def at_hospital(house: RealPlatform, what: str, **told: Any) -> None:
    done = house.sandbox.post(f"/hospital/{what}", json=told).raise_for_status().json()
    assert done.get("code", "0") == "0", done


def returned(house: RealPlatform, payment_no: str) -> int:
    return house.rows("SELECT returned_fen FROM payment WHERE payment_no = $1", payment_no)[0]["returned_fen"]
