"""How a hospital tells its media apart, in the database. Statements only."""

from collections.abc import Sequence

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.terminals.media import MediumKind, MediumRule

_OWN = "SELECT kind, rules::text FROM code_rules WHERE hospital_id = $1"
_KEEP = """
INSERT INTO code_rules (hospital_id, kind, rules) VALUES ($1, $2, $3::text::jsonb)
ON CONFLICT (hospital_id, kind) DO UPDATE SET rules = excluded.rules
"""
_FORGET = "DELETE FROM code_rules WHERE hospital_id = $1 AND kind = $2"

_kept = msgspec.json.Decoder(tuple[MediumRule, ...])


async def own(tx: Tx, hospital_id: int) -> dict[MediumKind, Sequence[MediumRule]]:
    """By kind; of the others the usual rules are true."""
    return {row["kind"]: _kept.decode(row["rules"]) for row in await tx.fetch(_OWN, hospital_id)}


async def keep(tx: Tx, hospital_id: int, kind: MediumKind, rules: Sequence[MediumRule]) -> None:
    """Whatever was said of this kind before."""
    await tx.execute(_KEEP, hospital_id, kind, msgspec.json.encode(rules).decode())


async def forget(tx: Tx, hospital_id: int, kind: MediumKind) -> None:
    """The usual rules of this kind are true again."""
    await tx.execute(_FORGET, hospital_id, kind)
