"""One request of the person in front of a screen, as the journeys see it: no HTTP, no cookies."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeVar

import msgspec

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials, SessionView
from yinyi.bus.operation import Operation
from yinyi.business.terminals.model import TerminalView
from yinyi.interface.journeys.paths import Paths
from yinyi.interface.journeys.purposes.known import KnownPurposes
from yinyi.interface.journeys.views import Language, Mode, StepName, View
from yinyi.kernel.errors import Invalid, SessionEnded

R = TypeVar("R")

Want = Literal[
    "home", "register", "book", "check_in", "bills", "form", "slip", "reports", "reprint", "find_payment", "cards",
    "account", "inpatient", "children", "maintenance", "payment_slip", "card_balance",
]  # fmt: skip
"""What somebody came for before it was known who he is; ``form``: to pay the one bill of a request form; ``slip``: for
the one booking of a slip; ``maintenance``: he is one of the staff; ``payment_slip``: to see what became of the payment
whose slip he has held under the scanner."""

ALONE: tuple[Want, ...] = ("form", "slip")
"""Visits that are good for one thing only."""
_KEY = re.compile(r"[0-9A-Za-z_-]{16,40}")


class StalePage(Invalid):
    """This page was out of date."""

    zh = "这个页面已经过期。"


@dataclass(frozen=True)
class Visit:
    """Who is at the screen: a session, or the ticket of a card whose owner is not certain yet, or nobody.

    card: the version of the reader at which it was last known whose card lies there. without_paper: whoever is here has
    been asked, and does without a slip.
    """

    session: str = ""
    ticket: str = ""
    wants: Want = "home"
    card: int = 0
    without_paper: bool = False


@dataclass(frozen=True)
class Show:
    """A page. ``steps``: the named steps of what is being done. ``can_time_out``: False while something runs.
    ``idle_s``: as ``Chrome`` has it. ``is_old``: who stands here and has no session yet is 65 or older, as his card
    says.

    listens: what the page wants to be refreshed for, as parameters of ``EVENTS`` (see ``kiosk/events.py``); None: for
    nothing.
    """

    view: View
    steps: tuple[StepName, ...] = ()
    can_time_out: bool = True
    listens: Mapping[str, str] | None = None
    status: int = 200
    idle_s: int | None = None
    is_old: bool = False


@dataclass(frozen=True)
class Go:
    """To another page. ``visit``: who is at the screen from now on; None: as before. ``wipe``: nothing stays."""

    to: str
    visit: Visit | None = None
    wipe: bool = False


@dataclass(frozen=True)
class File:
    """Not a page but what stands on one: a picture."""

    content: bytes
    kind: str


Next = Show | Go | File


@dataclass
class Visitor:
    """What came with the request. ``at``: parts of the address. ``back``: from where a failure can be tried again.
    ``place``: in the line before the hospital, as this page was told it. ``purposes``: of payments, by whoever asked.

    session: seen with the latest reply.
    """

    bus: BusClient
    credentials: Credentials
    paths: Paths
    terminal: TerminalView
    now: datetime
    visit: Visit
    language: Language
    mode: Mode
    at: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str] = field(default_factory=dict[str, str])
    back: str = ""
    place: str = ""
    session: SessionView | None = None
    purposes: KnownPurposes = field(default_factory=KnownPurposes)

    async def ask(self, message: Operation[R], key: str = "") -> R:
        """
        Raises:
            SessionEnded: a session travelled along that is none any more.
            YinyiError: whatever the operation ended in.
        """
        reply = await self.ask_as_anybody(message, key)
        if self.known and self.session is None:
            raise SessionEnded
        return reply

    async def ask_as(self, session_token: str, message: Operation[R]) -> R:
        """In the session that has just begun.

        Raises:
            YinyiError: whatever the operation ended in.
        """
        begun = msgspec.structs.replace(self.credentials, session=session_token)
        return (await self.bus.ask(message, credentials=begun, language=self.language)).reply

    async def ask_as_anybody(self, message: Operation[R], key: str = "") -> R:
        """The same for what does not depend on who it is.

        Raises:
            YinyiError: whatever the operation ended in.
        """
        answered = await self.bus.ask(
            message, credentials=self.credentials, key=key, language=self.language, place=self.place
        )
        self.session = answered.session or self.session
        return answered.reply

    @property
    def key(self) -> str:
        """The idempotency key of the form.

        Raises:
            StalePage: the form has none.
        """
        key = self.form.get("key", "")
        if not _KEY.fullmatch(key):
            raise StalePage("no key")
        return key

    def goes_on_as(self, visit: Visit, wipe: bool) -> Visit:
        """Who becomes known has been asked about paper before he was; ``wipe``: it is somebody else."""
        return replace(visit, without_paper=self.visit.without_paper and not wipe)

    @property
    def by_form(self) -> bool:
        """Only the bill of a request form is open to this visit."""
        return self.visit.wants == "form"

    @property
    def by_slip(self) -> bool:
        """Only the booking of a slip is."""
        return self.visit.wants == "slip"

    @property
    def known(self) -> bool:
        """A session travels with this request; whether it still holds, the business layer knows."""
        return bool(self.visit.session)

    def wanting(self, want: Want) -> Go:
        """First find out who it is, then go on with what he came for."""
        return Go(self.paths.identify, Visit(wants=want))


Handler = Callable[[Visitor], Awaitable[Next]]
