"""Copies of reports in the database: statements only, times are parameters."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from yinyi.bus.database import Tx
from yinyi.bus.looks import of_one
from yinyi.business.reports.errors import ReportDamaged
from yinyi.business.reports.model import DiagnosticReport, Picture, Pictures, TrendPoint, WholeReport
from yinyi.business.reports.pictures import Rendered

_head = msgspec.json.Decoder(DiagnosticReport)
_content = msgspec.json.Decoder(WholeReport)

SEEN = """
INSERT INTO report (hospital_id, order_no, version, patient_id, sensitive, requested_at, head, seen_at)
SELECT $1, new.order_no, new.version, $2, new.sensitive, new.requested_at, new.head, $8
FROM unnest($3::text[], $4::int[], $5::bool[], $6::timestamptz[], $7::text[])
  AS new (order_no, version, sensitive, requested_at, head)
ON CONFLICT (hospital_id, order_no, version) DO UPDATE SET sensitive = true, head = EXCLUDED.head,
  content = NULL, digest = NULL, copied_at = NULL, pictures_at = NULL, pictures_left_out = 0
WHERE EXCLUDED.sensitive AND NOT report.sensitive
"""
FORGET_VALUES = """
DELETE FROM report_value WHERE hospital_id = $1 AND order_no = ANY($2)
"""
FORGET_PICTURES = """
DELETE FROM report_picture WHERE hospital_id = $1 AND order_no = ANY($2)
"""
HEADS = of_one("""
SELECT DISTINCT ON (order_no) patient_id, head FROM report
WHERE hospital_id = $1 AND patient_id = $2 ORDER BY order_no, version DESC
""")
HEAD = """
SELECT head FROM report
WHERE hospital_id = $1 AND order_no = $2 AND patient_id = $3 ORDER BY version DESC LIMIT 1
"""
OWNER = "SELECT patient_id FROM report WHERE hospital_id = $1 AND order_no = $2 LIMIT 1"
CONTENT = "SELECT content, digest FROM report WHERE hospital_id = $1 AND order_no = $2 AND version = $3"
KEEP = """
UPDATE report SET content = $4, digest = $5, copied_at = $6, pictures_at = CASE WHEN $7 THEN $6::timestamptz END
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
AND NOT EXISTS (
  SELECT FROM report hidden
  WHERE hidden.hospital_id = v.hospital_id AND hidden.order_no = v.order_no AND hidden.sensitive)
ORDER BY v.sampled_at DESC LIMIT $4
"""
MISSING = """
SELECT hospital_id, head FROM report WHERE content IS NULL AND NOT sensitive AND seen_at < $1 ORDER BY seen_at LIMIT $2
"""
LATER = "UPDATE report SET seen_at = $4 WHERE hospital_id = $1 AND order_no = $2 AND version = $3"


PICTURED = """
UPDATE report SET pictures_at = $4, pictures_left_out = $5
WHERE hospital_id = $1 AND order_no = $2 AND version = $3 AND content IS NOT NULL AND pictures_at IS NULL
RETURNING true
"""
PICTURES = """
INSERT INTO report_picture (hospital_id, order_no, version, nth, caption, caption_en, width, height, original, digest,
                            shown, shown_digest, small, small_digest, copied_at)
SELECT $1, $2, $3, new.nth, new.caption, new.caption_en, new.width, new.height, new.original, sha256(new.original),
       new.shown, sha256(new.shown), new.small, sha256(new.small), $4
FROM unnest($5::int[], $6::text[], $7::text[], $8::int[], $9::int[], $10::bytea[], $11::bytea[], $12::bytea[])
  AS new (nth, caption, caption_en, width, height, original, shown, small)
"""
KEPT_PICTURES = """
SELECT r.pictures_at IS NOT NULL AS looked, r.pictures_left_out AS left_out, p.nth, p.caption, p.caption_en, p.width,
       p.height
FROM report r LEFT JOIN report_picture p USING (hospital_id, order_no, version)
WHERE r.hospital_id = $1 AND r.order_no = $2 AND r.version = $3
ORDER BY p.nth
"""
PICTURE = """
SELECT r.head, CASE WHEN $5 THEN p.small ELSE p.shown END AS content,
       CASE WHEN $5 THEN p.small_digest ELSE p.shown_digest END AS digest
FROM report r JOIN report_picture p USING (hospital_id, order_no, version)
WHERE r.hospital_id = $1 AND r.order_no = $2 AND r.patient_id = $3 AND p.nth = $4 AND NOT EXISTS (
  SELECT FROM report hidden
  WHERE hidden.hospital_id = r.hospital_id AND hidden.order_no = r.order_no AND hidden.sensitive)
ORDER BY r.version DESC LIMIT 1
"""
SHOWN = """
SELECT nth, caption, caption_en, width, height, shown, shown_digest FROM report_picture
WHERE hospital_id = $1 AND order_no = $2 AND version = $3 ORDER BY nth LIMIT $4
"""
UNPICTURED = """
SELECT hospital_id, head FROM report WHERE content IS NOT NULL AND pictures_at IS NULL AND seen_at < $1
ORDER BY seen_at LIMIT $2
"""


async def seen(tx: Tx, hospital_id: int, patient_id: int, heads: Iterable[DiagnosticReport], now: datetime) -> None:
    """These are ready; what was known before stays as it is. Of what is kept from patients now nothing is kept here."""
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
    hidden = [each.order_no for each in new if each.sensitive]
    if hidden:
        await tx.execute(FORGET_VALUES, hospital_id, hidden)
        await tx.execute(FORGET_PICTURES, hospital_id, hidden)


async def heads(tx: Tx, hospital_id: int, patient_id: int) -> list[DiagnosticReport]:
    """The latest version that we know of each."""
    return [_head.decode(row["head"]) for row in await tx.fetch(HEADS, hospital_id, patient_id)]


async def head(tx: Tx, hospital_id: int, order_no: str, patient_id: int) -> DiagnosticReport | None:
    """Of this patient's, the latest version that we know."""
    found = await tx.fetchval(HEAD, hospital_id, order_no, patient_id)
    return None if found is None else _head.decode(found)


async def owner(tx: Tx, hospital_id: int, order_no: str) -> int | None:
    """Whose it is; None: it is not known yet."""
    return await tx.fetchval(OWNER, hospital_id, order_no)


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
    unpictured = about.kind == "laboratory"
    key = (hospital_id, about.order_no, about.version)
    patient_id = await tx.fetchval(KEEP, *key, data.decode(), hashlib.sha256(data).digest(), now, unpictured)
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
    """Newest first, of the latest version of each report; nothing of one that is kept from patients."""
    rows = await tx.fetch(TREND, hospital_id, patient_id, analyte_code, limit)
    return [msgspec.convert(dict(row), TrendPoint) for row in rows]


async def missing(tx: Tx, seen_before: datetime, limit: int) -> list[tuple[int, DiagnosticReport]]:
    """What is ready and was not copied yet, in all hospitals, those first that wait longest."""
    rows = await tx.fetch(MISSING, seen_before, limit)
    return [(row["hospital_id"], _head.decode(row["head"])) for row in rows]


async def later(tx: Tx, hospital_id: int, about: DiagnosticReport, now: datetime) -> None:
    """The hospital does not have it just now: others first."""
    await tx.execute(LATER, hospital_id, about.order_no, about.version, now)


# -- pictures


async def keep_pictures(
    tx: Tx, hospital_id: int, about: DiagnosticReport, found: Sequence[Rendered], left_out: int, now: datetime
) -> None:
    """For good, all of one version at once. What was kept before stays as it is."""
    key = (hospital_id, about.order_no, about.version)
    if await tx.fetchval(PICTURED, *key, now, left_out) is None or not found:
        return
    await tx.execute(
        PICTURES,
        *(*key, now),
        [each.picture.nth for each in found],
        [each.picture.caption for each in found],
        [each.picture.caption_en for each in found],
        [each.picture.width for each in found],
        [each.picture.height for each in found],
        [each.original for each in found],
        [each.shown for each in found],
        [each.small for each in found],
    )


async def pictures(tx: Tx, hospital_id: int, order_no: str, version: int) -> Pictures | None:
    """None: nobody has asked for them yet."""
    rows = await tx.fetch(KEPT_PICTURES, hospital_id, order_no, version)
    if not rows or not rows[0]["looked"]:
        return None
    fields = Picture.__struct_fields__
    kept = [msgspec.convert({name: row[name] for name in fields}, Picture) for row in rows if row["nth"] is not None]
    return Pictures(kept=kept, left_out=rows[0]["left_out"])


async def picture(
    tx: Tx, hospital_id: int, order_no: str, patient_id: int, nth: int, small: bool
) -> tuple[DiagnosticReport, bytes] | None:
    """Of this patient's, in the latest version that has it.

    Raises:
        ReportDamaged: it is not what it was when it was copied.
    """
    row = await tx.fetchrow(PICTURE, hospital_id, order_no, patient_id, nth, small)
    if row is None:
        return None
    return _head.decode(row["head"]), _undamaged(row["content"], row["digest"], order_no)


async def shown(tx: Tx, hospital_id: int, order_no: str, version: int, limit: int) -> list[tuple[Picture, bytes]]:
    """As they are shown.

    Raises:
        ReportDamaged: see there.
    """
    rows = await tx.fetch(SHOWN, hospital_id, order_no, version, limit)
    fields = Picture.__struct_fields__
    return [
        (
            msgspec.convert({name: row[name] for name in fields}, Picture),
            _undamaged(row["shown"], row["shown_digest"], order_no),
        )
        for row in rows
    ]


async def unpictured(tx: Tx, seen_before: datetime, limit: int) -> list[tuple[int, DiagnosticReport]]:
    """Whose pictures nobody has asked for yet, in all hospitals, those first that wait longest."""
    rows = await tx.fetch(UNPICTURED, seen_before, limit)
    return [(row["hospital_id"], _head.decode(row["head"])) for row in rows]


def _undamaged(content: bytes, digest: bytes, order_no: str) -> bytes:
    if hashlib.sha256(content).digest() != digest:
        raise ReportDamaged(order_no)
    return content
