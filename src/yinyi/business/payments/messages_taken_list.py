"""The list of a bank's business day: what it has taken for us, row by row, against what we were told."""

from datetime import date
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.payments.errors import NothingToRule, ReferenceUsed
from yinyi.business.payments.messages import Note, Number, Part
from yinyi.business.payments.messages_institution import Reference
from yinyi.business.payments.model import DifferenceRuling
from yinyi.kernel.errors import InvalidField, SecondPersonNeeded
from yinyi.kernel.money import Fen

MOST_ROWS = 300
MOST_PARTS = 1000
PartNo = Annotated[int, msgspec.Meta(ge=1, le=MOST_PARTS)]
Disagrees = Literal[
    "unheard",  # the bank has taken it, and never said so: it does now, by ReportTaken
    "unlisted",  # the bank has said so, and its list does not have it: people ask the bank
    "differs",  # over another amount, or for another payment: people ask the bank
]
"""How the two sides of a day disagree about one movement."""


class ListedTake(msgspec.Struct, frozen=True, kw_only=True):
    """One row: what the bank has taken for a payment, by its own number."""

    reference: Reference
    payment_no: Number
    amount_fen: Part


class TakenDifference(msgspec.Struct, frozen=True, kw_only=True):
    """What one side has and the other has not, or has otherwise. payment_no: ours, where we know of it. listed_fen: in
    the bank's list; heard_fen: as it was reported."""

    institution_id: str
    taken_on: date
    reference: str
    what: Disagrees
    payment_no: str
    listed_fen: Fen | None = None
    heard_fen: Fen | None = None


class TakenDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day as both sides have it, at this moment. complete: all parts of the list are here; ``unlisted`` is said then.
    more: there are more differences than these; next_after: they are asked for with this."""

    taken_on: date
    complete: bool
    listed_count: int
    listed_fen: Fen
    heard_count: int
    heard_fen: Fen
    differences: list[TakenDifference]
    more: bool = False
    next_after: str = ""


class DifferenceSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What the first of two people has found out about one of them."""

    institution_id: str
    reference: str
    ruling: DifferenceRuling
    note: str
    proposed_by: str


class TakenDifferences(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest day first. more: there are more than these; next_after: they are asked for with this. said: of these, by
    the first of two."""

    differences: list[TakenDifference]
    more: bool = False
    next_after: str = ""
    said: list[DifferenceSaid] = []


@operation(callers=[Caller.INSTITUTION], changes=True, errors=(InvalidField, ReferenceUsed))
class SubmitTakenList(Operation[TakenDay], frozen=True, kw_only=True):
    """What the bank has taken on a day of its own, in so many parts; a part that comes again takes the place of the one
    before. A day without anything is one part without rows. What was never said is said now, by ``ReportTaken``, and
    is delivered or ordered back like anything else. A number that stands in the list of another day is refused."""

    taken_on: date
    rows: Annotated[list[ListedTake], msgspec.Meta(max_length=MOST_ROWS)]
    part: PartNo = 1
    parts: PartNo = 1


@operation(callers=[Caller.INSTITUTION])
class GetTakenDay(Operation[TakenDay], frozen=True, kw_only=True):
    """How the bank's list of a day and what it has said by ``ReportTaken`` compare; with ``after`` the differences
    behind those that were asked for before."""

    taken_on: date
    after: Annotated[str, msgspec.Meta(max_length=120)] = ""


@operation(callers=[Caller.STAFF])
class ListTakenDifferences(Operation[TakenDifferences], frozen=True, kw_only=True):
    """Where a bank's list and what it has said disagree, for all banks, from one day to another. A
    bank mends what it can; the rest is for people."""

    since: date
    until: date
    after: Annotated[str, msgspec.Meta(max_length=120)] = ""


@operation(callers=[Caller.STAFF], changes=True, by_person=True, errors=(NothingToRule, SecondPersonNeeded))
class SettleTakenDifference(Operation[TakenDifferences], frozen=True, kw_only=True):
    """What people have found out, with the bank, about a difference that stays: its list is right (``as_listed``), or
    what it has said is (``as_heard``). It counts when a second person says the same, and is no difference any more
    until one of the two sides changes. Nothing is moved: money that is missing or too much is for ``BookSuspense``."""

    institution_id: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    taken_on: date
    reference: Reference
    ruling: DifferenceRuling
    note: Note
