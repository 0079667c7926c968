"""What terminals and their screens can ask."""

from datetime import datetime
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.terminals.errors import EnrolmentRefused, LineReplaced, PairingRefused, TerminalLocked
from yinyi.business.terminals.model import (
    CardPurpose,
    CardStep,
    DeviceView,
    LockedFor,
    PrintJobView,
    StaffCall,
    TerminalView,
)
from yinyi.kernel.ids import WholeNumber

Short = Annotated[str, msgspec.Meta(max_length=200)]
Devices = Annotated[list[DeviceView], msgspec.Meta(max_length=16)]


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """The credential that the agent keeps. It is shown once."""

    terminal_id: str
    terminal_token: str


@operation(callers=[Caller.TERMINAL], errors=(EnrolmentRefused,))
class EnrolTerminal(Operation[Enrolled], frozen=True, kw_only=True):
    """First start of an agent: a one-time code against a credential. The same installation may ask again."""

    enrolment_code: Short
    installation_id: Short


class Connected(msgspec.Struct, frozen=True, kw_only=True):
    """``epoch`` fences the line: the highest wins. ``pairing_code``: what the kiosk's browser pairs with, once, within
    ten minutes; connecting again gives a fresh one."""

    terminal_id: str
    epoch: WholeNumber
    heartbeat_s: float
    pairing_code: str


@operation(callers=[Caller.TERMINAL])
class ConnectTerminal(Operation[Connected], frozen=True, kw_only=True):
    """An agent has opened its line."""

    agent_version: Short
    devices: Devices


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """It is kept."""


@operation(callers=[Caller.TERMINAL], errors=(LineReplaced,))
class Heartbeat(Operation[Accepted], frozen=True, kw_only=True):
    """The line of this epoch lives."""

    epoch: WholeNumber
    waiting: WholeNumber


@operation(callers=[Caller.TERMINAL])
class DisconnectTerminal(Operation[Accepted], frozen=True, kw_only=True):
    """The line of this epoch is gone. Nothing happens if a newer one has come."""

    epoch: WholeNumber


@operation(callers=[Caller.TERMINAL], errors=(LineReplaced,))
class ReportDevice(Operation[Accepted], frozen=True, kw_only=True):
    """A device changed its condition."""

    epoch: WholeNumber
    event_id: Short
    device: DeviceView


@operation(callers=[Caller.TERMINAL], errors=(LineReplaced,))
class PresentCard(Operation[Accepted], frozen=True, kw_only=True):
    """A card was laid on a reader, or (both empty) taken away. ``block``: 256 bytes as read (GA 450). ``serial``: of a
    card that is no document, in hexadecimal."""

    epoch: WholeNumber
    event_id: Short
    device: Short
    block: Annotated[bytes, msgspec.Meta(max_length=256)] = b""
    serial: Annotated[str, msgspec.Meta(pattern=r"^([0-9A-F]{8,64})?(?![\s\S])")] = ""


@operation(callers=[Caller.TERMINAL], errors=(LineReplaced,))
class PresentCode(Operation[Accepted], frozen=True, kw_only=True):
    """The scanner read a code."""

    epoch: WholeNumber
    event_id: Short
    device: Short
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]


@operation(callers=[Caller.TERMINAL], errors=(LineReplaced,))
class ReportCardTerminal(Operation[Accepted], frozen=True, kw_only=True):
    """Something happened at the card terminal, apart from a card that was read whole. ``request_id``: of what was asked
    for then; what belongs to an older request only tells whether a card is in the slot."""

    epoch: WholeNumber
    event_id: Short
    request_id: Short = ""
    step: CardStep
    digits: Annotated[int, msgspec.Meta(ge=0, le=12)] = 0


class CardRouteView(msgspec.Struct, frozen=True, kw_only=True):
    """Cards that begin so go through the session in this slot. pin_key: encrypted under the pad's master key for it;
    empty: no PIN is asked for. taken: False: such a card is refused; takes_stripe: False: and so is one that was
    read by its magnetic stripe."""

    prefixes: list[str]
    slot: str
    channel: str
    pin_key: bytes = b""
    pin_key_check: bytes = b""
    taken: bool = True
    takes_stripe: bool = False


class CardRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A card that is to be read, as the agent is asked for it. ``within_s``: so long from now. Without money
    (``purpose``) amount and merchant are empty. ``seal_key``: what the card is sealed to where it is read, made for
    this one request."""

    request_id: str
    purpose: CardPurpose = "pay"
    amount_fen: int
    merchant_name: str
    language: str
    routes: list[CardRouteView]
    within_s: float = 0
    seal_key: bytes = b""


class WantedCard(msgspec.Struct, frozen=True, kw_only=True):
    """``request_id``: the latest one; ``request``: None: it is not wanted any more, or there was none."""

    request_id: str = ""
    request: CardRequest | None = None


@operation(callers=[Caller.TERMINAL], errors=(LineReplaced,))
class TakeCardRequest(Operation[WantedCard], frozen=True, kw_only=True):
    """Which card this terminal is to read just now."""

    epoch: WholeNumber


class PrintJobs(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first."""

    jobs: list[PrintJobView]


@operation(callers=[Caller.TERMINAL], errors=(LineReplaced,))
class TakePrintJobs(Operation[PrintJobs], frozen=True, kw_only=True):
    """The papers that this terminal has not yet reported, at most four at a time."""

    epoch: WholeNumber


@operation(callers=[Caller.TERMINAL], errors=(LineReplaced,))
class ReportPrint(Operation[Accepted], frozen=True, kw_only=True):
    """What became of a paper; ``reason`` empty: it came out."""

    epoch: WholeNumber
    job_id: Short
    reason: Short = ""


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """The screen's own credential."""

    terminal_id: str
    screen_token: str


@operation(callers=[Caller.KIOSK], errors=(PairingRefused,))
class PairBrowser(Operation[Paired], frozen=True, kw_only=True):
    """The browser of a kiosk shows the code that the agent beside it was given."""

    pairing_code: Short


class PairingCode(msgspec.Struct, frozen=True, kw_only=True):
    """Good once, until ``expires_at``."""

    pairing_code: str
    expires_at: datetime


@operation(callers=[Caller.TERMINAL, Caller.STAFF])
class MakePairingCode(Operation[PairingCode], frozen=True, kw_only=True):
    """A fresh code for a screen that is to be paired (again); earlier ones are void. An agent asks for its own
    terminal and leaves ``terminal_id`` empty."""

    terminal_id: Short = ""


@operation(callers=[Caller.KIOSK])
class GetTerminal(Operation[TerminalView], frozen=True, kw_only=True):
    """The terminal this screen belongs to."""


@operation(callers=[Caller.KIOSK], changes=True, errors=(TerminalLocked,))
class CallStaff(Operation[StaffCall], frozen=True, kw_only=True):
    """Somebody needs help here. While a call is open, calling again answers the same call."""


class StaffCalls(msgspec.Struct, frozen=True, kw_only=True):
    calls: list[StaffCall]


@operation(callers=[Caller.KIOSK])
class GetStaffCall(Operation[StaffCall | None], frozen=True, kw_only=True):
    """The latest call of this terminal, within the last ten minutes."""


@operation(callers=[Caller.STAFF, Caller.HOSPITAL])
class ListStaffCalls(Operation[StaffCalls], frozen=True, kw_only=True):
    """Open calls, oldest first."""


@operation(callers=[Caller.STAFF, Caller.HOSPITAL], changes=True)
class AnswerCall(Operation[StaffCall], frozen=True, kw_only=True):
    """Somebody is on the way."""

    call_id: WholeNumber


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """A business process answered, and its database too. ``at``: its clock."""

    at: datetime


@operation(callers=[Caller.KIOSK, Caller.TERMINAL, Caller.CALLBACKS, Caller.STAFF])
class GetHealth(Operation[Health], frozen=True, kw_only=True):
    """Does the way from an interface to the database stand?"""


class Terminals(msgspec.Struct, frozen=True, kw_only=True):
    terminals: list[TerminalView]


@operation(callers=[Caller.STAFF])
class ListTerminals(Operation[Terminals], frozen=True, kw_only=True):
    """All terminals and how they are."""


@operation(callers=[Caller.STAFF], changes=True)
class LockTerminal(Operation[TerminalView], frozen=True, kw_only=True):
    """Take a terminal out of service, or (``locked`` false) back into it. ``because``: what patients are told."""

    terminal_id: Short
    locked: bool
    because: LockedFor = ""
