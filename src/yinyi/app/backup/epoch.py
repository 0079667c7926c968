"""A new restore epoch: from here on no number, no reference and no key is made again that was made before."""

from datetime import datetime
from typing import Any

import asyncpg

from yinyi.app.errors import CannotStart

_HIGHEST = "SELECT coalesce(max(epoch), 0) FROM restore_epoch"
_ALIVE = "SELECT holder FROM process_lease WHERE alive_until > $1 LIMIT 1"
_BEGIN = "INSERT INTO restore_epoch (epoch, since, reached_at) VALUES ($1, $2, $3)"
_ASK_ABOUT = """
UPDATE payment p SET gap_until = $1::timestamptz, lease_epoch = NULL, version = version + 1,
  next_at = $1::timestamptz + greatest(coalesce($2::timestamptz - ended_at, interval '0'), interval '0') / 100
WHERE ended_at IS NULL
  OR direction = 'back' AND ended_at > $2::timestamptz - interval '2 hours'
  OR direction = 'forward' AND taken_fen > returned_fen AND (
    ended_at > $2::timestamptz - interval '7 days'
    OR ended_at > $2::timestamptz - interval '1 year' AND EXISTS (
      SELECT FROM account_balance b
      WHERE b.account = p.facts ->> 'credited' AND b.hospital_id = p.hospital_id AND b.balance_fen > 0))
"""
"""Every open payment; those that had just been undone, because money may have come after all; and those of which
something may have been given back: of a week, and every top-up of a year whose account has something, because it could
be spent once more. The open ones first, then the latest: a week of a large hospital takes two hours. Whoever wants
some of one back, older ones too, has it asked about at once: ``PaymentService.check_asked``."""
_LEAVE_ROOM = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, greatest(coalesce(last_value, 0), $1::bigint << 40))
FROM pg_sequences WHERE schemaname = 'public' AND data_type = 'bigint'::regtype
"""
"""Keys begin anew far above whatever was given out in the time that was lost: kiosks remember what they have printed,
processes which lease they held."""
_LINES = "UPDATE terminal SET line_epoch = greatest(line_epoch, $1::bigint << 40), line_up = false"
_NEVER_USED = """
WITH moved AS (
  UPDATE line_session s SET must_sign_on = true, busy_until = NULL, epoch = s.epoch + 1,
    trace_no = s.trace_no + m.by_no, batch_began_behind = s.batch_began_behind + m.by_no
  FROM (
    SELECT hospital_id, session_id, trace_no AS last_no,
      jump - CASE WHEN trace_no + jump > 900000 THEN 900000 ELSE 0 END AS by_no
    FROM line_session CROSS JOIN LATERAL (
      SELECT least(greatest(100000, ceil(extract(epoch FROM $2::timestamptz - $3::timestamptz))), 800000)::int AS jump
    ) AS j) AS m
  WHERE s.hospital_id = m.hospital_id AND s.session_id = m.session_id
  RETURNING s.*, m.last_no
)
INSERT INTO restore_gap (hospital_id, epoch, source, item, state, found, since, settled_at)
SELECT hospital_id, $1, acquirer, 'trace numbers of ' || merchant_no || '/' || terminal_no || ', batch ' || batch_no,
  'settled', 'may have been used behind ' || last_no || ': goes on behind ' || trace_no, $2, $2
FROM moved
"""
"""Trace numbers go on so far behind the last one that none can have been used in the time that was lost: a hundred full
batches, and one each second where that is more. They begin anew behind 900000, as at a settlement
(``batch_store.close_batch``): who has come there in lost time is still before us. Keys may have been changed, so that
every session signs on, and learns which batch it is by its bank."""
_END_LEASES = "UPDATE process_lease SET alive_until = least(alive_until, $1)"
_TABLES = {
    "payments": "SELECT count(p) FROM payment p",
    "steps": "SELECT count(s) FROM payment_step s",
    "postings": "SELECT count(p) FROM posting p",
    "patients": "SELECT count(p) FROM patient p",
}
MOST_EPOCHS = 1023
"""Two characters of base 32 in every number."""


async def begin_epoch(url: str, now: datetime, reached_at: datetime, above: int, *, stopped: bool = False) -> int:
    """Begin one in a restored database of this release's schema; its number, higher than ``above`` and than any before.

    now, reached_at: in the platform's time. Everything that was open is to be asked about before it goes on.
    stopped: nobody but us has come to this server since its database went back; otherwise leases tell who still works.

    Raises:
        CannotStart: a business process still works on this database.
    """
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url, timeout=10)
    try:
        async with connection.transaction():
            holder = None if stopped else await connection.fetchval(_ALIVE, now)
            if holder is not None:
                raise CannotStart(f"The business process {holder} still works on this database: stop it first.")
            epoch = max(above, await connection.fetchval(_HIGHEST)) + 1
            if epoch > MOST_EPOCHS:
                raise CannotStart(f"There were {MOST_EPOCHS} restores already; numbers have no room for another one.")
            await connection.execute(_BEGIN, epoch, now, reached_at)
            await connection.execute(_ASK_ABOUT, now, reached_at)
            await connection.execute(_END_LEASES, now)
            await connection.execute(_LEAVE_ROOM, epoch)
            await connection.execute(_LINES, epoch)
            await connection.execute(_NEVER_USED, epoch, now, reached_at)
            return epoch
    finally:
        await connection.close()


async def highest_epoch(url: str) -> int:
    """That this database knows of."""
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url, timeout=10)
    try:
        return await connection.fetchval(_HIGHEST)
    finally:
        await connection.close()


async def read_through(url: str) -> dict[str, int]:
    """Rows of the tables that hold money, each of them read: whether the database can be read at all."""
    counts: dict[str, int] = {}
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url, timeout=10)
    try:
        for name, query in _TABLES.items():
            counts[name] = await connection.fetchval(query)
    finally:
        await connection.close()
    return counts
