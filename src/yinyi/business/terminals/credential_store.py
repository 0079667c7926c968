"""Credentials of terminals, enrolment and pairing codes in the database: digests only, never the secrets."""

from datetime import datetime

from yinyi.bus.database import Row, Tx
from yinyi.business.terminals.model import CredentialKind

_ADD_ENROLMENT = """
INSERT INTO enrolment (hospital_id, code_digest, terminal_id, expires_at) VALUES ($1, $2, $3, $4)
"""
_DROP_ENROLMENTS = "DELETE FROM enrolment WHERE hospital_id = $1 AND terminal_id = $2"
_USE_ENROLMENT = """
UPDATE enrolment SET installation_id = $3, used_at = coalesce(used_at, $4)
WHERE hospital_id = $1 AND code_digest = $2 AND expires_at > $4
  AND (installation_id IS NULL OR installation_id = $3)
RETURNING terminal_id
"""
_KEEP_PAIRING = """
INSERT INTO pairing (hospital_id, terminal_id, code_digest, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (hospital_id, terminal_id) DO UPDATE SET code_digest = $3, expires_at = $4
"""
_USE_PAIRING = """
DELETE FROM pairing WHERE hospital_id = $1 AND code_digest = $2 AND expires_at > $3 RETURNING terminal_id
"""
_DROP_PAIRING = "DELETE FROM pairing WHERE hospital_id = $1 AND terminal_id = $2"
_REVOKE = """
UPDATE terminal_credential SET revoked_at = $4
WHERE hospital_id = $1 AND terminal_id = $2 AND kind = $3 AND revoked_at IS NULL
"""
_REVOKE_ALL = """
UPDATE terminal_credential SET revoked_at = $3
WHERE hospital_id = $1 AND terminal_id = $2 AND revoked_at IS NULL
"""
_IS_ENROLLED = """
SELECT EXISTS (SELECT FROM terminal_credential
               WHERE hospital_id = $1 AND terminal_id = $2 AND kind = 'agent' AND revoked_at IS NULL)
"""
_HOLD = """
SELECT true FROM terminal WHERE hospital_id = $1 AND terminal_id = $2 AND retired_at IS NULL FOR NO KEY UPDATE
"""
_ADD_CREDENTIAL = """
INSERT INTO terminal_credential (hospital_id, digest, terminal_id, kind, created_at) VALUES ($1, $2, $3, $4, $5)
"""
_VALID = """
SELECT c.digest, c.kind, t.locked_at IS NOT NULL AS locked, t.terminal_id, t.name, t.place, t.place_en, t.profile
FROM terminal_credential c JOIN terminal t USING (hospital_id, terminal_id)
WHERE c.hospital_id = $1 AND c.digest = $2 AND c.revoked_at IS NULL
"""


async def set_enrolment(tx: Tx, hospital_id: int, terminal_id: str, code_digest: bytes, expires_at: datetime) -> None:
    """From here on this code enrols the terminal, and no earlier one."""
    await tx.execute(_DROP_ENROLMENTS, hospital_id, terminal_id)
    await tx.execute(_ADD_ENROLMENT, hospital_id, code_digest, terminal_id, expires_at)


async def use_enrolment(
    tx: Tx, hospital_id: int, code_digest: bytes, installation_id: str, now: datetime
) -> str | None:
    """The terminal. The first use binds the code to the installation; None: unknown, too old, or another one's."""
    return await tx.fetchval(_USE_ENROLMENT, hospital_id, code_digest, installation_id, now)


async def set_pairing(tx: Tx, hospital_id: int, terminal_id: str, code_digest: bytes, expires_at: datetime) -> None:
    """The one pairing code of the terminal."""
    await tx.execute(_KEEP_PAIRING, hospital_id, terminal_id, code_digest, expires_at)


async def use_pairing(tx: Tx, hospital_id: int, code_digest: bytes, now: datetime) -> str | None:
    """The terminal, once."""
    return await tx.fetchval(_USE_PAIRING, hospital_id, code_digest, now)


async def replace_credential(
    tx: Tx, hospital_id: int, terminal_id: str, kind: CredentialKind, digest: bytes, now: datetime
) -> None:
    """The one credential of its kind: what was valid before is revoked."""
    await tx.execute(_REVOKE, hospital_id, terminal_id, kind, now)
    await tx.execute(_ADD_CREDENTIAL, hospital_id, digest, terminal_id, kind, now)


async def revoke_all(tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> None:
    """No code and no credential of this terminal is good for anything. For whoever holds it: see ``hold``."""
    await tx.execute(_DROP_ENROLMENTS, hospital_id, terminal_id)
    await tx.execute(_DROP_PAIRING, hospital_id, terminal_id)
    await tx.execute(_REVOKE_ALL, hospital_id, terminal_id, now)


async def is_enrolled(tx: Tx, hospital_id: int, terminal_id: str) -> bool:
    """Whether an agent has a credential that is good. What a process remembers of tokens may be seconds old."""
    return bool(await tx.fetchval(_IS_ENROLLED, hospital_id, terminal_id))


async def hold(tx: Tx, hospital_id: int, terminal_id: str) -> bool:
    """Until the commit nobody else gives or voids codes of this terminal. False: there is none, or it is retired."""
    return bool(await tx.fetchval(_HOLD, hospital_id, terminal_id))


async def valid_credential(tx: Tx, hospital_id: int, digest: bytes) -> Row | None:
    """digest, kind, locked, and how the terminal stands."""
    return await tx.fetchrow(_VALID, hospital_id, digest)
