"""What staff say of the hospital and its terminals themselves: how they are called, where they are, who enrols."""

from datetime import datetime, time
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.terminals.errors import TerminalKnown
from yinyi.business.terminals.messages import Short
from yinyi.business.terminals.model import Counter, TerminalProfile, TerminalView

HospitalName = Annotated[str, msgspec.Meta(min_length=1, max_length=30)]
HospitalNameEn = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Zone = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
TimeOfDay = Annotated[time, msgspec.Meta(tz=False)]
TerminalId = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{1,32}(?![\s\S])")]


class HospitalView(msgspec.Struct, frozen=True, kw_only=True):
    """As screens and papers name it. zone: of the IANA, for example ``Asia/Shanghai``. window: where people go on with
    what a terminal cannot do; triage: the help desk."""

    name: str
    name_en: str
    zone: str
    window: Counter
    triage: Counter


@operation(callers=[Caller.STAFF])
class GetHospital(Operation[HospitalView], frozen=True, kw_only=True):
    """How the hospital is called, and where people help."""


class CounterSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A place with people in it, from one time of the day to another, in the hospital's time and over midnight too.
    Without both: round the clock."""

    name: Name
    name_en: Name
    open_from: TimeOfDay | None = None
    open_until: TimeOfDay | None = None


@operation(callers=[Caller.STAFF], changes=True)
class SetHospital(Operation[HospitalView], frozen=True, kw_only=True):
    """How the hospital is called from now on, and where people help: all of it at once. Terminals show it within ten
    seconds; papers that are printed keep the name that stands on them."""

    name: HospitalName
    name_en: HospitalNameEn
    zone: Zone
    window: CounterSaid
    triage: CounterSaid


class EnrolmentCode(msgspec.Struct, frozen=True, kw_only=True):
    """What a technician types on the machine: it enrols one agent, until ``expires_at``. Told once, to whoever asked;
    empty when the same is asked again. A code that was lost on the way is replaced (``NewEnrolment``)."""

    terminal: TerminalView
    enrolment_code: str = ""
    expires_at: datetime | None = None


@operation(callers=[Caller.STAFF], changes=True, errors=(TerminalKnown,))
class AddTerminal(Operation[EnrolmentCode], frozen=True, kw_only=True):
    """Put a terminal on record; its agent enrols within a day. An id is never given twice."""

    terminal_id: TerminalId
    name: Name
    place: Name
    place_en: Name
    profile: TerminalProfile = "hall"


@operation(callers=[Caller.STAFF], changes=True)
class MoveTerminal(Operation[TerminalView], frozen=True, kw_only=True):
    """How a terminal is called from now on, and where it stands."""

    terminal_id: Short
    name: Name
    place: Name
    place_en: Name


@operation(callers=[Caller.STAFF], changes=True)
class NewEnrolment(Operation[EnrolmentCode], frozen=True, kw_only=True):
    """A fresh code for a terminal whose machine or agent is replaced. The former machine, which may be in anybody's
    hands, is this terminal no more: its codes and the credentials of its agent and its screen are void. The terminal is
    out of service until its new agent has enrolled."""

    terminal_id: Short


class TerminalRetired(msgspec.Struct, frozen=True, kw_only=True):
    """It is gone for good."""

    terminal_id: str
    retired_at: datetime


@operation(callers=[Caller.STAFF], changes=True)
class RetireTerminal(Operation[TerminalRetired], frozen=True, kw_only=True):
    """Take a terminal away for good. Its codes and credentials are void, it is listed no more, and its id is not given
    again. Payments that were begun there go on; their papers and journals keep its name."""

    terminal_id: Short
