"""What people are told of a payment: derived from its plan, never stored apart from it."""

from datetime import datetime, timedelta
from typing import Any, Literal, cast

from yinyi.business.payments.amounts import left_fen, owed_fen, paid, paid_fen, to_agree
from yinyi.business.payments.channels import WINDOW
from yinyi.business.payments.engine import Rules, rule_of
from yinyi.business.payments.messages import PaidPart, PaymentView
from yinyi.business.payments.model import CARDS, PaymentState, RefundState
from yinyi.business.payments.plan import REFUND, REFUSED_CODE, TAKE, TRIES_LEFT, Plan, Step, once
from yinyi.business.payments.postings import fulfilled
from yinyi.business.payments.registry import Registry
from yinyi.kernel.money import Fen

_TAKE_STATES: dict[str, PaymentState] = {
    "doing": "starting",
    "waiting": "waiting",
    "unknown": "unknown",
    "undoing": "starting",
    "undo_unknown": "starting",
}

_ASKED = frozenset({"starting", "waiting", "unknown"})
_TAKEN_BACK = frozenset({"unknown", "undoing", "undo_unknown"})


@once
def state_of(plan: Plan) -> PaymentState:
    """One word for the whole."""
    if plan.direction == "back":
        return _state_back(plan)
    if fulfilled(plan):
        return "fulfilled"
    if plan.cancel_wanted and not paid(plan):
        return "closing"
    for step in plan.current():
        if step.state == "done" or (step.kind == TAKE and not owed_fen(plan)):
            continue
        if step.kind == TAKE:
            return _state_of_take(plan, step)
        if not _is_behind_the_takes(plan, step):
            return "holding"
        return "delivering" if paid(plan) else "ready"
    return "ready" if owed_fen(plan) else "holding"


def _is_behind_the_takes(plan: Plan, step: Step) -> bool:
    return any(take.position < step.position for take in plan.takes())


def _state_back(plan: Plan) -> PaymentState:
    if plan.ended_at is not None:
        return "returned" if plan.taken_fen else "closed"
    if plan.taken_fen > plan.returned_fen:
        return "returning"
    asked = any(take.state in ("unknown", "undoing", "undo_unknown", "doing") for take in plan.takes())
    return "returned" if plan.taken_fen else "unknown" if asked and plan.attention else "closing"


def _state_of_take(plan: Plan, step: Step) -> PaymentState:
    if step.state in ("planned", "refused", "undone", "late"):
        chosen_anew = plan.tender and plan.tender_no > step.tender_no
        return "starting" if chosen_anew or (step.state == "planned" and step.channel) else "ready"
    return _TAKE_STATES[step.state]


def view_of(plan: Plan, registry: Registry) -> PaymentView:
    """Everything a screen, a slip or a cashier needs."""
    state = state_of(plan)
    take = next((step for step in reversed(plan.takes()) if step.channel), None)
    waiting = take if take is not None and state == "waiting" else None
    failed = take is not None and state == "ready" and take.tender_no == plan.tender_no and take.state != "done"
    owed = owed_fen(plan) if plan.direction == "forward" else Fen(0)
    reason = plan.reason or (_told(take) if take is not None and failed else "")
    return PaymentView(
        payment_no=plan.payment_no,
        ask_no=plan.ask_no,
        purpose=plan.purpose,
        state=state,
        version=plan.version,
        amount_fen=plan.amount_fen,
        started_at=plan.started_at,
        since=max([plan.started_at, *(step.since for step in plan.steps)]),
        reason=cast(Any, reason),
        tender=_tender(plan),
        pay_by=plan.pay_by if plan.direction == "forward" else None,
        code_url=waiting.show.code_url if waiting and waiting.show else "",
        code_expires_at=waiting.until if waiting else None,
        resolves_by=resolves_by(plan, registry.rules),
        paid_at=paid_at(plan),
        owed_fen=owed,
        taken_fen=plan.taken_fen,
        returned_fen=plan.returned_fen,
        refunds=_refunds(plan),
        attention=bool(plan.attention),
        tenders=registry.tenders(plan.scope, owed),
        to_agree=plan.direction == "forward" and to_agree(plan),
        scanned=_scanned(plan, take),
        scans=registry.scans(plan.scope, owed),
        reads=registry.reads(plan.scope),
        refused_code=take.evidence.get(REFUSED_CODE, "") if take is not None and failed else "",
        tries_left=take.evidence.get(TRIES_LEFT) if take is not None and failed else None,
        taking_back=take is not None and take.channel in CARDS and take.state in _TAKEN_BACK,
        parts=_parts(plan),
        asked_fen=take.amount_fen if take is not None and (state in _ASKED or (failed and take.scanned)) else Fen(0),
        at_window=_at_window(plan),
    )


def _at_window(plan: Plan) -> bool:
    """A cashier still has to give something back, now or once the hospital has given up what was paid for."""
    cash = [step for step in plan.steps if step.kind == REFUND and step.channel == WINDOW and step.booked]
    if any(step.state not in ("done", "late") for step in cash):
        return True
    return plan.direction == "back" and any(take.channel == WINDOW and left_fen(plan, take) for take in plan.moved())


def _parts(plan: Plan) -> list[PaidPart]:
    sums: dict[str, int] = {}
    for step in plan.moved():
        sums[step.channel] = sums.get(step.channel, 0) + step.amount_fen
    return [PaidPart(tender=channel, amount_fen=Fen(fen)) for channel, fen in sums.items()]


def _refunds(plan: Plan) -> RefundState | Literal[""]:
    takes = [take for take in plan.takes() if take.state == "done"]
    back = sum(plan.refunded_fen(take) for take in takes)
    if back < sum(plan.booked_fen(take) for take in takes):
        return "under_way"
    if not back:
        return ""
    return "partly" if back < paid_fen(plan) else "wholly"


def _scanned(plan: Plan, take: Step | None) -> bool:
    """Of the means that was chosen last, also while the one before is still being closed; once it has taken its part,
    none is chosen for the rest."""
    if take is None or plan.tender_no > take.tender_no:
        return bool(plan.facts.get("tender_facts", {}).get("scanned"))
    return take.scanned and not (take.state == "done" and owed_fen(plan))


def _tender(plan: Plan) -> str:
    """The means that took the money, or while none has, the one that was chosen; of what is divided, the one that was
    chosen for the rest."""
    if plan.direction == "forward" and paid_fen(plan) and owed_fen(plan):
        return plan.tender
    taken = next((step.channel for step in reversed(plan.takes()) if step.state in ("done", "late")), "")
    return taken or plan.tender


def _told(take: Step) -> str:
    if take.state == "late":
        return "paid_late"
    return "unavailable" if take.reason == "not_found" else take.reason


def paid_at(plan: Plan) -> datetime | None:
    """When the money was taken, by the channel's own time where it tells."""
    moved = plan.moved()
    return moved[-1].taken_at if moved else None


def resolves_by(plan: Plan, rules: Rules) -> datetime | None:
    """By then the engine has settled what is in doubt, or people look into it."""
    times: list[datetime] = []
    for step in plan.steps:
        if step.state in ("doing", "unknown", "undoing", "undo_unknown"):
            times.append((step.sent_at or step.since) + timedelta(seconds=rule_of(rules, step).people_after_s))
        elif step.kind == REFUND and step.state == "waiting" and step.until:
            times.append(step.until)
    return max(times, default=None)
