"""Permits for calls to one system outside, shared by all business processes: a row for each system, in which each
process has its line. A process is lent many permits at a time, and asks for none while it has one."""

import asyncio
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg
import msgspec
import structlog

from yinyi.bus.database import Database
from yinyi.kernel.clock import Clock
from yinyi.kernel.shares import Need, Settled, Share, settled
from yinyi.kernel.turns import FairTurns, TurnRules

log = structlog.get_logger()

BEAT_S = 0.25
"""Each process looks at the book at least so often."""
AGAIN_S = 0.05
"""And as soon as this where somebody waits; less and less soon while that changes nothing."""
ALONE_S = 1.1
"""Where no other process has a line, a look is for the renewal only; whoever comes new waits so long at most."""
RENEWED_S = 1.0
"""Its line is renewed so often, though nothing has changed."""
CLOCKS_APART_S = 1.0
"""The clocks of two machines differ by less."""
SLACK_S = 3.0
"""So long beyond the longest call is a line good: the database may be away for that long less ``RENEWED_S``."""
_TRIES = 20
_AWAY = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

_FIRST = "INSERT INTO call_permits (hospital_id, system, version, book) VALUES ($1, $2, 0, '{}') ON CONFLICT DO NOTHING"
_BOOK = "SELECT version, book FROM call_permits WHERE hospital_id = $1 AND system = $2"
_WRITE = """
UPDATE call_permits SET version = version + 1, book = $4 WHERE hospital_id = $1 AND system = $2 AND version = $3
RETURNING true
"""


@dataclass
class _Door:
    """The way to one system."""

    turns: FairTurns
    clock: Clock
    wanted: int = 0
    is_alone: bool = False
    """At the last look nobody else had a line."""

    def need(self) -> Need:
        """As it is now, or half of what it was at the last look: one burst is followed by the next."""
        need = self.turns.need
        self.wanted = max(need.wants, self.wanted // 2)
        return msgspec.structs.replace(need, wants=self.wanted)


class Permits:
    """What one process holds of the permits of one hospital's systems."""

    def __init__(self, hospital_id: int) -> None:
        self._hospital_id = hospital_id
        self._me = secrets.token_hex(8)  # never that of a process which has died: its calls may still be out
        self._doors: dict[str, _Door] = {}
        self._short = asyncio.Event()

    def turns(self, rules: TurnRules, clock: Clock) -> FairTurns:
        """As ``Surroundings.turns``. Nothing leaves before ``start``.

        Raises:
            ValueError: the system has turns here already.
        """
        if rules.system in self._doors:
            raise ValueError(f"two connectors to {rules.system}")
        turns = FairTurns(rules, clock, self._short.set)
        self._doors[rules.system] = _Door(turns, clock)
        return turns

    async def start(self, database: Database) -> None:
        """The first permits, if any are free."""
        for system in self._doors:
            async with database.read() as tx:
                await tx.execute(_FIRST, self._hospital_id, system)
        await self._look(database)

    async def run(self, database: Database) -> None:
        """Until cancelled."""
        pause_s = AGAIN_S
        while True:
            await asyncio.sleep(pause_s)
            alone = pause_s == AGAIN_S and all(door.is_alone for door in self._doors.values())
            with suppress(TimeoutError):
                async with asyncio.timeout((ALONE_S if alone else BEAT_S) - pause_s):
                    await self._short.wait()
            is_short = self._short.is_set()
            self._short.clear()
            has_changed = await self._look(database)
            pause_s = min(2 * pause_s, BEAT_S) if is_short and not has_changed else AGAIN_S

    async def give_back(self, database: Database) -> None:
        """At a stop. What is out still keeps its permits until they run out."""
        with suppress(*_AWAY):
            for door in self._doors.values():
                door.turns.at_most(0)
                if not door.turns.need.out:
                    await self._settle(database, door, goes=True)

    async def _look(self, database: Database) -> bool:
        """Whether this process holds more or fewer now."""
        try:
            return any([await self._settle(database, door) for door in self._doors.values()])
        except _AWAY as error:  # the permits run out by themselves, and that is right
            log.warning("permits.waiting", why=type(error).__name__)
            return False

    async def _settle(self, database: Database, door: _Door, goes: bool = False) -> bool:
        at = self._hospital_id, door.turns.rules.system
        for _ in range(_TRIES):
            began = time.monotonic()
            async with database.read() as tx:
                row = await tx.fetchrow(_BOOK, *at)
            assert row is not None, "start() comes first"
            book = msgspec.json.decode(row["book"], type=dict[str, Share])
            now = door.clock.now()
            after, calls = self._after(door, book, now)
            door.is_alone = after.keys() == {self._me}
            door.turns.at_most(calls)  # nothing was awaited since it was counted what is out
            if goes:
                del after[self._me]
            if after != book:
                async with database.read() as tx:
                    written = await tx.fetchval(_WRITE, *at, row["version"], msgspec.json.encode(after).decode())
                if not written:
                    continue
            if not goes:
                good_s = (after[self._me].until - now).total_seconds() - CLOCKS_APART_S
                door.turns.allow(calls, good_s - (time.monotonic() - began), self._crowd(after))
            return self._held(book) != self._held(after)
        return False

    def _after(self, door: _Door, book: dict[str, Share], now: datetime) -> Settled:
        """With the line that is there already, where that will do."""
        lasts = timedelta(seconds=door.turns.rules.longest_call_s + CLOCKS_APART_S + SLACK_S)
        after, calls = settled(book, self._me, door.need(), door.turns.rules.at_once, now, now + lasts)
        old, new = book.get(self._me), after[self._me]
        if old is not None and (new.until - old.until).total_seconds() < RENEWED_S:
            same = (old.held, old.wants, old.waiting) == (new.held, new.wants, new.waiting)
            return Settled({**after, self._me: old} if same else after, calls)
        return Settled(after, calls)

    def _held(self, book: dict[str, Share]) -> int:
        return book[self._me].held if self._me in book else 0

    def _crowd(self, book: dict[str, Share]) -> float:
        """See ``FairTurns.allow``."""
        here = book[self._me].waiting
        return sum(line.waiting for line in book.values()) / here if here else 1.0
