"""Closing the gap of one payment after a restore: asked, written down, and only then driven on."""

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import structlog

from yinyi.bus.database import Tx
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.ledger.store import at_hand, post
from yinyi.business.payments import rows
from yinyi.business.payments.channels import WINDOW
from yinyi.business.payments.inquiry import FOUND, Inquiry, Unanswered
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.postings import entries, on_our_account
from yinyi.kernel.ids import restore_epoch_of

if TYPE_CHECKING:
    from yinyi.business.payments.drive import Means

log = structlog.get_logger()

UNASKED = "gap_unasked"
"""Somebody outside has not answered for too long what became of a payment in the time that a restore has lost."""
PEOPLE_AFTER = timedelta(minutes=15)

_ASKED = rows.filled(
    """
WITH p AS (
  UPDATE payment SET direction = $4, reason = $5, tender = $6, tender_no = $7, taken_fen = $8, returned_fen = $9,
    refunds_fen = $16, ended_at = $10, gap_until = NULL, asked_epoch = $17, updated_at = $11, version = version + 1,
    attention = CASE WHEN attention = $15 THEN '' ELSE attention END,
    attention_at = CASE WHEN attention = $15 THEN NULL ELSE attention_at END
  WHERE hospital_id = $1 AND payment_id = $2 AND version = $3 AND lease_epoch = $12
    AND EXISTS (SELECT FROM process_lease WHERE epoch = $12 AND alive_until > $11)
  RETURNING hospital_id, payment_id, version
), :steps
SELECT version FROM p
""".replace(":steps", rows.step_ctes(steps="$13", at="$11", what="$14"))
)
_TO_COMPARE = """
INSERT INTO restore_gap (hospital_id, epoch, source, item, state, found, since)
VALUES ($1, $2, $3, $4, 'to_compare', $5, $6) ON CONFLICT DO NOTHING
"""
_LATER = """
UPDATE payment SET lease_epoch = NULL, next_at = $4,
  attention = CASE WHEN $5 AND attention = '' THEN $6 ELSE attention END,
  attention_at = CASE WHEN $5 AND attention = '' THEN $7::timestamptz ELSE attention_at END
WHERE hospital_id = $1 AND payment_id = $2 AND lease_epoch = $3
"""


class Found(NamedTuple):
    """A plan before and after it was asked about."""

    before: Plan
    after: Plan


async def close_gap(means: "Means", plan: Plan, epoch: int) -> bool:
    """True: look at the payment again, its gap is closed or it was changed meanwhile. False: somebody has not answered;
    it is left alone until it is due again."""
    epochs = range(restore_epoch_of(plan.payment_no), plan.restored)
    try:
        after = await Inquiry(means, plan).asked(epochs)
    except Unanswered as unanswered:
        log.info("gap.unanswered", payment_no=plan.payment_no, why=str(unanswered))
        await _leave(means, plan, epoch, unanswered)
        return False
    try:
        await _written(means, Found(plan, after), epoch, ours=False)
    except BalanceTooLow:
        await _written(means, Found(plan, after), epoch, ours=True)
    return True


async def _written(means: "Means", found: Found, epoch: int, *, ours: bool) -> None:
    async with means.database.transaction() as tx:
        await write(tx, means, found, epoch, ours=ours)


async def write(tx: Tx, means: "Means", found: Found, epoch: int, *, ours: bool = False) -> None:
    """Nothing is written if the lease is not ours any more, or the payment was changed meanwhile. ``ours``: what is
    missing on a patient's account is our loss.

    Raises:
        BalanceTooLow: and it is not.
    """
    before, after = found.before, found.after.at_version(found.before.version + 1)
    now = means.clock.now()
    version = await tx.fetchval(
        _ASKED,
        *(before.hospital_id, before.payment_id, before.version, after.direction, after.reason),
        *(after.tender, after.tender_no, after.taken_fen, after.returned_fen, after.ended_at, now, epoch),
        *(*rows.change(before, after), UNASKED, after.refunds_fen, before.restored),
    )
    if version is not None:
        posted = entries(before, after, now.astimezone(means.zone).date(), now)
        await post(tx, on_our_account(posted, await at_hand(tx, posted)) if ours else posted)
        for take in after.moved():
            if FOUND in take.evidence and take.reference not in {each.reference for each in before.moved()}:
                told = f"{take.amount_fen} fen booked as taken by a cashier: delivered, and no channel says it took it"
                item = (before.restored, WINDOW, before.payment_no, told, now)
                await tx.execute(_TO_COMPARE, before.hospital_id, *item)


async def _leave(means: "Means", plan: Plan, epoch: int, unanswered: Unanswered) -> None:
    now = means.clock.now()
    overdue = plan.gap_until is not None and now >= plan.gap_until + PEOPLE_AFTER
    async with means.database.read() as tx:
        told = (plan.hospital_id, plan.payment_id, epoch, unanswered.again_at, overdue, UNASKED, now)
        await tx.execute(_LATER, *told)
