"""SQL of what people ask about sessions, and of what is due in them. All times are parameters."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from yinyi.bus.database import Row, Tx
from yinyi.business.lines.key_model import PosSession

_MONEY = "m.kind IN ('purchase', 'void', 'refund') AND m.state = 'approved'"
_SESSIONS = """
WITH page AS (
  SELECT * FROM line_session s
  WHERE s.hospital_id = $1 AND (s.acquirer, s.merchant_no, s.terminal_no) > ($2, $3, $4)
    AND ($5 = '' OR s.acquirer = $5) AND ($6 = '' OR s.merchant_no = $6) AND ($7 = '' OR s.terminal_no = $7)
    AND ($8 = '' OR s.terminal_id = $8)
  ORDER BY s.acquirer, s.merchant_no, s.terminal_no LIMIT $9
)
SELECT s.*, doubts.in_doubt, doubts.stuck, batch.gaps, batch.open_since, settled.settled_at, EXISTS (
    SELECT FROM line_key k WHERE k.hospital_id = s.hospital_id AND k.acquirer = s.acquirer
      AND k.merchant_no = s.merchant_no AND k.terminal_no = s.terminal_no AND k.purpose = 'tmk') AS has_key
FROM page s
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE m.state = 'in_doubt' OR m.state = 'sent' AND :left) AS in_doubt,
    count(*) FILTER (WHERE m.state = 'stuck') AS stuck
  FROM line_message m WHERE m.session_id = s.session_id AND m.hospital_id = $1
    AND m.state IN ('sent', 'in_doubt', 'stuck')) AS doubts
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE m.state = 'never_sent') AS gaps, min(m.sent_at) FILTER (WHERE :money) AS open_since
  FROM line_message m
  WHERE m.hospital_id = $1 AND m.session_id = s.session_id AND m.batch_no = s.batch_no) AS batch
LEFT JOIN LATERAL (
  SELECT b.settled_at FROM line_batch b WHERE b.hospital_id = $1 AND b.session_id = s.session_id
  ORDER BY b.batch_no DESC LIMIT 1) AS settled ON true
ORDER BY s.acquirer, s.merchant_no, s.terminal_no
""".replace(":money", _MONEY).replace(":left", "(s.busy_until IS NULL OR s.busy_until <= $10)")
_SLOT = """
SELECT * FROM line_session WHERE acquirer = $2 AND merchant_no = $3 AND terminal_no = $4 AND hospital_id = $1
"""
_LINES = """
SELECT acquirer, count(*) FILTER (WHERE is_up) AS up, count(*) FILTER (WHERE NOT is_up) AS down,
  coalesce(string_agg(DISTINCT why, '; ') FILTER (WHERE NOT is_up), '') AS why
FROM line_link
WHERE hospital_id = $1 AND seen_at > $2 GROUP BY acquirer ORDER BY acquirer
"""
_BATCH = """
SELECT s.batch_no AS open_no, s.left_batches, s.busy_until, b.settled_at, b.balanced, b.uploaded,
  coalesce(b.debit_fen, sums.debit_fen) AS debit_fen, coalesce(b.debits, sums.debits) AS debits,
  coalesce(b.credit_fen, sums.credit_fen) AS credit_fen, coalesce(b.credits, sums.credits) AS credits
FROM line_session s
LEFT JOIN line_batch b ON b.hospital_id = $1 AND b.session_id = s.session_id AND b.batch_no = $5
CROSS JOIN LATERAL (
  SELECT coalesce(sum(m.amount_fen) FILTER (WHERE m.kind = 'purchase'), 0)::bigint AS debit_fen,
    count(*) FILTER (WHERE m.kind = 'purchase') AS debits,
    coalesce(sum(m.amount_fen) FILTER (WHERE m.kind <> 'purchase'), 0)::bigint AS credit_fen,
    count(*) FILTER (WHERE m.kind <> 'purchase') AS credits
  FROM line_message m
  WHERE m.hospital_id = $1 AND m.session_id = s.session_id AND m.batch_no = $5 AND :money) AS sums
WHERE s.acquirer = $2 AND s.merchant_no = $3 AND s.terminal_no = $4 AND s.hospital_id = $1
""".replace(":money", _MONEY)
_REVERSAL = """
SELECT m.*, s.acquirer, s.merchant_no, s.terminal_no, s.terminal_id, s.scope
FROM line_message m JOIN line_session s ON s.hospital_id = $1 AND s.session_id = m.session_id
WHERE m.hospital_id = $1 AND
"""
_REVERSALS = """:reversal
  m.kind IN ('purchase', 'void') AND (
    m.state IN ('in_doubt', 'stuck') OR m.state = 'sent' AND (s.busy_until IS NULL OR s.busy_until <= $2))
  AND m.state IN ('sent', 'in_doubt', 'stuck')
ORDER BY m.sent_at, m.session_id, m.batch_no, m.trace_no LIMIT $3
""".replace(":reversal", _REVERSAL)
_BY_REFERENCE = ":reversal m.reference = $2".replace(":reversal", _REVERSAL)
_OTHER_SCOPE = """
SELECT EXISTS (
  SELECT FROM line_session s WHERE s.acquirer = $2 AND s.merchant_no = $3 AND (s.hospital_id <> $1 OR s.scope <> $4)
    AND NOT (s.hospital_id = $1 AND s.terminal_no = $5 AND s.batch_no = 1 AND s.trace_no = 0))
"""
_OTHER_SESSION = """
SELECT EXISTS (
  SELECT FROM line_session s WHERE s.terminal_id = $2 AND s.acquirer = $3 AND s.scope = $4 AND s.hospital_id = $1
    AND (s.merchant_no, s.terminal_no) <> ($5, $6))
"""
_SEEN = """
WITH forgotten AS (DELETE FROM line_link WHERE hospital_id = $1 AND seen_at < $5::timestamptz - interval '1 day')
INSERT INTO line_link (hospital_id, acquirer, process, is_up, why, seen_at)
SELECT $1, l.acquirer, $2, l.why = '', l.why, $5::timestamptz FROM unnest($3::text[], $4::text[]) AS l (acquirer, why)
ON CONFLICT (hospital_id, acquirer, process) DO UPDATE
SET is_up = excluded.is_up, why = excluded.why, seen_at = excluded.seen_at
"""
_FREE = """
SELECT s.session_id, s.acquirer, s.batch_no FROM line_session s
WHERE s.hospital_id = $1 AND s.acquirer = ANY($2::text[]) AND s.session_id <> ALL($3::bigint[])
  AND (s.busy_until IS NULL OR s.busy_until <= $4)
"""
_MARK_RETIRED = """
UPDATE line_session SET retired = NOT retired WHERE hospital_id = $1 AND retired <> (terminal_id = ANY($2::text[]))
"""
_TO_MAKE_READY = """:free
  AND ($6 AND s.signed_off_at IS NULL AND NOT s.retired
      AND (s.must_sign_on OR s.signed_on_day IS DISTINCT FROM $5::date)
    OR EXISTS (SELECT FROM line_message m WHERE m.session_id = s.session_id AND m.hospital_id = $1
      AND m.state IN ('sent', 'in_doubt') AND coalesce(m.reversal_at, m.sent_at) < $7))
  AND EXISTS (SELECT FROM line_key k WHERE k.hospital_id = $1 AND k.acquirer = s.acquirer
    AND k.merchant_no = s.merchant_no AND k.terminal_no = s.terminal_no AND k.purpose = 'tmk')
LIMIT $8
""".replace(":free", _FREE)
_TO_RETIRE = """:free
  AND s.retired AND s.signed_off_at IS NULL AND NOT s.must_sign_on AND s.left_batches = '{}'
  AND NOT EXISTS (SELECT FROM line_message m WHERE m.session_id = s.session_id AND m.hospital_id = $1
    AND m.state IN ('sent', 'in_doubt', 'stuck'))
  AND NOT EXISTS (SELECT FROM line_message m WHERE m.hospital_id = $1 AND m.session_id = s.session_id
    AND m.batch_no = s.batch_no AND :money)
LIMIT $5
""".replace(":free", _FREE).replace(":money", _MONEY)
_MOST = "(SELECT l.most FROM unnest($2::text[], $7::int[]) AS l (acquirer, most) WHERE l.acquirer = s.acquirer)"
_TO_SETTLE = (
    """:free
  AND (EXISTS (SELECT FROM line_message m WHERE m.hospital_id = $1 AND m.session_id = s.session_id
      AND m.batch_no = s.batch_no AND :money AND m.sent_at < $5)
    OR CASE WHEN s.trace_no - s.batch_began_behind >= :most THEN :most <= (
        SELECT count(*) FROM line_message m WHERE m.hospital_id = $1 AND m.session_id = s.session_id
          AND m.batch_no = s.batch_no AND :money)
      ELSE false END)
LIMIT $6
""".replace(":free", _FREE)
    .replace(":money", _MONEY)
    .replace(":most", _MOST)
)
"""A count of the whole batch only where so many messages were said in it."""
_FORGET = """
WITH old AS (
  SELECT m.session_id, m.batch_no, m.trace_no FROM line_message m
  JOIN line_session s ON s.hospital_id = $1 AND s.session_id = m.session_id
  WHERE m.sent_at < $2 AND m.hospital_id = $1 AND m.card_data IS NOT NULL AND m.batch_no <> s.batch_no
    AND m.state NOT IN ('sent', 'in_doubt', 'stuck')
  ORDER BY m.sent_at LIMIT $3
)
UPDATE line_message m SET card_key_id = NULL, card_data = NULL FROM old
WHERE m.hospital_id = $1 AND m.session_id = old.session_id AND m.batch_no = old.batch_no AND m.trace_no = old.trace_no
"""


async def sessions(
    tx: Tx, hospital_id: int, after: PosSession, named: PosSession, terminal_id: str, now: datetime, most: int
) -> list[Row]:
    """Behind a slot, in order; words of ``named`` that are empty name all."""
    return await tx.fetch(_SESSIONS, hospital_id, *after, *named, terminal_id, most, now)


async def session_at(tx: Tx, hospital_id: int, slot: PosSession) -> Row | None:
    return await tx.fetchrow(_SLOT, hospital_id, *slot)


async def lines(tx: Tx, hospital_id: int, since: datetime) -> list[Row]:
    """``acquirer, up, down, why``: as business processes have seen their lines since."""
    return await tx.fetch(_LINES, hospital_id, since)


async def batch(tx: Tx, hospital_id: int, slot: PosSession, batch_no: int) -> Row | None:
    """What it was settled over, or would be now. ``open_no``: the batch that is open. None: there is no session."""
    return await tx.fetchrow(_BATCH, hospital_id, *slot, batch_no)


async def reversals(tx: Tx, hospital_id: int, now: datetime, most: int) -> list[Row]:
    """In doubt, stuck, or left behind as sent; oldest first."""
    return await tx.fetch(_REVERSALS, hospital_id, now, most)


async def by_reference(tx: Tx, hospital_id: int, reference: str) -> Row | None:
    return await tx.fetchrow(_BY_REFERENCE, hospital_id, reference)


async def is_of_another_scope(tx: Tx, hospital_id: int, slot: PosSession, scope: str) -> bool:
    """Whether this merchant number has stood for something else; a session in which nothing was said has not."""
    return await tx.fetchval(_OTHER_SCOPE, hospital_id, slot.acquirer, slot.merchant_no, scope, slot.terminal_no)


async def has_another(tx: Tx, hospital_id: int, slot: PosSession, scope: str, terminal_id: str) -> bool:
    """Whether this terminal has another session for this scope."""
    return await tx.fetchval(
        _OTHER_SESSION, hospital_id, terminal_id, slot.acquirer, scope, slot.merchant_no, slot.terminal_no
    )


async def seen(tx: Tx, hospital_id: int, process: str, why_down: dict[str, str], now: datetime) -> None:
    """How a business process sees its lines, by acquirer; empty: it is up."""
    await tx.execute(_SEEN, hospital_id, process, list(why_down), list(why_down.values()), now)


async def to_make_ready(
    tx: Tx,
    hospital_id: int,
    acquirers: Sequence[str],
    leave: Sequence[int],
    now: datetime,
    day: date,
    *,
    signs_on: bool,
    left_since: datetime,
    most: int,
) -> list[Row]:
    """Free sessions with a master key that have to sign on, or in which something was left in doubt since then."""
    return await tx.fetch(_TO_MAKE_READY, hospital_id, acquirers, leave, now, day, signs_on, left_since, most)


async def mark_retired(tx: Tx, hospital_id: int, terminals: Sequence[str]) -> None:
    """Sessions of these terminals are retired, and no others."""
    await tx.execute(_MARK_RETIRED, hospital_id, terminals)


async def to_retire(
    tx: Tx, hospital_id: int, acquirers: Sequence[str], leave: Sequence[int], now: datetime, most: int
) -> list[Row]:
    """Free sessions of retired terminals that are signed on, and in which nothing is under way any more: nothing is in
    doubt or stuck, no batch has money in it that is not settled."""
    return await tx.fetch(_TO_RETIRE, hospital_id, acquirers, leave, now, most)


async def to_settle(
    tx: Tx,
    hospital_id: int,
    most_in_batch: Mapping[str, int],
    leave: Sequence[int],
    now: datetime,
    *,
    before: datetime,
    most: int,
) -> list[Row]:
    """Free sessions of these acquirers whose open batch has money from before this instant, or as much as theirs may
    have."""
    limits = list(most_in_batch.values())
    return await tx.fetch(_TO_SETTLE, hospital_id, list(most_in_batch), leave, now, before, most, limits)


async def forget_cards(tx: Tx, hospital_id: int, before: datetime, most: int) -> int:
    """Card data of batches that are no longer open; of how many messages."""
    return int((await tx.execute(_FORGET, hospital_id, before, most)).rpartition(" ")[2])
