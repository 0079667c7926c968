"""SQL of comparing what the hospital has charged with its own list: statements only, times are parameters."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from yinyi.bus.database import Row, Tx
from yinyi.business.prepaid.agreeing import Difference, HereCharge, Key
from yinyi.kernel.money import Fen

WANT = """
INSERT INTO prepaid_charge_day (hospital_id, business_date, next_at)
SELECT $1, d.day, $3 FROM unnest($2::date[]) AS d (day) ON CONFLICT DO NOTHING
"""
CLAIM = """
UPDATE prepaid_charge_day SET next_at = $3 WHERE hospital_id = $1 AND business_date = (
  SELECT business_date FROM prepaid_charge_day WHERE hospital_id = $1 AND next_at <= $2
  ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING business_date
"""
HERE = """
SELECT c.institution_id, c.charge_no, p.patient_no, c.amount_fen, c.returned_fen, c.business_date = $2 AS of_day
FROM (
  SELECT * FROM prepaid_charge WHERE hospital_id = $1 AND business_date = $2 AND institution_id = ANY($3::text[])
  UNION
  SELECT f.* FROM unnest($4::text[], $5::text[]) AS n (institution_id, charge_no) CROSS JOIN LATERAL (
    SELECT * FROM prepaid_charge
    WHERE hospital_id = $1 AND institution_id = n.institution_id AND charge_no = n.charge_no LIMIT 1) AS f
) AS c CROSS JOIN LATERAL (
  SELECT patient_no FROM patient WHERE hospital_id = $1 AND patient_id = c.patient_id LIMIT 1) AS p
"""
SURVIVORS = """
SELECT f.patient_no, s.patient_no AS survivor FROM unnest($2::text[]) AS n (patient_no) CROSS JOIN LATERAL (
  SELECT p.patient_no, p.merged_into FROM patient p
  WHERE p.hospital_id = $1 AND p.patient_no = n.patient_no LIMIT 1) AS f
CROSS JOIN LATERAL (
  SELECT patient_no FROM patient WHERE hospital_id = $1 AND patient_id = f.merged_into LIMIT 1) AS s
"""
FOUND = """
WITH d AS (
  SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[])
    AS d (institution_id, charge_no, kind, patient_no, hospital_fen, here_fen)
), gone AS (
  UPDATE prepaid_charge_difference g SET gone_at = $9
  WHERE g.hospital_id = $1 AND g.business_date = $2 AND g.gone_at IS NULL AND NOT EXISTS (
    SELECT FROM d WHERE d.institution_id = g.institution_id AND d.charge_no = g.charge_no)
), kept AS (
  INSERT INTO prepaid_charge_difference AS k (hospital_id, business_date, institution_id, charge_no, kind, patient_no,
                                              hospital_fen, here_fen, found_at)
  SELECT $1, $2, d.*, $9 FROM d
  ON CONFLICT (hospital_id, institution_id, charge_no) DO UPDATE SET
    kind = excluded.kind, patient_no = excluded.patient_no, hospital_fen = excluded.hospital_fen,
    here_fen = excluded.here_fen, gone_at = NULL, business_date = excluded.business_date,
    found_at = CASE WHEN k.gone_at IS NULL THEN k.found_at ELSE excluded.found_at END,
    (settled_at, settled_by, note) = (
      SELECT k.settled_at, k.settled_by, k.note
      WHERE k.gone_at IS NULL
        AND (k.kind, k.hospital_fen, k.here_fen) = (excluded.kind, excluded.hospital_fen, excluded.here_fen))
  RETURNING k.found_at = $9 AND k.settled_at IS NULL AS fresh, k.settled_at IS NULL AS open
), counted AS (
  SELECT count(*) FILTER (WHERE fresh) AS fresh, count(*) FILTER (WHERE open) AS open FROM kept
)
UPDATE prepaid_charge_day p SET compared_at = $9, hospital_charges = $10, here_charges = $11,
  next_at = CASE WHEN counted.open > 0 THEN $12::timestamptz END
FROM counted WHERE p.hospital_id = $1 AND p.business_date = $2 RETURNING counted.fresh
"""
OPEN = """
SELECT business_date, institution_id, charge_no, kind, patient_no, hospital_fen, here_fen, found_at
FROM prepaid_charge_difference WHERE hospital_id = $1 AND gone_at IS NULL AND settled_at IS NULL
ORDER BY found_at DESC, institution_id, charge_no LIMIT $2
"""
DAYS = """
SELECT business_date, compared_at, hospital_charges, here_charges FROM prepaid_charge_day
WHERE hospital_id = $1 ORDER BY business_date DESC LIMIT $2
"""
SETTLE = """
UPDATE prepaid_charge_difference SET settled_at = $4, settled_by = $5, note = $6
WHERE hospital_id = $1 AND institution_id = $2 AND charge_no = $3 AND gone_at IS NULL AND settled_at IS NULL
RETURNING true
"""


async def want(tx: Tx, hospital_id: int, days: Sequence[date], now: datetime) -> None:
    """These days are to be compared; one that was compared before stays as it is."""
    await tx.execute(WANT, hospital_id, list(days), now)


async def claim(tx: Tx, hospital_id: int, now: datetime, until: datetime) -> date | None:
    """One that is due, for whoever claims it; what he has not finished by then is due again."""
    return await tx.fetchval(CLAIM, hospital_id, now, until)


async def here(
    tx: Tx, hospital_id: int, day: date, institutions: Collection[str], besides: Collection[Key]
) -> dict[Key, HereCharge]:
    """Charged by these institutions on that day, and those of these numbers whenever they were."""
    names, numbers = [name for name, _ in besides], [number for _, number in besides]
    rows = await tx.fetch(HERE, hospital_id, day, list(institutions), names, numbers)
    return {
        (row["institution_id"], row["charge_no"]): HereCharge(
            institution_id=row["institution_id"],
            charge_no=row["charge_no"],
            patient_no=row["patient_no"],
            amount_fen=Fen(row["amount_fen"]),
            returned_fen=Fen(row["returned_fen"]),
            of_day=row["of_day"],
        )
        for row in rows
    }


async def survivors(tx: Tx, hospital_id: int, patient_nos: Collection[str]) -> dict[str, str]:
    """Of those of these numbers that were merged into another one: which one that is."""
    rows = await tx.fetch(SURVIVORS, hospital_id, list(patient_nos))
    return {row["patient_no"]: row["survivor"] for row in rows}


async def found(
    tx: Tx,
    hospital_id: int,
    day: date,
    differ: Sequence[Difference],
    counts: tuple[int, int],
    now: datetime,
    again_at: datetime,
) -> int:
    """Written down: what differs, and that what does not any more is gone. counts: charges on the hospital's side, and
    here. How many nobody has heard of before. ``again_at``: while any is open."""
    columns = (
        [each.institution_id for each in differ],
        [each.charge_no for each in differ],
        [each.kind for each in differ],
        [each.patient_no for each in differ],
        [each.hospital_fen for each in differ],
        [each.here_fen for each in differ],
    )
    return await tx.fetchval(FOUND, hospital_id, day, *columns, now, *counts, again_at) or 0


async def open_differences(tx: Tx, hospital_id: int, most: int) -> list[Row]:
    """Newest first."""
    return await tx.fetch(OPEN, hospital_id, most)


async def days(tx: Tx, hospital_id: int, most: int) -> list[Row]:
    """Newest first."""
    return await tx.fetch(DAYS, hospital_id, most)


async def settle(
    tx: Tx, hospital_id: int, institution_id: str, charge_no: str, now: datetime, by: str, note: str
) -> bool:
    """False: it does not stand, or somebody has settled it."""
    return bool(await tx.fetchval(SETTLE, hospital_id, institution_id, charge_no, now, by, note))
