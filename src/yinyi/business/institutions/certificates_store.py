"""SQL of the certificates that institutions connect with."""

from collections.abc import Sequence
from datetime import datetime

from yinyi.bus.database import Tx
from yinyi.business.institutions.model import ClientCertificateView
from yinyi.wire.client_certificate import CertificateFacts

_LOCK = """
SELECT (
    SELECT count(*) FROM institution_certificate c
    WHERE c.hospital_id = i.hospital_id AND c.institution_id = i.institution_id AND c.removed_at IS NULL
      AND c.until > $3
)
FROM institution i WHERE i.hospital_id = $1 AND i.institution_id = $2 AND i.closed_at IS NULL
FOR UPDATE
"""
_ADD = """
INSERT INTO institution_certificate
    (hospital_id, institution_id, fingerprint, subject, since, until, suffices, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (fingerprint, hospital_id) WHERE removed_at IS NULL DO NOTHING
RETURNING true
"""
_REMOVE = """
UPDATE institution_certificate SET removed_at = $4
WHERE hospital_id = $1 AND institution_id = $2 AND fingerprint = $3 AND removed_at IS NULL
RETURNING true
"""
_OF = """
SELECT fingerprint, subject, since, until, suffices FROM institution_certificate
WHERE institution_id = $1 AND removed_at IS NULL
ORDER BY certificate_no
"""
_EVERY = """
SELECT institution_id, fingerprint, subject, since, until, suffices FROM institution_certificate
WHERE hospital_id = $1 AND removed_at IS NULL
ORDER BY institution_id, certificate_no
"""


async def lock(tx: Tx, hospital_id: int, institution_id: str, now: datetime) -> int | None:
    """How many certificates it has that have not run out; None: there is no such institution."""
    return await tx.fetchval(_LOCK, hospital_id, institution_id, now)


async def add(
    tx: Tx, hospital_id: int, institution_id: str, facts: CertificateFacts, suffices: bool, now: datetime
) -> bool:
    """False: somebody has it."""
    row = (facts.fingerprint, facts.subject, facts.since, facts.until, suffices)
    return bool(await tx.fetchval(_ADD, hospital_id, institution_id, *row, now))


async def remove(tx: Tx, hospital_id: int, institution_id: str, fingerprint: str, now: datetime) -> bool:
    """False: it has no such one."""
    return bool(await tx.fetchval(_REMOVE, hospital_id, institution_id, fingerprint, now))


async def of(tx: Tx, institution_id: str) -> Sequence[ClientCertificateView]:
    """Those of one institution, also those that have run out."""
    return [ClientCertificateView(**row) for row in await tx.fetch(_OF, institution_id)]


async def every(tx: Tx, hospital_id: int) -> dict[str, list[ClientCertificateView]]:
    """By institution."""
    found: dict[str, list[ClientCertificateView]] = {}
    for row in await tx.fetch(_EVERY, hospital_id):
        view = {name: value for name, value in dict(row).items() if name != "institution_id"}
        found.setdefault(row["institution_id"], []).append(ClientCertificateView(**view))
    return found
