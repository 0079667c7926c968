"""A business process holds an epoch, kept alive by one heartbeat row; everything it writes about payments is fenced
by it. A process that hangs or loses its database finds its epoch dead and starts anew under another."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from yinyi.bus.database import Database
from yinyi.kernel.clock import Clock

log = structlog.get_logger()

LEASE_S = 8.0
BEAT_S = 2.0
LONGEST_CALL_S = LEASE_S - BEAT_S
"""A lease is good for at least so long after each beat: a call that might last longer could never go out."""

_TAKE = "INSERT INTO process_lease (holder, alive_until) VALUES ($1, $2) RETURNING epoch"
_BEAT = "UPDATE process_lease SET alive_until = $2, breakers = $4 WHERE epoch = $1 AND alive_until > $3 RETURNING true"
_END = "UPDATE process_lease SET alive_until = $2 WHERE epoch = $1"
_BACK = "UPDATE payment SET lease_epoch = NULL, next_at = coalesce(next_at, $2) WHERE lease_epoch = $1"


class Lease:
    """``epoch`` is 0 until the first one is taken."""

    def __init__(self, database: Database, clock: Clock, holder: str, breakers: Callable[[], list[str]] = list) -> None:
        """``breakers``: those of this process that are open; each beat says so to whoever watches."""
        self._database = database
        self._clock = clock
        self._holder = holder
        self._breakers = breakers
        self.epoch = 0
        self.alive_until: datetime | None = None

    def good_for(self, seconds: float) -> bool:
        """Does the lease outlast a call that may take so long?"""
        if not self.epoch or self.alive_until is None:
            return False
        return self._clock.now() + timedelta(seconds=seconds) < self.alive_until

    async def take(self) -> None:
        now = self._clock.now()
        until = now + timedelta(seconds=LEASE_S)
        async with self._database.read() as tx:
            self.epoch = await tx.fetchval(_TAKE, self._holder, until)
        self.alive_until = until

    async def beat(self) -> None:
        """Stay alive; a lease that ran out is replaced by a new one."""
        now = self._clock.now()
        until = now + timedelta(seconds=LEASE_S)
        async with self._database.read() as tx:
            alive = await tx.fetchval(_BEAT, self.epoch, until, now, " ".join(self._breakers()))
        if alive:
            self.alive_until = until
            return
        log.warning("lease.lost", epoch=self.epoch)
        await self.take()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.beat()
            except Exception as error:  # the database is away: the lease runs out by itself, and that is right
                log.warning("lease.waiting", why=type(error).__name__)
            await asyncio.sleep(BEAT_S)

    async def hand_back(self) -> None:
        """A graceful stop: what is being driven goes back at once."""
        now = self._clock.now()
        async with self._database.read() as tx:
            await tx.execute(_END, self.epoch, now)
            await tx.execute(_BACK, self.epoch, now)
