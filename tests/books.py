"""Do all books agree? The platform's payments and ledger, the channel's own orders, the hospital's registrations."""

import sqlite3
from collections import defaultdict
from contextlib import closing
from typing import Any

import msgspec

from real_platform import RealPlatform, until
from yinyi_sandbox.alipay.model import Trade
from yinyi_sandbox.wechatpay.model import Order

_PAYMENTS = """
SELECT payment_no, purpose, amount_fen, taken_fen, returned_fen, direction, tender, ended_at IS NOT NULL AS ended,
  attention, (SELECT array_agg(reference) FROM payment_step s WHERE s.payment_id = p.payment_id) AS references
FROM payment p
"""
_ACCOUNTS = """
SELECT account, sum(fen)::bigint AS fen FROM (
  SELECT debit_account AS account, amount_fen AS fen FROM posting
  UNION ALL SELECT credit_account, -amount_fen FROM posting
) AS sides GROUP BY account
"""
_OPEN = "SELECT payment_no FROM payment WHERE ended_at IS NULL AND payment_no = ANY ($1)"
_MOST = 1000


def agree(house: RealPlatform, *payment_nos: str, within_s: float = 60) -> None:
    """Once these payments have ended, every fen is where it belongs, in all four books. Others may still be unpaid."""
    until(lambda: not house.rows(_OPEN, list(payment_nos)), f"{payment_nos} have ended", within_s)
    found = differences(house)
    assert not found, "\n".join(found)


def differences(house: RealPlatform) -> list[str]:
    """In sentences. The far side's books are its own, and are read without the platform."""
    payments = {row["payment_no"]: row for row in house.rows(_PAYMENTS)}
    of_reference = {name: row["payment_no"] for row in payments.values() for name in row["references"] or ()}
    kept, found = _at_channel(house, of_reference)
    registered = _at_hospital(house)
    found += _of_deposits(house, payments) + _of_bills(house, payments)
    found += [f"the hospital has {number}, nobody paid it here" for number in registered.keys() - payments.keys()]
    for number, payment in payments.items():
        found += _of_payment(payment, kept[number], registered.get(number, []))
    return found + _of_ledger(house, list(payments.values()))


_MESSAGES = """
SELECT left(m.reference, 22) AS payment_no, s.merchant_no, s.terminal_no, m.batch_no, m.trace_no
FROM line_message m JOIN line_session s USING (hospital_id, session_id) WHERE m.kind IN ('purchase', 'void', 'refund')
"""


def _at_bank(house: RealPlatform) -> dict[str, int]:
    """What the bank has of each payment's money, by its own movements."""
    kept: dict[str, int] = defaultdict(int)
    said = {tuple(row)[1:]: row["payment_no"] for row in house.rows(_MESSAGES)}
    for move in house.sandbox.get("/bank/movements").raise_for_status().json():
        number = said.get(tuple(move[name] for name in ("merchant_no", "terminal_no", "batch_no", "trace_no")))
        if number and move["state"] == "approved" and move["kind"] in ("purchase", "refund"):
            kept[number] += move["amount_fen"] if move["kind"] == "purchase" else -move["amount_fen"]
    return kept


def _at_branch(house: RealPlatform) -> dict[str, int]:
    """What the bank has of each payment that it took at its own terminal, by its own book."""
    book = house.sandbox.get("/demo/branch/book").raise_for_status().json()
    kept: dict[str, int] = defaultdict(int)
    for taking in book["takings"]:
        kept[taking["payment_no"]] += taking["amount_fen"]
    for order in book["orders"]:
        kept[order["payment_no"]] -= order["amount_fen"] if order["given_at"] else 0
    return kept


def _at_channel(house: RealPlatform, of_reference: dict[str, str]) -> tuple[dict[str, int], list[str]]:
    """What the channels have of each payment's money, by payment number."""
    orders = _read(house, "wechatpay/orders.sqlite", "SELECT content FROM orders WHERE transaction_id <> ''")
    trades = _read(house, "alipay/trades.sqlite", "SELECT content FROM trades WHERE trade_no <> ''")
    taken: list[Order | Trade] = [msgspec.msgpack.decode(content, type=Order) for content in orders]
    paid = (msgspec.msgpack.decode(content, type=Trade) for content in trades)
    taken += [trade for trade in paid if trade.paid_at]
    kept: dict[str, int] = _at_bank(house)
    strangers: list[str] = []
    for order in taken:
        if order.out_trade_no in of_reference:
            kept[of_reference[order.out_trade_no]] += order.total - order.refunded
        else:
            strangers.append(f"a channel took {order.total} fen for {order.out_trade_no}, which nobody knows")
    for number, fen in _at_branch(house).items():
        kept[number] += fen
    for row in house.rows(_FROM_ACCOUNT):
        kept[row["payment_no"]] += row["fen"]
    return kept, strangers


def _read(house: RealPlatform, file: str, query: str) -> list[bytes]:
    path = house.folder / "sandbox" / file
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        return [content for (content,) in store.execute(query)]


def _at_hospital(house: RealPlatform) -> dict[str, list[dict[str, Any]]]:
    """What the hospital has confirmed to the platform, by payment number."""
    listed = house.hospital("registrations", source="platform", limit=_MOST)
    assert len(listed) < _MOST, "the hospital lists no more than this"
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in listed:
        if each["state"] == "confirmed":
            found[each["payment_no"]].append(each)
    return found


_DEPOSITS = """
SELECT payment_no, amount_fen - his.returned_(ref) AS fen FROM his.deposit
WHERE source = 'platform' AND kind = 'deposit' AND state = 'posted'
"""


def _of_deposits(house: RealPlatform, payments: dict[str, Any]) -> list[str]:
    """The hospital has booked what was paid for stays, less what went back."""
    posted = {row["payment_no"]: row["fen"] for row in house.rows(_DEPOSITS, at="hospital")}
    paid = {number: _stays_fen(each) for number, each in payments.items() if each["purpose"] == "deposit"}
    return [
        f"{number}: the hospital has a deposit of {posted.get(number, 0)} fen, paid are {paid.get(number, 0)}"
        for number in posted.keys() | paid.keys()
        if posted.get(number, 0) != paid.get(number, 0)
    ]


_BILLS = """
SELECT p.payment_no, p.amount_fen - coalesce((
  SELECT sum(b.amount_fen) FROM his.bill_refund b
  WHERE b.source = 'platform' AND b.invoice_no = ANY (p.invoice_nos)), 0)::int AS fen
FROM his.bill_posting p WHERE p.source = 'platform' AND p.state = 'paid'
"""
_FROM_ACCOUNT = """
SELECT left(reference, 22) AS payment_no, sum(CASE kind WHEN 'payments.take' THEN amount_fen ELSE -amount_fen END)::int
  AS fen
FROM payment_step WHERE params ->> 'channel' = 'prepaid' AND state = 'done' GROUP BY 1
"""


def _of_bills(house: RealPlatform, payments: dict[str, Any]) -> list[str]:
    """The hospital has what was paid for bills, less lines that went back, and nothing else."""
    booked = {row["payment_no"]: row["fen"] for row in house.rows(_BILLS, at="hospital")}
    paid = {
        number: _stays_fen(each)
        for number, each in payments.items()
        if each["purpose"] == "invoice" and _delivered(each)
    }
    return [
        f"{number}: the hospital has bills over {booked.get(number, 0)} fen, paid are {paid.get(number, 0)}"
        for number in booked.keys() | paid.keys()
        if booked.get(number, 0) != paid.get(number, 0)
    ]


def _of_payment(payment: Any, kept_fen: int, registered: list[dict[str, Any]]) -> list[str]:
    number, amount_fen = payment["payment_no"], payment["amount_fen"]
    delivered = _delivered(payment)
    booked = payment["purpose"] in ("appointment", "check_in") and amount_fen > 0
    registers = delivered and (booked or payment["purpose"] == "registration")
    kept_fen = amount_fen if payment["tender"] == "window" and delivered else kept_fen
    facts = [
        (not payment["attention"], f"waits for people: {payment['attention']}"),
        (len(registered) == registers, f"has {len(registered)} registrations, delivered: {delivered}"),
        (all(each["amount_fen"] == amount_fen for each in registered), "is registered with another amount"),
        (kept_fen == _stays_fen(payment), f"{kept_fen} fen of {amount_fen} stay at the channel"),
        (payment["taken_fen"] - payment["returned_fen"] == kept_fen, "says otherwise than the channel"),
    ]
    return [f"{number} {sentence}" for holds, sentence in facts if not holds]


def _delivered(payment: Any) -> bool:
    return payment["ended"] and payment["direction"] == "forward"


def _stays_fen(payment: Any) -> int:
    """What was delivered stays; of a top-up, a deposit or bills, what was not given back."""
    withdrawn_fen = payment["returned_fen"] if payment["purpose"] in ("top_up", "deposit", "invoice") else 0
    return payment["amount_fen"] - withdrawn_fen if _delivered(payment) else 0


def _of_ledger(house: RealPlatform, payments: list[Any]) -> list[str]:
    stays_fen = sum(map(_stays_fen, payments))
    prepaid_fen = sum(_stays_fen(each) for each in payments if each["purpose"] == "top_up")
    sums: dict[str, int] = defaultdict(int)
    for row in house.rows(_ACCOUNTS):
        kind = row["account"].partition(":")[0]
        sums["hospital" if kind == "deposit" else kind] += row["fen"]  # it is one or the other, as the stay is settled
    expected = {
        "channel": stays_fen,
        "hospital": prepaid_fen - stays_fen,
        "prepaid": -prepaid_fen,
        "patient_funds": 0,
        "refunds": 0,
    }
    return [
        f"the ledger has {sums[kind]} fen in {kind}, it should be {fen}"
        for kind, fen in expected.items()
        if sums[kind] != fen
    ]
