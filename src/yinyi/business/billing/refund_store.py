"""Lines of bills that are given back, in the database: statements only, times are parameters."""

from datetime import datetime

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.billing.refund_model import LineRefund, RefundStanding

WANT = """
INSERT INTO invoice_refund (hospital_id, reference, payment_no, invoice_no, line_nos, amount_fen, reason, state,
                            wanted_at, wanted_by, next_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'wanted', $8, $9, $8)
"""
LINES = """
SELECT line_nos FROM invoice_refund
WHERE invoice_no = $2 AND hospital_id = $1 AND state <> 'refused'
"""
ON_THE_WAY = """
SELECT coalesce(sum(amount_fen), 0)::bigint FROM invoice_refund
WHERE payment_no = $2 AND hospital_id = $1 AND next_at IS NOT NULL
"""
CLAIM = """
WITH due AS (
  SELECT hospital_id, reference FROM invoice_refund
  WHERE next_at <= $1 AND ($4 = '' OR reference = $4) ORDER BY next_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
UPDATE invoice_refund r SET claim = r.claim + 1, tries = r.tries + 1, next_at = $2, state = 'sent',
  sent_at = coalesce(r.sent_at, $1)
FROM due WHERE r.hospital_id = due.hospital_id AND r.reference = due.reference
RETURNING r.hospital_id, r.reference, r.payment_no, r.invoice_no, r.line_nos, r.amount_fen, r.reason, r.state,
  r.wanted_at, r.tries, r.claim, r.problem
"""
ENDED = """
UPDATE invoice_refund SET state = $4, problem = $5, ended_at = $6, next_at = NULL
WHERE hospital_id = $1 AND reference = $2 AND claim = $3 AND state = 'sent' RETURNING true
"""
LATER = """
UPDATE invoice_refund SET next_at = $4, problem = $5
WHERE hospital_id = $1 AND reference = $2 AND claim = $3 AND state = 'sent'
"""
OF_REFERENCE = "SELECT * FROM invoice_refund WHERE hospital_id = $1 AND reference = $2"
_BEFORE = """
($2 = '' OR (wanted_at, reference) < (
  SELECT b.wanted_at, b.reference FROM invoice_refund b WHERE b.hospital_id = $1 AND b.reference = $2))
"""
_NEWEST = " ORDER BY wanted_at DESC, reference DESC LIMIT $3"
OF_INVOICE = (
    "SELECT * FROM invoice_refund WHERE invoice_no = $4 AND hospital_id = $1 AND :before".replace(":before", _BEFORE)
    + _NEWEST
)
OPEN = """
(SELECT * FROM invoice_refund WHERE next_at IS NOT NULL AND hospital_id + 0 = $1 AND :before)
UNION ALL
(SELECT * FROM invoice_refund WHERE state = 'short' AND next_at IS NULL AND hospital_id + 0 = $1 AND :before)
:newest
""".replace(":before", _BEFORE).replace(":newest", _NEWEST)


async def want(tx: Tx, new: LineRefund, wanted_by: str) -> None:
    about = (new.payment_no, new.invoice_no, new.line_nos, new.amount_fen, new.reason)
    await tx.execute(WANT, new.hospital_id, new.reference, *about, new.wanted_at, wanted_by)


async def lines(tx: Tx, hospital_id: int, invoice_no: str) -> set[int]:
    """Of this bill: given back by us, or about to be."""
    return {number for row in await tx.fetch(LINES, hospital_id, invoice_no) for number in row["line_nos"]}


async def on_the_way_fen(tx: Tx, hospital_id: int, payment_no: str) -> int:
    """What of this payment is to go back as soon as the hospital has booked it."""
    return int(await tx.fetchval(ON_THE_WAY, hospital_id, payment_no))


async def claim(tx: Tx, now: datetime, until: datetime, most: int, reference: str = "") -> list[LineRefund]:
    """What is due, for whoever claims it; what he has not finished by then is due again. ``reference``: only this."""
    rows = await tx.fetch(CLAIM, now, until, most, reference)
    return [msgspec.convert(dict(row), LineRefund) for row in rows]


async def ended(tx: Tx, refund: LineRefund, state: RefundStanding, problem: str, now: datetime) -> bool:
    """False: somebody else has claimed it meanwhile."""
    held = (refund.hospital_id, refund.reference, refund.claim)
    return bool(await tx.fetchval(ENDED, *held, state, problem[:200], now))


async def later(tx: Tx, refund: LineRefund, next_at: datetime, problem: str) -> None:
    await tx.execute(LATER, refund.hospital_id, refund.reference, refund.claim, next_at, problem[:200])


async def of_reference(tx: Tx, hospital_id: int, reference: str) -> LineRefund | None:
    row = await tx.fetchrow(OF_REFERENCE, hospital_id, reference)
    return None if row is None else msgspec.convert(dict(row), LineRefund)


async def listed(tx: Tx, hospital_id: int, invoice_no: str, limit: int, before: str = "") -> list[LineRefund]:
    """Of one bill, newest first; without a number what is not settled, and what has come out short. before: only what
    was wanted before this one."""
    if invoice_no:
        rows = await tx.fetch(OF_INVOICE, hospital_id, before, limit, invoice_no)
    else:
        rows = await tx.fetch(OPEN, hospital_id, before, limit)
    return [msgspec.convert(dict(row), LineRefund) for row in rows]
