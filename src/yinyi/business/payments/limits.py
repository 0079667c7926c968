"""Calls in flight, limited per channel, and breakers: one slow or dead channel neither blocks nor starves another."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from yinyi.business.payments.breaker import Breaker, Verb
from yinyi.business.payments.plan import REFUND, Plan, Step
from yinyi.business.payments.rules import Rule
from yinyi.kernel.outcome import Answer, NotSent, Unknown

log = structlog.get_logger()
_random = random.SystemRandom().random


@dataclass
class Place:
    """``answer``: instead of calling. Otherwise one calls, and says by ``heard`` what came back."""

    answer: NotSent | Unknown | None
    heard: Callable[[Answer, datetime], None]


class Limits:
    """``at_once`` calls per channel (or per domain for effects without a channel), a breaker per kind and channel."""

    def __init__(self, at_once: int = 32, patience_s: float = 2.0, jitter: Callable[[], float] = _random) -> None:
        self._at_once = at_once
        self._patience_s = patience_s
        self._jitter = jitter
        self._places: dict[str, asyncio.Semaphore] = {}
        self._breakers: dict[str, Breaker] = {}

    def is_open(self, name: str) -> bool:
        """Whether the breaker of this kind and channel (``payments.take/wechatpay``) is open."""
        breaker = self._breakers.get(name)
        return breaker is not None and breaker.is_open

    def open_breakers(self) -> list[str]:
        return sorted(name for name, breaker in self._breakers.items() if breaker.is_open)

    @asynccontextmanager
    async def place(self, plan: Plan, step: Step, verb: Verb, rule: Rule, now: datetime) -> AsyncGenerator[Place]:
        """A place of one's own, or an answer when none came free in time or the breaker is open."""
        name = f"{step.kind}/{step.channel}" if step.channel else step.kind
        breaker = self._breakers.setdefault(name, Breaker(rule))

        def heard(answer: Answer, at: datetime) -> None:
            unsaid = isinstance(answer, NotSent) or (isinstance(answer, Unknown) and not answer.evidence)
            if breaker.heard(not unsaid, plan.payment_id, at, self._jitter()):
                log.warning("breaker.open" if breaker.is_open else "breaker.closed", of=name)

        probe = breaker.is_open
        if not breaker.admits(verb, now):
            yield Place(_unsent(step, verb, rule, "the breaker is open"), heard)
            return
        try:
            async with self._one_of_many(step) as free:
                yield Place(None if free else _unsent(step, verb, rule, "too many calls in flight"), heard)
        finally:
            if probe:
                breaker.left()

    @asynccontextmanager
    async def _one_of_many(self, step: Step) -> AsyncGenerator[bool]:
        """True with a place of one's own; False when none came free in time."""
        name = step.channel or step.kind.split(".")[0]
        places = self._places.setdefault(name, asyncio.Semaphore(self._at_once))
        try:
            async with asyncio.timeout(self._patience_s):
                await places.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            places.release()


def _unsent(step: Step, verb: Verb, rule: Rule, why: str) -> NotSent | Unknown:
    """A call that has not left says nothing about one that may have left before it: such a ``do`` stays in doubt."""
    first = "left_again_at" not in step.params
    only_if_unsent = (rule.can_ask and step.kind != REFUND) or not rule.repeatable
    return NotSent(detail=why) if verb != "do" or first or only_if_unsent else Unknown(detail=why)
