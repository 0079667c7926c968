"""Checks invariants on a schedule: one process in the whole cluster at a time. Nothing that is found is mended here."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from yinyi.bus.database import Database, Tx
from yinyi.business.watch import store
from yinyi.business.watch.model import Begun, Invariant, Violation
from yinyi.kernel.clock import Clock

log = structlog.get_logger()

SLICE = 5000
"""So many rows of a large table are looked at in one check: with one in 20 s, 20 million in 22 hours."""
_NAMED_IN_THE_LOG = 20


class Rounds:
    """Runs in every business process; whoever holds the lock at the moment checks."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        hospital_id: int,
        invariants: Sequence[Invariant],
        every_s: float = 5.0,
        slice_rows: int = SLICE,
    ) -> None:
        """``every_s``: how often it is looked whether something is due."""
        self.invariants = tuple(invariants)
        self._database = database
        self._clock = clock
        self._hospital_id = hospital_id
        self._every_s = every_s
        self._slice_rows = slice_rows

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.check_due()
            except Exception as error:  # the loop outlives every fault of the database
                log.warning("invariants.waiting", why=type(error).__name__)
            await asyncio.sleep(self._every_s)

    async def check_due(self) -> list[str]:
        """Check what is due; the names of what this process has checked."""
        async with self._database.read() as tx:
            tried = await store.tried(tx, self._hospital_id)
        now = self._clock.now()
        due = [each for each in self.invariants if _is_due(each, tried.get(each.name), now)]
        return [each.name for each in due if await self._check(each, wait=False)]

    async def check_all(self) -> None:
        """Check all of them now."""
        for each in self.invariants:
            await self._check(each, wait=True)

    async def _check(self, invariant: Invariant, *, wait: bool) -> bool:
        """False: another process is checking, or has just done so, or it could not be checked."""
        name, hospital_id = invariant.name, self._hospital_id
        try:
            async with self._database.transaction() as tx:
                if not await store.become_watcher(tx, wait=wait):
                    return False
                now = self._clock.now()
                begun = await store.begun(tx, hospital_id, name)
                if not wait and not _is_due(invariant, begun.tried_at, now):
                    return False
                await self._look(tx, invariant, begun, now)
        except Exception as error:
            log.error("invariant.not_checked", invariant=name, why=type(error).__name__)
            async with self._database.read() as tx:
                await store.not_checked(tx, hospital_id, name, self._clock.now(), type(error).__name__)
            return False
        return True

    async def _look(self, tx: Tx, invariant: Invariant, begun: Begun, now: datetime) -> None:
        name, hospital_id = invariant.name, self._hospital_id
        began = time.monotonic()
        after, ranges = await store.next_slices(tx, hospital_id, invariant, begun, now, self._slice_rows)
        found = await store.look(tx, hospital_id, invariant, ranges, now)
        new, gone = [], []
        if found or begun.is_broken:
            new, gone = await store.keep(tx, hospital_id, name, found, ranges, now)
        took_ms = round((time.monotonic() - began) * 1000)
        await store.checked(tx, hospital_id, name, now, took_ms, after)
        _tell(name, hospital_id, found, new, gone)


def _is_due(invariant: Invariant, tried_at: datetime | None, now: datetime) -> bool:
    return tried_at is None or now >= tried_at + timedelta(seconds=invariant.every_s)


def _tell(name: str, hospital_id: int, found: list[Violation], new: list[str], gone: list[str]) -> None:
    """Each violation once, when it is found; and when it is gone."""
    if new:
        details = {each.subject: each.detail for each in found}
        named = {subject: details[subject] for subject in new[:_NAMED_IN_THE_LOG]}
        log.error("invariant.violated", invariant=name, hospital_id=hospital_id, violations=len(new), subjects=named)
    if gone:
        log.info("invariant.gone", invariant=name, hospital_id=hospital_id, subjects=gone[:_NAMED_IN_THE_LOG])
