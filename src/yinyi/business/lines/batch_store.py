"""SQL of batches: what is in one, and how it is closed. Written under a session's claim, as everything of it.

All times are parameters.
"""

from datetime import datetime

from yinyi.bus.database import Row, Tx
from yinyi.business.lines.session_model import Batch, SessionRow, Totals
from yinyi.kernel.money import Fen

_TOTALS = """
SELECT coalesce(sum(amount_fen) FILTER (WHERE kind = 'purchase'), 0)::bigint AS debit_fen,
  count(*) FILTER (WHERE kind = 'purchase') AS debits,
  coalesce(sum(amount_fen) FILTER (WHERE kind IN ('void', 'refund')), 0)::bigint AS credit_fen,
  count(*) FILTER (WHERE kind IN ('void', 'refund')) AS credits
FROM line_message WHERE hospital_id = $1 AND session_id = $2 AND batch_no = $3 AND state = 'approved'
"""
_MONEY = """
SELECT count(*) FROM line_message WHERE hospital_id = $1 AND session_id = $2 AND batch_no = $3
  AND kind IN ('purchase', 'void', 'refund') AND state = 'approved'
"""
_DETAILS = """
SELECT kind, trace_no, amount_fen, card_key_id, card_data FROM line_message
WHERE hospital_id = $1 AND session_id = $2 AND batch_no = $3 AND state = 'approved'
  AND kind IN ('purchase', 'void', 'refund') AND trace_no > $4
ORDER BY trace_no LIMIT $5
"""
_FORGOTTEN = """
UPDATE line_message m SET card_key_id = NULL, card_data = NULL FROM closed
WHERE m.hospital_id = $1 AND m.session_id = $2 AND m.batch_no = $4 AND m.state = 'reversed' AND m.card_data IS NOT NULL
"""
"""Cards of what the host did not know when it was to reverse it: they were kept in case it came to it later."""
_CLOSE = """
WITH closed AS (
  UPDATE line_session SET batch_no = CASE WHEN batch_no = 999999 THEN 1 ELSE batch_no + 1 END,
    trace_no = CASE WHEN trace_no > 900000 THEN 0 ELSE trace_no END, host_batch_no = NULL,
    batch_began_behind = CASE WHEN trace_no > 900000 THEN 0 ELSE trace_no END, must_sign_on = true
  WHERE hospital_id = $1 AND session_id = $2 AND epoch = $3 AND batch_no = $4
  RETURNING session_id
), forgotten AS (:forgotten)
INSERT INTO line_batch (hospital_id, session_id, batch_no, debit_fen, debits, credit_fen, credits, balanced, uploaded,
  settled_at)
SELECT $1, session_id, $4, $5, $6, $7, $8, $9, $10, $11 FROM closed RETURNING batch_no
""".replace(":forgotten", _FORGOTTEN)
_CLOSE_LEFT = """
WITH closed AS (
  UPDATE line_session SET left_batches = array_remove(left_batches, $4)
  WHERE hospital_id = $1 AND session_id = $2 AND epoch = $3 AND $4 = ANY(left_batches)
  RETURNING session_id
), forgotten AS (:forgotten)
INSERT INTO line_batch (hospital_id, session_id, batch_no, debit_fen, debits, credit_fen, credits, balanced, uploaded,
  settled_at)
SELECT $1, session_id, $4, $5, $6, $7, $8, $9, $10, $11 FROM closed RETURNING batch_no
""".replace(":forgotten", _FORGOTTEN)


async def totals(tx: Tx, hospital_id: int, session: SessionRow, batch_no: int) -> Totals:
    """Of a batch: what was approved and not reversed."""
    row = await tx.fetchrow(_TOTALS, hospital_id, session.session_id, batch_no)
    assert row is not None
    return Totals(
        debit_fen=Fen(row["debit_fen"]),
        debits=row["debits"],
        credit_fen=Fen(row["credit_fen"]),
        credits=row["credits"],
    )


async def money_in_batch(tx: Tx, hospital_id: int, session: SessionRow) -> int:
    """How many purchases, voids and refunds the open batch has."""
    return await tx.fetchval(_MONEY, hospital_id, session.session_id, session.batch_no)


async def details(tx: Tx, hospital_id: int, session: SessionRow, behind: int, most: int) -> list[Row]:
    """Of the open batch, behind a trace number: ``kind, trace_no, amount_fen, card_key_id, card_data``."""
    return await tx.fetch(_DETAILS, hospital_id, session.session_id, session.batch_no, behind, most)


async def close_batch(tx: Tx, hospital_id: int, session: SessionRow, batch: Batch, now: datetime) -> bool:
    """The next batch begins, with a sign-on; where it is one that the host had left behind, nothing begins."""
    sums = batch.totals
    close = _CLOSE if batch.batch_no == session.batch_no else _CLOSE_LEFT
    row = await tx.fetchrow(
        close, hospital_id, session.session_id, session.epoch, batch.batch_no, sums.debit_fen, sums.debits,
        sums.credit_fen, sums.credits, batch.balanced, batch.uploaded, now,
    )  # fmt: skip
    return row is not None
