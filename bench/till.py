"""Payments inside one process: the real dispatcher, engine, store and PostgreSQL; a channel and a hospital that answer
at once."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from yinyi.app.serving import settle_memory
from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Database, Tx, open_database
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.envelope import ReplyEnvelope, RequestEnvelope
from yinyi.bus.operation import Caller, Operation, OperationSpec, operation, spec_of
from yinyi.bus.work import Record, work_on
from yinyi.business.audit.store import WITH_A_CHANGE
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.drive import Means
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.lease import Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.messages import PaymentView
from yinyi.business.payments.model import Order
from yinyi.business.payments.plan import TAKE, Plan, Step
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.rules import Rule
from yinyi.business.payments.service import SETTLING, NewPayment, PaymentService
from yinyi.business.payments.view import view_of
from yinyi.kernel.clock import Clock, ShiftedClock
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, Outcome

ZONE = ZoneInfo("Asia/Shanghai")
CHANNEL, PURPOSE, SETTLE = "wechatpay", "invoice", "billing.settle"
FEE = Fen(12_345)
PAYER = Principal(caller=Caller.KIOSK, hospital_id=1, terminal_id="K01", patient_id=7)


@operation(callers=[Caller.KIOSK], money=True)
class PayInvoice(Operation[PaymentView], frozen=True, kw_only=True):
    """One invoice, by a means that is chosen already."""

    invoice_no: str


class Till:
    """A channel whose payer has paid before he is asked. ``sent``: orders that came; ``questions``: so many were asked;
    ``asked``: about which orders; ``enough``: about as many as ``wanted``."""

    channel = CHANNEL
    settles_after = timedelta(seconds=30)
    call_timeout_s = 5.0

    def __init__(self) -> None:
        self.sent = 0
        self.questions = 0
        self.asked: set[str] = set()
        self.wanted = 0
        self.enough = asyncio.Event()

    async def show_code(self, order: Order) -> Outcome:
        self.sent += 1
        return _paid(order)

    async def ask(self, order: Order) -> Answer:
        self.questions += 1
        self.asked.add(order.reference)
        if len(self.asked) == self.wanted:
            self.enough.set()
        return _paid(order)

    async def close(self, order: Order) -> Answer:
        return Done()


def _paid(order: Order) -> Done:
    return Done(evidence={"transaction_id": order.reference, "paid_at": order.expires_at.isoformat()})


class SettleInvoice:
    """A hospital that books at once."""

    kind = SETTLE
    version = 1
    rule = Rule(repeatable=True)

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        return Done(evidence={"receipt_no": step.reference})

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self.do(plan, step, now)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return Done()


class Invoice:
    """What its plans are made of."""

    name = PURPOSE
    version = 1
    kinds: tuple[str, ...] = (SETTLE,)


class _Trusting:
    async def verify(self, caller: Caller, envelope: RequestEnvelope, spec: OperationSpec) -> Principal:
        return PAYER


_serial = count(1)


@dataclass
class Counter:
    """One business process's payments."""

    database: Database
    clock: Clock
    driver: Driver
    payments: PaymentService
    dispatcher: Dispatcher
    till: Till
    name: str
    paid: int = 0

    async def pay(self) -> tuple[str, str]:
        """One payment from the request's bytes to the reply's; the invoice's number and the key.

        Raises:
            RuntimeError: it was not delivered.
        """
        serial = next(_serial)
        message = PayInvoice(invoice_no=f"{self.name}-{serial}")
        envelope = RequestEnvelope(
            correlation_id=f"{self.name}-{serial:012}",
            deadline=self.clock.now() + timedelta(seconds=20),
            body=msgspec.Raw(msgspec.json.encode(message)),
            key=f"{self.name}-key-{serial:012}",
        )
        subject, asked = spec_of(PayInvoice).subject(Caller.KIOSK.value), msgspec.json.encode(envelope)
        data = b""
        for _ in range(10):  # who is told "not yet" asks again under the same key
            data = await self.dispatcher.answer(subject, asked)
            reply = msgspec.json.decode(data, type=ReplyEnvelope)
            if reply.failure is not None:
                break
            if msgspec.json.decode(reply.body, type=PaymentView).state == "fulfilled":
                self.paid += 1
                return message.invoice_no, envelope.key
        raise RuntimeError(data.decode())


@asynccontextmanager
async def counter(
    url: str, name: str, wrap: Callable[[Database], Any] = lambda database: database, works: bool = True
) -> AsyncGenerator[Counter]:
    """A business process of the bench's own on this database; ``wrap`` sees its statements, and it
    only opens payments unless it ``works``."""
    database: Database = wrap(await open_database(url, size=16, name=name))
    clock, till = ShiftedClock(), Till()
    registry = Registry(
        effects=[SettleInvoice()],
        purposes=[Invoice()],
        channels={CHANNEL: till},
        merchants=MerchantTable({("outpatient", CHANNEL): "M1"}),
    )
    lease = Lease(database, clock, name)
    await lease.take()
    driver = Driver(Means(database, registry, lease, Limits(), clock, ZONE))
    payments = PaymentService(database, registry, driver, ZONE)
    dispatcher = Dispatcher(database, _Trusting(), clock, audit=WITH_A_CHANGE, together=driver.together)
    dispatcher.changes(PayInvoice, _paying(payments))
    loops = [asyncio.create_task(each) for each in ((lease.run(), driver.run()) if works else (lease.run(),))]
    settle_memory()
    try:
        yield Counter(database, clock, driver, payments, dispatcher, till, name)
    finally:
        await driver.stop()
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        await database.close()


def _paying(payments: PaymentService) -> Change[PayInvoice, None]:
    async def make(tx: Tx, call: Call, message: PayInvoice, facts: None) -> str:
        return await payments.open(tx, call, _invoice(message.invoice_no, call.now))

    async def settled(call: Call, payment_no: str) -> PaymentView | None:
        plan = await payments.settled(call, payment_no, SETTLING | {"delivering"})
        return view_of(plan, payments.registry) if plan is not None else None

    return Change(make, payments.show, settle=settled)


def _invoice(invoice_no: str, now: datetime) -> NewPayment:
    return NewPayment(
        purpose=PURPOSE,
        scope="outpatient",
        amount_fen=FEE,
        description="门诊费用",
        pay_by=now + timedelta(minutes=8),
        steps=((30, TAKE), (40, SETTLE)),
        facts={"invoice_no": invoice_no, "patient_no": "P0000007"},
        obligation=(PURPOSE, invoice_no),
        tender=CHANNEL,
    )


async def die_in_flight(url: str, count: int) -> None:
    """Opens so many payments, their calls marked as about to leave, and is killed before any answer comes."""
    async with counter(url, "killed", works=False) as it:
        now = it.clock.now()
        for first in range(0, count, 200):
            await asyncio.gather(*(_opened(it, f"killed-{serial}", now) for serial in range(first, first + 200)))
        os.kill(os.getpid(), signal.SIGKILL)


async def _opened(it: Counter, invoice_no: str, now: datetime) -> None:
    call = Call(PAYER, now, now + timedelta(seconds=20), invoice_no, key=invoice_no)
    record = Record(1, PAYER.key_owner, invoice_no, "bench", b"", now, PAYER.actor, PAYER.patient_id, invoice_no)
    async with work_on(it.driver.together, record) as work:
        await work.finish(await it.payments.open(work, call, _invoice(invoice_no, now)))
