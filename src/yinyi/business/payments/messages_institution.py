"""What banks say of money that they have taken at their own terminals and in their apps, and of giving it back."""

from datetime import date, datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.payments.errors import (
    GiveBackUnknown,
    GivenBackAlready,
    PaymentClosed,
    PaymentUnknown,
    ReferenceUsed,
    TakenUnknown,
    TenderUnderWay,
)
from yinyi.business.payments.messages import Number, Part, PaymentView
from yinyi.business.payments.model import PaymentReason
from yinyi.kernel.errors import InvalidField
from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.money import Fen

Reference = Annotated[str, msgspec.Meta(min_length=6, max_length=64, pattern=r"^[0-9A-Za-z_-]+(?![\s\S])")]
"""The bank's own number of what it has done, never used twice."""
Instant = Annotated[datetime, msgspec.Meta(tz=True)]
Verdict = Literal[
    "delivering",  # the hospital is being told
    "delivered",
    "give_back",  # the bank has to give it back, by its orders
    "given_back",
]
"""What becomes of what a bank has taken."""


class GiveBackOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order to a bank: give so much back to whoever paid.

    reference: ours, to confirm it by. taken_reference: the bank's own number of what it had taken. reason: why; empty:
    the hospital gives something back of what is delivered. by: later than that, people look into it. done: the bank
    has confirmed it.
    """

    reference: str
    taken_reference: str
    payment_no: str
    amount_fen: Fen
    ordered_at: datetime
    by: datetime
    reason: PaymentReason | Literal[""] = ""
    done: bool = False


class TakenView(msgspec.Struct, frozen=True, kw_only=True):
    """What became of money that a bank has taken, and all orders to give some of it back, oldest first."""

    reference: str
    amount_fen: Fen
    verdict: Verdict
    payment: PaymentView
    give_backs: list[GiveBackOrder] = []


class GiveBacks(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. more: there are more of them than these; next_after: what is behind these is asked for with it."""

    orders: list[GiveBackOrder]
    more: bool = False
    next_after: WholeNumber = 0


@operation(
    callers=[Caller.INSTITUTION],
    money=True,
    errors=(InvalidField, PaymentUnknown, ReferenceUsed, TenderUnderWay),
)
class ReportTaken(Operation[TakenView], frozen=True, kw_only=True):
    """The bank has taken the money for a payment that was opened at it. What is exactly owed is delivered; anything
    else (too late, another amount, paid already) is kept as taken and ordered back at once. The same reference again
    answers how it stands; over another amount or for another payment it is refused. taken_on: the bank's business
    date."""

    payment_no: Number
    reference: Reference
    amount_fen: Part
    taken_at: Instant
    taken_on: date


@operation(callers=[Caller.INSTITUTION], errors=(TakenUnknown,))
class GetTaken(Operation[TakenView], frozen=True, kw_only=True):
    """By the bank's own number: what became of it. Whoever gets ``TakenUnknown`` was not heard, and says it again."""

    reference: Reference


@operation(callers=[Caller.INSTITUTION])
class ListGiveBacks(Operation[GiveBacks], frozen=True, kw_only=True):
    """The orders to this bank that it has not confirmed; with ``after`` those behind what was asked for before."""

    after: WholeNumber = 0


@operation(
    callers=[Caller.INSTITUTION],
    money=True,
    errors=(InvalidField, GiveBackUnknown, GivenBackAlready, ReferenceUsed, PaymentClosed),
)
class ConfirmGiveBack(Operation[TakenView], frozen=True, kw_only=True):
    """The bank has given the money back. reference: of the order; their_reference: the bank's own number of it. An
    order is confirmed once: another number for it is refused, and so is a number that stands for another order."""

    reference: Annotated[str, msgspec.Meta(min_length=6, max_length=32, pattern=r"^[0-9A-Z]+(?![\s\S])")]
    their_reference: Reference
    given_back_at: Instant
