"""What people can ask and say about what was found outside: money in suspense, and what a restore has lost."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.payments.errors import (
    AlreadyBooked,
    MoreThanInSuspense,
    NothingToCompare,
)
from yinyi.business.payments.messages import Note, Part
from yinyi.business.payments.model import (
    SuspenseMove,
)
from yinyi.kernel.errors import ChannelUnavailable, NotAllowed, SecondPersonNeeded
from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.money import Fen


class SuspenseEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that came to suspense or left it. ``debit_fen``: less than zero: a credit."""

    at: datetime
    kind: str
    source: str
    account: str
    debit_fen: Fen


class SuspenseSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What the first of two people has said."""

    item: str
    move: str
    amount_fen: Fen
    channel: str
    merchant: str
    proposed_by: str


class UnknownMoney(msgspec.Struct, frozen=True, kw_only=True):
    """A channel says that it was paid, or has given back (``refunded``), under a number that nobody here knows."""

    source: str
    reference: str
    merchant: str
    amount_fen: Fen | None
    since: datetime
    refunded: bool = False


class Suspense(msgspec.Struct, frozen=True, kw_only=True):
    """over_fen: money that is here and belongs to nothing we know; short_fen: money that is missing. entries: newest
    first. next_before: what was before them is asked for with this; 0: nothing was. said: by the first of two. unknown:
    of the last month, and not in suspense yet."""

    over_fen: Fen
    short_fen: Fen
    entries: list[SuspenseEntry]
    said: list[SuspenseSaid]
    unknown: list[UnknownMoney]
    next_before: WholeNumber = 0


@operation(callers=[Caller.STAFF])
class ListSuspense(Operation[Suspense], frozen=True, kw_only=True):
    """What stands in suspense, and where it came from; with ``before`` what was booked before that."""

    before: WholeNumber = 0


@operation(
    callers=[Caller.STAFF],
    money=True,
    by_person=True,
    errors=(ChannelUnavailable, AlreadyBooked, MoreThanInSuspense, NotAllowed, SecondPersonNeeded),
)
class BookSuspense(Operation[Suspense], frozen=True, kw_only=True):
    """What people have found, for example in a channel's statement, and no payment tells of: money that came, or is
    missing, and where it goes from suspense. ``item``: what it is called there, so that it is booked once; ``channel``
    where it is there, otherwise it is at a window; ``institution_id``: of the channel ``institution``, the bank. It is
    posted when a second person says the same."""

    item: Annotated[str, msgspec.Meta(min_length=4, max_length=64)]
    move: SuspenseMove
    amount_fen: Part
    scope: Literal["outpatient", "inpatient"]
    channel: Annotated[str, msgspec.Meta(max_length=40)] = ""
    institution_id: Annotated[str, msgspec.Meta(max_length=40)] = ""
    note: Note


GapState = Literal["to_ask", "to_compare", "settled"]


class Restore(msgspec.Struct, frozen=True, kw_only=True):
    """One restore from a backup. reached_at: what happened from then until ``since`` is not in the database. asked_at:
    when everybody who can be asked had answered."""

    epoch: WholeNumber
    since: datetime
    reached_at: datetime | None
    asked_at: datetime | None


class GapItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something of the time that was lost: to be asked, to be compared by people, or settled, with what was found."""

    epoch: WholeNumber
    source: str
    item: str
    state: GapState
    found: str
    since: datetime
    settled_by: str | None = None


class RestoreGap(msgspec.Struct, frozen=True, kw_only=True):
    """``unasked``: so many payments wait because somebody has not yet said what became of them."""

    restores: list[Restore]
    items: list[GapItem]
    unasked: int


@operation(callers=[Caller.STAFF])
class ListRestoreGap(Operation[RestoreGap], frozen=True, kw_only=True):
    """What was lost by restores, what was found of it, and what is still to be compared."""


@operation(callers=[Caller.STAFF], changes=True, errors=(NothingToCompare,))
class SettleGapItem(Operation[RestoreGap], frozen=True, kw_only=True):
    """Somebody has compared it. ``note``: what was found."""

    epoch: WholeNumber
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    item: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    note: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
