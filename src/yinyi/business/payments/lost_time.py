"""SQL of payments that are asked about before anything is given back of them: a restore has lost some time."""

from datetime import datetime, timedelta

from yinyi.bus.database import Database, Tx
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.postings import CREDITED

UNASKED = """
SELECT payment_id FROM (SELECT * FROM payment WHERE patient_id = $2 AND hospital_id = $1 OFFSET 0) AS p
WHERE gap_until IS NOT NULL AND taken_fen > returned_fen AND facts ? $3
"""
"""By what the patient has: just after a restore the index of what is still asked about is long."""
ASK_ABOUT = """
UPDATE payment SET gap_until = r.since, version = version + 1,
  next_at = CASE WHEN lease_epoch IS NULL THEN $3 ELSE next_at END
FROM (SELECT epoch, since FROM restore_epoch ORDER BY epoch DESC LIMIT 1) AS r
WHERE hospital_id = $1 AND payment_id = $2 AND gap_until IS NULL AND coalesce(asked_epoch, 0) < r.epoch
"""
SOONER = """
UPDATE payment SET next_at = $3
WHERE hospital_id = $1 AND payment_id = ANY($2::bigint[]) AND lease_epoch IS NULL
  AND next_at > $3::timestamptz + interval '1 minute'
"""
"""Their turn comes by how old they are, over days; those who wait now are not made to wait for that."""
UNCOMPARED = """
SELECT EXISTS (SELECT FROM restore_epoch e WHERE e.since > $3 AND e.reached_at IS NOT NULL AND (
  e.asked_at IS NULL OR EXISTS (
    SELECT FROM restore_gap g
    WHERE g.hospital_id = $1 AND g.epoch = e.epoch AND g.source = $2 AND g.state = 'to_compare'
      AND starts_with(g.item, $4))))
"""
LOOKS_AGAIN = timedelta(seconds=5)
"""Whoever is to be paid from an account that is still asked about."""


def statement_of(merchant: str) -> str:
    """What a channel's statement is called among the things that people compare, before its day."""
    return f"statement of {merchant}, "


class Statements:
    """What people have compared of lost time, where nobody can be asked about it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def compared(self, plan: Plan, take: Step) -> bool:
        """False: something may have been given back of it in time that is lost, and only the statement would tell."""
        if not plan.restored:
            return True
        told = (take.channel, take.sent_at or take.since, statement_of(take.merchant))
        async with self._database.read() as tx:
            return not await tx.fetchval(UNCOMPARED, plan.hospital_id, *told)


async def unasked(tx: Tx, hospital_id: int, patient_id: int) -> list[int]:
    """Payments that have credited this patient, of which something may have been given back in lost time."""
    return [row["payment_id"] for row in await tx.fetch(UNASKED, hospital_id, patient_id, CREDITED)]


async def ask_about(tx: Tx, hospital_id: int, payment_id: int, now: datetime) -> None:
    """What became of it in time that a restore has lost, if it was not asked about since the last one."""
    await tx.execute(ASK_ABOUT, hospital_id, payment_id, now)


async def waits(tx: Tx, hospital_id: int, patient_id: int, now: datetime) -> bool:
    """Whether something that has credited this patient is still to be asked about; then that comes before others."""
    found = await unasked(tx, hospital_id, patient_id)
    if found:
        await tx.execute(SOONER, hospital_id, found, now)
    return bool(found)
