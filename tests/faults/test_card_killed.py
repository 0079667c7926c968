"""A card's bank has taken the money and not answered yet, and the business process is killed by SIGKILL over it: it is
taken back once, the patient is told, and the next attempt pays."""

from collections.abc import Iterator
from typing import Any

import pytest

import books
from card_hands import CardHands
from kiosk_client import KioskClient, patients
from real_platform import RealPlatform, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

CLINIC = "0101"
AT_LONGEST_S = 120.0
"""A session is claimed for as long as a bank may take to answer, a minute, and somewhat more."""
REVERSED = "SELECT 1 FROM line_message WHERE reference LIKE $1 || '%' AND kind = 'purchase' AND state = 'reversed'"


@pytest.fixture
def hands(house: RealPlatform) -> Iterator[CardHands]:
    """Before the card terminal of the one machine that has one; its card is taken out in the end."""
    hands = CardHands(house)
    yield hands
    hands.take()


@pytest.fixture(scope="module")
def screen(running: RealPlatform) -> str:
    client = KioskClient(running)
    client.close()
    return client.screen


def puts_in(client: KioskClient, hands: CardHands, payment_no: str) -> None:
    """From the held number to the last digit of the PIN."""
    client.get(f"/pay/{payment_no}")
    client.send(client.form(f"/pay/{payment_no}"), to=f"/pay/{payment_no}/card")
    hands.until_asked()
    hands.bring()
    hands.until_asked("pin")
    hands.type()


def movements(house: RealPlatform) -> list[dict[str, Any]]:
    """The newest first."""
    return house.sandbox.get("/bank/movements").raise_for_status().json()


@pytest.mark.parametrize("over_its_reversal", [False, True], ids=["over its purchase", "over its reversal too"])
def test_what_was_sent_and_not_answered_is_taken_back_once(
    house: RealPlatform, hands: CardHands, screen: str, over_its_reversal: bool
) -> None:
    client = KioskClient(house, screen)
    try:
        client.identify(*patients(house)[over_its_reversal])
        payment_no = client.hold(CLINIC, over_its_reversal)
        client.show_code(payment_no)
        had, known = hands.balance(), len(movements(house))
        hands.bank_fault("purchase", "held")
        if over_its_reversal:
            hands.bank_fault("reversal", "held")
        puts_in(client, hands, payment_no)
        until(lambda: hands.balance() < had, "the bank has taken it")
        amount = had - hands.balance()
        house.kill("business")
        if over_its_reversal:
            until(lambda: hands.balance() == had, "it is taken back, and nobody has heard it", AT_LONGEST_S)
            house.kill("business")
        until(lambda: house.rows(REVERSED, payment_no), "it is known to be taken back", 2 * AT_LONGEST_S)
        [moved] = movements(house)[: -known or None]
        assert (moved["kind"], moved["state"], moved["amount_fen"]) == ("purchase", "reversed", amount)
        assert moved["reversals"] == 1 + over_its_reversal, "the bank was told again, and took it back once"
        assert hands.balance() == had
        until(lambda: client.get(f"/pay/{payment_no}") and client.heading == "银行没有明确答复", "the page says so")
        hands.take()
        puts_in(client, hands, payment_no)
        until(lambda: client.get(f"/pay/{payment_no}") and client.at == f"/done/{payment_no}", "it is paid")
        assert hands.balance() == had - amount
    finally:
        client.close()
    books.agree(house, payment_no)
