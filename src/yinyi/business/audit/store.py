"""SQL of the audit log: append freely, seal in order, walk the chain."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Row, Tx
from yinyi.business.audit.model import FIRST, AuditRecord, SealedRecord

_APPEND = """
INSERT INTO audit (hospital_id, at, actor, patient_id, operation, subject, detail, correlation_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
WITH_A_CHANGE = """
INSERT INTO audit (hospital_id, at, actor, patient_id, operation, subject, detail, correlation_id)
SELECT hospital_id, now, actor, patient_id, operation, subject, '{}', correlation_id FROM record
"""
"""The record of a change, written in one statement with it; see ``bus.work.work_on``."""
_ONE_SEALER = "SELECT pg_try_advisory_xact_lock(hashtextextended('yinyi.audit.sealer', 0))"
_UNSEALED = """
SELECT hospital_id, audit_id, at, actor, patient_id, operation, subject, detail, correlation_id, place, hash
FROM audit WHERE place IS NULL ORDER BY audit_id LIMIT $1
"""
_IS_UNSEALED = "SELECT EXISTS (SELECT FROM audit WHERE place IS NULL)"
_HEAD = """
SELECT place, hash FROM audit WHERE hospital_id = $1 AND place IS NOT NULL ORDER BY place DESC LIMIT 1
"""
_SEAL = """
UPDATE audit SET place = s.place, hash = s.hash, sealed_at = $5
FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bytea[]) AS s (hospital_id, audit_id, place, hash)
WHERE audit.hospital_id = s.hospital_id AND audit.audit_id = s.audit_id AND audit.place IS NULL
"""
_AFTER = """
SELECT hospital_id, audit_id, at, actor, patient_id, operation, subject, detail, correlation_id, place, hash
FROM audit WHERE hospital_id = $1 AND place > $2 ORDER BY place LIMIT $3
"""
_WAITING = "SELECT count(*) FROM audit WHERE hospital_id = $1 AND place IS NULL"


async def append(
    tx: Tx, call: Call, what: str, subject: str, detail: Mapping[str, str | int | bool | None] | None = None
) -> None:
    """Add a record in the transaction of what it records.

    what: the operation's path, for example ``identity.UnbindCredential.v1``. subject: what it was done to, by our
    internal id or a public number. detail: states and counts, and the reason that somebody has given where nothing else
    keeps it; names, telephones and document numbers never.
    """
    await tx.execute(
        _APPEND,
        *(call.hospital_id, call.now, call.principal.actor, call.principal.patient_id, what, subject),
        *(msgspec.json.encode(detail or {}, order="sorted").decode(), call.correlation_id),
    )


async def become_sealer(tx: Tx) -> bool:
    """True: until the end of the transaction nobody else seals."""
    return await tx.fetchval(_ONE_SEALER)


async def is_unsealed(tx: Tx) -> bool:
    """Whether any record has no place yet."""
    return await tx.fetchval(_IS_UNSEALED)


async def unsealed(tx: Tx, most: int) -> list[AuditRecord]:
    """Records that have no place yet, oldest first."""
    return [_record(row) for row in await tx.fetch(_UNSEALED, most)]


async def head(tx: Tx, hospital_id: int) -> tuple[int, bytes]:
    """Place and hash of the latest sealed record; 0 and ``FIRST`` when there is none."""
    row = await tx.fetchrow(_HEAD, hospital_id)
    return (row["place"], row["hash"]) if row else (0, FIRST)


async def seal(tx: Tx, sealed: list[SealedRecord], now: datetime) -> None:
    await tx.execute(
        _SEAL,
        [one.record.hospital_id for one in sealed],
        [one.record.audit_id for one in sealed],
        [one.place for one in sealed],
        [one.hash for one in sealed],
        now,
    )


async def sealed_after(tx: Tx, hospital_id: int, place: int, most: int) -> list[SealedRecord]:
    """The chain from behind this place on."""
    rows = await tx.fetch(_AFTER, hospital_id, place, most)
    return [SealedRecord(record=_record(row), place=row["place"], hash=row["hash"]) for row in rows]


async def count_unsealed(tx: Tx, hospital_id: int) -> int:
    return await tx.fetchval(_WAITING, hospital_id)


def _record(row: Row) -> AuditRecord:
    return AuditRecord(
        hospital_id=row["hospital_id"],
        audit_id=row["audit_id"],
        at=row["at"],
        actor=row["actor"],
        patient_id=row["patient_id"],
        operation=row["operation"],
        subject=row["subject"],
        detail=row["detail"],
        correlation_id=row["correlation_id"],
    )
