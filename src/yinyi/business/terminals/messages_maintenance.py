"""What staff can ask at a terminal itself, with their card and its PIN; and who may have such a card."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.terminals.errors import (
    MaintenanceOver,
    NoStaffCard,
    PinTriesSpent,
    PinWrong,
    StaffCardsThere,
    StaffCardTaken,
)
from yinyi.business.terminals.messages import Short
from yinyi.business.terminals.model import Condition, LockedFor
from yinyi.kernel.errors import NotFound, SecondPersonNeeded
from yinyi.kernel.ids import WholeNumber

Pin = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{6,12}(?![\s\S])")]
Serial = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-F]{8,64}(?![\s\S])")]
"""Of a contactless card, as readers give it."""
StaffNumber = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{1,40}(?![\s\S])")]
Act = Literal[
    "test_print",
    "restart",  # the agent, with all its devices
    "lock",
    "unlock",
    "paper_changed",
    "leave",
]
"""What can be done in maintenance (维护)."""


class MaintenanceOpened(msgspec.Struct, frozen=True, kw_only=True):
    """``ticket`` opens everything else, at this terminal, until some minutes have passed without it."""

    ticket: str
    staff_id: str


@operation(callers=[Caller.KIOSK], errors=(NoStaffCard, PinWrong, PinTriesSpent))
class OpenMaintenance(Operation[MaintenanceOpened], frozen=True, kw_only=True):
    """The card of one of the staff lies on the reader, and he has typed its PIN."""

    pin: Pin


class DeviceSeen(msgspec.Struct, frozen=True, kw_only=True):
    """``since``: it is as it is. ``failures``: how often it broke down since it was connected first."""

    device: str
    kind: str
    state: Condition
    detail: str = ""
    since: datetime
    failures: int = 0


class Maintenance(msgspec.Struct, frozen=True, kw_only=True):
    """A terminal as staff see it who stand before it. ``until``: maintenance lasts. ``test_print``: of the latest one,
    and why it did not come out (``problem``)."""

    staff_id: str
    until: datetime
    agent_version: str
    line_ok: bool
    line_seen_at: datetime | None
    locked: bool
    locked_for: LockedFor
    devices: list[DeviceSeen]
    test_print: Literal["none", "waiting", "printed", "failed"] = "none"
    problem: str = ""


@operation(callers=[Caller.KIOSK], errors=(MaintenanceOver,))
class GetMaintenance(Operation[Maintenance], frozen=True, kw_only=True):
    """How the terminal is."""

    ticket: Short


@operation(callers=[Caller.KIOSK], changes=True, errors=(MaintenanceOver,))
class DoMaintenance(Operation[Maintenance], frozen=True, kw_only=True):
    """Do it. ``because``: what patients are told while the terminal is locked."""

    ticket: Short
    act: Act
    because: LockedFor = ""


class StaffCardView(msgspec.Struct, frozen=True, kw_only=True):
    """Never its number. ``terminal_id`` empty: good everywhere. ``tries``: wrong PINs since the last right one.
    ``first_person``, ``second_person``: who of the staff has decided that it is; both empty: whoever has installed the
    platform. ``good_since`` missing: it waits for the second one, and opens nothing."""

    card_id: WholeNumber
    staff_id: str
    terminal_id: str
    enrolled_at: datetime
    enrolled_by: str
    first_person: str = ""
    second_person: str = ""
    good_since: datetime | None = None
    revoked_at: datetime | None = None
    tries: int = 0


@operation(callers=[Caller.STAFF], by_person=True, errors=(StaffCardTaken,))
class EnrolStaffCard(Operation[StaffCardView], frozen=True, kw_only=True):
    """This card, with the PIN that its owner has chosen, is to open maintenance, at one terminal or at all, and to say
    who he is where two people decide. It is good once another person has confirmed it."""

    serial: Serial
    pin: Pin
    staff_id: StaffNumber
    terminal_id: Annotated[str, msgspec.Meta(max_length=32)] = ""


@operation(callers=[Caller.STAFF], changes=True, by_person=True, errors=(NotFound, SecondPersonNeeded))
class ConfirmStaffCard(Operation[StaffCardView], frozen=True, kw_only=True):
    """The second person: this card is this one's, and from now on it is good."""

    card_id: WholeNumber
    staff_id: StaffNumber


@operation(callers=[Caller.STAFF], errors=(StaffCardTaken, StaffCardsThere))
class EnrolFirstStaffCard(Operation[StaffCardView], frozen=True, kw_only=True):
    """A card of one of the first two, by whoever installs the platform, without anybody else: good at once, and refused
    as soon as there are two people to decide."""

    serial: Serial
    pin: Pin
    staff_id: StaffNumber


@operation(callers=[Caller.STAFF], changes=True, errors=(NotFound,))
class RevokeStaffCard(Operation[StaffCardView], frozen=True, kw_only=True):
    """It opens nothing any more, or never will; what it has opened is closed."""

    card_id: WholeNumber


class StaffCards(msgspec.Struct, frozen=True, kw_only=True):
    cards: list[StaffCardView]


@operation(callers=[Caller.STAFF])
class ListStaffCards(Operation[StaffCards], frozen=True, kw_only=True):
    """All that were ever enrolled, the latest first."""
