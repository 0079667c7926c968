"""One payment on a stage: the real engine, driver, store and PostgreSQL; a far side, a payer and a clock of our own."""

import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from yinyi.app.faults.far_side import START, SimChannel, SimClock, SimHospital
from yinyi.app.faults.mishaps import CommitLost, Killed, MishapDatabase, MishapRegistry, Script
from yinyi.app.faults.model import FEE, Told
from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Database
from yinyi.bus.operation import Caller
from yinyi.business.payments import signals
from yinyi.business.payments.callbacks import Kept
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.drive import Drive, LeaseLost, Means
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.errors import PaymentClosed
from yinyi.business.payments.lease import Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.messages import ChooseTender, SubmitCode
from yinyi.business.payments.model import CallbackRead
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.service import TAKEN_UP, NewPayment, PaymentService, TakenUp
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.model import Department
from yinyi.business.scheduling.plans import (
    AT_CONFIRM,
    AT_HOLD,
    AT_TAKE,
    CONFIRM,
    HOLD,
    REGISTRATION,
    ConfirmNumber,
    HoldNumber,
    KeepNumber,
    Registration,
    RegistrationFacts,
)
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done

ZONE = ZoneInfo("Asia/Shanghai")
RESTARTED_AFTER = timedelta(seconds=10)
"""A killed process's lease has run out by then."""

_DEPARTMENT = Department(
    department_id="D1", parent_id="D0", name="心血管内科", name_en="Cardiology", initial="X", building="A", floor=2,
    area="B",
)  # fmt: skip


@dataclass
class Stage:
    """``number``: of the payment that is played now."""

    clock: SimClock
    hospital: SimHospital
    channel: SimChannel
    quiet: Database
    means: Means
    other: Means
    """A second business process, alive all the time."""
    payments: PaymentService
    script: Script
    number: str = ""
    payment_id: int = 0
    told: list[Told] = field(default_factory=list[Told])
    _begun: TakenUp | None = None
    _kept: Kept | None = None
    _serial: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    # -- what people do

    async def open(self) -> None:
        """Somebody chooses a doctor."""
        await self._stay_alive()
        call = self.call()
        async with self.quiet.transaction() as tx:
            self.number = await self.payments.open(tx, call, self._registration())
        self._begun = call.notes.get(TAKEN_UP)
        self.payment_id = (await self.plan()).payment_id

    async def choose(self) -> None:
        """He chooses WeChat, if he still may."""
        await self._stay_alive()
        call = self.call()
        try:
            async with self.quiet.transaction() as tx:
                await self.payments.choose(tx, call, ChooseTender(payment_no=self.number, tender="wechatpay"), None)
        except PaymentClosed:
            return
        self._begun = call.notes.get(TAKEN_UP)

    async def submit(self, payer_code: str) -> None:
        """He holds the code on his phone under the scanner, if it may still be."""
        await self._stay_alive()
        call = self.call()
        message = SubmitCode(payment_no=self.number, payer_code=payer_code)
        try:
            async with self.quiet.transaction() as tx:
                await self.payments.submit_code(tx, call, message, None)
        except PaymentClosed:
            return
        self._begun = call.notes.get(TAKEN_UP)

    async def cancel(self) -> None:
        plan = await self.plan()
        if plan.ended_at is None:
            async with self.quiet.transaction() as tx:
                await signals.cancel(tx, plan, self.clock.now())

    async def callback(self, take: Step, event_id: str, amount_fen: int = FEE) -> None:
        """WeChat Pay tells that this order was paid."""
        await self._stay_alive()
        read = CallbackRead(
            event_id=event_id,
            about="take",
            reference=take.reference,
            merchant="outpatient",
            amount_fen=Fen(amount_fen),
            outcome=Done(evidence={"paid_at": self.clock.now().isoformat()}),
        )
        kept = await self.payments.callbacks.keep(self.call(), "wechatpay", b"body", read)
        self._kept = kept or self._kept

    # -- what processes do

    async def drive(self) -> None:
        """One process drives until it waits; one that was killed is replaced, its lease runs out first."""
        await self.script.take_late_effects()
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
        self.script.steal = self._stolen
        try:
            await Drive(
                *(self.means, 1, self.payment_id, self.means.lease.epoch, self._tell),
                known=known,
                leaving=leaving,
                pending=pending,
            ).run()
        except LeaseLost:
            await self.means.lease.take()
        finally:
            self.script.steal = None

    async def _stay_alive(self) -> None:
        await self.means.lease.beat()
        await self.other.lease.beat()

    async def _stolen(self) -> None:
        """Our heart stood still for too long; the other process has found the payment and drives it."""
        async with self.quiet.read() as tx:
            await tx.execute(
                "UPDATE process_lease SET alive_until = $2 WHERE epoch = $1", self.means.lease.epoch, self.clock.now()
            )
        self.script.steal = None
        await Drive(self.other, 1, self.payment_id, self.other.lease.epoch, self._tell).run()

    async def _restart(self) -> None:
        self._begun = self._kept = None
        self.clock.at += RESTARTED_AFTER
        await self.script.take_late_effects()
        await self.means.lease.take()

    def _tell(self, plan: Plan, push: object) -> None:
        self.told.append(Told(self.clock.now(), state_of(plan)))

    # -- looking

    async def plan(self) -> Plan:
        async with self.quiet.read() as tx:
            plan = await signals.find(tx, 1, self.number)
        assert plan is not None
        return plan

    async def next_at(self) -> "timedelta | None":
        """How long until something is due; None: nothing ever is."""
        async with self.quiet.read() as tx:
            at = await tx.fetchval("SELECT next_at FROM payment WHERE payment_id = $1", self.payment_id)
        return at - self.clock.now() if at else None

    def call(self) -> Call:
        who = Principal(caller=Caller.KIOSK, hospital_id=1, terminal_id="T1", patient_id=1)
        now = self.clock.now()
        return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key="k")

    def _registration(self) -> NewPayment:
        now, serial = self.clock.now(), next(self._serial)
        facts = RegistrationFacts(
            patient_no="P1",
            department=_DEPARTMENT,
            department_id="D1",
            schedule_id=f"S{serial}",
            slot_id="",
            practitioner_id="A",
            practitioner_name="李明华",
            title="chief",
            service_date=now.date(),
            session="morning",
            room="205",
            held_until=now + timedelta(minutes=10),
        )
        return NewPayment(
            purpose=REGISTRATION,
            scope="outpatient",
            amount_fen=FEE,
            description="挂号费",
            pay_by=now + timedelta(minutes=8),
            steps=((AT_HOLD, HOLD), (AT_TAKE, "payments.take"), (AT_CONFIRM, CONFIRM)),
            facts=facts.as_json(),
            obligation=(REGISTRATION, f"P1:S{serial}"),
        )


@asynccontextmanager
async def stage(url: str) -> AsyncGenerator[Stage]:
    """A stage on this database, which has the platform's schema."""
    clock = SimClock(START)
    script = Script(clock)
    hospital, channel = SimHospital(clock), SimChannel(clock)
    watched = await MishapDatabase.opened(url, script)
    registry = MishapRegistry(
        effects=[HoldNumber(hospital), KeepNumber(hospital), ConfirmNumber(hospital)],
        purposes=[Registration()],
        channels={"wechatpay": channel},
        merchants=MerchantTable({("outpatient", "wechatpay"): "outpatient"}),
    )
    registry.script = script
    registry.rules = {kind: replace(rule, spread=0.0) for kind, rule in registry.rules.items()}
    quiet = watched.quiet()
    ours, others = Lease(quiet, clock, "ours"), Lease(quiet, clock, "other")
    await ours.take()
    await others.take()
    means = Means(watched, registry, ours, Limits(), clock, ZONE)
    other = Means(quiet, registry, others, Limits(), clock, ZONE)
    payments = PaymentService(quiet, registry, Driver(Means(quiet, registry, ours, Limits(), clock, ZONE)), ZONE)
    try:
        yield Stage(clock, hospital, channel, quiet, means, other, payments, script)
    finally:
        await quiet.close()
