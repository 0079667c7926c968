"""SQL of banks' lists of a day, and of how they differ from what was said."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from yinyi.bus.database import Row, Tx
from yinyi.business.payments.messages_taken_list import DifferenceSaid, ListedTake, TakenDifference
from yinyi.kernel.money import Fen

LOCK_DAY = "SELECT pg_advisory_xact_lock(hashtextextended('taken_list ' || $1::int || ' ' || $2 || ' ' || $3::date, 0))"
"""Parts of one day come one after the other, also where a bank sends one twice at once."""
FORGET = """
WITH gone AS (
  DELETE FROM taken_list WHERE hospital_id = $1 AND institution_id = $2 AND taken_on = $3 AND (part = $4 OR parts <> $5)
  RETURNING part
)
DELETE FROM taken_list_row
WHERE taken_on = $3 AND institution_id = $2 AND hospital_id = $1 AND part IN (SELECT part FROM gone)
"""
"""The part before it, and whatever was cut into another number of parts."""
KEEP_PART = """
INSERT INTO taken_list (hospital_id, institution_id, taken_on, part, parts, told_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
KEEP_ROWS = """
INSERT INTO taken_list_row (hospital_id, institution_id, taken_on, part, reference, payment_no, amount_fen)
SELECT $1, $2, $3, $4, r.reference, r.payment_no, r.amount_fen
FROM unnest($5::text[], $6::text[], $7::bigint[]) AS r (reference, payment_no, amount_fen)
ON CONFLICT DO NOTHING
RETURNING reference
"""
TOTALS = """
SELECT
  (SELECT count(*) = max(parts) FROM taken_list WHERE hospital_id = $1 AND institution_id = $2 AND taken_on = $3)
    AS complete,
  l.count AS listed_count, l.fen AS listed_fen, t.count AS heard_count, t.fen AS heard_fen
FROM (
  SELECT count(*), coalesce(sum(amount_fen), 0)::bigint AS fen FROM taken_list_row
  WHERE taken_on = $3 AND institution_id = $2 AND hospital_id = $1
) AS l, (
  SELECT count(*), coalesce(sum(amount_fen), 0)::bigint AS fen FROM institution_take
  WHERE taken_on = $3 AND institution_id = $2 AND hospital_id = $1
) AS t
"""
LISTED = """
SELECT l.institution_id, l.taken_on, l.reference,
  CASE WHEN t.reference IS NULL THEN 'unheard' ELSE 'differs' END AS what,
  l.payment_no, l.amount_fen AS listed_fen, t.amount_fen AS heard_fen
FROM taken_list_row l
LEFT JOIN institution_take t
  ON t.hospital_id = l.hospital_id AND t.institution_id = l.institution_id AND t.reference = l.reference
LEFT JOIN LATERAL (
  SELECT payment_no FROM payment WHERE hospital_id = t.hospital_id AND payment_id = t.payment_id OFFSET 0
) AS p ON true
WHERE l.hospital_id = :hospital AND l.taken_on BETWEEN :since AND :until AND (:bank = '' OR l.institution_id = :bank)
  AND (t.reference IS NULL OR t.amount_fen <> l.amount_fen OR p.payment_no <> l.payment_no)
"""
UNLISTED = """
SELECT t.institution_id, t.taken_on, t.reference, 'unlisted', p.payment_no, NULL::bigint, t.amount_fen
FROM institution_take t
JOIN (
  SELECT institution_id, taken_on FROM taken_list
  WHERE hospital_id = :hospital AND taken_on BETWEEN :since AND :until AND (:bank = '' OR institution_id = :bank)
  GROUP BY institution_id, taken_on HAVING count(*) = max(parts)
) AS d ON d.institution_id = t.institution_id AND d.taken_on = t.taken_on
CROSS JOIN LATERAL (
  SELECT payment_no FROM payment WHERE hospital_id = t.hospital_id AND payment_id = t.payment_id OFFSET 0
) AS p
WHERE t.hospital_id = :hospital AND t.taken_on BETWEEN :since AND :until AND (:bank = '' OR t.institution_id = :bank)
  AND NOT EXISTS (
    SELECT FROM taken_list_row l
    WHERE l.hospital_id = t.hospital_id AND l.institution_id = t.institution_id AND l.reference = t.reference)
"""
"""Of days whose list is complete. Whatever stands in the list of another day has been listed."""
STANDING = """
SELECT d.*, s.outcome AS ruling, s.note, s.proposed_by
FROM (
  SELECT u.*, concat_ws(' ', 'taken', institution_id, reference, payment_no, coalesce(listed_fen, 0),
    coalesce(heard_fen, 0)) AS about
  FROM (:listed UNION ALL :unlisted) AS u
) AS d
LEFT JOIN LATERAL (
  SELECT outcome, note, proposed_by, settled_at FROM payment_settlement
  WHERE hospital_id = :hospital AND payment_id = 0 AND reference = d.about OFFSET 0
) AS s ON true
WHERE s.settled_at IS NULL
ORDER BY taken_on, institution_id, reference
""".replace(":listed", LISTED).replace(":unlisted", UNLISTED)
"""Whatever two people have not settled as it is now: ``about`` says what it is, and changes with either side."""
_NUMBERED = {":hospital": "$1", ":since": "$2", ":until": "$3", ":bank": "$4"}


def _numbered(statement: str) -> str:
    for name, number in _NUMBERED.items():
        statement = statement.replace(name, number)
    return statement


DIFFERENCES = _numbered(
    """
SELECT * FROM (:standing) AS o
WHERE (taken_on, institution_id, reference) > ($6::date, $7::text, $8::text) LIMIT $5
""".replace(":standing", STANDING)
)
DIFFERENCE = _numbered("SELECT about FROM (:standing) AS o WHERE o.reference = $5".replace(":standing", STANDING))


class Bank(NamedTuple):
    """Whose list it is."""

    hospital_id: int
    institution_id: str


class Totals(NamedTuple):
    """complete: every part is here."""

    complete: bool
    listed_count: int
    listed_fen: Fen
    heard_count: int
    heard_fen: Fen


async def keep(
    tx: Tx, bank: Bank, on: date, part: tuple[int, int], rows: Sequence[ListedTake], now: datetime
) -> set[str]:
    """Instead of what this part had before. The references that were kept: the others stand in another list."""
    await tx.execute(LOCK_DAY, *bank, on)
    await tx.execute(FORGET, *bank, on, *part)
    await tx.execute(KEEP_PART, *bank, on, *part, now)
    values = ([row.reference for row in rows], [row.payment_no for row in rows], [row.amount_fen for row in rows])
    return {row["reference"] for row in await tx.fetch(KEEP_ROWS, *bank, on, part[0], *values)}


async def totals(tx: Tx, bank: Bank, on: date) -> Totals:
    row = await tx.fetchrow(TOTALS, *bank, on)
    assert row is not None, "counts are always answered"
    return Totals(bool(row["complete"]), *(row[name] for name in Totals._fields[1:]))


class Standing(NamedTuple):
    """A difference, and what the first of two people has said of it."""

    difference: TakenDifference
    said: DifferenceSaid | None


class Place(NamedTuple):
    """Where a difference stands among the others."""

    taken_on: date
    institution_id: str
    reference: str


BEFORE_ALL = Place(date.min, "", "")


async def differences(
    tx: Tx,
    hospital_id: int,
    span: tuple[date, date],
    limit: int,
    institution_id: str = "",
    after: Place = BEFORE_ALL,
) -> list[Standing]:
    """Of one bank, or of all, behind this place."""
    found = await tx.fetch(DIFFERENCES, hospital_id, *span, institution_id, limit, *after)
    return [_standing(row) for row in found]


async def difference(tx: Tx, bank: Bank, on: date, reference: str) -> str | None:
    """What it is called by those who settle it; None: the two sides agree, or it is settled."""
    return await tx.fetchval(DIFFERENCE, bank.hospital_id, on, on, bank.institution_id, reference)


def _standing(row: Row) -> Standing:
    told = {name: row[name] for name in TakenDifference.__struct_fields__}
    said = {name: row[name] for name in DifferenceSaid.__struct_fields__}
    return Standing(TakenDifference(**told), DifferenceSaid(**said) if said["ruling"] else None)
