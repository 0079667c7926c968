"""What a bank says that it has taken, and what it has to give back, as a plan. Pure."""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple, cast

from msgspec.structs import replace

from yinyi.business.payments import apply
from yinyi.business.payments.amounts import owed_fen, to_agree
from yinyi.business.payments.channels import GIVEN_BACK_WITHIN_S, INSTITUTION
from yinyi.business.payments.engine import Rules
from yinyi.business.payments.messages_institution import GiveBackOrder, TakenView, Verdict
from yinyi.business.payments.model import PaymentReason
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step
from yinyi.business.payments.postings import fulfilled
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import view_of
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, Waiting

THEIRS = "their_reference"
"""In a take's ``params`` and in a refund's evidence: the bank's own number."""
UNDER_WAY = ("doing", "waiting", "unknown")
_ORDERED = (*UNDER_WAY, "done", "late")
_OPEN = (*UNDER_WAY, "undoing", "undo_unknown")


class Told(NamedTuple):
    """Money that a bank has taken. taken_on: its business date."""

    institution_id: str
    reference: str
    amount_fen: Fen
    taken_at: datetime
    taken_on: date


def with_taken(plan: Plan, told: Told, rules: Rules, now: datetime) -> tuple[Plan, Step]:
    """The plan once this is taken, and its step: towards what is owed, or with the order to give it back."""
    why = not_owed(plan, told.amount_fen, now)
    return _unwanted(plan, told, why, rules, now) if why else _wanted(plan, told, rules, now)


def not_owed(plan: Plan, amount_fen: Fen, now: datetime) -> PaymentReason | None:
    """Why this money cannot be kept; None: exactly so much is owed, and nobody else is paying it."""
    if plan.direction == "back" or plan.cancel_wanted:
        return cast(PaymentReason, {"expired": "paid_late", "": "cancelled"}.get(plan.reason, plan.reason))
    if not owed_fen(plan):
        return "already_paid"
    if now >= plan.pay_by:
        return "paid_late"
    if any(take.state in _OPEN for take in plan.takes()):
        return "held_elsewhere"
    return None if owed_fen(plan) == amount_fen and not to_agree(plan) else "changed"


def _wanted(plan: Plan, told: Told, rules: Rules, now: datetime) -> tuple[Plan, Step]:
    before = _latest(plan)
    rest = apply.taking_rest(plan, before, now) if before.state == "done" else plan
    chosen = replace(rest, tender=INSTITUTION, tender_no=plan.tender_no + 1)
    chosen = apply.chosen(chosen, _latest(rest), INSTITUTION, told.institution_id, now, _params(told))
    sent = apply.sent(chosen, _latest(chosen), now)
    after = apply.learned(sent, _latest(sent), Done(evidence=_evidence(told)), rules, now)
    return after, _latest(after)


def _unwanted(plan: Plan, told: Told, why: str, rules: Rules, now: datetime) -> tuple[Plan, Step]:
    params = {"channel": INSTITUTION, "merchant": told.institution_id, **_params(told)}
    taken = apply.taken_unasked(plan, told.amount_fen, why, params, _evidence(told), now)
    reference = apply.next_reference(plan)
    take = next(step for step in taken.takes() if step.reference == reference)
    ordered = apply.giving_back(taken, take, now)
    refund = ordered.refunds_of(take)[0]
    by = now + timedelta(seconds=GIVEN_BACK_WITHIN_S)
    sent = apply.sent(ordered, refund, now)
    return apply.learned(sent, sent.refunds_of(take)[0], Waiting(until=by), rules, now), take


def with_given_back(plan: Plan, refund: Step, evidence: dict[str, Any], rules: Rules, now: datetime) -> Plan:
    """The bank has done as it was told."""
    return apply.learned(plan, refund, Done(evidence=evidence), rules, now)


def _latest(plan: Plan) -> Step:
    step = plan.latest(TAKE)
    assert step is not None, "something is owed, so there is a step that takes it"
    return step


def _params(told: Told) -> dict[str, Any]:
    return {THEIRS: told.reference}


def _evidence(told: Told) -> dict[str, Any]:
    return {"paid_at": told.taken_at.isoformat(), "channel_date": f"{told.taken_on}"}


# ---- what the bank is told


def taken_by(plan: Plan, institution_id: str, reference: str) -> Step | None:
    """The take that this institution calls so."""
    for take in plan.takes():
        if (take.channel, take.merchant, take.params.get(THEIRS)) == (INSTITUTION, institution_id, reference):
            return take
    return None


def order_of(plan: Plan, institution_id: str, reference: str) -> Step | None:
    """The order to this institution, by our reference."""
    for step in plan.steps:
        mine = step.kind == REFUND and (step.channel, step.merchant) == (INSTITUTION, institution_id)
        if mine and step.reference == reference and step.state != "planned":
            return step
    return None


def verdict_of(plan: Plan, take: Step) -> Verdict:
    if take.state == "late" or plan.direction == "back":
        return "given_back" if plan.refunded_fen(take) >= take.amount_fen else "give_back"
    return "delivered" if fulfilled(plan) else "delivering"


def is_decided(plan: Plan, take: Step) -> bool:
    """The bank can be told what to do: nothing more, or what to give back."""
    verdict = verdict_of(plan, take)
    return verdict != "delivering" and (verdict != "give_back" or bool(orders(plan, take)))


def orders(plan: Plan, take: Step) -> list[GiveBackOrder]:
    """All to give back some of this take, oldest first."""
    return [_order(plan, take, step) for step in plan.refunds_of(take) if _is_ordered(step)]


def _is_ordered(refund: Step) -> bool:
    return refund.channel == INSTITUTION and refund.state in _ORDERED


def _order(plan: Plan, take: Step, refund: Step) -> GiveBackOrder:
    ordered_at = refund.sent_at or refund.since
    reason = take.reason if take.state == "late" else plan.reason if plan.direction == "back" else ""
    return GiveBackOrder(
        reference=refund.reference,
        taken_reference=take.params[THEIRS],
        payment_no=plan.payment_no,
        amount_fen=refund.amount_fen,
        ordered_at=ordered_at,
        by=ordered_at + timedelta(seconds=GIVEN_BACK_WITHIN_S),
        reason=cast(Any, reason),
        done=refund.state in ("done", "late"),
    )


def open_orders(plan: Plan, institution_id: str) -> list[GiveBackOrder]:
    """Those that this institution has not confirmed."""
    takes = [take for take in plan.moved() if (take.channel, take.merchant) == (INSTITUTION, institution_id)]
    return [order for take in takes for order in orders(plan, take) if not order.done]


def taken_view(plan: Plan, take: Step, registry: Registry) -> TakenView:
    return TakenView(
        reference=take.params[THEIRS],
        amount_fen=take.amount_fen,
        verdict=verdict_of(plan, take),
        payment=view_of(plan, registry),
        give_backs=orders(plan, take),
    )
