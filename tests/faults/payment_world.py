"""The engine, its store and a real PostgreSQL, in a world whose every answer and whose clock the test decides."""

import itertools
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal, cast
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Database, open_database
from yinyi.bus.operation import Caller
from yinyi.business.ledger import store as ledger_store
from yinyi.business.payments import signals
from yinyi.business.payments.callbacks import Kept
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.drive import Drive, LeaseLost, Means
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.lease import Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.messages import ChooseTender
from yinyi.business.payments.model import CallbackRead, Order, RefundOrder, TenderName
from yinyi.business.payments.plan import TAKE, Plan
from yinyi.business.payments.ports import Effect, Purpose
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.service import TAKEN_UP, NewPayment, PaymentService, TakenUp
from yinyi.business.prepaid.model import TopUpPurpose
from yinyi.business.scheduling.model import Department, Practitioner, Schedule, Slot, Visit
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
    Answer,
    Done,
    NotFound,
    NotSent,
    Outcome,
    Refused,
    RefusedReason,
    Show,
    Unknown,
    Waiting,
)

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
FEE = Fen(5000)
Mishap = Literal["refuse", "not_sent", "lost_before", "lost_after", "down"]


class Killed(BaseException):
    """kill -9: nothing after this line happens."""


@dataclass
class SimClock:
    """Stands still until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def advance(self, span: timedelta) -> None:
        self.at += span


@dataclass
class Script:
    """What happens to the next calls of each verb, and at which of all calls and writes the process is killed."""

    mishaps: dict[str, deque[Mishap]] = field(default_factory=dict[str, "deque[Mishap]"])
    kill_at: int = 0
    killed: bool = False
    seen: list[str] = field(default_factory=list[str])

    def next(self, verb: str) -> Mishap | None:
        queue = self.mishaps.get(verb)
        return queue.popleft() if queue else None

    def point(self, name: str) -> None:
        """A place at which the process may die."""
        self.seen.append(name)
        if self.kill_at and len(self.seen) == self.kill_at:
            raise Killed(name)


@dataclass
class SimHospital:
    """Numbers, by our reference: held, confirmed or gone."""

    clock: SimClock
    script: Script
    call_timeout_s: float = 5.0
    numbers: dict[str, str] = field(default_factory=dict[str, str])
    confirmed: set[str] = field(default_factory=set[str])

    async def departments(self) -> list[Department]:
        return []

    async def practitioners(self) -> list[Practitioner]:
        return []

    async def schedules(self, department_id: str, first_on: date, last_on: date) -> list[Schedule]:
        return []

    async def slots(self, schedule_id: str) -> list[Slot]:
        return []

    async def visits(self, patient_no: str, limit: int) -> list[Visit]:
        return []

    async def hold(self, reference: str, schedule_id: str, slot_id: str, patient_no: str, until: datetime) -> Outcome:
        return await self._do("hold", lambda: self._hold(reference))

    async def extend(self, reference: str, until: datetime) -> Outcome:
        return await self._do("extend", lambda: self._known(reference))

    async def confirm(self, reference: str, payment_no: str, amount_fen: Fen, paid_at: datetime) -> Outcome:
        return await self._do("confirm", lambda: self._confirm(reference))

    async def release(self, reference: str) -> Outcome:
        return await self._do("release", lambda: self._release(reference))

    async def ask(self, reference: str) -> Answer:
        self.script.point("ask hospital")
        if self.script.next("ask_hospital"):
            return Unknown()
        state = self.numbers.get(reference)
        if state is None:
            return NotFound()
        return Refused(reason="expired") if state == "released" else Done(evidence=self._evidence(state))

    async def _do(self, verb: str, effect: Callable[[], Outcome]) -> Outcome:
        return _happen(self.script, verb, effect, "slot_taken")

    def _evidence(self, status: str) -> dict[str, object]:
        soon = (self.clock.now() + timedelta(minutes=10)).isoformat()
        times = {"held_until": soon, "starts_at": soon, "ends_at": soon}
        return {"status": status, "number": 7, "room": "205", "slot_id": "s", **times}

    def _hold(self, reference: str) -> Outcome:
        self.numbers.setdefault(reference, "held")
        return self._known(reference)

    def _known(self, reference: str) -> Outcome:
        state = self.numbers.get(reference, "released")
        return Refused(reason="expired") if state == "released" else Done(evidence=self._evidence(state))

    def _confirm(self, reference: str) -> Outcome:
        if self.numbers.get(reference) == "held":
            self.numbers[reference] = "confirmed"
        return self._known(reference)

    def _release(self, reference: str) -> Outcome:
        self.numbers[reference] = "released"
        return Done()


@dataclass
class SimChannel:
    """Orders and refunds, by our reference."""

    clock: SimClock
    script: Script
    channel: str = "wechatpay"
    settles_after: timedelta = timedelta(seconds=30)
    call_timeout_s: float = 5.0
    orders: dict[str, str] = field(default_factory=dict[str, str])
    refunds: dict[str, tuple[str, int]] = field(default_factory=dict[str, "tuple[str, int]"])
    amounts: dict[str, int] = field(default_factory=dict[str, int])

    def pay(self, reference: str) -> bool:
        """The payer pays, if the channel lets him."""
        if self.orders.get(reference) != "open":
            return False
        self.orders[reference] = "paid"
        return True

    def kept_fen(self) -> int:
        """What the hospital has of it: taken less given back."""
        paid = sum(self.order_fen(each) for each, state in self.orders.items() if state == "paid")
        return paid - sum(amount for _, amount in self.refunds.values())

    def order_fen(self, reference: str) -> int:
        return self.amounts.get(reference, FEE)

    async def show_code(self, order: Order) -> Outcome:
        def effect() -> Outcome:
            self.orders.setdefault(order.reference, "open")
            self.amounts.setdefault(order.reference, order.amount_fen)
            return Waiting(until=order.expires_at, show=Show(code_url=f"weixin://{order.reference}"))

        return _happen(self.script, "show_code", effect, "declined")

    async def ask(self, order: Order) -> Answer:
        self.script.point("ask channel")
        if self.script.next("ask_channel"):
            return Unknown()
        if order.reference in self.orders and self.order_fen(order.reference) != order.amount_fen:
            return Unknown(evidence={"amount_fen": self.order_fen(order.reference)})
        match self.orders.get(order.reference):
            case "paid":
                return Done(evidence={"paid_at": self.clock.now().isoformat()})
            case "open":
                return Waiting(until=order.expires_at)
            case "closed":
                return Refused(reason="expired")
            case _:
                return NotFound()

    async def close(self, order: Order) -> Answer:
        def effect() -> Outcome:
            if self.orders.get(order.reference) == "paid":
                return Refused(reason="already_paid")
            self.orders[order.reference] = "closed"
            return Done()

        return _happen(self.script, "close", effect, "bad_request")

    async def refund(self, order: RefundOrder) -> Outcome:
        def effect() -> Outcome:
            back = sum(amount for of, amount in self.refunds.values() if of == order.order_reference)
            known = order.reference in self.refunds
            taken_fen = self.order_fen(order.order_reference)
            if self.orders.get(order.order_reference) != "paid" or (not known and back + order.amount_fen > taken_fen):
                return Refused(reason="not_refundable")
            self.refunds[order.reference] = (order.order_reference, order.amount_fen)
            return Done()

        return _happen(self.script, "refund", effect, "not_refundable")

    async def ask_refund(self, order: RefundOrder) -> Answer:
        self.script.point("ask refund")
        if self.script.next("ask_refund"):
            return Unknown()
        if order.reference not in self.refunds:
            return NotFound()
        of, amount_fen = self.refunds[order.reference]
        if of != order.order_reference:
            return Unknown(detail="another order")
        return Done() if amount_fen == order.amount_fen else Unknown(evidence={"amount_fen": amount_fen})


def _happen(script: Script, verb: str, effect: Callable[[], Outcome], refusal: RefusedReason) -> Outcome:
    script.point(f"before {verb}")
    mishap = script.next(verb)
    match mishap:
        case "refuse":
            return Refused(reason=refusal)
        case "not_sent" | "down":
            return NotSent()
        case "lost_before":
            return Unknown()
        case "lost_after":
            effect()
            script.point(f"after {verb}")
            return Unknown()
        case _:
            outcome = effect()
            script.point(f"after {verb}")
            return outcome


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

    async def open(self, fee: Fen = FEE) -> str:
        """A registration's payment, as scheduling opens it."""
        now = self.clock.now()
        serial = next(self.numbers)
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
        new = NewPayment(
            purpose=REGISTRATION,
            scope="outpatient",
            amount_fen=fee,
            description="挂号费",
            pay_by=now + timedelta(minutes=8),
            steps=((AT_HOLD, HOLD), (AT_TAKE, TAKE), (AT_CONFIRM, CONFIRM)),
            facts=facts.as_json(),
            obligation=(REGISTRATION, f"P1:S{serial}"),
        )
        call = self.call()
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
            message = ChooseTender(payment_no=payment_no, tender=cast(TenderName, tender))
            await self.payments.choose(tx, call, message, None)
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
        take = (await self.plan(payment_no)).latest(TAKE)
        assert take is not None
        read = CallbackRead(
            event_id=event_id,
            about="take",
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
            rows = await ledger_store.channels_against_payments(tx, 1)
            rows += await ledger_store.doubts_against_payments(tx, 1)
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
async def world(url: str, effects: Sequence[Effect] = (), purposes: Sequence[Purpose] = ()) -> AsyncGenerator[World]:
    """A fresh world on this database; ``effects`` and ``purposes``: beside registrations and top-ups."""
    clock, script = SimClock(), Script()
    hospital, channel = SimHospital(clock, script), SimChannel(clock, script)
    database = await open_database(url, size=4)
    registry = Registry(
        effects=[HoldNumber(hospital), KeepNumber(hospital), ConfirmNumber(hospital), *effects],
        purposes=[Registration(), TopUpPurpose(), *purposes],
        channels={"wechatpay": channel},
        merchants=MerchantTable({(scope, "wechatpay"): scope for scope in ("outpatient", "inpatient")}),
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
