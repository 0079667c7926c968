"""Audit records and the chain they are sealed into. Plain data, pure functions."""

import hashlib
from datetime import UTC, datetime

import msgspec

FIRST = bytes(32)
"""What the first record of a chain follows."""


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what, on which subject, when.

    actor: as in ``Principal.actor``. patient_id: in whose session; 0: nobody's. detail: JSON, never personal data.
    """

    hospital_id: int
    audit_id: int
    at: datetime
    actor: str
    patient_id: int
    operation: str
    subject: str
    detail: str
    correlation_id: str


class SealedRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record at its place in its hospital's chain. Places count from 1."""

    record: AuditRecord
    place: int
    hash: bytes


def chained(previous: bytes, place: int, record: AuditRecord) -> bytes:
    """SHA-256 over the hash before it and the record as canonical JSON: keys sorted, no blanks, microseconds, UTC."""
    fields = msgspec.structs.asdict(record)
    fields["at"] = record.at.astimezone(UTC).isoformat(timespec="microseconds")
    fields["place"] = place
    return hashlib.sha256(previous + msgspec.json.encode(fields, order="sorted")).digest()


def first_broken(previous: bytes, place: int, records: list[SealedRecord]) -> int | None:
    """The place of the first record that does not follow from ``previous``, the hash at ``place``; None: all do."""
    for sealed in records:
        place += 1
        if sealed.place != place or sealed.hash != chained(previous, place, sealed.record):
            return place
        previous = sealed.hash
    return None
