"""The SQL of checks and findings, and of walks through tables."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from yinyi.bus.database import Row, Tx
from yinyi.business.watch.model import Begun, Figure, Invariant, Progress, Violation, Walk, numbered

MOST_FOUND = 100
"""So many violations of one invariant are found at once, at most."""
_LOOKED_AT_AGAIN = 50

_LOCK = "pg_try_advisory_xact_lock(hashtextextended('yinyi.watch', 0))"
_ONE_WATCHER = f"SELECT {_LOCK}"
_WAIT_FOR_IT = f"SELECT {_LOCK.replace('_try', '')}"

_TRIED = "SELECT name, tried_at FROM invariant_check WHERE hospital_id = $1"
_BEGUN = """
SELECT c.tried_at, c.walked_to, c.followed_to, c.rounds,
  EXISTS (SELECT FROM invariant_finding WHERE hospital_id = $1 AND name = $2 AND gone_at IS NULL) AS is_broken,
  ARRAY(
    SELECT position FROM invariant_finding
    WHERE hospital_id = $1 AND name = $2 AND gone_at IS NULL AND position IS NOT NULL ORDER BY seen_at LIMIT $3
  ) AS again,
  set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
  set_config('enable_mergejoin', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)
FROM (SELECT) AS this LEFT JOIN invariant_check c ON c.hospital_id = $1 AND c.name = $2
"""
"""A slice is small, whatever the planner believes of bounds that it cannot know: from row to row by index, always."""
_BOUNDS = """
SELECT (SELECT max(id) FROM (
    SELECT :key AS id FROM :table WHERE hospital_id = $1 AND :key > $2 ORDER BY :key LIMIT $5) AS round) AS walked_to,
  (SELECT least(min(id) FILTER (WHERE at > $4) - 1, max(id)) FROM (
    SELECT :key AS id, :at AS at FROM :table WHERE hospital_id = $1 AND :key > $3 ORDER BY :key LIMIT $5) AS new
  ) AS followed_to
"""
_NEWEST = "SELECT coalesce(max(:key), 0) FROM :table WHERE hospital_id = $1"
_CHECKED = """
INSERT INTO invariant_check
  (hospital_id, name, tried_at, checked_at, problem, took_ms, walked_to, followed_to, rounds)
VALUES ($1, $2, $3, $3, '', $4, $5, $6, $7)
ON CONFLICT (hospital_id, name) DO UPDATE SET tried_at = excluded.tried_at, checked_at = excluded.checked_at,
  problem = '', took_ms = excluded.took_ms, walked_to = excluded.walked_to, followed_to = excluded.followed_to,
  rounds = excluded.rounds
"""
_NOT_CHECKED = """
INSERT INTO invariant_check (hospital_id, name, tried_at, problem) VALUES ($1, $2, $3, $4)
ON CONFLICT (hospital_id, name) DO UPDATE SET tried_at = excluded.tried_at, problem = excluded.problem
"""
_FOUND = """
WITH found AS (
  SELECT DISTINCT ON (subject) subject, detail, position
  FROM unnest($3::text[], $4::text[], $5::bigint[]) AS f (subject, detail, position)
), known AS (
  SELECT subject FROM invariant_finding WHERE hospital_id = $1 AND name = $2 AND gone_at IS NULL
), kept AS (
  INSERT INTO invariant_finding AS i (hospital_id, name, subject, detail, position, found_at, seen_at)
  SELECT $1, $2, subject, detail, position, $6, $6 FROM found
  ON CONFLICT (hospital_id, name, subject) DO UPDATE SET detail = excluded.detail, position = excluded.position,
    seen_at = excluded.seen_at, gone_at = NULL,
    found_at = CASE WHEN i.gone_at IS NULL THEN i.found_at ELSE excluded.found_at END
)
SELECT subject FROM found WHERE subject NOT IN (SELECT subject FROM known) ORDER BY subject
"""
_GONE = """
UPDATE invariant_finding AS i SET gone_at = $3
WHERE hospital_id = $1 AND name = $2 AND gone_at IS NULL AND seen_at < $3 AND (position IS NULL OR EXISTS (
  SELECT FROM unnest($4::bigint[], $5::bigint[]) AS r (low, high) WHERE i.position > r.low AND i.position <= r.high))
RETURNING subject
"""
_STANDING = """
SELECT c.name, c.checked_at, c.problem, c.took_ms, c.walked_to, c.rounds, (
  SELECT count(*) FROM invariant_finding f WHERE f.hospital_id = c.hospital_id AND f.name = c.name AND f.gone_at IS NULL
) AS violations
FROM invariant_check c WHERE c.hospital_id = $1
"""
_FINDINGS = """
SELECT subject, detail, found_at FROM invariant_finding
WHERE hospital_id = $1 AND name = $2 AND gone_at IS NULL ORDER BY found_at, subject LIMIT $3
"""

Ranges = list[tuple[int, int]]
"""Of positions, each without its lower bound and with its upper one."""


async def become_watcher(tx: Tx, *, wait: bool = False) -> bool:
    """True: until the end of the transaction nobody else checks. ``wait`` for whoever does."""
    if wait:
        await tx.execute(_WAIT_FOR_IT)
        return True
    return await tx.fetchval(_ONE_WATCHER)


async def tried(tx: Tx, hospital_id: int) -> dict[str, datetime]:
    """When each was tried last, well or not."""
    return {row["name"]: row["tried_at"] for row in await tx.fetch(_TRIED, hospital_id)}


async def begun(tx: Tx, hospital_id: int, name: str) -> Begun:
    """How one stands at the beginning of its check; from here on the transaction looks by index only."""
    row = await tx.fetchrow(_BEGUN, hospital_id, name, _LOOKED_AT_AGAIN)
    assert row is not None
    if row["tried_at"] is None:
        return Begun()
    progress = Progress(walked_to=row["walked_to"], followed_to=row["followed_to"], rounds=row["rounds"])
    return Begun(tried_at=row["tried_at"], progress=progress, is_broken=row["is_broken"], again=row["again"])


async def next_slices(
    tx: Tx, hospital_id: int, invariant: Invariant, begun: Begun, now: datetime, most: int
) -> tuple[Progress, Ranges]:
    """What to look at now: the next slice of the round, what is new, and again what was found before; and how far it
    has come then. What is there when it is looked at first is left to the round."""
    walk, so_far = invariant.walk, begun.progress
    if walk is None:
        return so_far, []
    followed_to = so_far.followed_to
    if followed_to is None:
        followed_to = int(await tx.fetchval(_named(_NEWEST, walk), hospital_id))
    until = now - timedelta(seconds=walk.lag_s)
    row = await tx.fetchrow(_named(_BOUNDS, walk), hospital_id, so_far.walked_to, followed_to, until, most)
    assert row is not None
    end, newest = row["walked_to"], max(followed_to, row["followed_to"] or 0)
    ranges = [(so_far.walked_to, end)] if end is not None else []
    if newest > followed_to:
        ranges.append((followed_to, newest))
    ranges += [(position - 1, position) for position in begun.again]
    done = end is None
    after = Progress(walked_to=0 if done else end, followed_to=newest, rounds=so_far.rounds + (1 if done else 0))
    return after, ranges


def _named(statement: str, walk: Walk) -> str:
    """Names are constants of the code, never input."""
    return statement.replace(":table", walk.table).replace(":key", walk.key).replace(":at", walk.at)


async def look(tx: Tx, hospital_id: int, invariant: Invariant, ranges: Ranges, now: datetime) -> list[Violation]:
    told: dict[str, Any] = {"hospital": hospital_id, "now": now, **invariant.parameters}
    told |= {"lows": [low for low, _ in ranges], "highs": [high for _, high in ranges]}
    statement, values = numbered(invariant.statement, told)
    rows = await tx.fetch(statement, *values)
    return [Violation(**dict(row)) for row in rows]


async def keep(
    tx: Tx, hospital_id: int, name: str, found: Sequence[Violation], ranges: Ranges, now: datetime
) -> tuple[list[str], list[str]]:
    """Which subjects are found for the first time, and which are found no more."""
    columns = ([each.subject for each in found], [each.detail for each in found], [each.position for each in found])
    new = [row["subject"] for row in await tx.fetch(_FOUND, hospital_id, name, *columns, now)]
    if len(found) >= MOST_FOUND:
        return new, []  # what is not among these may be there all the same
    lows, highs = [low for low, _ in ranges], [high for _, high in ranges]
    return new, [row["subject"] for row in await tx.fetch(_GONE, hospital_id, name, now, lows, highs)]


async def checked(tx: Tx, hospital_id: int, name: str, now: datetime, took_ms: int, so_far: Progress) -> None:
    told = (so_far.walked_to, so_far.followed_to, so_far.rounds)
    await tx.execute(_CHECKED, hospital_id, name, now, took_ms, *told)


async def not_checked(tx: Tx, hospital_id: int, name: str, now: datetime, problem: str) -> None:
    await tx.execute(_NOT_CHECKED, hospital_id, name, now, problem)


async def standing(tx: Tx, hospital_id: int) -> dict[str, Row]:
    """How each stands, by name."""
    return {row["name"]: row for row in await tx.fetch(_STANDING, hospital_id)}


async def findings(tx: Tx, hospital_id: int, name: str, most: int) -> list[Row]:
    """What breaks it, as far as is known; oldest first."""
    return await tx.fetch(_FINDINGS, hospital_id, name, most)


async def values(tx: Tx, hospital_id: int, figure: Figure, now: datetime) -> dict[str, Any]:
    """By label."""
    statement, told = numbered(figure.statement, {"hospital": hospital_id, "now": now})
    return {row["label"]: row["value"] for row in await tx.fetch(statement, *told)}
