"""What goes wrong, in front of every effect and around every commit of the driver."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from yinyi.app.faults.model import DOWN_FOR, LINE, FaultName, Verb
from yinyi.app.faults.script import Script
from yinyi.bus.database import Database, Row, Tx, open_pool
from yinyi.bus.lending import Lending
from yinyi.business.payments.builder import (
    BILLING_LOCK,
    BILLING_SETTLE,
    INPATIENT_POST,
    INSURANCE_QUOTE,
    INSURANCE_SETTLE,
    SCHEDULING_CHECK_IN,
)
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step
from yinyi.business.payments.ports import Effect
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.rules import Rule
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Refused, RefusedReason, Unknown, Waiting

_REFUSED: dict[str, RefusedReason] = {
    "scheduling.hold": "slot_taken",
    "scheduling.keep": "expired",
    "scheduling.confirm": "expired",
    TAKE: "declined",
    REFUND: "not_refundable",
    INSURANCE_QUOTE: "not_permitted",
    INSURANCE_SETTLE: "not_permitted",
    BILLING_LOCK: "expired",
    BILLING_SETTLE: "expired",
    INPATIENT_POST: "not_permitted",
    SCHEDULING_CHECK_IN: "session_stopped",
}
_JUST_IN_TIME = 0.9
"""Of a time-out."""


@dataclass
class _InFront:
    """What stands in front of an effect, with its words."""

    inner: Effect
    script: Script

    @property
    def kind(self) -> str:
        return self.inner.kind

    @property
    def version(self) -> int:
        return self.inner.version

    @property
    def rule(self) -> Rule:
        return self.inner.rule

    def leaves(self, plan: Plan, step: Step) -> None:
        """A ``do``: what it makes happen is on its way."""
        if step.kind == REFUND:
            self.script.about(plan).sent_back.append(step.reference)


@dataclass
class Mishappen(_InFront):
    """An effect with a script in front of it."""

    name: str

    async def do(self, plan: Plan, step: Step, now: datetime) -> Answer:
        self.leaves(plan, step)
        return await self._call("do", lambda: self.inner.do(plan, step, now), plan, step)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._call("ask", lambda: self.inner.ask(plan, step, now), plan, step)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._call("undo", lambda: self.inner.undo(plan, step, now), plan, step)

    async def _call(self, verb: Verb, call: Callable[[], Awaitable[Answer]], plan: Plan, step: Step) -> Answer:
        script = self.script.about(plan)
        await script.pause(f"{self.name} {verb}")
        script.call_about(plan, step)
        name, outside, side = script.at(self.name, verb), script.outside, step.channel or "hospital"
        if name == "down":
            outside.down_until[side] = outside.clock.now() + DOWN_FOR
        if outside.is_down(side):
            return await self._away(name, verb, script)
        latest = outside.clock.now() + self._settles() * 0.99
        await script.travel()
        answer = await self._happen(name, verb, call, step, script, latest)
        await script.travel()
        await script.pause(f"{self.name} {verb} answered")
        return answer

    async def _away(self, name: FaultName | None, verb: Verb, script: Script) -> Answer:
        if name in ("crash_before", "crash_after"):
            await script.die()
        if name is not None and name != "down":
            script.in_vain(self.name, verb, name)
        return Unknown(detail="down") if verb == "ask" else NotSent(detail="down")

    async def _happen(
        self,
        name: FaultName | None,
        verb: Verb,
        call: Callable[[], Awaitable[Answer]],
        step: Step,
        script: Script,
        latest: datetime,
    ) -> Answer:
        """``latest``: when a call that has left now can still take effect, by the channel's own rules."""
        match name:
            case "crash_before":
                await script.die()
            case "crash_after":
                await call()
                await script.die()
            case "lost_before":
                return await self._unheard(script)
            case "lost_after":
                await call()
                return await self._unheard(script)
            case "late_effect":
                script.outside.late.append((latest, call))
                return await self._unheard(script)
            case "refused" if not step.left_in_doubt:  # who may have done it answers as he did
                return Refused(reason=_REFUSED[self.kind])
            case "not_sent":
                return NotSent()
            case "taken_over" if script.steal is not None:
                await script.steal()
                return await call()
            case "early":
                answer = await call()
                if not await _told_first(script, step, answer):
                    script.in_vain(self.name, verb, name)
                return answer
            case "slow":
                answer = await call()
                await script.lasts(self.rule.timeout_s * _JUST_IN_TIME)
                return answer
            case "not_found" if self._may_be_unknown_yet(step):
                return NotFound()
            case None:
                return await call()
            case _:
                script.in_vain(self.name, verb, name)
                return await call()

    async def _unheard(self, script: Script) -> Unknown:
        await script.silence(self.rule.timeout_s)
        return Unknown()

    def _settles(self) -> timedelta:
        return timedelta(seconds=self.rule.timeout_s + self.rule.settles_after_s)

    def _may_be_unknown_yet(self, step: Step) -> bool:
        return step.left_at is not None and self.script.clock.now() < step.left_at + self._settles()


async def _told_first(script: Script, step: Step, answer: Answer) -> bool:
    """The channel tells what it is about to answer; or, where it waits for the payer, that he has paid since."""
    if isinstance(answer, Waiting) and script.pays(step):
        answer = Done(evidence={"paid_at": script.clock.now().isoformat()})
    if not isinstance(answer, Done) or script.tell is None:
        return False
    await script.tell(step, answer)
    return True


class LineCalls(_InFront):
    """An effect on the bank line. Within it the script stands in front of every message and every commit."""

    async def do(self, plan: Plan, step: Step, now: datetime) -> Answer:
        self.leaves(plan, step)
        self.script.call_about(plan, step)
        return await self.inner.do(plan, step, now)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        self.script.call_about(plan, step)
        return await self.inner.ask(plan, step, now)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        self.script.call_about(plan, step)
        return await self.inner.undo(plan, step, now)


class MishapRegistry(Registry):
    """The registry of the house, every effect with the script in front of it."""

    script: Script

    def effect(self, step: Step) -> Effect:
        inner = super().effect(step)
        if step.channel in self.cards:
            return cast(Effect, LineCalls(inner, self.script))  # what can go wrong is each message and each commit
        if inner.rule.internal:
            return inner  # no call leaves: what can go wrong is the write
        name = f"{step.kind}/{step.channel}" if step.channel else step.kind
        return cast(Effect, Mishappen(inner, self.script, name))


class MishapDatabase(Database):
    """The driver's way to PostgreSQL: every statement is a commit that may go wrong."""

    def __init__(self, lending: Lending, script: Script) -> None:
        super().__init__(lending)
        self.script = script

    def quiet(self) -> Database:
        """The same connections, undisturbed."""
        return Database(self._lending)

    def of_line(self) -> "LineDatabase":
        """The same connections, as POS sessions have them."""
        return LineDatabase(self._lending, self.script)

    @classmethod
    async def opened(cls, url: str, script: Script) -> "MishapDatabase":
        return cls(Lending(await open_pool(url, size=4, name="yinyi faults")), script)

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Tx]:
        async with self.script.commit(), super().read() as tx:
            yield tx


class LineDatabase(MishapDatabase):
    """The way of POS sessions to PostgreSQL: each of their writes is a commit that may go wrong."""

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Tx]:
        async with self.quiet().read() as tx:
            yield _Watched(tx, self.script)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        async with self.script.commit(LINE), self.quiet().transaction() as tx:
            yield tx


@dataclass
class _Watched:
    inner: Tx
    script: Script

    def _commit(self, query: str) -> AbstractAsyncContextManager[None]:
        return nullcontext() if query.lstrip().startswith("SELECT") else self.script.commit(LINE)

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        async with self._commit(query):
            return await self.inner.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        async with self._commit(query):
            return await self.inner.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        async with self._commit(query):
            return await self.inner.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        async with self._commit(query):
            return await self.inner.execute(query, *args)
