"""Children and their guardians (监护人): what can be asked by somebody who comes with a child."""

from datetime import date
from typing import Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.errors import (
    AlreadyYourChild,
    CardUnreadable,
    CheckDigitWrong,
    ChildAtWindow,
    CreationRefused,
    CredentialTaken,
    GuardianTooYoung,
    NoCard,
    NotAChild,
    TicketExpired,
    TooManyChildren,
    TooManyTries,
    WindowOnly,
)
from yinyi.business.identity.messages import Identified, Short
from yinyi.business.identity.model import Relation, Sex
from yinyi.kernel.errors import HospitalUnavailable, NotFound
from yinyi.kernel.ids import WholeNumber

ChildDocument = Literal[
    "card",  # the child's own card, on the reader
    "resident_number",  # typed: as on its card and in the household register (户口簿)
    "birth_certificate",  # typed: 出生医学证明
    "travel_permit",  # typed: 港澳居民来往内地通行证, 台湾居民来往大陆通行证
]


class ChildView(msgspec.Struct, frozen=True, kw_only=True):
    """A child that this patient acts for."""

    child_id: WholeNumber
    name_masked: str
    age: int | None
    sex: Sex
    relation: Relation
    number_tail: str


class Children(msgspec.Struct, frozen=True, kw_only=True):
    """may_add: another one can be taken on here. below_age: whoever is younger is a child. acting: for a child just
    now; the patient himself stands behind it."""

    children: list[ChildView]
    may_add: bool
    below_age: int
    acting: bool = False


@operation(callers=[Caller.KIOSK], needs_patient=True)
class ListChildren(Operation[Children], frozen=True, kw_only=True):
    """Whom whoever is here may act for."""


class ChildFound(msgspec.Struct, frozen=True, kw_only=True):
    """What a child's document says. ``ticket``: with it the child is taken on. on_record: the hospital has it."""

    ticket: str
    name_masked: str
    sex: Sex
    born_on: date | None
    number_tail: str
    on_record: bool


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    errors=(
        *(NoCard, CardUnreadable, CheckDigitWrong, WindowOnly, NotAChild, GuardianTooYoung),
        *(TooManyChildren, AlreadyYourChild, ChildAtWindow, TooManyTries, HospitalUnavailable),
    ),
)
class ReadChild(Operation[ChildFound], frozen=True, kw_only=True):
    """Which child is it that the guardian has come with? What its number says of it is not asked for; where it says
    nothing, ``sex`` and ``born_on`` are. A child that the hospital has on record is shown to whoever has its card, or
    the telephone that is on record with it."""

    document: ChildDocument
    number: Short = ""
    name: Short = ""
    sex: Sex = "unknown"
    born_on: date | None = None


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    changes=True,
    errors=(TicketExpired, TooManyChildren, CredentialTaken, CreationRefused, HospitalUnavailable),
)
class RegisterChild(Operation[Identified], frozen=True, kw_only=True):
    """Take the child on: from now on the guardian may act for it. The hospital gives it a number, if it has none.
    ``consent``: he has agreed to what the page says."""

    ticket: Short
    relation: Relation
    consent: Literal[True]


@operation(callers=[Caller.KIOSK], needs_patient=True, errors=(NotFound, NotAChild))
class ActForChild(Operation[Identified], frozen=True, kw_only=True):
    """From now on whoever is here acts for this child of his; everything is the child's."""

    child_id: WholeNumber


@operation(callers=[Caller.KIOSK], needs_patient=True, errors=(NotFound,))
class ActForOneself(Operation[Identified], frozen=True, kw_only=True):
    """The guardian himself is the patient again."""


@operation(callers=[Caller.KIOSK], needs_patient=True, changes=True, errors=(NotFound,))
class LeaveChild(Operation[Children], frozen=True, kw_only=True):
    """He does not act for this child any more; the child keeps its number and its history."""

    child_id: WholeNumber
