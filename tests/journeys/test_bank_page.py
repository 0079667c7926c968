"""A bank's own terminal in a real browser: somebody registers there and the bank takes the money; a bill for which it
took too little is ordered back and given back; another is told late; the hospital and all books agree."""

import msgspec
from demo_desk import WITHIN_MS, DemoDesk, demo_desk
from playwright.sync_api import Browser, expect

import books
from real_platform import RealPlatform
from yinyi_sandbox.bank.cards import with_check_digit
from yinyi_sandbox.bank.model import Card

CUSTOMER, PATIENT_NO = "wu-xiulan", "083214"
CARD = Card(
    pan=with_check_digit("629991000000007001"),
    pin="123456",
    balance_fen=1_000_000,
    issuer="99910001",
    issuer_name="海州银行",
    holder=CUSTOMER,
)
"""Of this test alone: others bind the demo's."""
ORDERS_FROM = "0102"
_PAYMENT = "SELECT amount_fen, taken_fen, returned_fen FROM payment WHERE payment_no = $1"


def test_a_banks_own_terminal(house: RealPlatform, chromium: Browser) -> None:
    ordered = {"patient_no": PATIENT_NO, "dept_code": ORDERS_FROM}
    house.sandbox.post("/hospital/doctors/order", json=ordered).raise_for_status()
    house.sandbox.post("/bank/cards", json=msgspec.structs.asdict(CARD)).raise_for_status()
    with demo_desk(house, chromium, (1600, 1000), path="/demo/bank") as desk:
        comes(desk)
        paid = pays_a_registration(desk)
        too_little = pays_too_little(desk)
        told_late = pays_and_is_told_late(desk)
        assert desk.accessibility() == []
        desk.press("#language")
        expect(desk.sees("#book-title")).to_have_text("Taken for the hospital")
        assert desk.accessibility() == []
        assert [each for each in desk.complaints() if "403" not in each] == []
    [row] = house.rows(_PAYMENT, too_little)
    assert row["taken_fen"] == row["returned_fen"] == row["amount_fen"] - 100
    books.agree(house, paid, too_little, told_late)


def comes(desk: DemoDesk) -> None:
    """Her card is bound at once."""
    desk.page.select_option("#customer", CUSTOMER)
    desk.press("#come")
    expect(desk.sees("#name")).to_have_text("吴秀兰")
    desk.press(f'[data-pan="{CARD.pan}"] .acts button:nth-child(2)')
    expect(desk.page.locator("#bound")).to_contain_text(CARD.pan[-4:], timeout=WITHIN_MS)


def owed(desk: DemoDesk) -> str:
    """The payment's number, once it is to be paid."""
    desk.sees('#till[data-state="ready"] #take')
    desk.page.select_option("#from", CARD.pan)
    return desk.sees("#till > small:last-child").inner_text()


def verdict(desk: DemoDesk, number: str, said: str) -> None:
    desk.sees(f'[data-taking="{number}"][data-verdict="{said}"]')


def pays_a_registration(desk: DemoDesk) -> str:
    """With a doctor whom she has no number for yet."""
    free = desk.page.locator("#doctors button:enabled")
    for nth in range(free.count()):
        free.nth(nth).click()
        desk.sees('#till #take, #said[data-bad="yes"]')
        if desk.page.locator("#take").count():
            break
    number = owed(desk)
    desk.press("#take")
    verdict(desk, number, "delivered")
    desk.sees('#till[data-state="fulfilled"]')
    return number


def bill(desk: DemoDesk) -> str:
    desk.page.locator("#bills input:enabled").first.check()
    desk.press("#pay-bills")
    return owed(desk)


def pays_too_little(desk: DemoDesk) -> str:
    number = bill(desk)
    desk.press("#too-little")
    verdict(desk, number, "give_back")
    desk.press(f'[data-taking="{number}"] .order button')
    desk.sees(f'[data-taking="{number}"] [data-state="confirmed"]')
    desk.press("#cancel")
    desk.sees('#till[data-state="returned"]')
    return number


def pays_and_is_told_late(desk: DemoDesk) -> str:
    number = bill(desk)
    desk.press("#keep-back")
    desk.press(f'[data-taking="{number}"] .acts button')
    verdict(desk, number, "delivered")
    return number
