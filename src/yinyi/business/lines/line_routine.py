"""What nobody has to ask for: sessions are signed on before anybody stands there, batches settled once a day and when
they are nearly full, what was left in doubt is reversed, and card data that no refund needs any more is forgotten.
Where a terminal was taken away for good, its sessions are signed off once nothing is under way in them.

Every business process does all of it: a session's claim lets one of them at a time, and whoever comes second finds
nothing to do. What does not succeed is left alone for a while, longer each time, and stays in the list of sessions.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from random import SystemRandom

import structlog

from yinyi.bus.database import Database, Row
from yinyi.business.lines import desk_store as store
from yinyi.business.lines.line_hours import LineHours
from yinyi.business.lines.session_model import Approved, Batch, NeverSent, PinKey
from yinyi.business.lines.session_ports import TellsWhetherUp
from yinyi.business.lines.session_work import SIGNED_OFF
from yinyi.business.lines.sessions import BUSY, NOT_OPEN, PosSessions
from yinyi.business.lines.terminal_ports import Terminals
from yinyi.kernel.clock import Clock

log = structlog.get_logger()
_random = SystemRandom()

ROUND_S = 20.0
_AT_ONCE = 4
_A_ROUND = 100
_LEFT_FOR = timedelta(minutes=10)
"""Until then the engine of payments sees to it, and the next transaction of the session."""
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(minutes=16)
_FORGET_EVERY = timedelta(hours=1)
_FORGET_AT_ONCE = 1000
_FORGET_SLICES = 20

Do = Callable[[Row], Awaitable[bool]]


class LineRoutine:
    """``process``: what this one is called among those that look after the same lines."""

    def __init__(
        self,
        database: Database,
        sessions: PosSessions,
        clock: Clock,
        hospital_id: int,
        hours: LineHours,
        process: str,
        terminals: Terminals,
    ) -> None:
        self._terminals = terminals
        self._database = database
        self._sessions = sessions
        self._clock = clock
        self._hospital_id = hospital_id
        self._hours = hours
        self._process = process
        self._paused: dict[int, tuple[datetime, timedelta]] = {}
        self._forgotten_at: datetime | None = None

    async def run(self) -> None:
        """Until cancelled; the pauses are uneven, so that many processes do not come at once."""
        while self._sessions.acquirers:
            await asyncio.sleep(ROUND_S * _random.uniform(0.5, 1.0))
            try:
                await self.round()
            except Exception as error:  # the loop outlives every fault of the database and of connectors
                log.warning("lines.waiting", why=type(error).__name__)

    async def round(self) -> None:
        """All that is due, a bounded number of sessions of each kind."""
        up = await self.look()
        if up:
            await self._mark_retired()
            await self._each(await self._to_make_ready(up), self._make_ready)
            await self._each(await self._to_settle(up), self._settle)
            await self._each(await self._to_retire(up), self._retire)
        await self.forget()

    async def look(self) -> list[str]:
        """Which lines are up, as others are told, too."""
        knowing = {name: each for name, each in self._sessions.acquirers.items() if isinstance(each, TellsWhetherUp)}
        why_down = {name: each.why_down or "not dialled yet" for name, each in knowing.items() if not each.is_up}
        seen = {name: why_down.get(name, "") for name in self._sessions.acquirers}
        async with self._database.read() as tx:
            await store.seen(tx, self._hospital_id, self._process, seen, self._clock.now())
        return [name for name, why in seen.items() if not why]

    async def forget(self) -> None:
        """Card data of settled batches, once they are old enough."""
        now = self._clock.now()
        if self._forgotten_at is not None and now - self._forgotten_at < _FORGET_EVERY:
            return
        for _ in range(_FORGET_SLICES):
            async with self._database.read() as tx:
                before = self._hours.card_data_since(now)
                count = await store.forget_cards(tx, self._hospital_id, before, _FORGET_AT_ONCE)
            if count:
                log.info("lines.card_data_forgotten", messages=count)
            if count < _FORGET_AT_ONCE:
                self._forgotten_at = now
                return

    # ---- what is due

    async def _mark_retired(self) -> None:
        async with self._database.transaction() as tx:
            terminals = await self._terminals.retired(tx, self._hospital_id)
            await store.mark_retired(tx, self._hospital_id, terminals)

    async def _to_retire(self, up: Sequence[str]) -> list[Row]:
        now = self._clock.now()
        async with self._database.read() as tx:
            return await store.to_retire(tx, self._hospital_id, up, self._leave(now), now, _A_ROUND)

    async def _to_make_ready(self, up: Sequence[str]) -> list[Row]:
        now, zone = self._clock.now(), self._sessions.zone
        async with self._database.read() as tx:
            return await store.to_make_ready(
                tx,
                self._hospital_id,
                up,
                self._leave(now),
                now,
                now.astimezone(zone).date(),
                signs_on=self._hours.may_sign_on(now, zone),
                left_since=now - _LEFT_FOR,
                most=_A_ROUND,
            )

    async def _to_settle(self, up: Sequence[str]) -> list[Row]:
        now = self._clock.now()
        before = self._hours.last_cut_over(now, self._sessions.zone)
        async with self._database.read() as tx:
            leave = self._leave(now)
            most = {name: self._sessions.acquirers[name].habits.most_in_batch for name in up}
            return await store.to_settle(tx, self._hospital_id, most, leave, now, before=before, most=_A_ROUND)

    # ---- one session

    async def _make_ready(self, row: Row) -> bool:
        answer = await self._sessions.pin_key(row["acquirer"], row["session_id"])
        if isinstance(answer, PinKey) or answer in (BUSY, SIGNED_OFF):
            return True
        detail = answer.detail if isinstance(answer, NeverSent) else type(answer).__name__
        log.warning("lines.not_ready", session=row["session_id"], why=detail)
        return False

    async def _settle(self, row: Row) -> bool:
        answer = await self._sessions.settle(row["acquirer"], row["session_id"], row["batch_no"])
        if isinstance(answer, Batch) or answer in (BUSY, NOT_OPEN):
            return True
        detail = answer.detail if isinstance(answer, NeverSent) else type(answer).__name__
        log.warning("lines.not_settled", session=row["session_id"], batch_no=row["batch_no"], why=detail)
        return False

    async def _retire(self, row: Row) -> bool:
        answer = await self._sessions.retire(row["acquirer"], row["session_id"])
        if isinstance(answer, Approved) or answer == BUSY:
            return True
        detail = answer.detail if isinstance(answer, NeverSent) else type(answer).__name__
        log.warning("lines.not_signed_off", session=row["session_id"], why=detail)
        return False

    # ---- inside

    async def _each(self, rows: Sequence[Row], do: Do) -> None:
        """In an order of this process's own, a few at a time."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def one(row: Row) -> None:
            async with places:
                self._note(row["session_id"], succeeded=await do(row))

        await asyncio.gather(*(one(row) for row in _random.sample(rows, len(rows))))

    def _note(self, session_id: int, *, succeeded: bool) -> None:
        if succeeded:
            self._paused.pop(session_id, None)
            return
        _, before = self._paused.get(session_id, (None, timedelta()))
        pause = min(max(_FIRST_PAUSE, before * 2), _LONGEST_PAUSE)
        self._paused[session_id] = (self._clock.now() + pause, pause)

    def _leave(self, now: datetime) -> list[int]:
        return [session_id for session_id, (until, _) in self._paused.items() if now < until]
