"""One payment alone on a stage: the real engine, drive, store and PostgreSQL, in one process and another one."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from yinyi.app.faults.at_terminal import ASKED_ON, TRIED_AGAIN, AtTerminal
from yinyi.app.faults.far_side import START, SimClock
from yinyi.app.faults.house import ZONE, Desk, House
from yinyi.app.faults.judge import JUDGED
from yinyi.app.faults.line_house import CHANNEL, CardAccount, LineHouse, ProcessLine
from yinyi.app.faults.line_wire import BANK, SimWire
from yinyi.app.faults.mishaps import MishapDatabase
from yinyi.app.faults.model import LINE, Told
from yinyi.app.faults.person import SOONEST, T
from yinyi.app.faults.script import CommitLost, Killed, Script
from yinyi.app.faults.world import look_at
from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.lines.session_model import Batch, LineAnswer
from yinyi.business.payments.callbacks import Fresh as FreshCallback
from yinyi.business.payments.callbacks import Kept, understood
from yinyi.business.payments.drive import Drive, Fresh, LeaseLost, Means, Outdated
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.lease import BEAT_S, LEASE_S, Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.model import CallbackRead
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.service import TAKEN_UP, PaymentService, TakenUp
from yinyi.business.payments.view import state_of
from yinyi.kernel.outcome import Done

RESTARTED_AFTER = timedelta(seconds=10)
"""A killed process's lease has run out by then."""

_NEXT_AT = """
WITH due AS (
  SELECT next_at FROM payment WHERE hospital_id = 1 AND payment_id = $1
), beaten AS (
  UPDATE process_lease AS l SET alive_until = greatest(due.next_at, $2) + $3
  FROM due WHERE l.epoch = ANY($4::bigint[])
)
SELECT next_at FROM due
"""


class Stage(AtTerminal):
    """``number``: of the payment that is played now. ``means``: of the process that drives it. ``other``: of a second
    one, alive all the time."""

    def __init__(
        self,
        house: House,
        script: Script,
        means: Means,
        other: Means,
        desk: Desk,
        line: LineHouse,
        lines: tuple[ProcessLine, ProcessLine],
    ) -> None:
        super().__init__(house, script)
        self.means, self.other, self.desk = means, other, desk
        self.payments = desk.payments
        self._begun: TakenUp | None = None
        self._kept: Kept | None = None
        self._declared_dead = False
        self._began = self.clock.now()
        self._acts: list[str] = []
        """What people and the channel have done of themselves."""
        script.look = self._look
        self.line, self.ours, self.others = line, *lines
        self.sides[CHANNEL] = self.account = CardAccount(line.bank)
        self.called = ""
        """Why people are called to his payment."""
        self._called_at = self.clock.now()
        script.beside = self._line_stands
        script.beat, script.pays = self._hearts_beat, self.pays
        line.bank.unsure = lambda: len(script.hit)

    # -- what people do

    def somebody_else(self) -> None:
        """Whoever comes now has not been here before."""
        self.patient_id += 1
        self.told, self.insured_wholly, self.by_card, self.called = [], False, False, ""
        self.account.pan = f"622588{self.patient_id:010}"
        self.line.bank.began()
        self._began, self._acts = self.clock.now(), []
        self.means, self.other = (replace(each, limits=Limits()) for each in (self.means, self.other))

    def _look(self, plan: Plan) -> str:
        told = sorted({each.state for each in self.told} & JUDGED)
        known = self.means.known.get(plan.payment_no)
        here = known is not None and known.version == plan.version
        ours = f"{here} {self._begun is not None} {self._kept is not None} {self._declared_dead}"
        line = [hit for hit in self.script.hit if hit[0].startswith(LINE)] if self.by_card else ""
        return f"{look_at(self.house, plan, self._began)} {self._acts} {told} {ours} {line}"

    def _line_stands(self) -> str:
        wires = (self.ours.wire, self.others.wire)
        return f"{[each.is_waited_for() for each in wires]} {self.line.bank.standing()}" if self.by_card else ""

    def _did(self, what: str) -> None:
        self._acts.append(what)
        self.script.happened(what)

    async def change(self, make: Callable[[Desk, Tx, Call], Awaitable[T]]) -> T:
        await self._stay_alive()
        self._did("asked")
        call = self.call()
        async with self.quiet.transaction() as tx:
            made = await make(self.desk, tx, call)
        self._begun = call.notes.get(TAKEN_UP)
        return made

    async def wait(self, time: timedelta) -> None:
        """Whoever waits for the bank goes on when his time has come."""
        end = self.clock.at + time
        while (wire := self._next_due(end)) is not None:
            self.clock.at = max(self.clock.at, wire.next_due() or end)
            await self._stay_alive()
            try:
                await wire.go_on()
            except Killed:
                await self._restart()
        self.clock.at = max(end, self.clock.at)

    def _next_due(self, end: datetime) -> SimWire | None:
        due = [(at, wire) for wire in (self.ours.wire, self.others.wire) if (at := wire.next_due()) and at <= end]
        return min(due, key=lambda each: each[0])[1] if due else None

    async def hear(self, step: Step, read: CallbackRead) -> None:
        await self._hear(step, read, driven=False)

    async def _hear(self, step: Step, read: CallbackRead, driven: bool) -> None:
        await self._stay_alive()
        self._did(f"told {read.event_id.split()[0]} {read.about} {read.amount_fen}")
        callbacks, read = self.payments.callbacks, understood(read)
        fresh = None if driven or self._begun else callbacks.fresh(self.call(), step.channel, b"body", read)
        if fresh is not None and await self._kept_at_once(fresh):
            return
        kept = await callbacks.keep(self.call(), step.channel, b"body", read)
        self._kept = kept or self._kept

    async def _kept_at_once(self, fresh: FreshCallback) -> bool:
        """Driven by it at once; False: the channel has not been answered and tells again."""
        kept: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        try:
            await self._run(known=fresh.plan, fresh=Fresh(fresh.callback, kept))
        except Killed:
            await self._restart()
        except (CommitLost, Outdated):
            pass
        return kept.done()

    async def _tell_first(self, step: Step, answer: Done) -> None:
        await self._hear(step, self.told_of(step, f"first {step.reference}", answer), driven=True)
        self._kept = None  # whoever drives finds it

    @property
    def desk_of_payments(self) -> PaymentService:
        return self.payments

    async def comes_with_card(self, *, signed_on: bool) -> None:
        """From here on this run is about the bank line."""
        self.by_card = True
        self.script.aside = ("scheduling",)
        await self.line.begins(signed_on=signed_on)

    def has_seen_to(self) -> None:
        self.called = ""

    async def settles(self, batch_no: int) -> Batch | LineAnswer | None:
        await self._stay_alive()
        self._did("settles")
        plan, wire = await self.plan(), self.ours.wire
        self.script.call_about(plan, plan.steps[-1])
        errand = asyncio.ensure_future(self.ours.sessions.settle(BANK, self.line.session_id, batch_no))
        while await wire.stands(errand):
            await self.wait((wire.next_due() or self.clock.at) - self.clock.at)
        try:
            return await errand
        except CommitLost:
            return None
        except Killed:
            if self.script.dead:
                await self._restart()
            return None

    def waits_for_people(self) -> bool:
        patience = TRIED_AGAIN if self.called == "refund_refused" else ASKED_ON
        return self.by_card and bool(self.called) and self.clock.now() >= self._called_at + patience

    # -- what processes do

    async def drive(self) -> None:
        """One process drives until it waits; one that was killed is replaced, its lease runs out first."""
        await self.script.outside.take_late_effects()
        for _ in range(20):
            try:
                return await self._drive()
            except Killed:
                await self._restart()
            except CommitLost:
                self._begun = self._kept = None  # it looks again, like at anything it has found

    async def _drive(self) -> None:
        await self._stay_alive()
        begun, kept = self._begun, self._kept
        self._begun = self._kept = None
        known, leaving = (begun.plan, begun.leaving) if begun else (kept.plan if kept else None, "")
        pending = [kept.callback] if kept and kept.plan and not begun else []
        await self._run(known=known, leaving=leaving, pending=pending)

    async def _run(self, **begun: Any) -> None:
        self.script.steal, self.script.tell = self._stolen, self._tell_first
        try:
            await Drive(self.means, 1, self.payment_id, self.means.lease.epoch, self._tell, **begun).run()
        except LeaseLost:
            await self.means.lease.take()
        except Outdated:
            if self._declared_dead:
                await self.means.lease.take()
            raise
        finally:
            self.script.steal, self._declared_dead = None, False

    async def next_at(self) -> timedelta | None:
        """Until then, both processes' hearts beat."""
        now = self.clock.now()
        leases, soon, lasts = (self.means.lease, self.other.lease), now + SOONEST, timedelta(seconds=LEASE_S)
        async with self.quiet.read() as tx:
            at = await tx.fetchval(_NEXT_AT, self.payment_id, soon, lasts, [lease.epoch for lease in leases])
        for lease in leases:
            lease.alive_until = max(at or soon, soon) + lasts
        return at - now if at else None

    async def _stay_alive(self) -> None:
        leases = [self.means.lease, self.other.lease]
        if not all(lease.good_for(LEASE_S - BEAT_S) for lease in leases):
            await self.house.beaten(self.quiet, leases, self.clock.now())

    async def _hearts_beat(self) -> None:
        """While a call takes its time; the heart of who was declared dead stands still."""
        beating = [self.other.lease] if self._declared_dead else [self.means.lease, self.other.lease]
        await self.house.beaten(self.quiet, beating, self.clock.now())

    async def _stolen(self) -> None:
        """Our heart stood still for too long; the other process has found the payment and drives it."""
        async with self.quiet.read() as tx:
            await tx.execute(
                "UPDATE process_lease SET alive_until = $2 WHERE epoch = $1", self.means.lease.epoch, self.clock.now()
            )
        self.script.steal, self._declared_dead = None, True
        await Drive(self.other, 1, self.payment_id, self.other.lease.epoch, self._tell).run()

    async def _restart(self) -> None:
        self._begun = self._kept = None
        for each in (self.ours, self.others):
            await each.wire.call_off()
        self.script.dead = False
        self.clock.at += RESTARTED_AFTER
        await self.script.outside.take_late_effects()
        self.means.known.forget()
        await self.means.lease.take()
        await self.other.lease.take()  # it may have been the one that was killed

    def _tell(self, plan: Plan, changed: bool, rests: bool) -> None:
        self.told.append(Told(self.clock.now(), state_of(plan)))
        if plan.attention != self.called:
            self.called, self._called_at = plan.attention, self.clock.now()


@asynccontextmanager
async def stage(url: str) -> AsyncGenerator[Stage]:
    """A stage on this database, which has the platform's schema."""
    clock = SimClock(START)
    script = Script(clock)
    watched = await MishapDatabase.opened(url, script)
    quiet = watched.quiet()
    house = House(clock, quiet)
    with TemporaryDirectory(prefix="yinyi-faults-keys-") as folder:
        line = LineHouse(quiet, clock, ZONE, Path(folder))
        try:
            await line.open()
            yield await _set(house, script, watched, line)
        finally:
            await quiet.close()
            await line.stop()


async def _set(house: House, script: Script, watched: MishapDatabase, line: LineHouse) -> Stage:
    clock, quiet = house.clock, house.quiet
    first, second = (line.process(way, script) for way in (watched.of_line(), quiet))
    registry, others = (house.registry(script, {CHANNEL: each.cards}) for each in (first, second))
    ours, theirs = Lease(quiet, clock, "ours"), Lease(quiet, clock, "other")
    await ours.take()
    await theirs.take()
    means = Means(watched, registry, ours, Limits(), clock, ZONE)
    other = Means(quiet, others, theirs, Limits(), clock, ZONE)
    undisturbed = Means(quiet, registry, ours, Limits(), clock, ZONE, known=means.known)
    await house.open()
    desk = house.desk(quiet, undisturbed, Driver(undisturbed))
    return Stage(house, script, means, other, desk, line, (first, second))
