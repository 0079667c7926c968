"""Payments that have ended, for those above to whom it means something. An end is put down in the statement that ends
the payment, at no cost but its row; whoever takes it reads the payment as it is by then, and writes what it means to
him in the transaction in which it goes. A payment ends again after each refund."""

from yinyi.bus.database import Tx
from yinyi.business.payments import rows
from yinyi.business.payments.plan import Plan

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


async def take(tx: Tx, most: int) -> list[Plan]:
    """Payments that have ended, each once. To be asked by one transaction at a time."""
    return [rows.read_plan(row["plan"]) for row in await tx.fetch(TAKE, most)]
