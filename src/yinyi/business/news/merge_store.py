"""SQL of patients whom the hospital had under two numbers. Times are parameters."""

from datetime import date, datetime
from typing import NamedTuple

from yinyi.bus.database import Tx
from yinyi.business.ledger.model import PREPAID
from yinyi.kernel.errors import SecondPersonNeeded
from yinyi.kernel.money import Fen

_KNOWN = "SELECT patient_id, patient_no, name, sex, born_on, merged_into FROM patient WHERE hospital_id = $1"
LOCK = f"{_KNOWN} AND patient_id = ANY($2::bigint[]) ORDER BY patient_id FOR UPDATE"
NUMBERED = f"{_KNOWN} AND patient_no = $2"
BY_ID = f"{_KNOWN} AND patient_id = $2"
STANDING = """
SELECT coalesce((SELECT balance_fen FROM account_balance WHERE account = $3 AND hospital_id = $1), 0) AS balance_fen,
  (SELECT count(*) FROM payment WHERE patient_id = $2 AND hospital_id = $1 AND ended_at IS NULL) AS payments
"""
SAY = """
INSERT INTO patient_merge AS m (hospital_id, news_no, merged_id, survivor_id, balance_fen, proposed_by, proposed_at,
  confirmed_by, merged_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, CASE WHEN $5::bigint = 0 THEN $6::text ELSE '' END,
  CASE WHEN $5 = 0 THEN $7::timestamptz END)
ON CONFLICT (hospital_id, news_no) DO UPDATE SET
  confirmed_by = CASE WHEN $5 = 0 OR :same AND m.proposed_by <> $6 THEN $6 ELSE '' END,
  merged_at = CASE WHEN $5 = 0 OR :same AND m.proposed_by <> $6 THEN $7::timestamptz END,
  proposed_by = CASE WHEN :same THEN m.proposed_by ELSE $6 END,
  proposed_at = CASE WHEN :same THEN m.proposed_at ELSE $7 END,
  balance_fen = $5, merged_id = $3, survivor_id = $4
RETURNING merged_at IS NOT NULL
""".replace(":same", "(m.balance_fen, m.merged_id, m.survivor_id) = ($5, $3, $4)")
"""The second of two who have seen the same two and the same balance merges; who has seen others begins anew. Without
money one is enough."""
FIRST = """
SELECT proposed_by FROM patient_merge WHERE hospital_id = $1 AND news_no = $2 AND merged_at IS NULL
  AND (merged_id, survivor_id, balance_fen) = ($3, $4, $5)
"""
SAID = "SELECT proposed_by FROM patient_merge WHERE hospital_id = $1 AND news_no = $2"
MERGE = """
WITH whose AS (
  UPDATE patient SET merged_into = $3::bigint, updated_at = $4::timestamptz
  WHERE hospital_id = $1 AND patient_id <> $3::bigint AND patient_id = ANY(ARRAY(
    SELECT $2::bigint UNION ALL SELECT patient_id FROM patient WHERE merged_into = $2::bigint AND hospital_id = $1))
  RETURNING patient_id
), sessions AS (
  UPDATE patient_session SET ended_at = $4::timestamptz
  WHERE hospital_id = $1 AND (patient_id = $2::bigint OR guardian_id = $2::bigint) AND ended_at IS NULL
), credentials AS (
  UPDATE credential SET patient_id = $3::bigint WHERE hospital_id = $1 AND patient_id = $2::bigint
), of_children AS (
  INSERT INTO guardianship (hospital_id, guardian_id, child_id, relation, consented_at)
  SELECT hospital_id, CASE WHEN guardian_id = $2::bigint THEN $3::bigint ELSE guardian_id END,
    CASE WHEN child_id = $2::bigint THEN $3::bigint ELSE child_id END, relation, consented_at
  FROM guardianship WHERE hospital_id = $1 AND $2::bigint IN (guardian_id, child_id) AND ended_at IS NULL
    AND $3::bigint NOT IN (guardian_id, child_id)
  ON CONFLICT (hospital_id, guardian_id, child_id) DO UPDATE SET ended_at = NULL
), before AS (
  UPDATE guardianship SET ended_at = $4::timestamptz
  WHERE hospital_id = $1 AND $2::bigint IN (guardian_id, child_id) AND ended_at IS NULL
), payments AS (
  UPDATE payment SET patient_id = $3::bigint, version = version + 1,
    facts = CASE facts ->> 'credited' WHEN 'prepaid:' || $2::bigint
      THEN jsonb_set(facts, '{credited}', to_jsonb('prepaid:' || $3::bigint)) ELSE facts END
  WHERE hospital_id = $1 AND patient_id = $2::bigint AND ended_at IS NOT NULL
), duties AS (
  UPDATE payment_obligation o SET number = d.number
  FROM (
    SELECT k.place, n.kept || substr(k.number, length(n.given_up) + 1) AS number
    FROM (SELECT
      (SELECT patient_no FROM patient WHERE hospital_id = $1 AND patient_id = $2::bigint) AS given_up,
      (SELECT patient_no FROM patient WHERE hospital_id = $1 AND patient_id = $3::bigint) AS kept OFFSET 0) AS n
    CROSS JOIN (SELECT payment_id FROM payment WHERE patient_id = $2::bigint AND hospital_id = $1 OFFSET 0) AS x
    CROSS JOIN LATERAL (
      SELECT k.ctid AS place, k.kind, k.number FROM payment_obligation k
      WHERE k.payment_id = x.payment_id AND k.hospital_id = $1 OFFSET 0) AS k
    WHERE k.kind = 'registration' AND starts_with(k.number, n.given_up || ':') OFFSET 0
  ) AS d
  WHERE o.ctid = d.place AND (
    SELECT true FROM payment_obligation t
    WHERE t.hospital_id = $1 AND t.kind = 'registration' AND t.number = d.number) IS NULL
), changes AS (
  UPDATE visit_change SET patient_id = $3::bigint WHERE hospital_id = $1 AND patient_id = $2::bigint
), reports AS (
  UPDATE report SET patient_id = $3::bigint WHERE hospital_id = $1 AND patient_id = $2::bigint
), values_ AS (
  UPDATE report_value SET patient_id = $3::bigint WHERE hospital_id = $1 AND patient_id = $2::bigint
), fees AS (
  UPDATE fee SET patient_id = $3::bigint WHERE hospital_id = $1 AND patient_id = $2::bigint
), receipts AS (
  UPDATE fiscal_invoice SET patient_id = $3::bigint WHERE hospital_id = $1 AND patient_id = $2::bigint
), papers AS (
  UPDATE document SET patient_id = $3::bigint WHERE hospital_id = $1 AND patient_id = $2::bigint
)
SELECT count(*) FROM whose
"""
"""What was charged to the account by the hospital stays where it was booked. Open payments end first."""
OPENED_LATE = """
SELECT p.hospital_id, p.patient_id, p.merged_into FROM patient p
CROSS JOIN LATERAL (
  SELECT FROM payment x
  WHERE x.patient_id = p.patient_id AND x.hospital_id = p.hospital_id AND x.ended_at IS NOT NULL LIMIT 1) AS x
WHERE p.merged_into IS NOT NULL ORDER BY p.merged_into, p.hospital_id LIMIT 50
"""
LEFT_BEHIND = """
SELECT p.hospital_id, p.patient_id, p.merged_into, b.balance_fen FROM patient p
CROSS JOIN LATERAL (
  SELECT a.balance_fen FROM account_balance a
  WHERE a.account = 'prepaid:' || p.patient_id AND a.hospital_id = p.hospital_id OFFSET 0) AS b
WHERE p.merged_into IS NOT NULL AND b.balance_fen > 0 ORDER BY p.merged_into, p.hospital_id LIMIT 50
"""


class Known(NamedTuple):
    """Who has one of the two numbers, as far as the platform knows."""

    patient_id: int
    patient_no: str
    name: str
    sex: str
    born_on: date | None
    merged_into: int | None


class Standing(NamedTuple):
    """What holds a merge up. payments: so many are open."""

    balance_fen: Fen
    payments: int


class LeftBehind(NamedTuple):
    """Money that has come back to a number that is nobody's any more."""

    hospital_id: int
    merged_id: int
    survivor_id: int
    balance_fen: Fen


async def numbered(tx: Tx, hospital_id: int, patient_no: str) -> Known | None:
    """Who has exactly this number, wherever it leads."""
    row = await tx.fetchrow(NUMBERED, hospital_id, patient_no)
    return Known(**row) if row else None


async def by_id(tx: Tx, hospital_id: int, patient_id: int) -> Known | None:
    row = await tx.fetchrow(BY_ID, hospital_id, patient_id)
    return Known(**row) if row else None


async def locked(tx: Tx, hospital_id: int, *patient_ids: int) -> dict[int, Known]:
    """By id, until the end of the transaction."""
    rows = await tx.fetch(LOCK, hospital_id, list(patient_ids))
    return {row["patient_id"]: Known(**row) for row in rows}


async def standing(tx: Tx, hospital_id: int, patient_id: int) -> Standing:
    row = await tx.fetchrow(STANDING, hospital_id, patient_id, f"{PREPAID}:{patient_id}")
    assert row is not None
    return Standing(Fen(row["balance_fen"]), row["payments"])


async def say(
    tx: Tx, hospital_id: int, news_no: int, ids: tuple[int, int], balance_fen: int, by: str, now: datetime
) -> tuple[str, ...]:
    """ids: of the merged one and of the one who is left. Who has said it, if it takes effect now; nobody otherwise.

    Raises:
        SecondPersonNeeded: he has said it himself before.
    """
    first = await tx.fetchval(FIRST, hospital_id, news_no, *ids, balance_fen)
    if first == by and balance_fen:
        raise SecondPersonNeeded
    if not await tx.fetchval(SAY, hospital_id, news_no, *ids, balance_fen, by, now):
        return ()
    return (first, by) if first and balance_fen else (by,)


async def proposed_by(tx: Tx, hospital_id: int, news_no: int) -> str:
    """Empty: nobody has said anything."""
    return await tx.fetchval(SAID, hospital_id, news_no) or ""


async def merge(tx: Tx, hospital_id: int, merged_id: int, survivor_id: int, now: datetime) -> None:
    """Everything of the one is the other one's: bindings, children, payments, visits, reports, fees, papers."""
    await tx.fetchval(MERGE, hospital_id, merged_id, survivor_id, now)


async def opened_late(tx: Tx) -> list[tuple[int, int, int]]:
    """``hospital_id, merged_id, survivor_id`` of merged numbers for which a payment was opened while they were
    merged, once it has ended."""
    return [tuple(row.values()) for row in await tx.fetch(OPENED_LATE)]


async def left_behind(tx: Tx) -> list[LeftBehind]:
    """In any hospital."""
    return [LeftBehind(*row.values()) for row in await tx.fetch(LEFT_BEHIND)]
