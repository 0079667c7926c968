"""Giving back some lines of a paid bill: what is wanted, and how far it is. Plain data and pure functions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from yinyi.business.billing.errors import LinesGivenBack, LineUnknown
from yinyi.business.billing.model import InvoiceLine
from yinyi.business.payments.errors import LinesDone
from yinyi.kernel.money import Fen

RefundStanding = Literal["wanted", "sent", "booked", "refused", "short"]
"""``sent``: on disk before it leaves, so the hospital may have it. ``booked``: by the hospital, and the money is on its
way. ``refused``: by the hospital; nothing moves. ``short``: the hospital has booked it, and so much money is not left
in the payment: people have to look."""


class LineRefund(msgspec.Struct, frozen=True, kw_only=True):
    """reference: ours, of at most 32 characters, under which the hospital books it once."""

    hospital_id: int
    reference: str
    payment_no: str
    invoice_no: str
    line_nos: list[int]
    amount_fen: int
    reason: str
    state: RefundStanding
    wanted_at: datetime
    tries: int
    claim: int
    problem: str


def sum_of(lines: Sequence[InvoiceLine], wanted: Collection[int], under_way: Collection[int]) -> Fen:
    """What these lines of a bill cost: the amount is the hospital's. ``under_way``: lines that are being given back.

    Raises:
        LineUnknown: the bill has no such line.
        LinesDone: one of them was handed out, sampled or done.
        LinesGivenBack: one of them is given back, or about to be.
    """
    known = {line.line_no: line for line in lines}
    if not wanted or any(number not in known for number in wanted):
        raise LineUnknown
    chosen = [known[number] for number in set(wanted)]
    if any(line.refunded or line.line_no in under_way for line in chosen):
        raise LinesGivenBack
    if any(line.performed for line in chosen):
        raise LinesDone
    return Fen(sum(line.amount_fen for line in chosen))


class Piece(NamedTuple):
    """Lines of one bill that go back together."""

    invoice_no: str
    line_nos: list[int]
    amount_fen: Fen


def rest_of(lines: Sequence[InvoiceLine], under_way: Mapping[str, Collection[int]]) -> list[Piece]:
    """What is left of bills, a piece for each. ``under_way``: by bill, lines that are given back, or about to be.

    Raises:
        LinesDone: of it something was handed out, sampled or done.
    """
    found: list[Piece] = []
    for number, given_back in under_way.items():
        own = [line for line in lines if line.invoice_no == number]
        left = sorted(line.line_no for line in own if not line.refunded and line.line_no not in given_back)
        if left:
            found.append(Piece(number, left, sum_of(own, left, given_back)))
    return found
