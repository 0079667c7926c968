"""SQL of what banks have taken for us: each of their numbers once."""

from datetime import datetime

from yinyi.bus.database import Row, Tx
from yinyi.business.payments import rows
from yinyi.business.payments.institution_takes import Told
from yinyi.business.payments.plan import Plan, Step
from yinyi.kernel.money import Fen

KEEP = """
INSERT INTO institution_take
  (hospital_id, institution_id, reference, payment_id, step_reference, amount_fen, taken_at, taken_on, told_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING RETURNING true
"""
KNOWN = """
SELECT payment_id, amount_fen FROM institution_take WHERE hospital_id = $1 AND institution_id = $2 AND reference = $3
"""
GIVEN_BACK = """
WITH kept AS (
  INSERT INTO institution_give_back
    (hospital_id, institution_id, their_reference, step_reference, given_back_at, told_at)
  VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING step_reference
)
SELECT coalesce((SELECT step_reference FROM kept), (
  SELECT b.step_reference FROM institution_give_back b
  WHERE b.hospital_id = $1 AND b.institution_id = $2 AND b.their_reference = $3)) = $4
"""
FIND = """
SELECT :row AS plan FROM payment p WHERE p.hospital_id = $1 AND p.payment_id = (
  SELECT t.payment_id FROM institution_take t WHERE t.hospital_id = $1 AND t.institution_id = $2 AND t.reference = $3)
""".replace(":row", rows.ROW)
OPEN = """
SELECT :row AS plan FROM payment p WHERE p.hospital_id = $1 AND p.payment_id = ANY(ARRAY(
  SELECT DISTINCT t.payment_id
  FROM (
    SELECT payment_id FROM payment
    WHERE lease_epoch IS NULL AND next_at IS NOT NULL AND hospital_id + 0 = $1 AND ended_at IS NULL AND taken_fen > 0
    UNION ALL
    SELECT payment_id FROM payment
    WHERE lease_epoch IS NOT NULL AND hospital_id + 0 = $1 AND ended_at IS NULL AND taken_fen > 0
  ) AS o CROSS JOIN LATERAL (
    SELECT t.payment_id FROM institution_take t
    WHERE t.payment_id = o.payment_id AND t.hospital_id = $1 AND t.institution_id = $2 AND t.payment_id > $4 OFFSET 0
  ) AS t
  ORDER BY t.payment_id LIMIT $3))
ORDER BY p.payment_id
""".replace(":row", rows.ROW)
"""By the two small indexes of what is open: whoever has an order to give back is open until it is confirmed."""


async def keep(tx: Tx, plan: Plan, take: Step, told: Told, now: datetime) -> bool:
    """False: this number of theirs is used already."""
    ours = (plan.payment_id, take.reference, told.amount_fen)
    when = (told.taken_at, told.taken_on, now)
    return bool(await tx.fetchval(KEEP, plan.hospital_id, told.institution_id, told.reference, *ours, *when))


async def known(tx: Tx, hospital_id: int, institution_id: str, reference: str) -> tuple[int, Fen] | None:
    """The payment's id and the amount for which this number of theirs stands."""
    row = await tx.fetchrow(KNOWN, hospital_id, institution_id, reference)
    return (row["payment_id"], Fen(row["amount_fen"])) if row is not None else None


async def given_back(tx: Tx, hospital_id: int, who: str, theirs: str, order: str, at: datetime, now: datetime) -> bool:
    """This number of theirs stands for this order from now on. False: it stands for another one."""
    return bool(await tx.fetchval(GIVEN_BACK, hospital_id, who, theirs, order, at, now))


async def find(tx: Tx, hospital_id: int, institution_id: str, reference: str) -> Plan | None:
    """The payment for which they have taken this."""
    return _plan(await tx.fetchrow(FIND, hospital_id, institution_id, reference))


async def open_ones(tx: Tx, hospital_id: int, institution_id: str, limit: int, after: int = 0) -> list[Plan]:
    """Payments for which they have taken something, and that have not ended, by their ids. after: only behind this."""
    found = await tx.fetch(OPEN, hospital_id, institution_id, limit, after)
    return [rows.read_plan(row["plan"]) for row in found]


def _plan(row: Row | None) -> Plan | None:
    return rows.read_plan(row["plan"]) if row is not None else None
