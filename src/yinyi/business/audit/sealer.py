"""Seals what was appended into a hash chain for each hospital: one sealer in the whole cluster, within a second."""

import asyncio

import structlog

from yinyi.bus.database import Database, Tx
from yinyi.business.audit import store
from yinyi.business.audit.model import AuditRecord, SealedRecord, chained
from yinyi.kernel.clock import Clock

log = structlog.get_logger()

_AT_ONCE = 500


class AuditSealer:
    """Runs in every business process; whoever holds the lock at the moment seals.

    The new head of each chain is logged: logs are kept elsewhere than the database, so that a chain made anew from
    its beginning, or cut off at its end, can be told from the one that was.
    """

    def __init__(self, database: Database, clock: Clock, every_s: float = 1.0) -> None:
        self._database = database
        self._clock = clock
        self._every_s = every_s

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                while await self.seal_some() == _AT_ONCE:
                    pass
            except Exception as error:  # the loop outlives every fault of the database
                log.warning("audit.not_sealed", why=type(error).__name__)
            await asyncio.sleep(self._every_s)

    async def seal_some(self) -> int:
        """Seal up to 500 records; how many. 0 also when another process is sealing."""
        async with self._database.read() as tx:
            if not await store.is_unsealed(tx):
                return 0
        async with self._database.transaction() as tx:
            if not await store.become_sealer(tx):
                return 0
            records = await store.unsealed(tx, _AT_ONCE)
            heads = [await self._seal(tx, hospital_id, records) for hospital_id in {one.hospital_id for one in records}]
        for latest in heads:
            log.info("audit.sealed", hospital_id=latest.record.hospital_id, place=latest.place, head=latest.hash.hex())
        return len(records)

    async def _seal(self, tx: Tx, hospital_id: int, records: list[AuditRecord]) -> SealedRecord:
        place, previous = await store.head(tx, hospital_id)
        sealed: list[SealedRecord] = []
        for record in records:
            if record.hospital_id == hospital_id:
                place += 1
                previous = chained(previous, place, record)
                sealed.append(SealedRecord(record=record, place=place, hash=previous))
        await store.seal(tx, sealed, self._clock.now())
        return sealed[-1]
