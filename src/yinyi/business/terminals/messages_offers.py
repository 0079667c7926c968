"""What staff say of the services of terminals: which a profile offers, at what hours, and when something is closed."""

from datetime import datetime, time
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.terminals.messages import Short
from yinyi.business.terminals.model import Closed, ServiceName, TerminalProfile, TerminalView
from yinyi.kernel.ids import WholeNumber

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


@operation(callers=[Caller.STAFF], changes=True)
class SetProfile(Operation[TerminalView], frozen=True, kw_only=True):
    """Say what a terminal is: one of a hall, of a ward, of the emergency department, a printer of reports."""

    terminal_id: Short
    profile: TerminalProfile


class HoursView(msgspec.Struct, frozen=True, kw_only=True):
    """Of one service at terminals of one profile, in the hospital's time. The same instant twice: round the clock."""

    profile: TerminalProfile
    service: ServiceName
    offered: bool
    opens: time
    closes: time


class ServiceTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Only what the hospital has said itself; anything else is offered round the clock where its profile has it."""

    hours: list[HoursView]


@operation(callers=[Caller.STAFF])
class ListServiceHours(Operation[ServiceTimes], frozen=True, kw_only=True):
    """What the hospital has said of its terminals' services."""


@operation(callers=[Caller.STAFF], changes=True)
class SetServiceHours(Operation[ServiceTimes], frozen=True, kw_only=True):
    """Whether terminals of a profile offer a service, and from when to when each day; ``closes`` before ``opens``: over
    midnight. Outside of these hours its tile says when it opens."""

    profile: TerminalProfile
    service: ServiceName
    offered: bool = True
    opens: time = time(0)
    closes: time = time(0)


class ClosureView(msgspec.Struct, frozen=True, kw_only=True):
    closure_id: WholeNumber
    what: Closed
    begins_at: datetime
    ends_at: datetime
    reason: str = ""


class Closures(msgspec.Struct, frozen=True, kw_only=True):
    """The next one first."""

    closures: list[ClosureView]


@operation(callers=[Caller.STAFF, Caller.HOSPITAL])
class ListClosures(Operation[Closures], frozen=True, kw_only=True):
    """What is closed, or will be."""


@operation(callers=[Caller.STAFF, Caller.HOSPITAL], changes=True)
class PlanClosure(Operation[ClosureView], frozen=True, kw_only=True):
    """The clinics close for a holiday, or the hospital's system for work on it. Meanwhile the tiles of what needs them
    say when it opens again."""

    what: Closed
    begins_at: Instant
    ends_at: Instant
    reason: Short = ""


@operation(callers=[Caller.STAFF, Caller.HOSPITAL], changes=True)
class CancelClosure(Operation[ClosureView], frozen=True, kw_only=True):
    """It does not take place, or has ended earlier."""

    closure_id: WholeNumber
