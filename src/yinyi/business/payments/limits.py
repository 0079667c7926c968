"""Calls in flight, limited per channel, and breakers: one slow or dead channel neither blocks nor starves another."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import NamedTuple, Self

import structlog

from yinyi.business.payments.breaker import Breaker, Verb
from yinyi.business.payments.plan import Plan, Step
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


LONGEST_LINE = 256
"""So many wait for one channel; who comes then comes again. It is more than come at once to one that is in health."""


class _Line:
    """The calls to one channel: so many are out at once, some wait until one of them has come home."""

    def __init__(self, at_once: int) -> None:
        self._out = asyncio.Semaphore(at_once)
        self.waiting = 0

    async def enter(self, patience_s: float, began_to_wait: asyncio.Event) -> bool:
        """Whether a place came free in time. Whoever has to wait says so first."""
        if not self._out.locked():
            return await self._out.acquire()  # at once
        if self.waiting >= LONGEST_LINE:
            return False
        self.waiting += 1
        began_to_wait.set()
        try:
            async with asyncio.timeout(patience_s):
                return await self._out.acquire()
        except TimeoutError:
            return False
        finally:
            self.waiting -= 1

    def leave(self) -> None:
        self._out.release()


class Place:
    """A place of one's own for one call, ``async with``. ``answer``: instead of calling, because none came free in time
    or the breaker is open; None: one calls, and says by ``heard`` what came back."""

    __slots__ = ("_breaker", "_held", "_limits", "_name", "_probe", "_what", "answer")

    def __init__(self, limits: "Limits", what: Leaving) -> None:
        self._limits = limits
        self._what = what
        self._name = f"{what.step.kind}/{what.step.channel}" if what.step.channel else what.step.kind
        self._breaker = limits.breaker(self._name, what.rule)
        self._probe = False
        self._held: _Line | None = None
        self.answer: NotSent | None = None

    async def __aenter__(self) -> Self:
        breaker, what = self._breaker, self._what
        self._probe = breaker.is_open
        if not breaker.admits(what.verb, what.now):
            self._probe = False
            self.answer = NotSent(detail="the breaker is open")
            return self
        try:
            self._held = await self._limits.one_of_many(what.step, what.rule)
        except BaseException:
            self._leave()
            raise
        if self._held is None:
            self.answer = NotSent(detail="too many calls in flight")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._held is not None:
            self._held.leave()
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
    """As many calls at once per channel (or per domain for effects without a channel) as its rule says, a breaker per
    kind and channel."""

    def __init__(
        self, at_once: int | None = None, patience_s: float = 2.0, jitter: Callable[[], float] = _random
    ) -> None:
        """``at_once``: instead of what rules say."""
        self._at_once = at_once
        self._patience_s = patience_s
        self.jitter = jitter
        self.room = asyncio.Event()
        """Set whenever somebody begins to wait: he takes nobody's place meanwhile."""
        self._lines: dict[str, _Line] = {}
        self._breakers: dict[str, Breaker] = {}

    @property
    def waiting(self) -> int:
        """Calls that wait for their channel, and do nothing else."""
        return sum(line.waiting for line in self._lines.values())

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

    async def one_of_many(self, step: Step, rule: Rule) -> _Line | None:
        """With a place taken; None: none came free in time."""
        name = step.channel or step.kind.split(".")[0]
        line = self._lines.get(name)
        if line is None:
            line = self._lines[name] = _Line(rule.at_once if self._at_once is None else self._at_once)
        return line if await line.enter(self._patience_s, self.room) else None
