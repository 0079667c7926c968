"""Copies of paid bills in the database: statements only, times are parameters."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.billing.errors import FeeDamaged
from yinyi.business.billing.model import NamedInvoice, WholeInvoice

_head = msgspec.json.Decoder(NamedInvoice)
_content = msgspec.json.Decoder(WholeInvoice)

SEEN = """
INSERT INTO fee (hospital_id, invoice_no, refunded_fen, patient_id, ordered_at, head, seen_at)
SELECT $1, new.invoice_no, new.refunded_fen, $2, new.ordered_at, new.head, $7
FROM unnest($3::text[], $4::bigint[], $5::timestamptz[], $6::text[])
  AS new (invoice_no, refunded_fen, ordered_at, head)
ON CONFLICT (hospital_id, invoice_no, refunded_fen) DO NOTHING
"""
HEADS = """
SELECT head FROM (
  SELECT DISTINCT ON (invoice_no) invoice_no, ordered_at, head FROM fee
  WHERE patient_id = $2 AND hospital_id = $1 AND ordered_at >= $3 AND ordered_at < $4
  ORDER BY invoice_no, refunded_fen DESC
) AS latest ORDER BY ordered_at DESC, invoice_no DESC LIMIT $5
"""
HEAD = """
SELECT head FROM fee
WHERE hospital_id = $1 AND invoice_no = $2 AND patient_id = $3 ORDER BY refunded_fen DESC LIMIT 1
"""
CONTENTS = """
SELECT f.invoice_no, f.content, f.digest
FROM unnest($2::text[], $3::bigint[]) AS wanted (invoice_no, refunded_fen)
JOIN fee f ON f.hospital_id = $1 AND f.invoice_no = wanted.invoice_no AND f.refunded_fen = wanted.refunded_fen
WHERE f.content IS NOT NULL
"""
KEEP = """
UPDATE fee f SET content = new.content, digest = new.digest, copied_at = $6
FROM unnest($2::text[], $3::bigint[], $4::text[], $5::bytea[]) AS new (invoice_no, refunded_fen, content, digest)
WHERE f.hospital_id = $1 AND f.invoice_no = new.invoice_no AND f.refunded_fen = new.refunded_fen AND f.content IS NULL
"""
MISSING = "SELECT hospital_id, head FROM fee WHERE content IS NULL AND seen_at < $1 ORDER BY seen_at LIMIT $2"
LATER = """
UPDATE fee f SET seen_at = $4
FROM unnest($2::text[], $3::bigint[]) AS late (invoice_no, refunded_fen)
WHERE f.hospital_id = $1 AND f.invoice_no = late.invoice_no AND f.refunded_fen = late.refunded_fen
  AND f.content IS NULL
"""


async def seen(tx: Tx, hospital_id: int, patient_id: int, heads: Iterable[NamedInvoice], now: datetime) -> None:
    """These are paid; what was known before stays as it is."""
    new = list(heads)
    await tx.execute(
        SEEN,
        hospital_id,
        patient_id,
        *_keys(new),
        [each.invoice.ordered_at for each in new],
        [msgspec.json.encode(each).decode() for each in new],
        now,
    )


async def heads(
    tx: Tx, hospital_id: int, patient_id: int, since: datetime, before: datetime, limit: int
) -> list[NamedInvoice]:
    """Ordered in that time, newest first: each as it was after its latest refund that we know of."""
    rows = await tx.fetch(HEADS, hospital_id, patient_id, since, before, limit)
    return [_head.decode(row["head"]) for row in rows]


async def head(tx: Tx, hospital_id: int, invoice_no: str, patient_id: int) -> NamedInvoice | None:
    """Of this patient's, after its latest refund that we know of."""
    found = await tx.fetchval(HEAD, hospital_id, invoice_no, patient_id)
    return None if found is None else _head.decode(found)


async def contents(tx: Tx, hospital_id: int, heads: Sequence[NamedInvoice]) -> dict[str, WholeInvoice]:
    """By number; those that were not copied yet are missing.

    Raises:
        FeeDamaged: one is not what it was when it was copied.
    """
    found: dict[str, WholeInvoice] = {}
    for row in await tx.fetch(CONTENTS, hospital_id, *_keys(heads)):
        if hashlib.sha256(row["content"].encode()).digest() != row["digest"]:
            raise FeeDamaged(row["invoice_no"])
        found[row["invoice_no"]] = _content.decode(row["content"])
    return found


async def keep(tx: Tx, hospital_id: int, whole: Sequence[WholeInvoice], now: datetime) -> None:
    """For good. What was kept before stays as it is."""
    data = [msgspec.json.encode(each) for each in whole]
    await tx.execute(
        KEEP,
        hospital_id,
        *_keys([each.named for each in whole]),
        [each.decode() for each in data],
        [hashlib.sha256(each).digest() for each in data],
        now,
    )


async def missing(tx: Tx, seen_before: datetime, limit: int) -> list[tuple[int, NamedInvoice]]:
    """What is paid and was not copied yet, in all hospitals, those first that wait longest."""
    rows = await tx.fetch(MISSING, seen_before, limit)
    return [(row["hospital_id"], _head.decode(row["head"])) for row in rows]


async def later(tx: Tx, hospital_id: int, heads: Sequence[NamedInvoice], now: datetime) -> None:
    """The hospital does not have them like that just now: others first."""
    await tx.execute(LATER, hospital_id, *_keys(heads), now)


def _keys(heads: Sequence[NamedInvoice]) -> tuple[list[str], list[int]]:
    return [each.invoice.invoice_no for each in heads], [int(each.invoice.refunded_fen) for each in heads]
