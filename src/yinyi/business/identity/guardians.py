"""SQL of guardianships: which children a patient may act for. What has ended stays as history."""

from datetime import datetime

import msgspec

from yinyi.bus.database import Tx
from yinyi.bus.looks import of_one
from yinyi.business.identity.model import PatientFacts, Relation
from yinyi.business.identity.store import facts_of

_LIVE = of_one("""
SELECT g.guardian_id, g.relation, p.patient_id, p.patient_no, p.name, p.sex, p.born_on, p.prefers_elder
FROM guardianship g JOIN patient p ON p.hospital_id = g.hospital_id AND p.patient_id = g.child_id
WHERE g.hospital_id = $1 AND g.guardian_id = $2 AND g.ended_at IS NULL
ORDER BY g.consented_at, g.child_id
""")
_ADD = """
INSERT INTO guardianship (hospital_id, guardian_id, child_id, relation, consented_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (hospital_id, guardian_id, child_id) DO UPDATE SET
  relation = excluded.relation, consented_at = excluded.consented_at, ended_at = NULL
"""
_END = """
UPDATE guardianship SET ended_at = $4
WHERE hospital_id = $1 AND guardian_id = $2 AND child_id = $3 AND ended_at IS NULL RETURNING true
"""
_ANY = """
SELECT EXISTS (SELECT FROM guardianship WHERE hospital_id = $1 AND guardian_id = $2 AND ended_at IS NULL)
"""


class Ward(msgspec.Struct, frozen=True, kw_only=True):
    """A child that somebody acts for; what he is to it."""

    child: PatientFacts
    relation: Relation


async def live(tx: Tx, hospital_id: int, guardian_id: int) -> list[Ward]:
    """In the order in which they were taken on."""
    rows = await tx.fetch(_LIVE, hospital_id, guardian_id)
    return [Ward(child=facts_of(row), relation=row["relation"]) for row in rows]


async def has_any(tx: Tx, hospital_id: int, guardian_id: int) -> bool:
    return bool(await tx.fetchval(_ANY, hospital_id, guardian_id))


async def add(tx: Tx, hospital_id: int, guardian_id: int, child_id: int, relation: Relation, now: datetime) -> None:
    """He has consented to what the page says, at this instant."""
    await tx.execute(_ADD, hospital_id, guardian_id, child_id, relation, now)


async def end(tx: Tx, hospital_id: int, guardian_id: int, child_id: int, now: datetime) -> bool:
    """Whether he acted for it."""
    return bool(await tx.fetchval(_END, hospital_id, guardian_id, child_id, now))
