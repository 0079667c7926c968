"""Pushes: one subscription per node, fanned out to the pages that are open at the terminals.

A page says in the address of its event stream what it wants to be refreshed for: ``card``, ``laid`` (the version of the
reader before the page was made: only for a card that is laid after it), ``payment`` + ``version``, ``code`` (the
version of what was scanned before the page was made; of a newer one it is told ``scanned`` instead), ``reading`` (what
goes on at the card terminal), ``paper``, ``call``, ``terminal``, ``away`` (it says that the platform is), and ``at``
(seconds since 1970), an instant at which it is no longer true. ``since`` is when the page was made: what was heard
after that and before the stream was open is not missed, and a page that comes back after a longer pause asks once by
itself.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from yinyi.interface.kiosk.terminals import Terminals
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import Busy, YinyiError

log = structlog.get_logger()

SUBJECTS = ("event.terminal.>", "push.terminal.>")
MOST = 2000
MOST_OF_ONE_SCREEN = 8
REMEMBERED = 16
ALIVE_S = 15.0
LOOK_AGAIN_S = 1.0
RECONNECTED = timedelta(seconds=6)
"""A stream opened so long after its page was made is a second one: the page asks once."""

_TOPICS: Mapping[str, str] = {
    "CardLaid": "laid",
    "CardRemoved": "card",
    "CodeScanned": "code",
    "CardAsked": "reading",
    "CardTerminalChanged": "reading",
    "PrintDone": "paper",
    "StaffCalled": "call",
    "StaffComing": "call",
    "LineUp": "terminal",
    "LineDown": "terminal",
    "DeviceChanged": "terminal",
    "LockChanged": "terminal",
    "ProfileChanged": "terminal",
    "NameChanged": "terminal",
    "PaymentChanged": "payment",
}


class _Body(msgspec.Struct, frozen=True):
    """What every push carries."""

    number: str | int = ""
    version: int = 0


@dataclass(frozen=True)
class Heard:
    """One push at one terminal."""

    at: datetime
    topic: str
    number: str
    version: int


class Interest(msgspec.Struct, frozen=True, kw_only=True):
    """What one page wants to be refreshed for. ``away``: it says that the platform is away."""

    topics: frozenset[str] = frozenset()
    payment: str = ""
    version: int = 0
    code: int | None = None
    laid: int | None = None
    since: datetime | None = None
    at: datetime | None = None
    away: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Interest":
        topics = {topic for topic in ("card", "paper", "call", "terminal", "reading") if topic in query}
        return cls(
            topics=frozenset(topics),
            payment=query.get("payment", ""),
            version=_number(query.get("version", "")),
            code=_number(query["code"]) if "code" in query else None,
            laid=_number(query["laid"]) if "laid" in query else None,
            since=_instant(query.get("since", "")),
            at=_instant(query.get("at", "")),
            away="away" in query,
        )

    def wants(self, heard: Heard) -> bool:
        if heard.topic == "payment":
            return heard.number == self.payment and heard.version > self.version
        if heard.topic == "laid":
            return "card" in self.topics or (self.laid is not None and heard.version > self.laid)
        if heard.topic == "code":
            return self.code is not None and heard.version > self.code
        return heard.topic in self.topics


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text), UTC) if text else None
    except (ValueError, OverflowError, OSError):
        return None


@dataclass(eq=False)
class Page:
    """An open stream. Flags, not a queue: however much happens, the page is drawn once.

    scanned: it takes codes, and one was scanned, or may have been while nobody heard.
    """

    screen: str
    interest: Interest
    terminal_id: str = ""
    stale: asyncio.Event = field(default_factory=asyncio.Event)
    scanned: bool = False

    def hear(self, heard: Heard | None) -> None:
        """``None``: nobody knows what was missed."""
        if heard is None or heard.topic == "code":
            self.scanned = self.interest.code is not None
        self.stale.set()


class Hub:
    """All open streams of this node."""

    def __init__(self, terminals: Terminals, clock: Clock) -> None:
        self._terminals = terminals
        self._clock = clock
        self._pages: set[Page] = set()
        self._at: dict[str, set[Page]] = {}
        self._memory: OrderedDict[str, deque[Heard]] = OrderedDict()
        self._closed = asyncio.Event()

    @property
    def count(self) -> int:
        """How many streams are open."""
        return len(self._pages)

    async def heard(self, subject: str, data: bytes) -> None:
        """A push came: ``event.terminal.<id>.<Name>`` or ``push.…``. Never raises."""
        parts = subject.split(".")
        if len(parts) != 4:
            return
        terminal_id, name = parts[2], parts[3]
        if _TOPICS.get(name) != "payment":
            self._terminals.changed(terminal_id)
        try:
            body = msgspec.json.decode(data, type=_Body)
        except msgspec.MsgspecError:
            log.warning("kiosk.push_unreadable", subject=subject)
            return
        heard = Heard(self._clock.now(), _TOPICS.get(name, name), str(body.number), body.version)
        self._remember(terminal_id, heard)
        for page in self._at.get(terminal_id, ()):
            if page.interest.wants(heard):
                page.hear(heard)

    def _remember(self, terminal_id: str, heard: Heard) -> None:
        memory = self._memory.setdefault(terminal_id, deque(maxlen=REMEMBERED))
        memory.append(heard)
        self._memory.move_to_end(terminal_id)
        if len(self._memory) > MOST:
            self._memory.popitem(last=False)

    def missed(self) -> None:
        """The bus was away and is back: nobody knows what happened meanwhile, so every page asks once."""
        for page in self._pages:
            page.hear(None)

    def close(self) -> None:
        """The node leaves: all streams end, and the browsers find another one."""
        self._closed.set()
        self.missed()

    def open(self, screen: str, interest: Interest) -> Page:
        """
        Raises:
            Busy: too many streams, here or for this screen.
        """
        same = sum(page.screen == screen for page in self._pages)
        if self._closed.is_set() or len(self._pages) >= MOST or same >= MOST_OF_ONE_SCREEN:
            raise Busy
        page = Page(screen, interest)
        self._pages.add(page)
        return page

    def leave(self, page: Page) -> None:
        """The browser is gone."""
        self._pages.discard(page)
        pages = self._at.get(page.terminal_id, set())
        pages.discard(page)
        if not pages:
            self._at.pop(page.terminal_id, None)

    async def stream(self, page: Page) -> AsyncIterator[bytes]:
        """The bytes of one stream, until the node closes."""
        try:
            yield b"retry: 1000\n\n"
            while not page.terminal_id and not self._closed.is_set():
                await self._find_terminal(page)
                yield b": here\n\n"
            while not self._closed.is_set():
                turned = await self._turned(page)
                page.stale.clear()
                if self._closed.is_set():
                    return
                yield _told(page) if turned else b": alive\n\n"
        finally:
            self.leave(page)

    async def _find_terminal(self, page: Page) -> None:
        """Attach the page to its terminal; while the platform is away, try again a second later, and then the page
        asks for itself: it says that the platform is away."""
        away = page.interest.away
        if away:
            await self._pause(LOOK_AGAIN_S)
        try:
            terminal_id = (await self._terminals.of(page.screen, anew=away)).terminal_id
        except YinyiError:
            page.interest = msgspec.structs.replace(page.interest, away=True)
            return
        page.terminal_id = terminal_id
        self._at.setdefault(terminal_id, set()).add(page)
        if away:
            page.stale.set()
        self._tell_missed(page)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closed.wait()

    def _tell_missed(self, page: Page) -> None:
        since = page.interest.since
        if since is None:
            return
        if self._clock.now() - since > RECONNECTED:
            return page.hear(None)
        for heard in self._memory.get(page.terminal_id, ()):
            if heard.at >= since and page.interest.wants(heard):
                page.hear(heard)

    async def _turned(self, page: Page) -> bool:
        """True: the page is no longer true. False: nothing happened for a while."""
        within_s, at = ALIVE_S, page.interest.at
        if at is not None:
            left_s = (at - self._clock.now()).total_seconds()
            if left_s > 0:
                within_s = min(within_s, left_s)
        try:
            async with asyncio.timeout(within_s):
                await page.stale.wait()
            return True
        except TimeoutError:
            return at is not None and self._clock.now() >= at


def _told(page: Page) -> bytes:
    told, page.scanned = "scanned" if page.scanned else "refresh", False
    return f"event: {told}\ndata: 1\n\n".encode()


async def watch_connection(connected: Callable[[], bool], came_back: Callable[[], None]) -> None:
    """Until cancelled: tells when the bus is back after it was away."""
    was = connected()
    while True:
        await asyncio.sleep(LOOK_AGAIN_S)
        if connected() and not was:
            came_back()
        was = connected()
