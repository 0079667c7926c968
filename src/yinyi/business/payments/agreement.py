"""What people say that they have found out: by one of them, or by two where money moves on the books."""

from typing import Any, NamedTuple

from yinyi.bus.call import Call
from yinyi.bus.database import Row, Tx
from yinyi.bus.operation import Operation, spec_of
from yinyi.business.audit import store as audit
from yinyi.kernel.errors import SecondPersonNeeded

NO_PAYMENT = 0
"""In place of a payment's id: what was found concerns none."""

_SAID = """
SELECT reference, outcome, amount_fen, proposed_by, settled_at IS NOT NULL AS settled FROM payment_settlement
WHERE hospital_id = $1 AND payment_id = $2
"""
_FIRST = """
SELECT proposed_by FROM payment_settlement
WHERE hospital_id = $1 AND payment_id = $2 AND reference = $3 AND settled_at IS NULL
  AND (outcome, amount_fen, channel, merchant) = ($4, $5, $6, $7)
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
RETURNING proposed_by, settled_at IS NOT NULL AS settled
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


async def say(tx: Tx, call: Call, asked: Operation[Any], saying: Saying) -> tuple[str, ...]:
    """Who has said it, by their staff numbers, once it is settled with this and takes effect; nobody before.

    Raises:
        SecondPersonNeeded: he has said it himself before, by whatever account.
    """
    payment_id, reference, outcome, note, amount_fen, channel, merchant, alone = saying
    person, told = call.principal.person, (amount_fen, channel, merchant)
    before = await tx.fetchval(_FIRST, call.hospital_id, payment_id, reference, outcome, *told)
    if before == person and not alone:
        raise SecondPersonNeeded
    words = (payment_id, reference, outcome, note, person, call.now, *told, alone)
    row = await tx.fetchrow(_SAY, call.hospital_id, *words)
    assert row is not None
    if not row["settled"]:
        return ()
    people = (person,) if row["proposed_by"] == person else (row["proposed_by"], person)
    detail = {"outcome": outcome, "amount_fen": amount_fen, "people": " + ".join(people)}
    await audit.append(tx, call, spec_of(type(asked)).path, reference, detail)
    return people
