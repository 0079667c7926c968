"""The lines of terminals in the database, and what came in through them. Statements only; times are parameters."""

from datetime import datetime
from typing import Literal

from yinyi.bus.database import Row, Tx
from yinyi.kernel.secrets import Sealed

Presentable = Literal["card", "code"]

# -- the line and its epoch

_CONNECT = """
UPDATE terminal SET line_epoch = line_epoch + 1, line_up = true, line_seen_at = $3, agent_version = $4
WHERE hospital_id = $1 AND terminal_id = $2
RETURNING line_epoch
"""
_BEAT = """
UPDATE terminal SET line_seen_at = $4
WHERE hospital_id = $1 AND terminal_id = $2 AND line_epoch = $3 AND line_up
RETURNING true
"""
_REVIVE = """
UPDATE terminal t SET line_seen_at = $4, line_up = true
FROM (SELECT line_up FROM terminal
      WHERE hospital_id = $1 AND terminal_id = $2 AND line_epoch = $3 FOR NO KEY UPDATE) AS before
WHERE t.hospital_id = $1 AND t.terminal_id = $2
RETURNING before.line_up
"""
_DISCONNECT = """
UPDATE terminal SET line_up = false
WHERE hospital_id = $1 AND terminal_id = $2 AND line_epoch = $3 AND line_up
RETURNING true
"""
_DROP_SILENT = """
UPDATE terminal SET line_up = false
WHERE line_up AND line_seen_at < $1
RETURNING hospital_id, terminal_id, line_epoch
"""


async def connect(tx: Tx, hospital_id: int, terminal_id: str, agent_version: str, now: datetime) -> int:
    """The epoch of the new line; every older one is refused from here on."""
    return int(await tx.fetchval(_CONNECT, hospital_id, terminal_id, now, agent_version))


async def beat(tx: Tx, hospital_id: int, terminal_id: str, epoch: int, now: datetime) -> bool:
    """The line lives. False: it was taken for gone, or it was replaced."""
    return bool(await tx.fetchval(_BEAT, hospital_id, terminal_id, epoch, now))


async def revive(tx: Tx, hospital_id: int, terminal_id: str, epoch: int, now: datetime) -> bool | None:
    """The line lives, and until the commit nothing else happens on it. Whether it was up; None: it was replaced."""
    return await tx.fetchval(_REVIVE, hospital_id, terminal_id, epoch, now)


async def disconnect(tx: Tx, hospital_id: int, terminal_id: str, epoch: int) -> bool:
    """Whether this line was up until now."""
    return bool(await tx.fetchval(_DISCONNECT, hospital_id, terminal_id, epoch))


async def drop_silent(tx: Tx, seen_before: datetime) -> list[Row]:
    """Lines of all hospitals that were last heard before then are down: hospital_id, terminal_id, line_epoch."""
    return await tx.fetch(_DROP_SILENT, seen_before)


# -- events, each taken once

_TAKE_EVENT = """
INSERT INTO line_event (hospital_id, terminal_id, event_id, received_at) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING
RETURNING true
"""
_FORGET_EVENTS = """
DELETE FROM line_event e
USING (SELECT hospital_id, terminal_id, event_id, received_at,
              row_number() OVER (PARTITION BY hospital_id, terminal_id ORDER BY received_at DESC) AS nth
       FROM line_event) AS old
WHERE (old.nth > $2 OR old.received_at < $1)
  AND (e.hospital_id, e.terminal_id, e.event_id) = (old.hospital_id, old.terminal_id, old.event_id)
"""


async def take_event(tx: Tx, hospital_id: int, terminal_id: str, event_id: str, now: datetime) -> bool:
    """False: this event was taken before."""
    return bool(await tx.fetchval(_TAKE_EVENT, hospital_id, terminal_id, event_id, now))


async def forget_events(tx: Tx, before: datetime, keep: int) -> None:
    """All older than that, and all but the newest ``keep`` of each terminal."""
    await tx.execute(_FORGET_EVENTS, before, keep)


# -- what lies on the reader, what was scanned

_PRESENT = """
INSERT INTO presented AS p (hospital_id, terminal_id, kind, version, present, presented_at, key_id, sealed)
VALUES ($1, $2, $3, 1, true, $4, $5, $6)
ON CONFLICT (hospital_id, terminal_id, kind) DO UPDATE SET
  version = p.version + 1, present = true, presented_at = $4, key_id = $5, sealed = $6, staff_card_id = NULL
RETURNING version
"""
_PRESENT_OTHER = """
INSERT INTO presented AS p (hospital_id, terminal_id, kind, version, present, presented_at, staff_card_id)
VALUES ($1, $2, 'card', 1, true, $3, $4)
ON CONFLICT (hospital_id, terminal_id, kind) DO UPDATE SET
  version = p.version + 1, present = true, presented_at = $3, key_id = NULL, sealed = NULL, staff_card_id = $4
RETURNING version
"""
_REMOVE = """
UPDATE presented SET version = version + 1, present = false, key_id = NULL, sealed = NULL, staff_card_id = NULL
WHERE hospital_id = $1 AND terminal_id = $2 AND kind = $3 AND present
RETURNING version
"""
_WIPE = """
UPDATE presented SET key_id = NULL, sealed = NULL, staff_card_id = NULL WHERE hospital_id = $1 AND terminal_id = $2
"""
_WIPE_OLD = """
UPDATE presented SET key_id = NULL, sealed = NULL WHERE sealed IS NOT NULL AND kind = $1 AND presented_at < $2
"""
_PRESENTED = """
SELECT key_id, sealed FROM presented
WHERE hospital_id = $1 AND terminal_id = $2 AND kind = $3 AND present AND sealed IS NOT NULL AND presented_at > $4
  AND version > $5
"""
_TAKE_CODE = """
WITH code AS (
  SELECT key_id, sealed FROM presented
  WHERE hospital_id = $1 AND terminal_id = $2 AND kind = 'code' AND present AND sealed IS NOT NULL
    AND presented_at > $3 AND version > $4
  FOR UPDATE
)
UPDATE presented p SET key_id = NULL, sealed = NULL FROM code
WHERE p.hospital_id = $1 AND p.terminal_id = $2 AND p.kind = 'code'
RETURNING code.key_id, code.sealed
"""


async def present(tx: Tx, hospital_id: int, terminal_id: str, kind: Presentable, sealed: Sealed, now: datetime) -> int:
    """The version after it: it grows with everything laid, scanned or taken away."""
    args = (hospital_id, terminal_id, kind, now, sealed.key_id, sealed.data)
    return int(await tx.fetchval(_PRESENT, *args))


async def present_other(tx: Tx, hospital_id: int, terminal_id: str, staff_card_id: int | None, now: datetime) -> int:
    """A card that is no document; the version after it."""
    return int(await tx.fetchval(_PRESENT_OTHER, hospital_id, terminal_id, now, staff_card_id))


async def remove(tx: Tx, hospital_id: int, terminal_id: str, kind: Presentable) -> int | None:
    """Taken away, and nothing of it is kept. None: there was nothing."""
    return await tx.fetchval(_REMOVE, hospital_id, terminal_id, kind)


async def wipe(tx: Tx, hospital_id: int, terminal_id: str) -> None:
    """Forget what was read; a card that still lies there is still known to lie there."""
    await tx.execute(_WIPE, hospital_id, terminal_id)


async def wipe_old(tx: Tx, kind: Presentable, before: datetime) -> None:
    """In all hospitals."""
    await tx.execute(_WIPE_OLD, kind, before)


async def presented(
    tx: Tx, hospital_id: int, terminal_id: str, kind: Presentable, since: datetime, after: int = 0
) -> Sealed | None:
    """What was read since then, and after this version, and is still there."""
    row = await tx.fetchrow(_PRESENTED, hospital_id, terminal_id, kind, since, after)
    return None if row is None else Sealed(row["key_id"], row["sealed"])


async def take_code(tx: Tx, hospital_id: int, terminal_id: str, since: datetime, after: int) -> Sealed | None:
    """The code that was scanned since then and after this version, which nobody can take again."""
    row = await tx.fetchrow(_TAKE_CODE, hospital_id, terminal_id, since, after)
    return None if row is None else Sealed(row["key_id"], row["sealed"])
