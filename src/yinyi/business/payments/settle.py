"""Every decision about a plan that needs nobody else, one after the other, up to the first that does."""

from datetime import datetime

import structlog
from msgspec.structs import replace

from yinyi.business.payments import apply
from yinyi.business.payments.actions import (
    Action,
    Again,
    CallPeople,
    Choose,
    Drop,
    GiveBack,
    GiveUp,
    Retry,
    Send,
    TakeRest,
    TurnBack,
)
from yinyi.business.payments.engine import decide, rule_of
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.registry import Registry

log = structlog.get_logger()

PURE_STEPS = 50
"""More decisions without a call than any plan can need: beyond that the engine turns in a circle."""


def settle(plan: Plan, registry: Registry, now: datetime) -> tuple[Plan, Action]:
    """The plan after these decisions, and what it wants of others: ``Send``, ``Ask``, ``Undo``, ``Wait`` or ``End``."""
    for _ in range(PURE_STEPS):
        action = decide(plan, registry.rules, now)
        match action:
            case GiveUp(step):
                plan = apply.given_up(plan, step, now)
            case Retry(step):
                plan = apply.retried(plan, step, now)
            case Choose(step, channel):
                merchant = registry.merchant(plan, channel)
                plan = apply.chosen(plan, step, channel, merchant, now, plan.facts.get("tender_facts", {}))
            case Again(step):
                plan = apply.again(plan, step, now)
            case TakeRest(take):
                plan = apply.taking_rest(plan, take, now)
            case GiveBack(take, how):
                plan = apply.giving_back(plan, take, now, how)
            case Drop(refund):
                plan = apply.dropped(plan, refund, now)
            case TurnBack(reason):
                plan = apply.turned_back(plan, reason)
            case CallPeople(why):
                log.warning("payment.people_called", payment_no=plan.payment_no, why=why)
                plan = replace(plan, attention=why, attention_at=now)
            case _:
                return plan, action
    raise AssertionError(f"payment {plan.payment_no}: the engine turns in a circle")


def about_to_leave(plan: Plan, registry: Registry, now: datetime) -> tuple[Plan, str]:
    """The plan with its next call marked, and the reference of that step; as it is when something else comes first."""
    ready, wish = settle(plan, registry, now)
    if not isinstance(wish, Send) or rule_of(registry.rules, wish.step).internal:
        return plan, ""
    return apply.sent(ready, wish.step, now), wish.step.reference
