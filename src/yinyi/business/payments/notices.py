"""What channels have told and what does not fit: it stands in the queue until people have looked into it."""

from msgspec.structs import replace

from yinyi.bus.database import Row, Tx
from yinyi.business.payments import rows
from yinyi.business.payments.agreement import said
from yinyi.business.payments.apply import CALLBACK_MISMATCH, REFUNDED_AT_CHANNEL
from yinyi.business.payments.messages_queue import KnownNotice
from yinyi.business.payments.plan import NOT_BELIEVED, Plan, Step

MISMATCHES = """
SELECT :key AS notice, c.reference, c.outcome ->> 'type' AS told, c.amount_fen, coalesce(c.merchant, '') AS merchant,
  coalesce(c.outcome ->> 'their_id', '') AS their_id, min(c.received_at) AS since
FROM payment_callback c WHERE c.payment_id = $2 AND c.hospital_id = $1 AND c.verdict = 'mismatch'
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY since
""".replace(":key", rows.notice_key("c.reference", "c.outcome", "c.amount_fen", "c.merchant"))


async def standing(tx: Tx, plan: Plan) -> list[KnownNotice]:
    """Those of this payment that nobody has settled, refunds at the channel first."""
    found = [_refunded(plan, step) for step in plan.steps if step.by_channel]
    found += [_mismatch(row) for row in await tx.fetch(MISMATCHES, plan.hospital_id, plan.payment_id)]
    proposals = {row["reference"]: row for row in await said(tx, plan.hospital_id, plan.payment_id)}
    return [
        _with_proposal(each, proposals.get(each.notice))
        for each in found
        if each.notice not in proposals or not proposals[each.notice]["settled"]
    ]


def _refunded(plan: Plan, step: Step) -> KnownNotice:
    their_id: str = step.params["their_id"]
    of: str = step.params["of"]
    return KnownNotice(
        notice=f"{of} {REFUNDED_AT_CHANNEL} {their_id}",
        why=REFUNDED_AT_CHANNEL,
        reference=of,
        told=REFUNDED_AT_CHANNEL,
        since=step.since,
        amount_fen=step.amount_fen,
        merchant=step.merchant,
        their_id=their_id,
        booked=step.reason != NOT_BELIEVED,
    )


def _mismatch(row: Row) -> KnownNotice:
    return KnownNotice(why=CALLBACK_MISMATCH, **dict(row))


def _with_proposal(notice: KnownNotice, proposal: Row | None) -> KnownNotice:
    if proposal is None:
        return notice
    return replace(
        notice,
        proposed=proposal["outcome"],
        proposed_by=proposal["proposed_by"],
        proposed_fen=proposal["amount_fen"],
    )
