"""One payment on a stage: the real engine, driver, store and PostgreSQL; a far side, a payer and a clock of our own."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from yinyi.app.faults.far_bills import Invoice, LockBills, SettleBills, SimBills, SimScheme
from yinyi.app.faults.far_side import START, SimChannel, SimClock, SimHospital, SimWallet
from yinyi.app.faults.mishaps import CommitLost, Killed, MishapDatabase, MishapRegistry, Script
from yinyi.app.faults.model import FEE, Told
from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Database, Tx
from yinyi.bus.operation import Caller
from yinyi.business.insurance.model import Claim
from yinyi.business.insurance.service import InsuranceService
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.ledger.model import JournalEntry, Posting, prepaid_account
from yinyi.business.payments import builder, signals
from yinyi.business.payments.callbacks import Fresh as FreshCallback
from yinyi.business.payments.callbacks import Kept
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.drive import Drive, Fresh, LeaseLost, Means, Outdated
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.errors import MoreThanLeft, MoreThanOwed, NotDelivered, NothingToAgree, PaymentClosed
from yinyi.business.payments.lease import BEAT_S, LEASE_S, Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.messages import AgreeToQuote, ChooseTender, RefundPayment
from yinyi.business.payments.model import CallbackRead, RefundedAtChannel, TenderName
from yinyi.business.payments.plan import TAKE, Plan, Step
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.service import TAKEN_UP, NewPayment, PaymentService, TakenUp
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid import store as prepaid_store
from yinyi.business.prepaid.errors import NothingOnAccount, OnlyAtWindow
from yinyi.business.prepaid.messages import TopUp, Withdraw
from yinyi.business.prepaid.model import TopUpPurpose
from yinyi.business.prepaid.service import PrepaidService
from yinyi.business.scheduling.model import Department
from yinyi.business.scheduling.plans import (
    REGISTRATION,
    ConfirmNumber,
    HoldNumber,
    KeepNumber,
    Registration,
    RegistrationFacts,
)
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done

What = Literal["registration", "insured", "invoice", "top_up"]

ZONE = ZoneInfo("Asia/Shanghai")
RESTARTED_AFTER = timedelta(seconds=10)
"""A killed process's lease has run out by then."""

_DEPARTMENT = Department(
    department_id="D1", parent_id="D0", name="心血管内科", name_en="Cardiology", initial="X", building="A", floor=2,
    area="B",
)  # fmt: skip
_CLAIM = Claim(
    scheme="employees", person_no="P", encounter_no="E", batch_no="B", insurance_type="310", visit_type="12",
    amount_fen=FEE,
)  # fmt: skip


@dataclass
class Stage:
    """``number``: of the payment that is played now."""

    clock: SimClock
    hospital: SimHospital
    channel: SimChannel
    wallet: SimWallet
    bills: SimBills
    scheme: SimScheme
    quiet: Database
    means: Means
    other: Means
    """A second business process, alive all the time."""
    payments: PaymentService
    script: Script
    prepaid: PrepaidService
    number: str = ""
    payment_id: int = 0
    patient_id: int = 1
    """Another one in each run, so that his account is this run's."""
    opened_fen: int = 0
    """What this patient had on his account."""
    gone_fen: int = 0
    """What people wanted back of what was delivered, and what somebody gave back at the channel."""
    told: list[Told] = field(default_factory=list[Told])
    _begun: TakenUp | None = None
    _kept: Kept | None = None
    _declared_dead: bool = False
    _serial: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    # -- what people do

    async def open(self, what: What = "registration") -> None:
        """Somebody chooses a doctor, or which bills to pay."""
        await self._stay_alive()
        call = self.call()
        self.gone_fen = 0
        async with self.quiet.transaction() as tx:
            self.number = await self._opened(tx, call, what)
        self._begun = call.notes.get(TAKEN_UP)
        self.payment_id = (await self.plan()).payment_id

    async def _opened(self, tx: Tx, call: Call, what: What) -> str:
        if what == "top_up":
            return await self.prepaid.top_up(tx, call, TopUp(amount_fen=FEE), None)
        new = self._invoice() if what == "invoice" else self._registration(insured=what == "insured")
        return await self.payments.open(tx, call, new)

    def somebody_else(self) -> None:
        """Whoever comes now has not been here before."""
        self.patient_id, self.opened_fen = self.patient_id + 1, 0

    async def has_on_account(self, fen: int) -> None:
        """He has so much on his account."""
        account, now = prepaid_account(str(self.patient_id)), self.clock.now()
        entry = JournalEntry(
            hospital_id=1,
            source=f"opening:{account}",
            kind="opening",
            business_date=now.date(),
            posted_at=now,
            postings=(Posting(debit_account="opening:faults", credit_account=account, amount_fen=Fen(fen)),),
        )
        async with self.quiet.transaction() as tx:
            await ledger.post(tx, [entry])
        self.opened_fen = fen

    async def withdraw(self) -> None:
        """He wants back what is left on his account, as far as it can go back."""
        before = (await self.plan()).refunds_fen
        try:
            async with self.quiet.transaction() as tx:
                await self.prepaid.withdraw(tx, self.call(), Withdraw(), None)
        except (NothingOnAccount, OnlyAtWindow):
            return
        self.gone_fen += (await self.plan()).refunds_fen - before

    async def choose(self, tender: TenderName = "wechatpay", amount_fen: Fen | None = None) -> None:
        """He chooses a means, if he still may."""
        await self._stay_alive()
        call = self.call()
        message = ChooseTender(payment_no=self.number, tender=tender, amount_fen=amount_fen)
        try:
            async with self.quiet.transaction() as tx:
                await self.payments.choose(tx, call, message, None)
        except (PaymentClosed, MoreThanOwed):
            return
        self._begun = call.notes.get(TAKEN_UP)

    async def submit(self, payer_code: str) -> None:
        """He holds the code on his phone under the scanner, if it may still be."""
        await self._stay_alive()
        call = self.call()
        try:
            async with self.quiet.transaction() as tx:
                await self.payments.submit_code(tx, call, self.number, payer_code)
        except PaymentClosed:
            return
        self._begun = call.notes.get(TAKEN_UP)

    async def agree(self) -> bool:
        """He agrees that his insurance pays all of it, if he is asked."""
        await self._stay_alive()
        call = self.call()
        try:
            async with self.quiet.transaction() as tx:
                await self.payments.agree(tx, call, AgreeToQuote(payment_no=self.number), None)
        except (PaymentClosed, NothingToAgree):
            return False
        self._begun = call.notes.get(TAKEN_UP)
        return True

    async def cancel(self) -> None:
        plan = await self.plan()
        if plan.ended_at is None:
            async with self.quiet.transaction() as tx:
                await signals.cancel(tx, plan, self.clock.now())

    async def refund(self, amount_fen: Fen | None = None) -> None:
        """Staff gives back all or a part, if there is so much left."""
        await self._stay_alive()
        call, before = self.call(), (await self.plan()).refunds_fen
        message = RefundPayment(payment_no=self.number, amount_fen=amount_fen, reason="少做一项检查")
        try:
            async with self.quiet.transaction() as tx:
                await RefundDesk(self.payments, ZONE).refund(tx, call, message, None)
        except (PaymentClosed, NotDelivered, MoreThanLeft, BalanceTooLow):
            return
        self._begun = call.notes.get(TAKEN_UP)
        plan = await self.plan()
        self.gone_fen += plan.taken_fen if plan.direction == "back" else plan.refunds_fen - before

    async def callback(self, take: Step, event_id: str, amount_fen: int | None = None) -> None:
        """The channel tells that this order was paid."""
        paid = Done(evidence={"paid_at": self.clock.now().isoformat()})
        await self._hear(take, event_id, paid, take.amount_fen if amount_fen is None else amount_fen)

    async def refunded_there(self, take: Step, their_id: str, amount_fen: int) -> None:
        """The channel tells that somebody has given back of this order."""
        told = RefundedAtChannel(their_id=their_id, amount_fen=Fen(amount_fen))
        await self._hear(take, f"told {their_id}", told, amount_fen)

    async def _hear(
        self, step: Step, event_id: str, outcome: Done | RefundedAtChannel, amount_fen: int, driven: bool = False
    ) -> None:
        await self._stay_alive()
        read = CallbackRead(
            event_id=event_id,
            about="take" if step.kind == TAKE else "refund",
            reference=step.reference,
            merchant="outpatient",
            amount_fen=Fen(amount_fen),
            outcome=outcome,
        )
        callbacks = self.payments.callbacks
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
        await self._hear(step, f"first {step.reference}", answer, step.amount_fen, driven=True)
        self._kept = None  # whoever drives finds it

    @contextmanager
    def calm(self) -> Generator[None]:
        """Nothing goes wrong in here: other shapes explore it."""
        self.script.calm = True
        try:
            yield
        finally:
            self.script.calm = False

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

    async def _stay_alive(self) -> None:
        for lease in (self.means.lease, self.other.lease):
            if not lease.good_for(LEASE_S - BEAT_S):
                await lease.beat()

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
        self.clock.at += RESTARTED_AFTER
        await self.script.take_late_effects()
        self.means.known.forget()
        await self.means.lease.take()

    def _tell(self, plan: Plan, changed: bool, rests: bool) -> None:
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

    @property
    def channels(self) -> dict[str, SimChannel]:
        return {each.channel: each for each in (self.channel, self.wallet)}

    def delivered(self, references: set[str]) -> int:
        """How many of these the hospital has confirmed or settled."""
        return self.hospital.confirmed(references) + self.bills.settled(references)

    async def used_fen(self) -> int:
        """What is gone from the patient's account; less than nothing: so much has come onto it."""
        async with self.quiet.read() as tx:
            return self.opened_fen - await ledger.balance_of(tx, 1, prepaid_account(str(self.patient_id)))

    def kept_fen(self, references: set[str]) -> int:
        """Of these orders: taken less given back."""
        return sum(each.kept_fen(references) for each in self.channels.values())

    def call(self) -> Call:
        who = Principal(caller=Caller.KIOSK, hospital_id=1, terminal_id="T1", patient_id=self.patient_id)
        now = self.clock.now()
        return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key="k")

    def _invoice(self) -> NewPayment:
        return NewPayment(
            purpose=Invoice.name,
            scope="outpatient",
            amount_fen=FEE,
            description="门诊缴费",
            pay_by=self.clock.now() + timedelta(minutes=8),
            steps=builder.invoice(),
            facts={},
            obligation=(Invoice.name, f"B{next(self._serial)}"),
        )

    def _registration(self, *, insured: bool) -> NewPayment:
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
            steps=builder.registration(insured=insured),
            facts=facts.as_json() | (_CLAIM.as_json() if insured else {}),
            obligation=(REGISTRATION, f"P1:S{serial}"),
        )


@asynccontextmanager
async def stage(url: str) -> AsyncGenerator[Stage]:
    """A stage on this database, which has the platform's schema."""
    clock = SimClock(START)
    script = Script(clock)
    hospital, channel, wallet = SimHospital(clock), SimChannel(clock), SimWallet(clock)
    bills, scheme = SimBills(), SimScheme()
    watched = await MishapDatabase.opened(url, script)
    registry = MishapRegistry(
        effects=[
            *(HoldNumber(hospital), KeepNumber(hospital), ConfirmNumber(hospital)),
            *(*InsuranceService(scheme).effects, LockBills(bills), SettleBills(bills)),
        ],
        purposes=[Registration(), Invoice(), TopUpPurpose()],
        channels={"wechatpay": channel, "alipay": wallet},
        merchants=MerchantTable({("outpatient", each): "outpatient" for each in ("wechatpay", "alipay")}),
    )
    registry.script = script
    registry.rules = {kind: replace(rule, spread=0.0) for kind, rule in registry.rules.items()}
    quiet = watched.quiet()
    ours, others = Lease(quiet, clock, "ours"), Lease(quiet, clock, "other")
    await ours.take()
    await others.take()
    means = Means(watched, registry, ours, Limits(), clock, ZONE)
    other = Means(quiet, registry, others, Limits(), clock, ZONE)
    undisturbed = Means(quiet, registry, ours, Limits(), clock, ZONE, known=means.known)
    payments = PaymentService(quiet, registry, Driver(undisturbed), ZONE)
    prepaid = PrepaidService(payments, ZONE)
    async with quiet.read() as tx:
        await prepaid_store.set_mode(tx, 1, "collect", "faults", clock.now())
    try:
        far = (clock, hospital, channel, wallet, bills, scheme)
        yield Stage(*far, quiet, means, other, payments, script, prepaid)
    finally:
        await quiet.close()
