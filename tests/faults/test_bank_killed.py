"""A bank says what it has taken, and the business process is killed over it: one take, one posting, and what is to be
given back is ordered until the bank has given it."""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from typing import Any

import httpx
import pytest
from bank_at_rest import BankAtRest

from real_platform import RealPlatform, until
from yinyi.wire import gb11643

pytestmark = pytest.mark.slow

WAITS = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
TAKES = "SELECT amount_fen FROM institution_take WHERE reference = $1"
POSTED = """
SELECT e.kind, o.debit_account, o.credit_account, o.amount_fen
FROM journal_entry e JOIN posting o USING (hospital_id, entry_id)
WHERE e.source LIKE $1 || '%' ORDER BY e.entry_id
"""
AT_BANK = "channel:institution:icbc"
LOCKED = {
    "take": "LOCK TABLE institution_take IN SHARE MODE",
    "payment": "SELECT 1 FROM payment WHERE payment_no = $1 FOR UPDATE",
}
_turns = itertools.count(1)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RealPlatform, BankAtRest]]:
    """All processes, and one bank: of their own, since no far side of others has this bank's books."""
    house = RealPlatform(tmp_path_factory.mktemp("house") / "var")
    house.hear("Everything answers")
    house.until_connected()
    yield house, BankAtRest(house)
    house.stop()


def registered(bank: BankAtRest) -> dict[str, Any]:
    bank.comes(gb11643.number_of("510199", date(1990, 5, 1), 100 + 2 * next(_turns)))
    payment = bank.registers("0101")
    assert payment["owed_fen"] > 0
    return payment


def killed_once(house: RealPlatform, ask: Callable[[], httpx.Response], moment: Callable[[], Any]) -> None:
    """While it is asked, at this moment. Nobody is told that it was done."""
    with ThreadPoolExecutor(1) as pool:
        asked: Future[httpx.Response] = pool.submit(ask)
        until(moment, "the moment has come")
        house.kill("business")
        assert asked.result(60).status_code >= 500


def waits(house: RealPlatform) -> list[Any]:
    return house.rows(WAITS)


def balance(house: RealPlatform, payment_no: str) -> int:
    moved = [tuple(row)[1:] for row in house.rows(POSTED, payment_no)]
    return sum(fen for debit, _, fen in moved if debit == AT_BANK) - sum(fen for _, of, fen in moved if of == AT_BANK)


def verdict(bank: BankAtRest, reference: str) -> str:
    return bank.answered("GetTaken", {"reference": reference})["verdict"]


def test_killed_before_it_is_committed(hall: tuple[RealPlatform, BankAtRest]) -> None:
    house, bank = hall
    payment = registered(bank)
    told = bank.taken(payment, "ICBC-BEFORE")
    with house.held(LOCKED["take"]):
        killed_once(house, lambda: bank.ask("ReportTaken", told, "key-before"), lambda: waits(house))
    assert house.rows(TAKES, "ICBC-BEFORE") == [], "it was never heard"
    assert bank.ask("GetTaken", {"reference": "ICBC-BEFORE"}).json()["code"] == "TakenUnknown"
    bank.answered("ReportTaken", told, "key-before")
    until(lambda: verdict(bank, "ICBC-BEFORE") == "delivered", "the hospital has it")
    bank.answered("ReportTaken", told, "key-before-again")
    one_movement(house, payment, "ICBC-BEFORE")
    assert balance(house, payment["payment_no"]) == payment["owed_fen"]


@pytest.mark.parametrize("refused", [False, True])
def test_killed_after_it_is_committed(hall: tuple[RealPlatform, BankAtRest], refused: bool) -> None:
    """The hospital is away; once it is back it takes the number, or does not."""
    house, bank = hall
    payment, reference = registered(bank), f"ICBC-AFTER-{refused}"
    told = bank.taken(payment, reference)
    house.hospital_down(True)
    killed_once(house, lambda: bank.ask("ReportTaken", told, f"key-{reference}"), lambda: house.rows(TAKES, reference))
    assert verdict(bank, reference) == "delivering", "it is known, and goes on"
    if refused:
        house.hospital_fault("confirm_registration", "refuse", times=9, code="N03")
    house.hospital_down(False)
    bank.answered("ReportTaken", told, f"key-{reference}")
    until(lambda: verdict(bank, reference) == ("give_back" if refused else "delivered"), "it is decided")
    house.no_faults()
    one_movement(house, payment, reference)
    if refused:
        given_back(house, bank, payment, reference)
    assert balance(house, payment["payment_no"]) == (0 if refused else payment["owed_fen"])


def given_back(house: RealPlatform, bank: BankAtRest, payment: dict[str, Any], reference: str) -> None:
    """The order is there however often the process dies, until the bank's word is on the disk."""
    [order] = bank.answered("ListGiveBacks", {})["orders"]
    assert (order["payment_no"], order["amount_fen"]) == (payment["payment_no"], payment["owed_fen"])
    at = house.clock.now().isoformat(timespec="seconds")
    done = {"reference": order["reference"], "their_reference": f"BACK-{reference}", "given_back_at": at}
    with house.held(LOCKED["payment"], payment["payment_no"]):
        killed_once(house, lambda: bank.ask("ConfirmGiveBack", done, "key-back"), lambda: waits(house))
    assert bank.answered("ListGiveBacks", {})["orders"] == [order]
    for key in ("key-back", "key-back-again"):
        assert bank.answered("ConfirmGiveBack", done, key)["verdict"] == "given_back"
    assert bank.answered("ListGiveBacks", {})["orders"] == []


def one_movement(house: RealPlatform, payment: dict[str, Any], reference: str) -> None:
    assert [row["amount_fen"] for row in house.rows(TAKES, reference)] == [payment["owed_fen"]]
    taken = [row for row in house.rows(POSTED, payment["payment_no"]) if row["kind"] == "taken"]
    assert [(row["debit_account"], row["amount_fen"]) for row in taken] == [(AT_BANK, payment["owed_fen"])]


def test_all_books_agree_afterwards(hall: tuple[RealPlatform, BankAtRest]) -> None:
    house, _ = hall
    for command in (("ledger", "verify"), ("invariants",), ("taken",)):
        done = house.command(*command)
        assert done.returncode == 0, done.stdout
