"""Which postings a change of plan means: a pure function of the plan before and after."""

from datetime import date, datetime

from yinyi.business.ledger.model import (
    JournalEntry,
    Posting,
    channel_account,
    funds_account,
    income_account,
    refunds_account,
)
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step

_MOVED = ("done", "late")
_UNDER_WAY = ("doing", "waiting", "unknown")


def entries(before: Plan, after: Plan, business_date: date, now: datetime) -> list[JournalEntry]:
    """One entry for each movement of money that this change brings; none when no money moved."""
    old = {step.reference: step for step in before.steps}
    found: list[JournalEntry] = []
    for step in after.steps:
        was = old.get(step.reference)
        state_was = was.state if was else "planned"
        if state_was == step.state:
            continue
        for kind, posting in _of_step(after, step, state_was):
            once = kind in ("taken", "refunded")
            source = f"{step.reference}:{kind}" if once else f"{step.reference}:{kind}:{after.version}"
            found.append(_entry(after, source, kind, business_date, now, posting))
    if fulfilled(after) and not fulfilled(before):
        posting = Posting(
            debit_account=funds_account(after.scope),
            credit_account=income_account(after.scope, after.purpose),
            amount_fen=after.amount_fen,
        )
        if after.amount_fen:
            found.append(_entry(after, f"{after.payment_no}:delivered", "delivered", business_date, now, posting))
    return found


def fulfilled(plan: Plan) -> bool:
    """Everything that was to happen has happened."""
    current = plan.current()
    return plan.direction == "forward" and bool(current) and all(step.state == "done" for step in current)


def _of_step(plan: Plan, step: Step, state_was: str) -> list[tuple[str, Posting]]:
    funds = funds_account(plan.scope)
    channel = channel_account(step.channel, step.merchant)
    refunds = refunds_account(step.channel, step.merchant)

    def move(debit: str, credit: str) -> Posting:
        return Posting(debit_account=debit, credit_account=credit, amount_fen=step.amount_fen)

    if step.kind == TAKE and step.state in _MOVED and state_was not in _MOVED:
        return [("taken", move(channel, funds))]
    if step.kind != REFUND:
        return []
    if step.state in _UNDER_WAY and state_was not in _UNDER_WAY:
        return [("refund_sent", move(funds, refunds))]
    if state_was in _UNDER_WAY and step.state == "done":
        return [("refunded", move(refunds, channel))]
    if state_was in _UNDER_WAY and step.state not in _UNDER_WAY:
        return [("refund_not_made", move(refunds, funds))]
    if step.state == "late":
        return [("refunded", move(funds, channel))]
    return []


def _entry(plan: Plan, source: str, kind: str, on: date, at: datetime, posting: Posting) -> JournalEntry:
    return JournalEntry(
        hospital_id=plan.hospital_id,
        source=source,
        kind=kind,
        business_date=on,
        posted_at=at,
        postings=(posting,),
    )
