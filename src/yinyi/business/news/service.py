"""News of the hospital's systems: taken once and for good before anybody is told so, and then seen to."""

import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.news import reading, store
from yinyi.business.news.errors import NewsNotParked, NewsNumberUsed, NewsUnknown
from yinyi.business.news.handling import Facts, Handling, is_trouble
from yinyi.business.news.merges import Merges
from yinyi.business.news.merging import StillStands
from yinyi.business.news.messages import (
    HandleNewsAgain,
    ListParkedNews,
    NewsTaken,
    ParkedNews,
    SetNewsAside,
    TellNews,
)
from yinyi.business.news.model import BODY, Ending, NewsSettings, NewsView, ReportNews, Told, Trouble
from yinyi.business.news.reading_reports import must_have_been
from yinyi.business.payments.rules import pause_s
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import HospitalUnavailable, Invalid

log = structlog.get_logger()

CLAIMED = timedelta(seconds=60)
"""What is not finished by then was left by a process that died."""
LADDER_S = (1, 5, 10, 30, 60, 300, 900)
"""So long after the first, second… try comes the next; the last one over and over."""
SPREAD = 0.2
GIVE_UP = timedelta(days=1)
CONFIRMED_WITHIN = timedelta(minutes=10)
"""So long the hospital's own system may be behind those that tell."""
FAULTS_AT_MOST = 5
MOST_LISTED = 200
EVERY_S = 2.0


class News:
    """``handling``: what follows from them."""

    def __init__(
        self, database: Database, handling: Handling, settings: NewsSettings, clock: Clock, zone: ZoneInfo
    ) -> None:
        self._database = database
        self._handling = handling
        self._settings = settings
        self._clock = clock
        self._zone = zone
        self._awake = asyncio.Event()
        self.merges = Merges(database, handling, settings, clock)

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(TellNews, self.take)
        dispatcher.reads(ListParkedNews, self._list)
        dispatcher.changes(HandleNewsAgain, Change(make=self._again, show=self._show))
        dispatcher.changes(SetNewsAside, Change(make=self._set_aside, show=self._show))
        self.merges.register(dispatcher)

    # -- taken

    async def take(self, call: Call, message: TellNews) -> NewsTaken:
        """Committed when this returns.

        Raises:
            SenderUnknown, NewsUnreadable, NewsOfOtherKind, CodeUnknown: nothing is kept.
            NewsNumberUsed: another message of this sender's is kept under this number.
        """
        opened = reading.opened(message.message, self._settings)
        envelope = reading.envelope(opened, message.peer, self._settings)
        news = reading.told(opened, envelope.kind, self._zone)
        must_have_been((each for each in news if isinstance(each, ReportNews)), call.now)
        body = self._handling.vault.seal(message.message.decode("latin-1"), BODY)
        said = (envelope.kind, envelope.event, reading.about(news), envelope.digest, body)
        fresh = store.Fresh(envelope.sender.name, envelope.control_id, *said)
        async with self._database.transaction() as tx:
            first = await store.take(tx, call.hospital_id, fresh, call.now)
            kept = None if first else await store.digest(tx, call.hospital_id, fresh.sender, fresh.control_id)
        if not first and kept != fresh.digest:
            raise NewsNumberUsed("MSH-10")
        self._awake.set()
        return NewsTaken(again=not first)

    # -- seen to

    async def run(self) -> None:
        """Until cancelled. Any number of processes may."""
        while True:
            self._awake.clear()
            try:
                while await self.turn():
                    pass
                await self.merges.bring_after()
            except Exception as error:  # the loop outlives every fault of the database
                log.warning("news.waiting", why=type(error).__name__)
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._awake.wait()
            except TimeoutError:
                pass

    async def turn(self) -> bool:
        """See to what is due first; False: nothing is."""
        now = self._clock.now()
        async with self._database.read() as tx:
            claimed = await store.claim(tx, now, now + CLAIMED)
        if claimed is None:
            return False
        try:
            await self._see_to(claimed)
        except (HospitalUnavailable, StillStands) as error:
            await self._later(claimed, error)
        except Exception as error:
            log.exception("news.failed", news_no=claimed.news_no)
            await self._later(claimed, error)
        return True

    async def _see_to(self, claimed: store.Claimed) -> None:
        try:
            news = self._reread(claimed)
        except Invalid:
            await self._park(claimed, "unreadable")
            return
        compared = [(each, await self._handling.compare(each)) for each in news]
        async with self._database.transaction() as tx:
            await self._follow(tx, claimed, compared)

    def _reread(self, claimed: store.Claimed) -> list[Told]:
        body = self._handling.vault.open(claimed.body, BODY).encode("latin-1")
        opened = reading.opened(body, self._settings)
        return reading.told(opened, reading.kind_of(opened), self._zone)

    async def _follow(self, tx: Tx, claimed: store.Claimed, compared: list[tuple[Told, Facts]]) -> None:
        """One of several that people have to look into parks them all; what follows from the others has followed."""
        now = self._clock.now()
        found: list[Ending | Trouble] = [
            await self._handling.follow(tx, claimed.hospital_id, claimed.news_no, news, facts, now)
            for news, facts in compared
        ]
        usual: Ending | Trouble = "told" if "told" in found else found[0]
        troubles: list[Ending | Trouble] = [each for each in found if is_trouble(each)]
        why = troubles[0] if troubles else usual
        if is_trouble(why):
            log.warning("news.parked", news_no=claimed.news_no, why=why)
        if not await store.end(tx, claimed, is_trouble(why), why, now):
            raise NewsNotParked("somebody else sees to it")

    async def _later(self, claimed: store.Claimed, error: Exception) -> None:
        now = self._clock.now()
        trouble = _given_up(error, now - claimed.received_at, claimed.tries)
        if trouble:
            await self._park(claimed, trouble)
            return
        pause = pause_s(LADDER_S, claimed.tries - 1, SPREAD, str(claimed.news_no))
        async with self._database.read() as tx:
            await store.later(tx, claimed, now + timedelta(seconds=pause), type(error).__name__)

    async def _park(self, claimed: store.Claimed, why: Trouble) -> None:
        log.warning("news.parked", news_no=claimed.news_no, why=why)
        async with self._database.read() as tx:
            await store.end(tx, claimed, True, why, self._clock.now())

    # -- by people

    async def _list(self, tx: Tx, call: Call, message: ListParkedNews) -> ParkedNews:
        found = await store.parked(tx, call.hospital_id, message.after, MOST_LISTED + 1)
        listed = found[:MOST_LISTED]
        more = listed[-1].news_no if len(found) > MOST_LISTED else 0
        return ParkedNews(news=listed, waiting=await store.waiting(tx, call.hospital_id), next_after=more)

    async def _again(self, tx: Tx, call: Call, message: HandleNewsAgain, _: None) -> str:
        if not await store.again(tx, call.hospital_id, message.news_no, call.now):
            raise await self._why_not(tx, call, message.news_no)
        return str(message.news_no)

    async def _set_aside(self, tx: Tx, call: Call, message: SetNewsAside, _: None) -> str:
        by = call.principal.actor
        if not await store.aside(tx, call.hospital_id, message.news_no, message.note, by, call.now):
            raise await self._why_not(tx, call, message.news_no)
        return str(message.news_no)

    async def _why_not(self, tx: Tx, call: Call, news_no: int) -> NewsUnknown | NewsNotParked:
        found = await store.one(tx, call.hospital_id, news_no)
        return NewsUnknown() if found is None else NewsNotParked(found.state)

    async def _show(self, tx: Tx, call: Call, news_no: str) -> NewsView:
        self._awake.set()
        found = await store.one(tx, call.hospital_id, int(news_no))
        if found is None:
            raise NewsUnknown
        return found


def _given_up(error: Exception, age: timedelta, tries: int) -> Trouble | None:
    """Why people have to look into it; None: it is tried again."""
    if isinstance(error, StillStands):
        return "still_stands" if age > CONFIRMED_WITHIN else None
    if isinstance(error, HospitalUnavailable):
        return "too_long" if age > GIVE_UP else None
    return "failed" if tries >= FAULTS_AT_MOST else None
