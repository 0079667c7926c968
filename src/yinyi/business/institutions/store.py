"""SQL of institutions and their nonces."""

from datetime import datetime

from yinyi.bus.database import Tx
from yinyi.business.institutions.model import Institution
from yinyi.kernel.secrets import Sealed

_ADD = """
INSERT INTO institution (hospital_id, institution_id, kind, name, secret_key_id, secret_data, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (institution_id) DO NOTHING
RETURNING true
"""
_FIND = """
SELECT hospital_id, institution_id, kind, name, secret_key_id, secret_data
FROM institution WHERE institution_id = $1 AND closed_at IS NULL
"""
_CLOSE = """
UPDATE institution SET closed_at = $3 WHERE hospital_id = $1 AND institution_id = $2 AND closed_at IS NULL
"""
_FORGET = "DELETE FROM institution_nonce WHERE hospital_id = $1 AND institution_id = $2 AND seen_at < $3"
_REMEMBER = """
INSERT INTO institution_nonce (hospital_id, institution_id, nonce, seen_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (hospital_id, institution_id, nonce) DO NOTHING
RETURNING true
"""


async def add(tx: Tx, institution: Institution, secret: Sealed, now: datetime) -> bool:
    """False: the id is in use."""
    row = (institution.hospital_id, institution.institution_id, institution.kind, institution.name)
    return bool(await tx.fetchval(_ADD, *row, secret.key_id, secret.data, now))


async def find(tx: Tx, institution_id: str) -> tuple[Institution, Sealed] | None:
    """One that is not closed, with its sealed secret."""
    row = await tx.fetchrow(_FIND, institution_id)
    if row is None:
        return None
    institution = Institution(
        hospital_id=row["hospital_id"],
        institution_id=row["institution_id"],
        kind=row["kind"],
        name=row["name"],
    )
    return institution, Sealed(row["secret_key_id"], row["secret_data"])


async def close(tx: Tx, hospital_id: int, institution_id: str, now: datetime) -> None:
    await tx.execute(_CLOSE, hospital_id, institution_id, now)


async def first_seen(tx: Tx, institution: Institution, nonce: str, now: datetime, forget_before: datetime) -> bool:
    """False: this nonce was used before. What is older than any signature that still passes is forgotten."""
    whose = (institution.hospital_id, institution.institution_id)
    await tx.execute(_FORGET, *whose, forget_before)
    return bool(await tx.fetchval(_REMEMBER, *whose, nonce, now))
