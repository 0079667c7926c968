"""The operations of payments: what patients, windows and staff ask, turned into signals to the engine."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.operation import Caller
from yinyi.business.ledger.model import PREPAID
from yinyi.business.lines.session_model import Card
from yinyi.business.payments import apply, asking, signals, store, untold
from yinyi.business.payments.amounts import AGREED, owed_fen, quote_of, to_agree
from yinyi.business.payments.asking import Asked
from yinyi.business.payments.callbacks import Callbacks
from yinyi.business.payments.channels import WINDOW
from yinyi.business.payments.choice import open_with, with_tender
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.errors import (
    AccountsClosed,
    AlreadyUnderWay,
    MoreThanOwed,
    NothingToAgree,
    PaymentClosed,
    PaymentUnknown,
    PlansUnreadable,
)
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
from yinyi.business.payments.model import TenderName
from yinyi.business.payments.owners import is_theirs
from yinyi.business.payments.plan import PAYER_CODE, Plan, Step
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.settle import about_to_leave
from yinyi.business.payments.view import state_of, view_of
from yinyi.business.payments.window import Counter
from yinyi.kernel.errors import ChannelUnavailable, NotAllowed, NotYours, SessionEnded, YinyiError
from yinyi.kernel.ids import ask_number, payment_number
from yinyi.kernel.money import Fen

SETTLE_S = 2.5
"""A page waits so long for the engine's next word before it says "please wait"."""
SETTLING = frozenset({"holding", "starting", "closing"})
TAKEN_UP = "payments.taken_up"

PaysFromAccount = Callable[[Tx, Call, Plan], Awaitable[None]]
"""Whether this plan may be paid from the patient's prepaid account; raises if not."""


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
        self._restore_epoch = 0
        self.counter = Counter(registry.rules, zone)
        self.callbacks = Callbacks(registry, driver)
        self.pays_from_account: PaysFromAccount | None = None
        """Given by the domain that keeps prepaid accounts; without it nothing is paid from one."""

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(GetPayment, self.get)
        dispatcher.reads(ListPayments, self.list)
        dispatcher.reads(ListUntoldPayments, self.list_untold)
        dispatcher.asks(ReceiveCallback, self.callbacks.receive)
        dispatcher.changes(ChooseTender, Change(self.choose, self.show, settle=self.settle_tender))
        dispatcher.changes(AgreeToQuote, Change(self.agree, self.show, settle=self.settle_tender))
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
            facts=new.facts,
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
        None: somebody else drives it, and it has to be read."""
        taken: TakenUp | None = call.notes.pop(TAKEN_UP, None)
        if taken is not None:
            plan = taken.plan
            self._driver.begin(plan, taken.leaving, taken.epoch)
        else:
            plan = await self._found(call, payment_no)
            if plan is None or state_of(plan) not in unsettled:
                return plan
            self._driver.wake(plan.hospital_id, plan.payment_id)
        loop = asyncio.get_running_loop()
        end = loop.time() + SETTLE_S
        while state_of(plan) in unsettled and (left_s := end - loop.time()) > 0:
            moved = await self._driver.moved(plan.payment_id, min(left_s, 0.5))
            plan = moved or await self._found(call, payment_no) or plan
        return plan

    async def _found(self, call: Call, payment_no: str) -> Plan | None:
        async with self._database.read() as tx:
            return await signals.find(tx, call.hospital_id, payment_no)

    def reading(self) -> AbstractAsyncContextManager[Tx]:
        """For those of this domain who look before they ask the outside."""
        return self._database.read()

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

    async def get(self, tx: Tx, call: Call, message: GetPayment) -> PaymentView:
        known = self._driver.known.get(message.number)
        plan = await signals.find(tx, call.hospital_id, message.number, known)
        if plan is None:
            raise PaymentUnknown
        self.check_owner(call, plan)
        return view_of(plan, self.registry)

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
        """Patients see their own payments; the hospital and staff see all.

        Raises:
            SessionEnded, NotYours.
        """
        if call.principal.caller in (Caller.HOSPITAL, Caller.STAFF):
            return
        if not call.principal.patient_id:
            raise SessionEnded
        if not is_theirs(call, plan):
            raise NotYours

    async def choose(self, tx: Tx, call: Call, message: ChooseTender, facts: None) -> str:
        if message.tender == WINDOW:
            raise NotAllowed("the window takes its money itself")

        def wanted(plan: Plan) -> str:
            if message.amount_fen is not None and message.amount_fen > owed_fen(plan):
                raise MoreThanOwed
            return "" if open_with(plan, message, call.now) else message.tender

        told = {} if message.amount_fen is None else {"amount_fen": message.amount_fen}
        return await self._take_tender(tx, call, message.payment_no, wanted, told)

    async def submit_code(self, tx: Tx, call: Call, payment_no: str, payer_code: str) -> str:
        """By the code on the payer's phone, as a scanner of ours has read it. It is used once: the same key is the same
        attempt, another code another one."""
        channel = self.registry.knows_code(payer_code)
        told = {"scanned": True, PAYER_CODE: payer_code}
        return await self._take_tender(tx, call, payment_no, lambda _: channel, told)

    async def submit_card(self, tx: Tx, call: Call, payment_no: str, channel: TenderName, card: Card) -> str:
        """By a card that a reader of ours has read, its PIN block from the pad. Used once, like a code."""
        told = {"scanned": True, PAYER_CODE: self.registry.sealed_card(channel, card)}
        return await self._take_tender(tx, call, payment_no, lambda _: channel, told)

    async def _take_tender(
        self, tx: Tx, call: Call, payment_no: str, wanted: Callable[[Plan], str], told: dict[str, Any]
    ) -> str:
        """``wanted``: the means, empty where nothing is to be done. If nobody drives the payment, its next call is
        marked in the same statement; otherwise whoever does is told of the choice."""
        if await self._taken_as_known(tx, call, payment_no, wanted, told):
            return payment_no
        seen = await signals.glanced(tx, call.hospital_id, payment_no)
        if seen is None:
            raise PaymentUnknown
        tender = self._tender(call, seen.plan, wanted)
        at_once = seen.free and tender != PREPAID
        if not tender or (at_once and await self._taken_at_once(tx, call, seen.plan, tender, told)):
            return payment_no
        plan = await self.locked(tx, call, payment_no)
        tender = self._tender(call, plan, wanted)
        if tender == PREPAID:
            await self._check_account(tx, call, plan)
        if tender:
            taken = await signals.choose_tender(tx, plan, tender, plan.pay_by, told, call.now, self.epoch)
            self.taken_up(call, taken)
        return payment_no

    async def _taken_as_known(
        self, tx: Tx, call: Call, payment_no: str, wanted: Callable[[Plan], str], told: dict[str, Any]
    ) -> bool:
        """The same without looking first, if the payment is as this process has seen it last. Only a yes is believed:
        whatever speaks against it is looked at again."""
        known = self._driver.known.get(payment_no)
        if known is None or known.hospital_id != call.hospital_id:
            return False
        try:
            tender = self._tender(call, known, wanted)
        except YinyiError:
            return False
        return tender not in ("", PREPAID) and await self._taken_at_once(tx, call, known, tender, told)

    async def _check_account(self, tx: Tx, call: Call, plan: Plan) -> None:
        if self.pays_from_account is None or call.principal.opened_by:
            raise AccountsClosed("whoever holds a form or a slip has none" if call.principal.opened_by else "")
        await self.pays_from_account(tx, call, plan)

    def _tender(self, call: Call, plan: Plan, wanted: Callable[[Plan], str]) -> str:
        self.check_owner(call, plan)
        if plan.direction == "back" or state_of(plan) in ("fulfilled", "delivering"):
            raise PaymentClosed
        if to_agree(plan):
            raise MoreThanOwed
        tender = wanted(plan)
        if tender:
            self.registry.merchant(plan, tender)
        return tender

    def check_payable(self, call: Call, plan: Plan, tender: TenderName) -> None:
        """
        Raises:
            NotYours, PaymentClosed, MoreThanOwed.
            ChannelUnavailable: nobody pays here by this.
        """
        self._tender(call, plan, lambda _: tender)
        if tender not in self.registry.cards:
            raise ChannelUnavailable(f"{tender} is no card that is taken here")

    async def _taken_at_once(self, tx: Tx, call: Call, plan: Plan, tender: str, told: dict[str, Any]) -> bool:
        chosen = with_tender(plan, tender, told)
        sent, leaving = about_to_leave(chosen, self.registry, call.now) if self.epoch else (chosen, "")
        taken = await signals.choose_and_send(tx, plan, sent, call.now, self.epoch) if leaving else None
        self.taken_up(call, taken, leaving)
        return taken is not None

    async def agree(self, tx: Tx, call: Call, message: AgreeToQuote, facts: None) -> str:
        plan = await self.locked(tx, call, message.payment_no)
        quote = quote_of(plan)
        if plan.direction == "back" or plan.cancel_wanted or call.now >= plan.pay_by:
            raise PaymentClosed
        if quote is None or not (to_agree(plan) or AGREED in plan.facts):
            raise NothingToAgree
        if to_agree(plan):
            self.taken_up(call, await signals.agree(tx, plan, quote, call.now, self.epoch))
        return plan.payment_no

    async def _cancel(self, tx: Tx, call: Call, message: CancelPayment, facts: None) -> str:
        plan = await self.locked(tx, call, message.payment_no)
        if plan.ended_at is None:
            self.taken_up(call, await signals.cancel(tx, plan, call.now, self.epoch))
        return plan.payment_no

    async def _given_back(self, tx: Tx, call: Call, message: ConfirmGivenBack, facts: None) -> str:
        found = await signals.find(tx, call.hospital_id, message.number)
        if found is None:
            raise PaymentUnknown
        plan = await self.locked(tx, call, found.payment_no)
        told = {"operator": message.operator, "receipt_no": message.receipt_no}
        self.taken_up(call, await self.counter.give_back(tx, call, plan, told, self.epoch, message.amount_fen))
        return plan.payment_no
