"""Driving one payment: decide, write, call, learn, until there is nothing to do but wait.

What is about to leave is on disk before it leaves; what came back is written together with what leaves next.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import structlog
from msgspec.structs import replace

from yinyi.bus.database import Database, Row
from yinyi.bus.guard import assert_no_transaction
from yinyi.bus.together import Together, as_list
from yinyi.business.ledger.model import JournalEntry
from yinyi.business.ledger.store import at_hand, balance_rows, overdraws
from yinyi.business.payments import apply, lost_time, rows, store, writes
from yinyi.business.payments.actions import Ask, End, Send, Undo, Wait
from yinyi.business.payments.engine import next_deadline, rule_of
from yinyi.business.payments.gap import close_gap
from yinyi.business.payments.known import KnownPlans
from yinyi.business.payments.lease import LONGEST_CALL_S, Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.model import RefundedAtChannel
from yinyi.business.payments.one_step import as_asked
from yinyi.business.payments.plan import TAKE, Plan, Step
from yinyi.business.payments.ports import Effect
from yinyi.business.payments.postings import entries, on_our_account
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.settle import settle
from yinyi.business.payments.transitions import Impossible
from yinyi.business.payments.view import state_of
from yinyi.kernel.clock import Clock
from yinyi.kernel.outcome import Answer, Done, NotSent, Refused, Unknown, Waiting

log = structlog.get_logger()

Told = Done | Waiting | Refused | RefundedAtChannel
MISMATCH = apply.CALLBACK_MISMATCH
"""A genuine callback over another amount or merchant: people look into it, whatever becomes of the payment."""

Calls = Callable[[Plan, Step, datetime], Awaitable[Answer]]
"""The shape of ``do``, ``ask`` and ``undo``."""


class LeaseLost(Exception):
    """Another process drives this payment now, or ours was declared dead."""


class Outdated(Exception):
    """The payment is not as it was known to be, or not free: nothing was written."""


@dataclass
class Fresh:
    """A callback that the first write of a drive keeps. ``kept``: whether it did."""

    callback: rows.FreshCallback
    kept: "asyncio.Future[bool]"

    def tell(self, kept: bool) -> None:
        if not self.kept.done():
            self.kept.set_result(kept)


@dataclass(frozen=True)
class Means:
    """What driving needs, shared by all payments of a process."""

    database: Database
    registry: Registry
    lease: Lease
    limits: Limits
    clock: Clock
    zone: ZoneInfo
    together: Together = field(init=False)
    known: KnownPlans = field(default_factory=KnownPlans)

    def __post_init__(self) -> None:
        object.__setattr__(self, "together", Together(self.database))


@dataclass
class Heard:
    """An answer that is not on disk yet."""

    reference: str
    answer: Answer
    to_undo: bool


@dataclass
class Drive:
    """One payment under this process's lease. ``before``: as on disk. ``plan``: as it will be."""

    means: Means
    hospital_id: int
    payment_id: int
    epoch: int
    on_write: Callable[[Plan, bool, bool], None] = lambda _plan, _changed, _rests: None
    """Told after every write; whether what people see of the payment has changed with it, and whether it rests now."""
    known: Plan | None = None
    """As on disk under our lease already; None: it is loaded."""
    leaving: str = ""
    """The reference of the step whose ``do`` is marked on disk and has not left yet."""
    pending: Sequence[rows.PendingCallback] = ()
    """Callbacks that ``known`` has not been told of yet."""
    fresh: Fresh | None = None
    """One that is not on disk yet; the lease is not ours either, before the first write has taken it."""
    others_first: Callable[[], bool] = lambda: False
    """Others wait for the first question about them: once this one's is answered, it stands back."""
    before: Plan = field(init=False)
    plan: Plan = field(init=False)
    _heard: list[Heard] = field(default_factory=list[Heard])
    _callbacks: list[str] = field(default_factory=list[str])
    _inside: str = ""
    """The internal step that the next write makes happen: one at a time, so that it is known whose overdraft it was."""
    _short: set[str] = field(default_factory=set[str])
    """Internal steps for which there was not enough."""
    _ours: dict[str, int] | None = None
    """What patients' accounts have, in fen, where one had not enough: what is missing is ours."""
    _answered: bool = False
    """A question about it, in this drive."""

    async def run(self) -> Plan | None:
        """Drive until it waits, stands back or ends; the plan then, or None when somebody else has it.

        Raises:
            LeaseLost: nothing of ours was written after that.
            Outdated: with ``fresh`` only.
        """
        if self.known is not None and self.known.gap_until is None:
            self.before = self.plan = self.known
            self._apply_callbacks(self.pending)
            if self.fresh is not None:
                self._apply_told(self.fresh.callback.reference, msgspec.convert(self.fresh.callback.outcome, Told))
            await self._leave_marked()
        elif not await self._load():
            return None
        while self.before.gap_until is not None:
            if not await close_gap(self.means, self.before, self.epoch) or not await self._load():
                return None
        while True:
            self.plan, action = settle(self.plan, self.means.registry, self._now())
            match action:
                case Send() | Undo() if self._answered and self.others_first() and self._dirty():
                    if await self._write(keep=True, next_at=None):
                        return self.before
                case Send(step) if self._now() < self.plan.pay_by and await self._is_unasked(step):
                    if await self._rest(self._now() + lost_time.LOOKS_AGAIN):
                        return self.before
                case Send(step) if self._is_inside(step):
                    await self._move_inside(step)
                case Send() | Undo():
                    await self._leave(action)
                case Ask(step):
                    if self._dirty():
                        await self._write(keep=True, next_at=None)
                    else:
                        await self._hear(step, self._effect(step).ask, to_undo=False, to_ask=True)
                case Wait(until):
                    deadline = next_deadline(self.plan, self.means.registry.rules, self._now())
                    at = min(until, deadline) if deadline else until
                    if await self._rest(at):
                        return self.before
                case End():
                    if self.before.ended_at is not None and not self._dirty() and await self._rest(None):
                        return self.before
                    kept = self.plan.attention if self.plan.attention in apply.LOOKED_INTO else ""
                    self.plan = replace(self.plan, ended_at=self.plan.ended_at or self._now(), attention=kept)
                    if await self._write(keep=False, next_at=None):
                        return self.before
                case _:
                    raise AssertionError(f"{action} is not for the driver")

    # -- calling

    async def _leave(self, action: Send | Undo) -> None:
        """Write, then call. The write carries the mark that this call is about to leave."""
        step = action.step
        undo = isinstance(action, Undo)
        now = self._now()
        self.plan = (apply.undo_sent if undo else apply.sent)(self.plan, step, now)
        if not await self._write(keep=True, next_at=None):
            return
        marked = next(each for each in self.plan.steps if each.reference == step.reference)
        effect = self._effect(marked)
        await self._hear(marked, effect.undo if undo else effect.do, to_undo=undo)

    def _is_inside(self, step: Step) -> bool:
        return rule_of(self.means.registry.rules, step).internal

    async def _move_inside(self, step: Step) -> None:
        """Nothing leaves: it happens with its postings, in the write that says so."""
        if self._inside:
            await self._write(keep=True, next_at=None)
            return
        now = self._now()
        self.plan = apply.sent(self.plan, step, now)
        if step.kind == TAKE and step.reference in self._short:
            answer: Answer = Refused(reason="insufficient_funds")
        elif await self._is_unasked(step):
            answer = Refused(reason="expired")
        else:
            answer = await self._effect(step).do(self.plan, step, now)
            self._inside = step.reference
        sent = next(each for each in self.plan.steps if each.reference == step.reference)
        self.plan = apply.learned(self.plan, sent, answer, self.means.registry.rules, now)

    async def _is_unasked(self, step: Step) -> bool:
        """What it takes may have been paid out already, in time that a restore has lost."""
        if step.kind != TAKE or not (self.plan.restored and self._is_inside(step)):
            return False
        async with self.means.database.read() as tx:
            return await lost_time.waits(tx, self.hospital_id, self.plan.patient_id, self._now())

    async def _leave_marked(self) -> None:
        """The transaction that opened the payment has marked this call; now it leaves."""
        step = next((each for each in self.plan.steps if each.reference == self.leaving), None)
        if step is not None:
            await self._hear(step, self._effect(step).do, to_undo=False)

    def _effect(self, step: Step) -> Effect:
        return self.means.registry.effect(step)

    async def _hear(self, step: Step, call: Calls, *, to_undo: bool, to_ask: bool = False) -> None:
        rule = rule_of(self.means.registry.rules, step)
        timeout_s = min(rule.timeout_s, LONGEST_CALL_S)
        verb = "undo" if to_undo else "ask" if to_ask else "do"
        assert_no_transaction()
        async with self.means.limits.place(self.plan, step, verb, rule, self._now()) as place:
            if place.answer is not None:
                answer: Answer = place.answer
            else:
                await self._wait_for_lease(timeout_s)
                left_at = self._now()
                answer = await _bounded(call(self.plan, step, left_at), timeout_s, step)
                place.heard(answer, self._now())
                answer = as_asked(answer, step, rule, left_at)
        self._answered |= to_ask
        if to_ask and isinstance(answer, NotSent):
            answer = Unknown(detail=answer.detail)  # the question never left; what it was about may have
        self._learn(Heard(step.reference, answer, to_undo))

    async def _wait_for_lease(self, timeout_s: float) -> None:
        """A call goes out only if the lease outlasts its time-out."""
        for _ in range(30):
            if self.means.lease.epoch != self.epoch:
                raise LeaseLost
            if self.means.lease.good_for(timeout_s):
                return
            await asyncio.sleep(0.1)
        raise LeaseLost

    # -- learning

    def _learn(self, heard: Heard) -> None:
        self._heard.append(heard)
        self._apply(heard)

    def _apply(self, heard: Heard) -> None:
        step = next((each for each in self.plan.steps if each.reference == heard.reference), None)
        if step is None:
            log.error("payment.answer_to_nothing", reference=heard.reference)
            return
        learned = apply.undo_learned if heard.to_undo else apply.learned
        try:
            self.plan = learned(self.plan, step, heard.answer, self.means.registry.rules, self._now())
        except Impossible as error:
            log.info("payment.stale_answer", reference=heard.reference, why=str(error))
            return
        moved = next(each for each in self.plan.steps if each.reference == heard.reference)
        if moved.state == "late" and self.plan.ended_at is not None:
            self.plan = replace(self.plan, ended_at=None)  # forward, it stays delivered; what is late goes back

    # -- the disk

    async def _load(self) -> bool:
        async with self.means.database.read() as tx:
            row = await store.claim_one(tx, self.hospital_id, self.payment_id, self.epoch, self._now())
        if row is None:
            return False
        self.before = self.plan = rows.read_plan(row["plan"])
        self._inside = ""
        for heard in self._heard:
            self._apply(heard)
        self._apply_callbacks(rows.read_callbacks(row["callbacks"]))
        return True

    def _apply_callbacks(self, callbacks: Sequence[rows.PendingCallback]) -> None:
        self._callbacks = []
        for callback in callbacks:
            self._callbacks.append(callback.event_id)
            if callback.verdict == "believed":
                self._apply_told(callback.reference, msgspec.convert(callback.outcome, Told))
            elif callback.verdict == "mismatch" and self.plan.attention not in apply.LOOKED_INTO:
                since = self.plan.attention_at or self._now()
                self.plan = replace(self.plan, attention=MISMATCH, attention_at=since)

    def _apply_told(self, reference: str, told: Told) -> None:
        if not isinstance(told, RefundedAtChannel):
            return self._apply(Heard(reference, told, to_undo=False))
        self.plan = apply.refunded_at_channel(self.plan, reference, told, self.means.registry.rules, self._now())

    def _dirty(self) -> bool:
        return self.plan != self.before or bool(self._callbacks) or self.fresh is not None

    async def _rest(self, next_at: datetime | None) -> bool:
        """Hand the lease back until then, with what has changed, if anything has; see ``_write``."""
        if self._dirty():
            return await self._write(keep=False, next_at=next_at)
        statement, args = store.release(self.before, self.epoch, next_at)
        released = await self.means.together.fetchrow(statement, args, self.payment_id)
        if released is None and not await self._load():
            raise LeaseLost
        return released is not None

    async def _write(self, *, keep: bool, next_at: datetime | None) -> bool:
        """True: written. False: the plan had been changed meanwhile; it is loaded anew and everything decided anew.

        Raises:
            LeaseLost: it is not ours any more.
            Outdated: ``fresh`` was not kept.
        """
        now = self._now()
        after = self.plan.at_version(self.before.version + 1)
        posted = self._entries(after, now)
        balances = balance_rows(posted)
        ended = after.ended_at != self.before.ended_at
        changed = state_of(after) != state_of(self.before) or ended
        write = writes.write(
            self.before,
            after,
            epoch=self.epoch,
            keep=keep,
            next_at=next_at,
            now=now,
            entries=posted,
            balances=balances,
            callbacks=self._callbacks,
            fresh=self.fresh.callback if self.fresh is not None else None,
            told=ended and after.ended_at is not None and after.purpose in self.means.registry.told,
        )
        if await self._written(write, alone=bool(balances)) is None:
            if self.fresh is not None:
                raise Outdated
            if not await self._load():
                raise LeaseLost
            return False
        self.before = self.plan = after
        self.means.known.keep(after)
        if self.fresh is not None:
            self.fresh.tell(True)
            self.fresh = None
        self._heard, self._callbacks = [], []
        self._inside, self._ours = "", None
        self.on_write(after, changed, not keep)
        return True

    def _entries(self, after: Plan, now: datetime) -> list[JournalEntry]:
        found = entries(self.before, after, now.astimezone(self.means.zone).date(), now)
        return found if self._ours is None else on_our_account(found, self._ours)

    async def _written(self, write: writes.Write, *, alone: bool) -> Row | None:
        """``alone``: it moves a balance. Payments that wait for each other's balances would wait for ever if they
        were in one transaction with others. None also when a balance would have fallen below zero: then the internal
        step is refused; where none is to blame, because the money is gone already, the loss is ours."""
        if not alone:
            return await self.means.together.put(*write, self.payment_id)
        try:
            async with self.means.database.read() as tx:
                return await tx.fetchrow(write.statement, as_list([write.row]), *write.common)
        except Exception as error:
            if not overdraws(error):
                raise
        if self._inside:
            self._short.add(self._inside)
            return None
        async with self.means.database.read() as tx:  # should it fall meanwhile, this goes round once more
            self._ours = await at_hand(tx, self._entries(self.plan, self._now()))
        return None

    def _now(self) -> datetime:
        return self.means.clock.now()


async def _bounded(answer: Awaitable[Answer], timeout_s: float, step: Step) -> Answer:
    """A time-out or an exception is ``Unknown``, never a failure."""
    try:
        async with asyncio.timeout(timeout_s):
            return await answer
    except TimeoutError:
        return Unknown(detail=f"no answer within {timeout_s} s")
    except Exception:
        log.exception("payment.connector_failed", step=step.kind, reference=step.reference)
        return Unknown(detail="the connector failed")
