"""Prepaid accounts' SQL."""

from collections.abc import Collection
from datetime import datetime

from yinyi.bus.database import Row, Tx
from yinyi.bus.looks import of_one
from yinyi.business.prepaid.model import CHARGES, TOP_UP, PrepaidMode
from yinyi.kernel.money import Fen

_MODE = "SELECT mode FROM prepaid_setting WHERE hospital_id = $1"
_STANDING = of_one("""
SELECT $2::text AS account, coalesce((SELECT mode FROM prepaid_setting WHERE hospital_id = $1), 'off') AS mode,
  (SELECT balance_fen FROM account_balance WHERE account = $2 AND hospital_id = $1) AS balance_fen
""")
_HELD_MODE = f"{_MODE} FOR SHARE"
_IN_USE = """
SELECT EXISTS (
  SELECT FROM (
    SELECT payment_id, purpose FROM payment
    WHERE lease_epoch IS NULL AND next_at IS NOT NULL AND hospital_id = $1 AND ended_at IS NULL
    UNION ALL
    SELECT payment_id, purpose FROM payment WHERE lease_epoch IS NOT NULL AND hospital_id = $1 AND ended_at IS NULL
  ) AS p WHERE p.purpose = $2 OR EXISTS (
    SELECT FROM payment_step s
    WHERE s.hospital_id = $1 AND s.payment_id = p.payment_id AND s.params ->> 'channel' = 'prepaid'))
"""
_SET_MODE = """
INSERT INTO prepaid_setting (hospital_id, mode, changed_by, changed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (hospital_id) DO UPDATE SET mode = $2, changed_by = $3, changed_at = $4
"""
_TOP_UPS = """
SELECT payment_no FROM payment
WHERE patient_id = $2 AND hospital_id = $1 AND started_at > $3 AND purpose = $4 AND direction = 'forward'
  AND refunds_fen < taken_fen
ORDER BY started_at DESC LIMIT $5
"""
_WITHDRAWN = """
SELECT payment_no FROM payment
WHERE patient_id = $2 AND hospital_id = $1 AND started_at > $3 AND purpose = $4 AND direction = 'forward'
  AND refunds_fen > 0
ORDER BY started_at DESC LIMIT $5
"""
_ABOUT = """
SELECT payment_no AS source, purpose, description FROM payment
WHERE hospital_id = $1 AND payment_no = ANY($2::text[])
UNION ALL
SELECT $3 || ':' || charge_id, '',
  concat_ws(' ', place, items[1]) || CASE WHEN cardinality(items) > 1 THEN ' 等' ELSE '' END
FROM prepaid_charge WHERE hospital_id = $1 AND charge_id = ANY($4::bigint[])
"""
_BALANCES = """
WITH b AS (
  SELECT account, balance_fen, substr(account, length('prepaid:') + 1)::bigint AS patient_id FROM account_balance
  WHERE hospital_id = $1 AND account LIKE 'prepaid:%' AND balance_fen > 0
), page AS (
  SELECT patient_id, balance_fen FROM b WHERE patient_id > $5 ORDER BY patient_id LIMIT $6
), o AS (
  SELECT p.patient_id, sum(p.taken_fen - p.refunds_fen) AS fen FROM payment p
  WHERE p.hospital_id = $1 AND p.started_at > $2 AND p.purpose = $3 AND p.direction = 'forward'
    AND p.refunds_fen < p.taken_fen AND p.patient_id IN (SELECT patient_id FROM page) AND NOT EXISTS (
      SELECT FROM payment_step s
      WHERE s.hospital_id = p.hospital_id AND s.payment_id = p.payment_id AND s.kind = 'payments.take'
        AND s.state IN ('done', 'late') AND s.params ->> 'channel' <> ALL ($4::text[]))
  GROUP BY p.patient_id
), sums AS (
  SELECT count(*) AS accounts, coalesce(sum(balance_fen), 0)::bigint AS total_fen FROM b
)
SELECT sums.accounts, sums.total_fen, page.patient_id, page.balance_fen, n.patient_no,
  least(page.balance_fen, coalesce(o.fen, 0))::bigint AS to_origin_fen
FROM sums LEFT JOIN page ON true LEFT JOIN o USING (patient_id)
LEFT JOIN patient n ON n.hospital_id = $1 AND n.patient_id = page.patient_id ORDER BY page.patient_id
"""


async def mode(tx: Tx, hospital_id: int) -> PrepaidMode:
    """``off`` until somebody has said otherwise."""
    return await tx.fetchval(_MODE, hospital_id) or "off"


async def standing(tx: Tx, hospital_id: int, account: str) -> tuple[PrepaidMode, Fen | None]:
    """The mode, and what is on an account; None: nothing has ever moved there. Whoever has something on it though the
    hospital keeps no accounts any more, because it has come back since, uses it or has it given back."""
    row = await tx.fetchrow(_STANDING, hospital_id, account)
    assert row is not None
    balance_fen: Fen | None = row["balance_fen"]
    return "refund_only" if row["mode"] == "off" and balance_fen else row["mode"], balance_fen


async def held_mode(tx: Tx, hospital_id: int) -> PrepaidMode:
    """The same; it stays so until the end of the transaction: whoever changes it waits, and sees what was done."""
    return await tx.fetchval(_HELD_MODE, hospital_id) or "off"


async def in_use(tx: Tx, hospital_id: int) -> bool:
    """Whether a payment is open that may still credit an account: a top-up, or one that is paid from one."""
    return await tx.fetchval(_IN_USE, hospital_id, TOP_UP)


async def set_mode(tx: Tx, hospital_id: int, wanted: PrepaidMode, by: str, now: datetime) -> None:
    await tx.execute(_SET_MODE, hospital_id, wanted, by, now)


async def top_ups(tx: Tx, hospital_id: int, patient_id: int, since: datetime, limit: int) -> list[str]:
    """Payment numbers of top-ups of which something can go back, newest first."""
    rows = await tx.fetch(_TOP_UPS, hospital_id, patient_id, since, TOP_UP, limit)
    return [row["payment_no"] for row in rows]


async def withdrawn(tx: Tx, hospital_id: int, patient_id: int, since: datetime, limit: int) -> list[str]:
    """Payment numbers of top-ups of which something went back or is to, newest first."""
    rows = await tx.fetch(_WITHDRAWN, hospital_id, patient_id, since, TOP_UP, limit)
    return [row["payment_no"] for row in rows]


async def about(tx: Tx, hospital_id: int, beginnings: Collection[str]) -> dict[str, tuple[str, str]]:
    """Purpose and description of those that are payments or charges, by the beginnings of their entries' sources."""
    of_charges = f"{CHARGES}:"
    charges = [int(each.removeprefix(of_charges)) for each in beginnings if each.startswith(of_charges)]
    payments = [each for each in beginnings if not each.startswith(of_charges)]
    rows = await tx.fetch(_ABOUT, hospital_id, payments, CHARGES, charges)
    return {row["source"]: (row["purpose"], row["description"]) for row in rows}


async def balances(tx: Tx, hospital_id: int, since: datetime, channels: list[str], after: int, limit: int) -> list[Row]:
    """``patient_id, balance_fen, to_origin_fen`` of accounts with money behind this patient; with each ``accounts,
    total_fen`` of all. What came by these channels can go back. One row without a patient: there is none behind."""
    return await tx.fetch(_BALANCES, hospital_id, since, TOP_UP, channels, after, limit)
