"""Terminals (自助机), their devices and what people see of them. Plain data."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Literal, get_args

import msgspec

from yinyi.kernel.means import MeansWords

INSTALLER = "installer"
"""The account of the staff by which the first of them get their cards; its token is for nobody but the platform's own
account on its machine."""
TerminalProfile = Literal["hall", "ward", "emergency", "report_printer"]
ListPaper = Literal["a4", "a5", "roll"]
"""roll: of a receipt printer."""
AT_BEDSIDE: tuple[TerminalProfile, ...] = ("ward", "emergency")
"""Where whoever asks for a list stands beside a bed: half a sheet is enough."""
ServiceName = Literal[
    "register", "book", "check_in", "bills", "account", "inpatient", "reports", "find_payment", "reprint",
    "card_balance",
]  # fmt: skip
SERVICES: tuple[ServiceName, ...] = get_args(ServiceName)
Closed = Literal["clinics", "hospital_system"]
Shut = Literal[
    "",  # open
    "hours",  # not at this time of day
    "closed",  # a holiday, or work on the hospital's system
    "device",  # what it needs does not work
]
LockedFor = Literal["", "repair", "paper", "cleaning", "moving"]
"""What patients are told of a terminal that is locked; empty: nothing but that it is."""
Condition = Literal["ok", "paper_low", "paper_out", "jam", "offline", "open"]
"""``open``: a door that has to be shut."""
Severity = Literal["fine", "soon", "broken"]
SEVERITY: Mapping[Condition, Severity] = {
    "ok": "fine",
    "paper_low": "soon",
    "paper_out": "broken",
    "jam": "broken",
    "offline": "broken",
    "open": "broken",
}
BROKEN: frozenset[Condition] = frozenset(state for state, how in SEVERITY.items() if how == "broken")
CredentialKind = Literal["agent", "screen"]
CardEntry = Literal["chip", "contactless", "stripe"]
CardStep = Literal[
    "inserted", "tapped", "typing", "cancelled", "pulled_out", "timed_out", "not_taken", "stripe", "unreadable",
    "key_refused", "removed", "forgotten",
]  # fmt: skip
"""What a card terminal tells; see ``wire/terminal_line``."""
ReadingState = Literal[
    "none",  # nothing is asked for
    "asked",  # a card is waited for
    "typing",  # the PIN is being typed on the pad
    "read",  # the card went to the bank
    "cancelled",  # on the pad
    "pulled_out",  # the card was, before its PIN was typed
    "timed_out",
    "not_taken",  # a card of a kind that is not taken here
    "stripe",  # not by its chip
    "unreadable",
    "key_refused",  # the pad cannot encrypt for this bank
]
LIVE: tuple[ReadingState, ...] = ("asked", "typing")
CardPurpose = Literal[
    "pay",
    "identify",  # whose card it is: no PIN, no money
    "bind",  # it is to identify its holder from now on: its PIN, no money
    "balance",  # what is on it
]
"""What a card terminal reads a card for."""


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    """A place with people in it, from one time of the day to another, over midnight too. Both None: round the clock."""

    name: str
    name_en: str
    open_from: time | None = None
    open_until: time | None = None

    def is_open(self, at: time) -> bool:
        """Whether somebody is there. ``at``: in the hospital's zone."""
        begins, ends = self.open_from or time.min, self.open_until or time.max
        return begins <= at < ends if begins <= ends else at >= begins or at < ends


class Hospital(msgspec.Struct, frozen=True, kw_only=True):
    """The hospital as papers and screens name it, and where people help. ``zone``: for example ``Asia/Shanghai``."""

    hospital_id: int
    name: str
    name_en: str
    zone: str
    window: Counter
    triage: Counter


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a terminal stands and what it is called."""

    terminal_id: str
    name: str
    place: str
    place_en: str
    profile: TerminalProfile


class TerminalFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Whose token this is, as verified: the agent's or the screen's of a terminal."""

    hospital_id: int
    terminal_id: str
    kind: CredentialKind
    locked: bool


class CardReading(msgspec.Struct, frozen=True, kw_only=True):
    """What goes on at the card terminal (刷卡器). Nothing of the card, and of its PIN no more than how many digits.

    payment_no: what is to be paid with the card, merchant_name: to whom. until: so long it is waited for. card_in: a
    card is in the slot. forgotten: and nobody has taken it for a while. kinds: of cards that are taken for it. version:
    grows with everything.
    """

    purpose: CardPurpose = "pay"
    payment_no: str = ""
    channel: str = ""
    merchant_name: str = ""
    state: ReadingState = "none"
    digits: int = 0
    until: datetime | None = None
    card_in: bool = False
    forgotten: bool = False
    kinds: list[str] = []
    version: int = 0


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    device: str
    kind: str
    state: Condition
    detail: str = ""


class Offer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A service of a terminal. opens_at: of one that is shut by the clock or the calendar; None: nobody knows."""

    service: ServiceName
    shut: Shut = ""
    opens_at: datetime | None = None


def _everything() -> list[Offer]:
    return [Offer(service=service) for service in SERVICES]


class TerminalView(msgspec.Struct, frozen=True, kw_only=True):
    """A terminal as its own screen and the console see it.

    line_ok: its agent is connected. devices: as last reported, also while the line is down.
    card_version: grows with every card laid or taken away. code_version: with every code scanned. staff_card: the card
    on the reader opens maintenance. locked_for: see ``LockedFor``.
    identity_cards: kinds of cards that identify people here once they are read by the card terminal.
    offers: what can be done here, in the order of ``SERVICES``. severity: of what is worst among line and devices.
    means: what means of payment are called that bring their own words.
    """

    terminal_id: str
    name: str
    place: str
    place_en: str
    profile: TerminalProfile
    hospital: str
    hospital_en: str
    window: Counter
    triage: Counter
    locked: bool
    line_ok: bool
    card_in_reader: bool
    card_version: int = 0
    code_version: int = 0
    reading: CardReading = CardReading()
    identity_cards: list[str] = []
    devices: list[DeviceView]
    seen_at: datetime | None = None
    offers: list[Offer] = msgspec.field(default_factory=_everything)
    severity: Severity = "fine"
    staff_card: bool = False
    locked_for: LockedFor = ""
    means: list[MeansWords] = []


class PrintJobView(msgspec.Struct, frozen=True, kw_only=True):
    """A paper on its way: the bytes for the printer."""

    job_id: str
    kind: Literal["receipt", "sheet"]
    data: bytes


class StaffCall(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody at a terminal asked for help."""

    call_id: int
    terminal_id: str
    place: str
    called_at: datetime
    answered_at: datetime | None = None


def machine_number(name: str) -> str:
    """``03 号机`` and ``03`` → ``03``; empty: its name is not a number."""
    number = name.removesuffix("号机").strip()
    return number if number.isascii() else ""
