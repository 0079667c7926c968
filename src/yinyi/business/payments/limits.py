"""Calls in flight, limited per channel, and breakers: one slow or dead channel neither blocks nor starves another."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import NamedTuple, Self

import structlog

from yinyi.business.payments.breaker import Breaker, Verb
from yinyi.business.payments.plan import REFUND, Plan, Step
from yinyi.business.payments.rules import Rule
from yinyi.kernel.outcome import Answer, NotSent, Unknown

log = structlog.get_logger()
_random = random.SystemRandom().random


class Leaving(NamedTuple):
    """A call that is about to leave."""

    plan: Plan
    step: Step
    verb: Verb
    rule: Rule
    now: datetime


class Place:
    """A place of one's own for one call, ``async with``. ``answer``: instead of calling, because none came free in time
    or the breaker is open; None: one calls, and says by ``heard`` what came back."""

    __slots__ = ("_breaker", "_held", "_limits", "_name", "_probe", "_what", "answer")

    def __init__(self, limits: "Limits", what: "Leaving") -> None:
        self._limits = limits
        self._what = what
        self._name = f"{what.step.kind}/{what.step.channel}" if what.step.channel else what.step.kind
        self._breaker = limits.breaker(self._name, what.rule)
        self._probe = False
        self._held: asyncio.Semaphore | None = None
        self.answer: NotSent | Unknown | None = None

    async def __aenter__(self) -> Self:
        breaker, what = self._breaker, self._what
        self._probe = breaker.is_open
        if not breaker.admits(what.verb, what.now):
            self._probe = False
            self.answer = _unsent(what, "the breaker is open")
            return self
        try:
            self._held = await self._limits.one_of_many(what.step)
        except BaseException:
            self._leave()
            raise
        if self._held is None:
            self.answer = _unsent(what, "too many calls in flight")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._held is not None:
            self._held.release()
        self._leave()

    def heard(self, answer: Answer, at: datetime) -> None:
        unsaid = isinstance(answer, NotSent) or (isinstance(answer, Unknown) and not answer.evidence)
        jitter = self._limits.jitter() if unsaid else 0.0
        if self._breaker.heard(not unsaid, self._what.plan.payment_id, at, jitter):
            log.warning("breaker.open" if self._breaker.is_open else "breaker.closed", of=self._name)

    def _leave(self) -> None:
        if self._probe:
            self._breaker.left()


class Limits:
    """``at_once`` calls per channel (or per domain for effects without a channel), a breaker per kind and channel."""

    def __init__(self, at_once: int = 32, patience_s: float = 2.0, jitter: Callable[[], float] = _random) -> None:
        self._at_once = at_once
        self._patience_s = patience_s
        self.jitter = jitter
        self._places: dict[str, asyncio.Semaphore] = {}
        self._breakers: dict[str, Breaker] = {}

    def is_open(self, name: str) -> bool:
        """Whether the breaker of this kind and channel (``payments.take/wechatpay``) is open."""
        breaker = self._breakers.get(name)
        return breaker is not None and breaker.is_open

    def open_breakers(self) -> list[str]:
        return sorted(name for name, breaker in self._breakers.items() if breaker.is_open)

    def place(self, plan: Plan, step: Step, verb: Verb, rule: Rule, now: datetime) -> Place:
        """For this call."""
        return Place(self, Leaving(plan, step, verb, rule, now))

    def breaker(self, name: str, rule: Rule) -> Breaker:
        found = self._breakers.get(name)
        if found is None:
            found = self._breakers[name] = Breaker(rule)
        return found

    async def one_of_many(self, step: Step) -> asyncio.Semaphore | None:
        """With a place taken; None: none came free in time."""
        name = step.channel or step.kind.split(".")[0]
        places = self._places.get(name)
        if places is None:
            places = self._places[name] = asyncio.Semaphore(self._at_once)
        if not places.locked():
            await places.acquire()  # at once
            return places
        try:
            async with asyncio.timeout(self._patience_s):
                await places.acquire()
        except TimeoutError:
            return None
        return places


def _unsent(what: Leaving, why: str) -> NotSent | Unknown:
    """A call that has not left says nothing about one that may have left before it: such a ``do`` stays in doubt."""
    first = "left_again_at" not in what.step.params
    only_if_unsent = (what.rule.can_ask and what.step.kind != REFUND) or not what.rule.repeatable
    return NotSent(detail=why) if what.verb != "do" or first or only_if_unsent else Unknown(detail=why)
