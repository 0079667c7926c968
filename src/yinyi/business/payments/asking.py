"""One question to the outside that is not the engine's next: what people, or a restored database, want to know."""

import asyncio
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from yinyi.bus.guard import assert_no_transaction
from yinyi.business.payments.engine import rule_of
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.registry import Registry
from yinyi.kernel.clock import Clock
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Unknown


class Asks(Protocol):
    """What asking needs of the engine's means."""

    @property
    def registry(self) -> Registry: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def clock(self) -> Clock: ...


class Asked(NamedTuple):
    """``step``: as it was asked about. Its amount is the other side's, where that one says that it is another than
    ours."""

    step: Step
    answer: Answer


async def ask(means: Asks, plan: Plan, step: Step) -> Asked:
    """The answer about this call of this plan. Where the other side has our reference over another amount it is asked
    once more, about that amount."""
    answer = await _answer(means, plan, step)
    told_fen = answer.evidence.get("amount_fen") if isinstance(answer, Unknown) else None
    if not isinstance(told_fen, int) or told_fen <= 0:
        return Asked(step, answer)
    other = replace(step, amount_fen=Fen(told_fen))
    return Asked(other, await _answer(means, plan.with_step(other), other))


async def _answer(means: Asks, plan: Plan, step: Step) -> Answer:
    rule = rule_of(means.registry.rules, step)
    assert_no_transaction()
    async with means.limits.place(plan, step, "ask", rule, means.clock.now()) as place:
        if place.answer is not None:
            return place.answer
        answer = await _bounded(means, plan, step, rule.timeout_s)
        place.heard(answer, means.clock.now())
        return answer


async def _bounded(means: Asks, plan: Plan, step: Step, timeout_s: float) -> Answer:
    try:
        async with asyncio.timeout(timeout_s):
            return await means.registry.effect(step).ask(plan, step, means.clock.now())
    except Exception as error:
        return Unknown(detail=type(error).__name__)
