"""What hospitals say of their terminals' services, in the database. Statements only; times are parameters."""

from datetime import datetime, time

import msgspec

from yinyi.bus.database import Row, Tx
from yinyi.business.terminals.model import Closed, ServiceName, TerminalProfile
from yinyi.business.terminals.offers import Closure, ServiceHours

_HOURS = "SELECT profile, service, offered, opens, closes FROM service_hours WHERE hospital_id = $1"
_KEEP_HOURS = """
INSERT INTO service_hours (hospital_id, profile, service, offered, opens, closes) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (hospital_id, profile, service) DO UPDATE SET offered = $4, opens = $5, closes = $6
"""
_SET_PROFILE = """
UPDATE terminal SET profile = $3 WHERE hospital_id = $1 AND terminal_id = $2 AND retired_at IS NULL RETURNING true
"""
_CLOSURES = """
SELECT closure_id, what, begins_at, ends_at, reason FROM closure
WHERE hospital_id = $1 AND ends_at > $2 AND cancelled_at IS NULL
ORDER BY begins_at, closure_id LIMIT 500
"""
_CLOSURE = "SELECT closure_id, what, begins_at, ends_at, reason FROM closure WHERE hospital_id = $1 AND closure_id = $2"
_PLAN = """
INSERT INTO closure (hospital_id, what, begins_at, ends_at, reason, planned_by, planned_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING closure_id
"""
_CANCEL = """
UPDATE closure SET cancelled_at = coalesce(cancelled_at, $3) WHERE hospital_id = $1 AND closure_id = $2 RETURNING true
"""


async def hours(tx: Tx, hospital_id: int) -> list[ServiceHours]:
    rows = await tx.fetch(_HOURS, hospital_id)
    return [msgspec.convert(dict(row), ServiceHours) for row in rows]


async def keep_hours(tx: Tx, hospital_id: int, said: ServiceHours) -> None:
    """Whatever was said of it before."""
    facts: tuple[TerminalProfile, ServiceName, bool, time, time] = (
        said.profile,
        said.service,
        said.offered,
        said.opens,
        said.closes,
    )
    await tx.execute(_KEEP_HOURS, hospital_id, *facts)


async def set_profile(tx: Tx, hospital_id: int, terminal_id: str, profile: TerminalProfile) -> bool:
    """Whether there is such a terminal."""
    return bool(await tx.fetchval(_SET_PROFILE, hospital_id, terminal_id, profile))


async def closures(tx: Tx, hospital_id: int, now: datetime) -> list[Closure]:
    """That have not ended, the next one first."""
    return [_closure(row) for row in await tx.fetch(_CLOSURES, hospital_id, now)]


async def closure(tx: Tx, hospital_id: int, closure_id: int) -> Closure | None:
    row = await tx.fetchrow(_CLOSURE, hospital_id, closure_id)
    return None if row is None else _closure(row)


async def plan_closure(
    tx: Tx, hospital_id: int, what: Closed, span: tuple[datetime, datetime], reason: str, by: str, now: datetime
) -> int:
    return int(await tx.fetchval(_PLAN, hospital_id, what, *span, reason, by, now))


async def cancel_closure(tx: Tx, hospital_id: int, closure_id: int, now: datetime) -> bool:
    """Whether there is such a closure."""
    return bool(await tx.fetchval(_CANCEL, hospital_id, closure_id, now))


def _closure(row: Row) -> Closure:
    return msgspec.convert(dict(row), Closure)
