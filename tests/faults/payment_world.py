"""The engine, its store and a real PostgreSQL, in a world whose every answer and whose clock the test decides."""

import itertools
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from payment_far_side import FEE, Killed, Mishap, Script, SimChannel, SimClock, SimHospital

from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Database, open_database
from yinyi.bus.operation import Caller
from yinyi.business.ledger import store as ledger_store
from yinyi.business.payments import books, signals
from yinyi.business.payments.callbacks import Kept
from yinyi.business.payments.cards import CardLines
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.drive import Drive, LeaseLost, Means
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.lease import Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.messages import ChooseTender
from yinyi.business.payments.model import CallbackRead
from yinyi.business.payments.plan import REFUND, TAKE, Plan
from yinyi.business.payments.ports import Effect, Purpose
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.service import TAKEN_UP, NewPayment, PaymentService, TakenUp
from yinyi.business.prepaid.model import TopUpPurpose
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
from yinyi.kernel.outcome import (
    Done,
)

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class World:
    """One hospital, one channel, one clock; business processes come and go."""

    database: Database
    clock: SimClock
    script: Script
    hospital: SimHospital
    channel: SimChannel
    means: Means
    payments: PaymentService
    begun: dict[str, TakenUp | None] = field(default_factory=dict[str, "TakenUp | None"])
    told: dict[str, Kept] = field(default_factory=dict[str, Kept])
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def call(self, key: str = "k") -> Call:
        who = Principal(caller=Caller.KIOSK, hospital_id=1, terminal_id="T1", patient_id=1)
        now = self.clock.now()
        return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key=key)

    def new(self, serial: int, fee: Fen = FEE) -> NewPayment:
        """What scheduling wants to be paid for a session of this number."""
        now = self.clock.now()
        facts = RegistrationFacts(
            patient_no="P1",
            department=DEPARTMENT,
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
            amount_fen=fee,
            description="挂号费",
            pay_by=now + timedelta(minutes=8),
            steps=((AT_HOLD, HOLD), (AT_TAKE, TAKE), (AT_CONFIRM, CONFIRM)),
            facts=facts.as_json(),
            obligation=(REGISTRATION, f"P1:S{serial}"),
        )

    async def open(self, fee: Fen = FEE) -> str:
        """A registration's payment, as scheduling opens it."""
        new, call = self.new(next(self.numbers), fee), self.call()
        async with self.database.transaction() as tx:
            number = await self.payments.open(tx, call, new)
        self.begun[number] = call.notes.get(TAKEN_UP)
        return number

    async def plan(self, payment_no: str) -> Plan:
        async with self.database.read() as tx:
            plan = await signals.find(tx, 1, payment_no)
        assert plan is not None
        return plan

    async def choose(self, payment_no: str, tender: str = "wechatpay") -> None:
        """The operation, up to its commit; a process that dies then leaves what it has taken up behind."""
        call = self.call()
        async with self.database.transaction() as tx:
            message = ChooseTender(payment_no=payment_no, tender=tender)
            await self.payments.tenders.choose(tx, call, message, None)
        taken: TakenUp | None = call.notes.get(TAKEN_UP)
        if taken is not None:
            self.begun[payment_no] = taken

    async def choose_anew(self, payment_no: str) -> None:
        """Another code in place of the one that is open, as choosing another means does it."""
        plan = await self.plan(payment_no)
        async with self.database.transaction() as tx:
            await signals.choose_tender(tx, plan, "wechatpay", plan.pay_by, {}, self.clock.now())

    async def cancel(self, payment_no: str) -> None:
        plan = await self.plan(payment_no)
        async with self.database.transaction() as tx:
            await signals.cancel(tx, plan, self.clock.now())

    async def drive(self, payment_no: str) -> Plan | None:
        """One process drives as far as it gets."""
        plan = await self.plan(payment_no)
        await self._stay_alive()
        begun, told = self.begun.pop(payment_no, None), self.told.pop(payment_no, None)
        known, leaving = (begun.plan, begun.leaving) if begun else (told.plan if told else None, "")
        pending = [told.callback] if told and known is told.plan else []
        try:
            drive = Drive(
                *(self.means, 1, plan.payment_id, self.means.lease.epoch),
                known=known,
                leaving=leaving,
                pending=pending,
            )
            return await drive.run()
        except LeaseLost:
            return None

    async def to_the_end(self, payment_no: str, limit: timedelta = timedelta(days=4)) -> Plan:
        """Let time pass until nothing more happens."""
        end = self.clock.now() + limit
        while True:
            try:
                await self.drive(payment_no)
            except Killed:
                await self.restart()
            plan = await self.plan(payment_no)
            if plan.ended_at is not None:
                return plan
            next_at = await self._next_at(payment_no)
            assert next_at < end, f"{payment_no} never ends: {plan.steps}"
            self.clock.at = max(self.clock.now() + timedelta(milliseconds=100), next_at)

    def begin_anew(self, **mishaps: Sequence[Mishap]) -> None:
        """Forget what the hospital and the channel have; the books stay."""
        self.hospital.numbers.clear()
        self.channel.orders.clear()
        self.channel.refunds.clear()
        self.channel.amounts.clear()
        self.script.seen.clear()
        self.script.kill_at = 0
        self.script.killed = False
        self.script.mishaps = {verb: deque(each) for verb, each in mishaps.items()}

    async def restart(self) -> None:
        """The process is dead; its lease runs out; another takes over."""
        self.script.killed = True
        self.script.kill_at = 0
        self.clock.advance(timedelta(seconds=10))
        self.means.known.forget()
        await self.means.lease.take()
        self.payments = PaymentService(self.database, self.means.registry, Driver(self.means), ZONE)
        self.begun.clear()
        self.told.clear()

    async def callback(
        self,
        payment_no: str,
        event_id: str,
        amount_fen: int = FEE,
        merchant: str = "outpatient",
        reference: str = "",
    ) -> None:
        """WeChat Pay tells by itself that the payer has paid."""
        plan = await self.plan(payment_no)
        take = plan.latest(TAKE)
        assert take is not None
        refunds = {step.reference for step in plan.steps if step.kind == REFUND}
        read = CallbackRead(
            event_id=event_id,
            about="refund" if reference in refunds else "take",
            reference=reference or take.reference,
            merchant=merchant,
            amount_fen=Fen(amount_fen),
            outcome=Done(evidence={"paid_at": self.clock.now().isoformat()}),
        )
        kept = await self.payments.callbacks.keep(self.call(), "wechatpay", b"body", read)
        if kept is not None:
            self.told[payment_no] = kept

    async def balance(self, account: str) -> int:
        """What the ledger says of an account: debits less credits, in fen."""
        async with self.database.read() as tx:
            rows = await ledger_store.balances(tx, 1)
        return sum(row["debit_fen"] - row["credit_fen"] for row in rows if row["account"] == account)

    async def books_differ(self) -> list[str]:
        """Where ledger and payments disagree."""
        async with self.database.read() as tx:
            rows = await books.channels_against_payments(tx, 1)
            rows += await books.doubts_against_payments(tx, 1)
            balances = {
                row["account"]: row["debit_fen"] - row["credit_fen"] for row in await ledger_store.balances(tx, 1)
            }
        wrong = [str(dict(row)) for row in rows if row["ledger_fen"] != row["payments_fen"]]
        booked = balances.get("channel:wechatpay:outpatient", 0)
        if booked != self.channel.kept_fen():
            wrong.append(f"booked {booked}, the channel has {self.channel.kept_fen()}")
        return wrong

    async def _next_at(self, payment_no: str) -> datetime:
        async with self.database.read() as tx:
            at = await tx.fetchval("SELECT next_at FROM payment WHERE payment_no = $1", payment_no)
        return at or self.clock.now()

    async def _stay_alive(self) -> None:
        self.script.point("heartbeat")
        await self.means.lease.beat()


DEPARTMENT = Department(
    department_id="D1",
    parent_id="D0",
    name="心血管内科",
    name_en="Cardiology",
    initial="X",
    building="门诊楼",
    floor=2,
    area="B",
)


@asynccontextmanager
async def world(
    url: str,
    effects: Sequence[Effect] = (),
    purposes: Sequence[Purpose] = (),
    cards: Callable[[Database, SimClock], CardLines] | None = None,
) -> AsyncGenerator[World]:
    """A fresh world on this database; ``effects`` and ``purposes``: beside registrations and top-ups. ``cards``: lines
    to a bank, where there are any."""
    clock, script = SimClock(), Script()
    hospital, channel = SimHospital(clock, script), SimChannel(clock, script)
    database = await open_database(url, size=4)
    lines: CardLines = cards(database, clock) if cards else {}
    registry = Registry(
        effects=[HoldNumber(hospital), KeepNumber(hospital), ConfirmNumber(hospital), *effects],
        purposes=[Registration(), TopUpPurpose(), *purposes],
        channels={"wechatpay": channel},
        merchants=MerchantTable(
            {(scope, name): scope for scope in ("outpatient", "inpatient") for name in ("wechatpay", *lines)}
        ),
        cards=lines,
    )
    registry.rules = {kind: replace(rule, spread=0.0) for kind, rule in registry.rules.items()}
    lease = Lease(database, clock, "test")
    means = Means(database, registry, lease, Limits(), clock, ZONE)
    payments = PaymentService(database, registry, Driver(means), ZONE)
    await lease.take()
    try:
        yield World(database, clock, script, hospital, channel, means, payments)
    finally:
        await database.close()
