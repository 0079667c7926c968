"""One person and his payment: what he asks for, what he was told, and what became of it outside."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol, TypeVar

from yinyi.app.faults.house import ZONE, Desk, House
from yinyi.app.faults.model import FEE, Told
from yinyi.app.faults.script import Script
from yinyi.app.faults.wishes import BOOKED_FOR, What, booked, new_payment, opening
from yinyi.bus.call import Call, Principal
from yinyi.bus.database import Tx
from yinyi.bus.operation import Caller
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.ledger.model import prepaid_account
from yinyi.business.payments import signals
from yinyi.business.payments.errors import (
    MoreThanLeft,
    MoreThanOwed,
    NotDelivered,
    NothingInDoubt,
    NothingTakenYet,
    NothingToAgree,
    PaymentClosed,
)
from yinyi.business.payments.human_queue import HumanQueue
from yinyi.business.payments.messages import AgreeToQuote, ChooseTender, RefundPayment
from yinyi.business.payments.messages_queue import PostAgain
from yinyi.business.payments.model import CallbackRead
from yinyi.business.payments.plan import TAKE, Plan, Step
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid.errors import NothingOnAccount, OnlyAtWindow
from yinyi.business.prepaid.messages import TopUp, Withdraw
from yinyi.business.scheduling.messages import IssueHoldSlip
from yinyi.business.scheduling.plans import CHECKED_IN
from yinyi.kernel.means import TenderName
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done

T = TypeVar("T")
SOONEST = timedelta(milliseconds=100)
MOST_WAITS = 400
"""A payment that has waited so often for so many things will never end."""
_REFUNDS = "SELECT payment_no, refunds_fen FROM payment WHERE hospital_id = 1 AND patient_id = $1 ORDER BY payment_id"
_NEXT_AT = "SELECT next_at FROM payment WHERE hospital_id = 1 AND payment_id = $1"


class Side(Protocol):
    """Whoever takes money for the hospital, as the judge sees him; by our references."""

    def kept_fen(self, references: set[str]) -> int: ...

    def back_fen(self, reference: str) -> int: ...

    def open_orders(self, references: set[str]) -> int: ...


class Person(ABC):
    """``number``: of his payment. ``wish``: which number or bill he wants. ``insured_wholly``: his insurance pays all
    of it."""

    def __init__(self, house: House, script: Script) -> None:
        self.house = house
        self.script = script
        self.number = ""
        self.payment_id = 0
        self.patient_id = 1
        self.wish = ""
        self.insured_wholly = False
        self.told: list[Told] = []
        self.clock, self.quiet = house.clock, house.quiet
        self.hospital, self.channel, self.channels = house.hospital, house.channel, house.channels
        self.sides: dict[str, Side] = {**house.channels}
        self.bills, self.scheme, self.ward = house.bills, house.scheme, house.ward

    # -- how it is played

    @abstractmethod
    async def change(self, make: Callable[[Desk, Tx, Call], Awaitable[T]]) -> T:
        """A request of his to a process, all or nothing."""

    @abstractmethod
    async def hear(self, step: Step, read: CallbackRead) -> None:
        """The channel tells."""

    @abstractmethod
    async def drive(self) -> None:
        """Whoever drives his payment gets on with it."""

    @abstractmethod
    async def wait(self, time: timedelta) -> None:
        """He lets so much time pass."""

    async def until_the_end(self) -> bool:
        """Let time pass until the payment has ended; False: it never does."""
        for _ in range(MOST_WAITS):
            if self.waits_for_people():
                return False
            wait = await self.next_at()
            if wait is None:
                return (await self.plan()).ended_at is not None
            await self.wait(max(wait, SOONEST))
            await self.drive()
        return False

    def waits_for_people(self) -> bool:
        """It stands in the human queue, and nothing but what people find out moves it."""
        return False

    @contextmanager
    def calm(self) -> Generator[None]:
        """Nothing goes wrong in here: other shapes explore it."""
        self.script.calm = True
        try:
            yield
        finally:
            self.script.calm = False

    # -- what he does

    async def open(self, what: What = "registration") -> None:
        """Chooses a doctor, or which bills to pay."""
        self.number = await self.change(lambda desk, tx, call: self._opened(desk, tx, call, what))
        self.payment_id = (await self.plan()).payment_id

    async def _opened(self, desk: Desk, tx: Tx, call: Call, what: What) -> str:
        if what == "top_up":
            return await desk.prepaid.top_up(tx, call, TopUp(amount_fen=FEE), None)
        wish = self.wish or str(next(self.house.serial))
        if what in ("check_in", "paid_check_in"):
            self.hospital.book(booked(wish), call.now + BOOKED_FOR)
        new = new_payment(what, wish, call.now, insured_wholly=self.insured_wholly)
        return await desk.payments.open(tx, call, new)

    async def has_on_account(self, fen: int) -> None:
        """He has so much on his account, if he has not had one before."""
        if self.opened_fen:
            return
        self.house.opened_fen[self.patient_id] = fen
        async with self.quiet.transaction() as tx:
            await ledger.post(tx, [opening(self.patient_id, fen, self.clock.now())])

    async def withdraw(self) -> None:
        """He wants back what is left on his account, as far as it can go back."""

        async def withdrawn(desk: Desk, tx: Tx, call: Call) -> dict[str, int]:
            before = {row["payment_no"]: row["refunds_fen"] for row in await tx.fetch(_REFUNDS, self.patient_id)}
            await desk.prepaid.withdraw(tx, call, Withdraw(), None)
            after = await tx.fetch(_REFUNDS, self.patient_id)
            return {row["payment_no"]: row["refunds_fen"] - before[row["payment_no"]] for row in after}

        try:
            self.house.gone_fen.update(await self.change(withdrawn))
        except (NothingOnAccount, OnlyAtWindow, BalanceTooLow):
            return

    async def choose(self, tender: TenderName = "wechatpay", amount_fen: Fen | None = None) -> None:
        """He chooses a means, if he still may."""
        message = ChooseTender(payment_no=self.number, tender=tender, amount_fen=amount_fen)
        try:
            await self.change(lambda desk, tx, call: desk.payments.tenders.choose(tx, call, message, None))
        except (PaymentClosed, MoreThanOwed):
            return

    async def submit(self, payer_code: str) -> None:
        """He holds the code on his phone under the scanner, if it may still be."""
        try:
            await self.change(
                lambda desk, tx, call: desk.payments.tenders.submit_code(tx, call, self.number, payer_code)
            )
        except PaymentClosed:
            return

    async def takes_a_slip(self) -> None:
        """He will pay later, and gets a slip on which his number is kept for longer, if he still may."""
        message = IssueHoldSlip(payment_no=self.number)
        try:
            await self.change(lambda desk, tx, call: desk.numbers.issue_hold_slip(tx, call, message, None))
        except PaymentClosed:
            return

    async def agree(self) -> bool:
        """He agrees that his insurance pays all of it, if he is asked."""
        message = AgreeToQuote(payment_no=self.number)
        try:
            await self.change(lambda desk, tx, call: desk.payments.tenders.agree(tx, call, message, None))
        except (PaymentClosed, NothingToAgree):
            return False
        return True

    async def cancel(self) -> None:
        """He wants it no more."""

        async def cancelled(desk: Desk, tx: Tx, call: Call) -> None:
            plan = await signals.locked(tx, 1, self.number)
            if plan is not None and plan.ended_at is None:
                await signals.cancel(tx, plan, call.now)

        await self.change(cancelled)

    async def refund(self, amount_fen: Fen | None = None) -> None:
        """Staff gives back all or a part, if there is so much left."""
        message = RefundPayment(payment_no=self.number, amount_fen=amount_fen, reason="少做一项检查")

        async def given(desk: Desk, tx: Tx, call: Call) -> int:
            before = await self._seen(tx)
            await desk.refunds.refund(tx, call, message, None)
            plan = await self._seen(tx)
            return plan.taken_fen if plan.direction == "back" else plan.refunds_fen - before.refunds_fen

        try:
            self.gone_fen += await self.change(given)
        except (PaymentClosed, NothingTakenYet, NotDelivered, MoreThanLeft, BalanceTooLow):
            return

    async def undo(self, reason: str) -> None:
        """What was delivered is given back, and then what was taken for it, if it was delivered."""

        async def undone(desk: Desk, tx: Tx, call: Call) -> int:
            plan = await signals.locked(tx, 1, self.number)
            if plan is None or state_of(plan) != "fulfilled":
                return 0
            desk.payments.taken_up(call, await desk.refunds.undo(tx, call, plan, reason, desk.payments.epoch))
            return plan.taken_fen

        self.gone_fen += await self.change(undone)

    def pays(self, order: Step) -> bool:
        """By the code of this order, if the channel lets him."""
        far = self.channels.get(order.channel)
        return far is not None and order.kind == TAKE and far.pay(order.reference)

    async def is_posted_again(self) -> None:
        """Staff have what he has paid for delivered once more, if nobody knows whether it was."""
        message = PostAgain(payment_no=self.number)

        async def posted(desk: Desk, tx: Tx, call: Call) -> None:
            await HumanQueue(desk.payments, ZONE).post_again(tx, call, message, None)

        try:
            await self.change(posted)
        except NothingInDoubt:
            return

    # -- what the channel does

    async def callback(self, step: Step, event_id: str, amount_fen: int | None = None) -> None:
        """The channel tells that this order was paid, or that this refund was made."""
        at = {"paid_at": self.clock.now().isoformat()} if step.kind == TAKE else {}
        await self.hear(step, self.told_of(step, event_id, Done(evidence=at), amount_fen))

    async def tells(self, step: Step, what: str) -> None:
        """The channel tells of this take or refund by itself, and what goes wrong with that."""
        event_id = f"{what} {step.reference}"
        match self.script.at(f"{step.kind}/{step.channel}", "callback"):
            case "missing":
                return
            case "wrong_amount":
                await self.callback(step, event_id, step.amount_fen - 1)
            case "after_the_end":
                await self.until_the_end()
                await self.callback(step, event_id)
            case "twice":
                await self.callback(step, event_id)
                await self.callback(step, event_id)
                await self.drive()
                await self.callback(step, f"again {step.reference}")
            case _:
                await self.callback(step, event_id)

    async def refunded_there(self, take: Step, their_id: str) -> None:
        """The channel tells that somebody has given back of this order."""
        amount_fen, evidence = self.channels[take.channel].told_of_refund(their_id)
        told = CallbackRead(
            event_id=f"told {their_id}",
            about="refund",
            reference=their_id,
            merchant=take.merchant,
            amount_fen=Fen(amount_fen),
            order_reference=take.reference,
            outcome=Done(evidence=evidence),
        )
        await self.hear(take, told)

    def told_of(self, step: Step, event_id: str, outcome: Done, amount_fen: int | None = None) -> CallbackRead:
        """What the channel says of this order."""
        return CallbackRead(
            event_id=event_id,
            about="take" if step.kind == TAKE else "refund",
            reference=step.reference,
            merchant=step.merchant,
            amount_fen=Fen(step.amount_fen if amount_fen is None else amount_fen),
            outcome=outcome,
        )

    async def number_is_given_away(self) -> None:
        """The hospital has given his number to somebody else."""
        for step in (await self.plan()).steps:
            if step.reference in self.hospital.numbers:
                self.hospital.until[step.reference] = self.clock.now()

    async def stay_is_settled(self) -> None:
        """The ward has made out its account: it takes no deposit any more."""
        self.ward.settled.add((await self.plan()).facts["admission_no"])

    async def bill_is_changed(self) -> None:
        """A doctor has changed what he is just paying."""
        self.bills.changed |= {step.reference for step in (await self.plan()).steps}

    # -- looking

    async def plan(self) -> Plan:
        async with self.quiet.read() as tx:
            return await self._seen(tx)

    async def _seen(self, tx: Tx) -> Plan:
        plan = await signals.find(tx, 1, self.number)
        assert plan is not None
        return plan

    async def next_at(self) -> "timedelta | None":
        """How long until something is due; None: nothing ever is."""
        async with self.quiet.read() as tx:
            at = await tx.fetchval(_NEXT_AT, self.payment_id)
        return at - self.clock.now() if at else None

    @property
    def opened_fen(self) -> int:
        return self.house.opened_fen[self.patient_id]

    @property
    def gone_fen(self) -> int:
        return self.house.gone_fen[self.number]

    @gone_fen.setter
    def gone_fen(self, fen: int) -> None:
        self.house.gone_fen[self.number] = fen

    def delivered(self, plan: Plan) -> int:
        """How much of what he came for the hospital has in its books."""
        references = {step.reference for step in plan.steps}
        booked = {plan.facts.get("number_reference", "")}
        if plan.purpose == CHECKED_IN and not plan.amount_fen:
            return len(references & self.hospital.arrived)
        in_books = self.bills.settled(references) + self.ward.posted(references)
        return in_books + self.hospital.confirmed(references | booked)

    async def used_fen(self) -> int:
        """What is gone from his account; less than nothing: so much has come onto it."""
        async with self.quiet.read() as tx:
            return self.opened_fen - await ledger.balance_of(tx, 1, prepaid_account(str(self.patient_id)))

    def kept_fen(self, references: set[str]) -> int:
        """Of these orders: taken less given back."""
        return sum(each.kept_fen(references) for each in self.sides.values())

    def call(self) -> Call:
        who = Principal(caller=Caller.KIOSK, hospital_id=1, terminal_id="T1", patient_id=self.patient_id)
        now = self.clock.now()
        return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key="k")
