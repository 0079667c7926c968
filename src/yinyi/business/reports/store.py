"""Copies of reports in the database: statements only, times are parameters."""

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.reports.errors import ReportDamaged
from yinyi.business.reports.model import DiagnosticReport, TrendPoint, WholeReport

_head = msgspec.json.Decoder(DiagnosticReport)
_content = msgspec.json.Decoder(WholeReport)

SEEN = """
INSERT INTO report (hospital_id, order_no, version, patient_id, sensitive, requested_at, head, seen_at)
SELECT $1, new.order_no, new.version, $2, new.sensitive, new.requested_at, new.head, $8
FROM unnest($3::text[], $4::int[], $5::bool[], $6::timestamptz[], $7::text[])
  AS new (order_no, version, sensitive, requested_at, head)
ON CONFLICT (hospital_id, order_no, version) DO NOTHING
"""
HEADS = """
SELECT DISTINCT ON (order_no) head FROM report
WHERE hospital_id = $1 AND patient_id = $2 ORDER BY order_no, version DESC
"""
HEAD = """
SELECT head FROM report
WHERE hospital_id = $1 AND order_no = $2 AND patient_id = $3 ORDER BY version DESC LIMIT 1
"""
CONTENT = "SELECT content, digest FROM report WHERE hospital_id = $1 AND order_no = $2 AND version = $3"
KEEP = """
UPDATE report SET content = $4, digest = $5, copied_at = $6
WHERE hospital_id = $1 AND order_no = $2 AND version = $3 AND content IS NULL AND NOT sensitive
RETURNING patient_id
"""
VALUES = """
INSERT INTO report_value (hospital_id, order_no, version, analyte_code, patient_id, sampled_at, value, text, low, high,
                          flag, unit)
SELECT $1, $2, $3, new.code, $4, $5, new.value, new.text, new.low, new.high, new.flag, new.unit
FROM unnest($6::text[], $7::float8[], $8::text[], $9::float8[], $10::float8[], $11::text[], $12::text[])
  AS new (code, value, text, low, high, flag, unit)
ON CONFLICT DO NOTHING
"""
TREND = """
SELECT v.order_no, v.sampled_at, v.value, v.text, v.low, v.high, v.flag, v.unit FROM report_value v
WHERE v.hospital_id = $1 AND v.patient_id = $2 AND v.analyte_code = $3 AND NOT EXISTS (
  SELECT FROM report_value later
  WHERE later.hospital_id = v.hospital_id AND later.order_no = v.order_no AND later.version > v.version)
ORDER BY v.sampled_at DESC LIMIT $4
"""
MISSING = """
SELECT hospital_id, head FROM report WHERE content IS NULL AND NOT sensitive AND seen_at < $1 ORDER BY seen_at LIMIT $2
"""
LATER = "UPDATE report SET seen_at = $4 WHERE hospital_id = $1 AND order_no = $2 AND version = $3"


async def seen(tx: Tx, hospital_id: int, patient_id: int, heads: Iterable[DiagnosticReport], now: datetime) -> None:
    """These are ready; what was known before stays as it is."""
    new = list(heads)
    await tx.execute(
        SEEN,
        hospital_id,
        patient_id,
        [each.order_no for each in new],
        [each.version for each in new],
        [each.sensitive for each in new],
        [each.requested_at for each in new],
        [msgspec.json.encode(each).decode() for each in new],
        now,
    )


async def heads(tx: Tx, hospital_id: int, patient_id: int) -> list[DiagnosticReport]:
    """The latest version that we know of each."""
    return [_head.decode(row["head"]) for row in await tx.fetch(HEADS, hospital_id, patient_id)]


async def head(tx: Tx, hospital_id: int, order_no: str, patient_id: int) -> DiagnosticReport | None:
    """Of this patient's, the latest version that we know."""
    found = await tx.fetchval(HEAD, hospital_id, order_no, patient_id)
    return None if found is None else _head.decode(found)


async def content(tx: Tx, hospital_id: int, order_no: str, version: int) -> WholeReport | None:
    """None: it was not copied yet.

    Raises:
        ReportDamaged: it is not what it was when it was copied.
    """
    row = await tx.fetchrow(CONTENT, hospital_id, order_no, version)
    if row is None or row["content"] is None:
        return None
    if hashlib.sha256(row["content"].encode()).digest() != row["digest"]:
        raise ReportDamaged(order_no)
    return _content.decode(row["content"])


async def keep(tx: Tx, hospital_id: int, about: DiagnosticReport, whole: WholeReport, now: datetime) -> None:
    """For good. What was kept before stays as it is."""
    data = msgspec.json.encode(whole)
    key = (hospital_id, about.order_no, about.version)
    patient_id = await tx.fetchval(KEEP, *key, data.decode(), hashlib.sha256(data).digest(), now)
    if patient_id is None or not whole.observations:
        return
    values = list({each.analyte_code: each for each in whole.observations}.values())
    await tx.execute(
        VALUES,
        *(*key, patient_id, about.sampled_at or about.requested_at),
        [each.analyte_code for each in values],
        [each.value for each in values],
        [each.text for each in values],
        [each.low for each in values],
        [each.high for each in values],
        [each.flag for each in values],
        [each.unit for each in values],
    )


async def trend(tx: Tx, hospital_id: int, patient_id: int, analyte_code: str, limit: int) -> list[TrendPoint]:
    """Newest first, of the latest version of each report."""
    rows = await tx.fetch(TREND, hospital_id, patient_id, analyte_code, limit)
    return [msgspec.convert(dict(row), TrendPoint) for row in rows]


async def missing(tx: Tx, seen_before: datetime, limit: int) -> list[tuple[int, DiagnosticReport]]:
    """What is ready and was not copied yet, in all hospitals, those first that wait longest."""
    rows = await tx.fetch(MISSING, seen_before, limit)
    return [(row["hospital_id"], _head.decode(row["head"])) for row in rows]


async def later(tx: Tx, hospital_id: int, about: DiagnosticReport, now: datetime) -> None:
    """The hospital does not have it just now: others first."""
    await tx.execute(LATER, hospital_id, about.order_no, about.version, now)
