"""Payments that have ended, for those above to whom it means something. An end is put down in the statement that ends
the payment, at no cost but its row; whoever takes it tells everybody who wants to hear of it, in one transaction, and
tells the payment as it is by then. A payment ends again after each refund."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import structlog

from yinyi.bus.database import Database, Tx
from yinyi.bus.turning import turning
from yinyi.business.payments import rows
from yinyi.business.payments.plan import Plan
from yinyi.kernel.clock import Clock

log = structlog.get_logger()

AT_ONCE = 200
_EVERY_S = 2.0
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('yinyi.payment_ends', 0))"
_ANY = "SELECT EXISTS (SELECT FROM payment_end)"
TAKE = """
WITH taken AS (
  DELETE FROM payment_end e USING (
    SELECT hospital_id, payment_id, version FROM payment_end ORDER BY hospital_id, payment_id, version LIMIT $1
  ) AS first
  WHERE e.hospital_id = first.hospital_id AND e.payment_id = first.payment_id AND e.version = first.version
  RETURNING e.hospital_id, e.payment_id
)
SELECT :row AS plan FROM (SELECT DISTINCT hospital_id, payment_id FROM taken) AS t CROSS JOIN LATERAL (
  SELECT * FROM payment q WHERE q.hospital_id = t.hospital_id AND q.payment_id = t.payment_id OFFSET 0) AS p
""".replace(":row", rows.ROW)


class HearsOfEnds(Protocol):
    """To whom it means something."""

    async def hear(self, tx: Tx, plans: Sequence[Plan], now: datetime) -> None:
        """These have ended, each told once. What it means is written in this transaction, or told again with it."""
        ...


class Ends:
    """One a business process; one of them tells at a time."""

    def __init__(self, database: Database, told: Sequence[HearsOfEnds], clock: Clock) -> None:
        self._database = database
        self._told = told
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        await turning(self.turn, _EVERY_S, "ends.waiting")

    async def turn(self) -> int:
        """Tell of some; how many there were."""
        async with self._database.read() as tx:
            if not await tx.fetchval(_ANY):
                return 0
        async with self._database.transaction() as tx:
            if not await tx.fetchval(_LOCK):
                return 0
            plans = [rows.read_plan(row["plan"]) for row in await tx.fetch(TAKE, AT_ONCE)]
            if plans:
                for each in self._told:
                    await each.hear(tx, plans, self._clock.now())
            return len(plans)
