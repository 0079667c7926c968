"""What is paid for once: which payment is about a bill, a number or a booking, so that nobody pays for it twice."""

from collections.abc import Sequence

from yinyi.bus.database import Tx
from yinyi.bus.looks import of_one
from yinyi.business.payments import rows
from yinyi.business.payments.plan import Plan

OBLIGED = """
SELECT :row AS plan FROM payment p WHERE p.hospital_id = $1 AND p.payment_id = (
  SELECT o.payment_id FROM payment_obligation o WHERE o.hospital_id = $1 AND o.kind = $2 AND o.number = $3)
""".replace(":row", rows.ROW)
OBLIGED_AMONG = of_one(
    """
SELECT $2::text AS first, :row AS plan FROM payment p WHERE p.hospital_id = $1 AND p.payment_id = ANY(ARRAY(
  SELECT o.payment_id FROM payment_obligation o WHERE o.hospital_id = $1 AND o.kind = $3
    AND o.number = ANY($4::text[])))
ORDER BY p.payment_id
""".replace(":row", rows.ROW)
)


async def obliged(tx: Tx, hospital_id: int, kind: str, number: str) -> Plan | None:
    """The open or fulfilled payment for this obligation."""
    row = await tx.fetchrow(OBLIGED, hospital_id, kind, number)
    return rows.read_plan(row["plan"]) if row is not None else None


async def obliged_among(tx: Tx, hospital_id: int, kind: str, numbers: Sequence[str]) -> list[Plan]:
    """The open or fulfilled payments for any of these obligations, oldest first."""
    found = await tx.fetch(OBLIGED_AMONG, hospital_id, numbers[0], kind, list(numbers)) if numbers else []
    return [rows.read_plan(row["plan"]) for row in found]
