"""The engine and the human queue in a real PostgreSQL, with the connector of a channel before its sandbox on a socket:
what is paid, and what the channel tells by itself, goes the way that it goes in the product."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import alipay_lab
import wechatpay_lab

from yinyi.app.faults.far_side import SimClock, SimHospital
from yinyi.app.faults.wishes import new_payment
from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Database, Tx, open_database
from yinyi.bus.operation import Caller
from yinyi.business.payments import signals
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.drive import Means
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.human_queue import HumanQueue
from yinyi.business.payments.lease import Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.messages import ChooseTender, ReceiveCallback, RefundPayment
from yinyi.business.payments.messages_queue import Case, GetCase, SettleByHand
from yinyi.business.payments.model import ByHand, RefundOrder
from yinyi.business.payments.plan import TAKE, Plan, Step
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.service import TAKEN_UP, PaymentService, TakenUp
from yinyi.business.scheduling.plans import ConfirmNumber, HoldNumber, KeepNumber, Registration
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, Waiting

ZONE = ZoneInfo("Asia/Shanghai")
PATIENCE_S = 20.0
LONG = timedelta(minutes=20)
"""A payment that waits that long waits for people."""
Lab = alipay_lab.Lab | wechatpay_lab.Lab


class LabClock(SimClock):
    """The lab's, for a simulated hospital."""

    def __init__(self, lab: Lab) -> None:
        super().__init__()
        self._lab = lab

    def now(self) -> datetime:
        return self._lab.clock.now()


@dataclass
class Counter:
    """One payment for a registration by this channel, and the people who look into it."""

    lab: Lab
    database: Database
    hospital: SimHospital
    driver: Driver
    payments: PaymentService
    queue: HumanQueue
    number: str = ""
    payment_id: int = 0

    def call(self, caller: Caller = Caller.KIOSK, person: str = "") -> Call:
        who = Principal(
            caller=caller, hospital_id=1, terminal_id="T1", patient_id=1, staff_id="operator", person=person
        )
        now = self.lab.clock.now()
        return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key="k")

    @asynccontextmanager
    async def changing(self, caller: Caller = Caller.KIOSK, person: str = "") -> AsyncGenerator[tuple[Tx, Call]]:
        """A request in its transaction, and what follows from it at once."""
        call = self.call(caller, person)
        async with self.database.transaction() as tx:
            yield tx, call
        self.payment_id = (await self.plan()).payment_id
        taken: TakenUp | None = call.notes.get(TAKEN_UP)
        if taken is not None:
            self.driver.begin(*taken)
        await self.driven()

    async def plan(self) -> Plan:
        async with self.database.read() as tx:
            plan = await signals.find(tx, 1, self.number)
        assert plan is not None
        return plan

    async def take(self) -> Step:
        take = (await self.plan()).latest(TAKE)
        assert take is not None
        return take

    async def case(self) -> Case:
        async with self.database.read() as tx:
            return await self.queue.case(tx, self.call(Caller.STAFF), GetCase(number=self.number))

    async def is_shown_a_code(self) -> str:
        """Opens a payment and chooses this channel; the text of the code."""
        new = new_payment("registration", "S1", self.lab.clock.now(), insured_wholly=False)
        async with self.changing() as (tx, call):
            self.number = await self.payments.open(tx, call, new)
        async with self.changing() as (tx, call):
            message = ChooseTender(payment_no=self.number, tender=self.lab.pay.channel)
            await self.payments.tenders.choose(tx, call, message, None)
        show = (await self.take()).show
        assert show is not None
        return show.code_url

    async def has_paid(self) -> None:
        """All goes well: the channel tells of it, and it is delivered."""
        self.lab.phone.pay(await self.is_shown_a_code())
        await self.tells()
        assert (await self.plan()).ended_at is not None

    async def refunds(self, amount_fen: int) -> None:
        """Staff give back a part."""
        wanted = RefundPayment(payment_no=self.number, amount_fen=Fen(amount_fen), reason="少做一项检查")
        async with self.changing(Caller.STAFF) as (tx, call):
            await self.queue.refunds.refund(tx, call, wanted, None)

    async def cancels(self) -> None:
        plan = await self.plan()
        async with self.changing() as (tx, call):
            await signals.cancel(tx, plan, call.now)

    async def console_refunds(self, amount_fen: int, number: str) -> None:
        """Somebody gives back a part in the channel's own console, under a number that is none of ours."""
        take = await self.take()
        order = RefundOrder(
            reference=number,
            order_reference=take.reference,
            merchant=take.merchant,
            amount_fen=Fen(amount_fen),
            order_amount_fen=take.amount_fen,
            reason="console",
        )
        assert isinstance(await self.lab.pay.refund(order), Done | Waiting)

    async def tells(self, notice: wechatpay_lab.Received | None = None) -> None:
        """The channel's notice, the next one if not this one, to whoever receives it, and what follows."""
        got = notice or await self.lab.mailbox.next()
        message = ReceiveCallback(plugin=self.lab.pay.channel, path=got.path, headers=got.headers, body=got.body)
        assert (await self.payments.callbacks.receive(self.call(), message)).status in (200, 204)
        await self.driven()

    async def people_find_out(self, outcome: ByHand) -> None:
        """Two of them say what became of the order, as they see it in the console."""
        reference = (await self.take()).reference
        message = SettleByHand(payment_no=self.number, reference=reference, outcome=outcome, note="in the console")
        for name in ("anna", "bernd"):
            async with self.changing(Caller.STAFF, name) as (tx, call):
                await self.queue.settle_by_hand(tx, call, message, None)

    async def driven(self) -> None:
        """As far as it goes by itself, at once."""
        self.driver.wake(1, self.payment_id)
        async with asyncio.timeout(PATIENCE_S):
            while self.driver.active(self.payment_id):
                await self.driver.moved(self.payment_id, 0.01)

    async def passes(self, time: timedelta) -> None:
        """So much time, a bit at a time."""
        until = self.lab.clock.offset + time
        while self.lab.clock.offset < until:
            self.lab.clock.offset += timedelta(seconds=30)
            await self.driver.lease.beat()
            await self.driven()

    async def really_back_fen(self) -> int:
        """What the payer has back, as his phone shows."""
        show = (await self.take()).show
        assert show is not None
        return self.lab.phone.scan(show.code_url).refunded_fen


@asynccontextmanager
async def counter(url: str, lab: Lab) -> AsyncGenerator[Counter]:
    database = await open_database(url, size=4)
    hospital = SimHospital(LabClock(lab))
    registry = Registry(
        effects=[HoldNumber(hospital), KeepNumber(hospital), ConfirmNumber(hospital)],
        purposes=[Registration()],
        channels={lab.pay.channel: lab.pay},
        merchants=MerchantTable({("outpatient", lab.pay.channel): "outpatient"}),
    )
    lease = Lease(database, lab.clock, "test")
    driver = Driver(Means(database, registry, lease, Limits(), lab.clock, ZONE))
    payments = PaymentService(database, registry, driver, ZONE)
    await lease.take()
    try:
        yield Counter(lab, database, hospital, driver, payments, HumanQueue(payments, ZONE))
    finally:
        await driver.stop()
        await database.close()
