"""What people say that they have found out: by one of them, or by two where money moves on the books."""

from typing import NamedTuple

from yinyi.bus.call import Call
from yinyi.bus.database import Row, Tx

NO_PAYMENT = 0
"""In place of a payment's id: what was found concerns none."""

_SAID = """
SELECT reference, outcome, amount_fen, proposed_by, settled_at IS NOT NULL AS settled FROM payment_settlement
WHERE hospital_id = $1 AND payment_id = $2
"""
_SAY = """
INSERT INTO payment_settlement AS s (hospital_id, payment_id, reference, outcome, note, proposed_by, proposed_at,
  amount_fen, channel, merchant, settled_by, settled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN $11 THEN $6 END, CASE WHEN $11 THEN $7::timestamptz END)
ON CONFLICT (hospital_id, payment_id, reference) DO UPDATE SET
  settled_by = CASE WHEN $11 OR :agreed AND s.proposed_by <> $6 AND s.settled_at IS NULL THEN $6 END,
  settled_at = CASE WHEN $11 OR :agreed AND s.proposed_by <> $6 AND s.settled_at IS NULL THEN $7::timestamptz END,
  outcome = $4, note = CASE WHEN :agreed THEN s.note || ' / ' || $5 ELSE $5 END,
  amount_fen = $8, channel = $9, merchant = $10,
  proposed_by = CASE WHEN :agreed AND s.settled_at IS NULL THEN s.proposed_by ELSE $6 END,
  proposed_at = CASE WHEN :agreed AND s.settled_at IS NULL THEN s.proposed_at ELSE $7 END
RETURNING settled_at IS NOT NULL
""".replace(":agreed", "(s.outcome, s.amount_fen, s.channel, s.merchant) = ($4, $8, $9, $10)")
"""The second of two who say the same settles it; who says something else begins anew."""


class Saying(NamedTuple):
    """``reference``: what it is about. ``alone``: nothing moves on the books, one person is enough."""

    payment_id: int
    reference: str
    outcome: str
    note: str
    amount_fen: int = 0
    channel: str = ""
    merchant: str = ""
    alone: bool = False


async def said(tx: Tx, hospital_id: int, payment_id: int) -> list[Row]:
    """``reference, outcome, amount_fen, proposed_by, settled``: what people have said of this payment so far."""
    return await tx.fetch(_SAID, hospital_id, payment_id)


async def say(tx: Tx, call: Call, saying: Saying) -> bool:
    """True: it is settled with this, and takes effect now."""
    payment_id, reference, outcome, note, amount_fen, channel, merchant, alone = saying
    who = (call.principal.staff_id, call.now)
    told = (amount_fen, channel, merchant, alone)
    return await tx.fetchval(_SAY, call.hospital_id, payment_id, reference, outcome, note, *who, *told)
