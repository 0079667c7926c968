"""SQL of institutions, their secrets, what they have asked, and their nonces."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from yinyi.bus.database import Row, Tx
from yinyi.business.institutions import certificates_store
from yinyi.business.institutions.model import Algorithm, Institution, InstitutionView, SecretView
from yinyi.kernel.secrets import Sealed

_ADD = """
INSERT INTO institution (hospital_id, institution_id, kind, name, operations, per_minute, per_day, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING
RETURNING true
"""
_ADD_KEY = """
INSERT INTO institution_secret
    (hospital_id, institution_id, algorithm, secret_key_id, secret_data, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_LIMIT_KEYS = """
UPDATE institution_secret SET until = $4
WHERE hospital_id = $1 AND institution_id = $2 AND algorithm = $3 AND (until IS NULL OR until > $4)
"""
_FIND = """
SELECT i.hospital_id, i.institution_id, i.kind, i.name, i.operations, i.per_minute, i.per_day,
       s.algorithm, s.secret_key_id, s.secret_data, s.until
FROM institution i LEFT JOIN institution_secret s USING (hospital_id, institution_id)
WHERE i.institution_id = $1 AND i.closed_at IS NULL
"""
_LOCK = """
SELECT count(s.secret_no) FILTER (WHERE s.until IS NULL OR s.until > $3) AS good
FROM (
    SELECT hospital_id, institution_id FROM institution
    WHERE hospital_id = $1 AND institution_id = $2 AND closed_at IS NULL FOR UPDATE
) i LEFT JOIN institution_secret s USING (hospital_id, institution_id)
GROUP BY i.institution_id
"""
_SET = """
UPDATE institution SET name = $3, operations = $4, per_minute = $5, per_day = $6
WHERE hospital_id = $1 AND institution_id = $2 AND closed_at IS NULL
RETURNING true
"""
_CLOSE = """
UPDATE institution SET closed_at = $3 WHERE hospital_id = $1 AND institution_id = $2 AND closed_at IS NULL
RETURNING true
"""
_EVERY = """
SELECT i.institution_id, i.kind, i.name, i.operations, i.per_minute, i.per_day, i.closed_at,
       coalesce(u.requests, 0) AS requests_today
FROM institution i LEFT JOIN institution_usage u
    ON u.hospital_id = i.hospital_id AND u.institution_id = i.institution_id AND u.span = 'day' AND u.since = $2
WHERE i.hospital_id = $1
ORDER BY i.closed_at IS NOT NULL, i.institution_id
"""
_SECRETS = """
SELECT institution_id, secret_no, algorithm, created_at, until FROM institution_secret
WHERE hospital_id = $1 AND (until IS NULL OR until > $2)
ORDER BY institution_id, secret_no
"""
_COUNT = """
WITH gone AS (
    DELETE FROM institution_usage
    WHERE hospital_id = $1 AND institution_id = $2 AND span = 'minute' AND since < $6
)
INSERT INTO institution_usage AS u (hospital_id, institution_id, span, since, requests)
VALUES ($1, $2, 'minute', $3, $5), ($1, $2, 'day', $4, $5)
ON CONFLICT (hospital_id, institution_id, span, since) DO UPDATE SET requests = u.requests + excluded.requests
RETURNING span, requests
"""
_FORGET = "DELETE FROM institution_nonce WHERE hospital_id = $1 AND institution_id = $2 AND seen_at < $3"
_REMEMBER = """
INSERT INTO institution_nonce AS n (hospital_id, institution_id, nonce, seen_at, delivery) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (hospital_id, institution_id, nonce) DO UPDATE SET delivery = n.delivery
    WHERE n.delivery = excluded.delivery AND n.delivery <> ''
RETURNING true
"""


class KeptSecret(NamedTuple):
    """until: not a moment longer; None: for good."""

    algorithm: Algorithm
    sealed: Sealed
    until: datetime | None


class NonceUse(NamedTuple):
    """seen_at: from then on it is remembered, for some minutes. delivery: it passes again by the same one; empty: it
    does not pass again."""

    nonce: str
    seen_at: datetime
    delivery: str = ""


class Agreed(NamedTuple):
    """What an institution may ask (operations None: all that its kind may), and how often."""

    name: str
    operations: Sequence[str] | None
    per_minute: int
    per_day: int


async def add(tx: Tx, institution: Institution, now: datetime) -> bool:
    """False: the id is in use, or was."""
    row = (institution.hospital_id, institution.institution_id, institution.kind)
    agreed = (institution.name, institution.operations, institution.per_minute, institution.per_day)
    return bool(await tx.fetchval(_ADD, *row, *agreed, now))


async def add_secret(
    tx: Tx, hospital_id: int, institution_id: str, algorithm: Algorithm, secret: Sealed, now: datetime
) -> None:
    await tx.execute(_ADD_KEY, hospital_id, institution_id, algorithm, secret.key_id, secret.data, now)


async def limit_secrets(tx: Tx, hospital_id: int, institution_id: str, algorithm: Algorithm, until: datetime) -> None:
    """Those that there are, of this algorithm, are good until then at most."""
    await tx.execute(_LIMIT_KEYS, hospital_id, institution_id, algorithm, until)


async def find(tx: Tx, institution_id: str) -> tuple[Institution, list[KeptSecret]] | None:
    """One that is not closed, with its sealed secrets, also those that have run out."""
    rows = await tx.fetch(_FIND, institution_id)
    if not rows:
        return None
    return _institution(rows[0]), [
        KeptSecret(row["algorithm"], Sealed(row["secret_key_id"], row["secret_data"]), row["until"])
        for row in rows
        if row["algorithm"] is not None
    ]


async def lock(tx: Tx, hospital_id: int, institution_id: str, now: datetime) -> int | None:
    """How many of its secrets are good; None: there is no such institution."""
    return await tx.fetchval(_LOCK, hospital_id, institution_id, now)


async def put(tx: Tx, hospital_id: int, institution_id: str, agreed: Agreed) -> bool:
    """False: there is none, or it was closed."""
    return bool(await tx.fetchval(_SET, hospital_id, institution_id, *agreed))


async def close(tx: Tx, hospital_id: int, institution_id: str, now: datetime) -> bool:
    """False: there is none, or it was closed before."""
    return bool(await tx.fetchval(_CLOSE, hospital_id, institution_id, now))


async def every(tx: Tx, hospital_id: int, today: datetime, now: datetime) -> list[InstitutionView]:
    """``today``: the instant at which this day of the hospital's began."""
    rows = await tx.fetch(_EVERY, hospital_id, today)
    secrets: dict[str, list[SecretView]] = {}
    for row in await tx.fetch(_SECRETS, hospital_id, now):
        view = SecretView(
            secret_no=row["secret_no"], algorithm=row["algorithm"], created_at=row["created_at"], until=row["until"]
        )
        secrets.setdefault(row["institution_id"], []).append(view)
    certificates = await certificates_store.every(tx, hospital_id)
    return [
        InstitutionView(
            **row,
            secrets=secrets.get(row["institution_id"], []),
            certificates=certificates.get(row["institution_id"], []),
        )
        for row in rows
    ]


async def count(
    tx: Tx, institution: Institution, minute: datetime, day: datetime, requests: int, forget_before: datetime
) -> tuple[int, int]:
    """How many it has asked in this minute and on this day, with these and with those that others have counted."""
    whose = (institution.hospital_id, institution.institution_id)
    rows = await tx.fetch(_COUNT, *whose, minute, day, requests, forget_before)
    spans = {row["span"]: row["requests"] for row in rows}
    return spans["minute"], spans["day"]


async def first_seen(tx: Tx, institution: Institution, use: NonceUse) -> bool:
    """False: this nonce was used before, by another delivery."""
    return bool(await tx.fetchval(_REMEMBER, institution.hospital_id, institution.institution_id, *use))


async def forget_nonces(tx: Tx, institution: Institution, before: datetime) -> None:
    await tx.execute(_FORGET, institution.hospital_id, institution.institution_id, before)


def _institution(row: Row) -> Institution:
    granted: Sequence[str] | None = row["operations"]
    return Institution(
        hospital_id=row["hospital_id"],
        institution_id=row["institution_id"],
        kind=row["kind"],
        name=row["name"],
        operations=None if granted is None else tuple(granted),
        per_minute=row["per_minute"],
        per_day=row["per_day"],
    )
