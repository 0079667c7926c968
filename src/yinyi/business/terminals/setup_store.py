"""Terminals that come, move and go, in the database. Statements only; times are parameters."""

from datetime import datetime

from yinyi.bus.database import Tx
from yinyi.business.terminals.model import Standing

_ADD = """
INSERT INTO terminal (hospital_id, terminal_id, name, place, place_en, profile, added_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT DO NOTHING
RETURNING true
"""
_MOVE = """
UPDATE terminal SET name = $3, place = $4, place_en = $5
WHERE hospital_id = $1 AND terminal_id = $2 AND retired_at IS NULL
RETURNING true
"""
_CUT = "UPDATE terminal SET line_up = false, line_epoch = line_epoch + 1 WHERE hospital_id = $1 AND terminal_id = $2"
_RETIRE = "UPDATE terminal SET retired_at = $3 WHERE hospital_id = $1 AND terminal_id = $2"
_RETIRED_AT = "SELECT retired_at FROM terminal WHERE hospital_id = $1 AND terminal_id = $2"
_IS_IN_SERVICE = """
SELECT EXISTS (SELECT FROM terminal WHERE hospital_id = $1 AND terminal_id = $2 AND retired_at IS NULL)
"""
_RETIRED = "SELECT terminal_id FROM terminal WHERE hospital_id = $1 AND retired_at IS NOT NULL ORDER BY terminal_id"
_IN_SERVICE = "SELECT terminal_id FROM terminal WHERE hospital_id = $1 AND retired_at IS NULL ORDER BY terminal_id"


async def add(tx: Tx, hospital_id: int, standing: Standing, now: datetime) -> bool:
    """False: a terminal has this id, or had it."""
    facts = (standing.terminal_id, standing.name, standing.place, standing.place_en, standing.profile)
    return bool(await tx.fetchval(_ADD, hospital_id, *facts, now))


async def move(tx: Tx, hospital_id: int, terminal_id: str, name: str, place: str, place_en: str) -> bool:
    """Whether there is such a terminal."""
    return bool(await tx.fetchval(_MOVE, hospital_id, terminal_id, name, place, place_en))


async def cut(tx: Tx, hospital_id: int, terminal_id: str) -> None:
    """The line that is open, if there is one, is the newest no more: nothing is taken over it."""
    await tx.execute(_CUT, hospital_id, terminal_id)


async def retire(tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> None:
    await tx.execute(_RETIRE, hospital_id, terminal_id, now)


async def retired_at(tx: Tx, hospital_id: int, terminal_id: str) -> datetime | None:
    return await tx.fetchval(_RETIRED_AT, hospital_id, terminal_id)


async def is_in_service(tx: Tx, hospital_id: int, terminal_id: str) -> bool:
    return bool(await tx.fetchval(_IS_IN_SERVICE, hospital_id, terminal_id))


async def in_service(tx: Tx, hospital_id: int) -> list[str]:
    """The ids of all terminals that are not retired."""
    return [row["terminal_id"] for row in await tx.fetch(_IN_SERVICE, hospital_id)]


async def retired(tx: Tx, hospital_id: int) -> list[str]:
    """The ids of all terminals that are."""
    return [row["terminal_id"] for row in await tx.fetch(_RETIRED, hospital_id)]
