"""Refunds that people want: of all or of a part of what was delivered, once or several times."""

from collections.abc import Iterable
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call, require_said
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.audit import store as audit
from yinyi.business.payments import apply, signals
from yinyi.business.payments.amounts import refundable_fen
from yinyi.business.payments.channels import WINDOW
from yinyi.business.payments.engine import Rules, rule_of
from yinyi.business.payments.errors import ChannelGone, MoreThanLeft, NotDelivered, NothingTakenYet, PaymentClosed
from yinyi.business.payments.kept import keep
from yinyi.business.payments.messages import PaymentView, RefundPayment
from yinyi.business.payments.plan import TAKE, Plan
from yinyi.business.payments.postings import fulfilled
from yinyi.business.payments.service import PaymentService
from yinyi.kernel.money import Fen


class GivesBackWhole(Protocol):
    """What all that is left of a delivered payment means to whoever has delivered it."""

    purpose: str

    async def look(self, call: Call, plan: Plan) -> Any:
        """What has to be known of the outside, asked before anything turns back.

        Raises:
            LinesDone: it is not given back any more.
            HospitalUnavailable: it does not say.
        """
        ...

    async def instead(self, tx: Tx, call: Call, plan: Plan, message: RefundPayment, looked: Any) -> bool:
        """True: it goes back piece by piece, which is written down now, and not by being undone.

        Raises:
            PaymentClosed: all of it is on its way already.
            MoreThanLeft: the pieces are more than there is left.
        """
        ...

    async def settle(self) -> None:
        """See to what was written down."""
        ...


class RefundDesk:
    """``RefundPayment``: what is wanted is written down with its bookings; the engine gives it back."""

    def __init__(self, payments: PaymentService, zone: ZoneInfo, wholes: Iterable[GivesBackWhole] = ()) -> None:
        self._payments = payments
        self._rules: Rules = payments.registry.rules
        self._zone = zone
        self._wholes = {each.purpose: each for each in wholes}

    def register(self, dispatcher: Dispatcher) -> None:
        change = Change(self.refund, self._payments.show, self.look, self._settle, only_reads=True)
        dispatcher.changes(RefundPayment, change)

    async def look(self, call: Call, message: RefundPayment) -> Any:
        """
        Raises:
            LinesDone, HospitalUnavailable: see ``GivesBackWhole``.
        """
        async with self._payments.reading() as tx:
            plan = await signals.find(tx, call.hospital_id, message.payment_no)
        whole = self._wholes.get(plan.purpose) if plan is not None else None
        if plan is None or whole is None or not fulfilled(plan) or not _is_whole(plan, message):
            return None
        return await whole.look(call, plan)

    async def _settle(self, call: Call, payment_no: str) -> PaymentView | None:
        for whole in self._wholes.values():
            await whole.settle()
        return await self._payments.settle(call, payment_no)

    async def refund(self, tx: Tx, call: Call, message: RefundPayment, looked: Any) -> str:
        """
        Raises:
            InvalidField: the hospital has not named its operator.
            NothingTakenYet: it is still to be paid.
            PaymentClosed: nothing is left to give back, or all of it is on its way already.
            MoreThanLeft: that is more than there is left.
            BalanceTooLow: it was a top-up, and is spent.
            NotDelivered: only all of it can be given back, as long as what it is for is not delivered.
            ChannelGone: the hospital has given up the channel that took it.
            StillAsked: something may have been given back in time that a restore has lost.
        """
        plan = await self._payments.locked(tx, call, message.payment_no)
        require_said(call, operator=message.operator)
        self._payments.check_asked(plan)
        left_fen = refundable_fen(plan)
        amount_fen = message.amount_fen or left_fen
        if plan.direction == "back" or not left_fen:
            raise NothingTakenYet if _is_open(plan) else PaymentClosed
        if amount_fen > left_fen:
            raise MoreThanLeft
        if not self._payments.registry.gives_back(plan):
            raise ChannelGone
        whole, delivered = amount_fen == left_fen, fulfilled(plan)
        if not delivered and not whole:
            raise NotDelivered
        if whole and delivered and await self._by_pieces(tx, call, plan, message, looked):
            return plan.payment_no
        if whole and (not delivered or self._can_be_undone(plan)):
            after = apply.turned_back(plan, "cancelled")
            await keep(tx, plan, after, self._zone, call.now)
            taken = await signals.turn_back(tx, plan, call.now, self._payments.epoch)
        else:
            after = apply.refunding(plan, amount_fen, message.reason, call.now)
            await keep(tx, plan, after, self._zone, call.now)
            taken = await signals.refund(tx, plan, after, call.now, self._payments.epoch)
        self._payments.taken_up(call, taken)
        told = {"amount_fen": int(amount_fen), "reason": message.reason, "operator": message.operator}
        await audit.append(tx, call, "payments.RefundPayment.v1", plan.payment_no, told)
        return plan.payment_no

    async def _by_pieces(self, tx: Tx, call: Call, plan: Plan, message: RefundPayment, looked: Any) -> bool:
        """
        Raises:
            PaymentClosed, MoreThanLeft: see ``GivesBackWhole.instead``.
        """
        whole = self._wholes.get(plan.purpose) if looked is not None else None
        return whole is not None and await whole.instead(tx, call, plan, message, looked)

    async def give_part(self, tx: Tx, call: Call, plan: Plan, amount_fen: Fen, reason: str) -> None:
        """The same of a part, or all, of a locked plan whose delivery is a balance: whoever finds it gives it back.

        Raises:
            BalanceTooLow: it was spent.
            MoreThanLeft: that is more than there is left.
            StillAsked: see ``refund``.
        """
        self._payments.check_asked(plan)
        after = apply.refunding(plan, amount_fen, reason, call.now)
        await keep(tx, plan, after, self._zone, call.now)
        await signals.refund(tx, plan, after, call.now, 0)

    async def undo(self, tx: Tx, call: Call, plan: Plan, reason: str, epoch: int) -> Plan | None:
        """A locked plan is as if it had never been: what was delivered is given back, and then what was taken for it.
        ``epoch``: of the lease that takes it up; 0: whoever finds it.

        Raises:
            ChannelGone: the hospital has given up the channel that took it.
        """
        if not self._payments.registry.gives_back(plan):
            raise ChannelGone
        await keep(tx, plan, apply.turned_back(plan, reason), self._zone, call.now)
        return await signals.turn_back(tx, plan, call.now, epoch, reason)

    async def undo_anyhow(self, tx: Tx, call: Call, plan: Plan, reason: str, epoch: int) -> Plan | None:
        """The same where it cannot wait: what was taken by a channel that the hospital has given up goes back over the
        counter, and people are called."""
        after = plan
        for take in self._payments.registry.given_up(plan):
            after = apply.given_back_at(after, take, WINDOW, call.now)
        await keep(tx, plan, apply.turned_back(after, reason), self._zone, call.now)
        return await signals.turn_back(tx, plan, call.now, epoch, reason)

    def _can_be_undone(self, plan: Plan) -> bool:
        """What was delivered can be given back; otherwise only money is."""
        rules = [rule_of(self._rules, step) for step in plan.current() if step.kind != TAKE]
        return all(rule.can_undo for rule in rules if rule.needs_undo)


def _is_whole(plan: Plan, message: RefundPayment) -> bool:
    return message.amount_fen in (None, refundable_fen(plan))


def _is_open(plan: Plan) -> bool:
    """Nothing was taken for it, and it can still be paid."""
    return plan.direction == "forward" and plan.ended_at is None and not plan.moved()
