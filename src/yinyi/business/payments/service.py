"""The operations of payments: what patients, windows and staff ask, turned into signals to the engine."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.looks import Looks
from yinyi.bus.operation import Caller
from yinyi.business.payments import apply, asking, lost_time, signals, store, untold
from yinyi.business.payments.asking import Asked
from yinyi.business.payments.callbacks import Callbacks
from yinyi.business.payments.choice import with_tender
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.errors import AlreadyUnderWay, PaymentUnknown, PlansUnreadable, StillAsked
from yinyi.business.payments.messages import (
    AgreeToQuote,
    CancelPayment,
    ChooseTender,
    ConfirmGivenBack,
    GetPayment,
    ListPayments,
    ListUntoldPayments,
    Payments,
    PaymentView,
    ReceiveCallback,
)
from yinyi.business.payments.owners import AT_INSTITUTION, is_of_institution, is_theirs
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.settle import about_to_leave
from yinyi.business.payments.tenders import Tenders
from yinyi.business.payments.view import state_of, view_of
from yinyi.business.payments.window import Counter
from yinyi.kernel.errors import NotYours, SessionEnded
from yinyi.kernel.ids import ask_number, payment_number, restore_epoch_of
from yinyi.kernel.money import Fen

SETTLE_S = 2.5
"""A page waits so long for the engine's next word before it says "please wait"."""
SETTLING = frozenset({"holding", "starting", "closing"})
TAKEN_UP = "payments.taken_up"


class TakenUp(NamedTuple):
    """A plan as this request's transaction leaves it, under our lease; see ``Driver.begin``."""

    plan: Plan
    leaving: str
    epoch: int


class NewPayment(msgspec.Struct, frozen=True, kw_only=True):
    """What a domain asks to be paid. ``steps``: kind and position, in order; amounts of takes are the payment's.
    ``obligation``: its kind, and the numbers of what is paid by it and by no other payment."""

    purpose: str
    scope: str
    amount_fen: Fen
    description: str
    pay_by: datetime
    steps: tuple[tuple[int, str], ...]
    facts: dict[str, Any]
    obligation: tuple[str, ...] = ()
    tender: str = ""
    """Chosen already; empty: the payer chooses once the first steps are done."""


class PaymentService:
    """Opens payments for the domains above, answers the payment operations, and owns the engine's signals."""

    def __init__(self, database: Database, registry: Registry, driver: Driver, zone: ZoneInfo) -> None:
        self._database = database
        self.registry = registry
        self._driver = driver
        self._zone = zone
        self._looks = Looks(database)
        self._restore_epoch = 0
        self.counter = Counter(registry.rules, zone)
        self.callbacks = Callbacks(registry, driver)
        self.tenders = Tenders(self, registry, driver.known)

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(GetPayment, self.get)
        dispatcher.reads(ListPayments, self.list)
        dispatcher.reads(ListUntoldPayments, self.list_untold)
        dispatcher.asks(ReceiveCallback, self.callbacks.receive)
        dispatcher.changes(ChooseTender, Change(self.tenders.choose, self.show, settle=self.settle_tender))
        dispatcher.changes(AgreeToQuote, Change(self.tenders.agree, self.show, settle=self.settle_tender))
        dispatcher.changes(CancelPayment, Change(self._cancel, self.show, settle=self.settle))
        dispatcher.changes(ConfirmGivenBack, Change(self._given_back, self.show, settle=self.settle))

    async def prepare(self) -> None:
        """Which restore epoch numbers carry, and whether this release can read every open plan.

        Raises:
            PlansUnreadable: it cannot; the text says which.
        """
        async with self._database.read() as tx:
            self._restore_epoch = await signals.restore_epoch(tx)
            unreadable = self.registry.unreadable(await signals.open_kinds(tx))
        if unreadable:
            raise PlansUnreadable(", ".join(sorted(set(unreadable))))

    # -- for the domains above

    async def open(self, tx: Tx, call: Call, new: NewPayment) -> str:
        """A payment whose first step is about to leave as soon as this transaction is committed; its number.

        Raises:
            AlreadyUnderWay: one is open or fulfilled for the same obligation.
        """
        number = payment_number(self._restore_epoch, call.now, self._zone)
        plan = Plan(
            hospital_id=call.hospital_id,
            payment_id=0,
            payment_no=number,
            ask_no=ask_number(),
            purpose=new.purpose,
            scope=new.scope,
            amount_fen=new.amount_fen,
            started_at=call.now,
            pay_by=new.pay_by,
            patient_id=call.principal.patient_id,
            terminal_id=call.principal.terminal_id,
            description=new.description,
            facts=new.facts | _opened_at(call),
            version=1,
            restored=self._restore_epoch,
            steps=tuple(
                Step(
                    position=position,
                    attempt=1,
                    kind=kind,
                    reference=apply.reference(number, serial),
                    amount_fen=new.amount_fen,
                    since=call.now,
                )
                for serial, (position, kind) in enumerate(new.steps, start=1)
            ),
        )
        if new.tender:
            plan = with_tender(plan, new.tender, {})
        plan, leaving = about_to_leave(plan, self.registry, call.now) if self.epoch else (plan, "")
        opened = await store.open_payment(
            tx,
            plan,
            purpose_version=self.registry.purposes[new.purpose].version,
            business_date=call.now.astimezone(self._zone).date(),
            epoch=self._driver.lease.epoch if leaving else None,
            obligation=new.obligation,
        )
        if opened is None:
            raise AlreadyUnderWay(new.obligation[0])
        self.taken_up(call, opened, leaving)
        return number

    def taken_up(self, call: Call, plan: Plan | None, leaving: str = "") -> None:
        """This request's transaction takes the payment's lease; once it is committed, ``settled`` begins to drive."""
        if plan is not None:
            self._driver.reserve(plan.payment_id)
            call.notes[TAKEN_UP] = TakenUp(plan, leaving, self._driver.lease.epoch)

    @property
    def epoch(self) -> int:
        """Of this process's lease, for signals that take a payment up; 0 while it has none that is good."""
        return self._driver.lease.epoch if self._driver.lease.good_for(1.0) else 0

    async def settled(self, call: Call, payment_no: str, unsettled: frozenset[str] = SETTLING) -> Plan | None:
        """Drive what this request has taken up; the plan once it has left these states, or as it is after a while.
        None: there is none."""
        return await self.settled_when(call, payment_no, lambda plan: state_of(plan) not in unsettled)

    async def settled_when(self, call: Call, payment_no: str, is_settled: Callable[[Plan], bool]) -> Plan | None:
        """The same, by what the plan itself says."""
        taken: TakenUp | None = call.notes.pop(TAKEN_UP, None)
        if taken is not None:
            plan = taken.plan
            self._driver.begin(plan, taken.leaving, taken.epoch)
        else:
            plan = await self._found(call, payment_no)
            if plan is None or is_settled(plan):
                return plan
            self._driver.wake(plan.hospital_id, plan.payment_id)
        loop = asyncio.get_running_loop()
        end = loop.time() + SETTLE_S
        while not is_settled(plan) and (left_s := end - loop.time()) > 0:
            moved = await self._driver.moved(plan.payment_id, min(left_s, 0.5))
            plan = moved or await self._found(call, payment_no) or plan
        return plan

    async def _found(self, call: Call, payment_no: str) -> Plan | None:
        async with self._database.read() as tx:
            return await signals.find(tx, call.hospital_id, payment_no)

    def check_asked(self, plan: Plan) -> None:
        """Before anything is given back: it is asked about now, if it was not since the last restore.

        Raises:
            StillAsked: something may have been given back in time that a restore has lost.
        """
        if plan.gap_until is not None or self._is_unasked(plan):
            self._driver.ask_about(plan.hospital_id, plan.payment_id)
            raise StillAsked

    def _is_unasked(self, plan: Plan) -> bool:
        """It is older than the last restore, and there is a channel to be asked."""
        asked = plan.asked_epoch or restore_epoch_of(plan.payment_no)
        can_be_asked = self.registry.can_be_asked(plan.scope)
        return asked < plan.restored and any(take.channel in can_be_asked for take in plan.moved())

    async def check_account_asked(self, tx: Tx, hospital_id: int, patient_id: int) -> None:
        """The same before anything is spent of what this patient has paid in.

        Raises:
            StillAsked: see ``check_asked``.
        """
        unasked = await lost_time.unasked(tx, hospital_id, patient_id)
        for payment_id in unasked:
            self._driver.ask_about(hospital_id, payment_id)
        if unasked:
            raise StillAsked

    def reading(self) -> AbstractAsyncContextManager[Tx]:
        """For those of this domain who look before they ask the outside."""
        return self._database.read()

    def looking(self) -> Tx:
        """For those who only look, and decide nothing: see ``Looks.any``."""
        return self._looks.any()

    async def asked(self, plan: Plan, step: Step) -> Asked:
        """What the other side says of this call now; see ``asking.ask``."""
        return await asking.ask(self._driver.means, plan, step)

    async def settle(self, call: Call, payment_no: str) -> PaymentView | None:
        """The payment once the engine has moved it."""
        plan = await self.settled(call, payment_no)
        return view_of(plan, self.registry) if plan is not None else None

    async def settle_tender(self, call: Call, payment_no: str) -> PaymentView | None:
        """The same after a choice of means: until a code is there or money was taken."""
        plan = await self.settled(call, payment_no, SETTLING | {"delivering"})
        return view_of(plan, self.registry) if plan is not None else None

    # -- operations

    async def show(self, tx: Tx, call: Call, payment_no: str) -> PaymentView:
        plan = await signals.find(tx, call.hospital_id, payment_no)
        if plan is None:
            raise PaymentUnknown
        return view_of(plan, self.registry)

    async def get(self, call: Call, message: GetPayment) -> PaymentView:
        return view_of(await self.seen(call, message.number), self.registry)

    async def seen(self, call: Call, number: str, purpose: str = "") -> Plan:
        """The plan as it is now, for whoever may see it. ``purpose``: one for anything else is not known.

        Raises:
            PaymentUnknown, SessionEnded, NotYours.
        """
        known = self._known(call, number)
        plan = await signals.newest(self._looks, known) if known is not None else None
        return self._shown(call, plan or await self._found(call, number), purpose)

    async def seen_with_balance(self, call: Call, number: str, purpose: str, account: str) -> tuple[Plan, Fen]:
        """The same, and what is on this account at that moment.

        Raises:
            PaymentUnknown, SessionEnded, NotYours.
        """
        plan = self._known(call, number) or self._shown(call, await self._found(call, number), purpose)
        found = await signals.newest_with_balance(self._looks, plan, account)
        if found is None:
            raise PaymentUnknown
        return self._shown(call, found[0], purpose), found[1]

    def _known(self, call: Call, number: str) -> Plan | None:
        known = self._driver.known.get(number)
        return known if known is not None and known.hospital_id == call.hospital_id else None

    def _shown(self, call: Call, plan: Plan | None, purpose: str) -> Plan:
        """What a process has read to show it, it looks for by its version the next time."""
        if plan is None or purpose not in ("", plan.purpose):
            raise PaymentUnknown
        self.check_owner(call, plan)
        self._driver.known.keep(plan)
        return plan

    async def list(self, tx: Tx, call: Call, message: ListPayments) -> Payments:
        since = call.now - timedelta(days=message.days)
        plans = await signals.of_patient(tx, call.hospital_id, call.principal.patient_id, since)
        return Payments(payments=[view_of(plan, self.registry) for plan in plans])

    async def list_untold(self, tx: Tx, call: Call, message: ListUntoldPayments) -> Payments:
        since = call.now - untold.LOOKED_BACK
        plans = await signals.of_patient(tx, call.hospital_id, call.principal.patient_id, since)
        return Payments(payments=await untold.of(tx, call, plans, self.registry))

    async def locked(self, tx: Tx, call: Call, payment_no: str) -> Plan:
        """The plan for a change.

        Raises:
            PaymentUnknown, NotYours.
        """
        plan = await signals.locked(tx, call.hospital_id, payment_no)
        if plan is None:
            raise PaymentUnknown
        self.check_owner(call, plan)
        return plan

    def check_owner(self, call: Call, plan: Plan) -> None:
        """Patients see their own payments, institutions those that were opened at them, in the
        session of one of them only his; the hospital and staff see all.

        Raises:
            PaymentUnknown: an institution asks for one of another's: it is not told that there is one.
            SessionEnded, NotYours.
        """
        if call.principal.caller in (Caller.HOSPITAL, Caller.STAFF):
            return
        if call.principal.caller is Caller.INSTITUTION:
            if not is_of_institution(call, plan):
                raise PaymentUnknown
            if call.principal.patient_id not in (0, plan.patient_id):
                raise NotYours
            return
        if not call.principal.patient_id:
            raise SessionEnded
        if not is_theirs(call, plan):
            raise NotYours

    async def _cancel(self, tx: Tx, call: Call, message: CancelPayment, facts: None) -> str:
        plan = await self.locked(tx, call, message.payment_no)
        await self.give_up(tx, call, plan)
        return plan.payment_no

    async def give_up(self, tx: Tx, call: Call, plan: Plan) -> None:
        """Nobody wants this payment, which the transaction has locked, any more. One that has ended stays as it is."""
        if plan.ended_at is None:
            self.taken_up(call, await signals.cancel(tx, plan, call.now, self.epoch))

    async def _given_back(self, tx: Tx, call: Call, message: ConfirmGivenBack, facts: None) -> str:
        found = await signals.find(tx, call.hospital_id, message.number)
        if found is None:
            raise PaymentUnknown
        plan = await self.locked(tx, call, found.payment_no)
        told = {"operator": message.operator, "receipt_no": message.receipt_no}
        self.taken_up(call, await self.counter.give_back(tx, call, plan, told, self.epoch, message.amount_fen))
        return plan.payment_no


def _opened_at(call: Call) -> dict[str, Any]:
    """Whose it is, where a bank's own terminal or app has asked."""
    who = call.principal
    return {AT_INSTITUTION: who.institution_id} if who.caller is Caller.INSTITUTION else {}
