"""Banks take money at their own terminals and in their apps: what they say has happened is written as such, with its
posting, at once; what cannot be kept of it is ordered back, and followed until it is."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.payments import institution_store as store
from yinyi.business.payments import signals
from yinyi.business.payments.errors import (
    GiveBackUnknown,
    GivenBackAlready,
    PaymentClosed,
    PaymentUnknown,
    ReferenceUsed,
    TakenUnknown,
    TenderUnderWay,
)
from yinyi.business.payments.institution_takes import (
    THEIRS,
    UNDER_WAY,
    Told,
    is_decided,
    open_orders,
    order_of,
    taken_by,
    taken_view,
    with_given_back,
    with_taken,
)
from yinyi.business.payments.kept import keep
from yinyi.business.payments.messages_institution import (
    ConfirmGiveBack,
    GetTaken,
    GiveBacks,
    ListGiveBacks,
    ReportTaken,
    TakenView,
)
from yinyi.business.payments.owners import is_of_institution
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.service import PaymentService
from yinyi.kernel.errors import InvalidField
from yinyi.kernel.ids import payment_number_of

DAYS_BOOKED_WITHIN = 15
"""A bank's accounting day may lie behind a long holiday."""
AHEAD = timedelta(minutes=5)
"""So much a bank's clock may be before ours."""
MOST = 100


class InstitutionTakings:
    """What banks say of the money that they have taken, and what they are told of it."""

    def __init__(self, payments: PaymentService, zone: ZoneInfo) -> None:
        self._payments = payments
        self._zone = zone

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.changes(ReportTaken, Change(self.report, self.show, settle=self.settle))
        dispatcher.reads(GetTaken, self.get)
        dispatcher.reads(ListGiveBacks, self.list)
        dispatcher.changes(ConfirmGiveBack, Change(self.confirm, self.show))

    # -- money was taken

    async def report(self, tx: Tx, call: Call, message: ReportTaken, facts: None) -> str:
        """
        Raises:
            InvalidField: taken at an instant that has not come, before there was anything to pay, or booked on a day
                that is far from it.
            PaymentUnknown: there is none, or it was not opened at this institution.
            ReferenceUsed: for another payment, or over another amount.
            TenderUnderWay: after a restore the payment is still being asked about.
        """
        if message.taken_at > call.now + AHEAD:
            raise InvalidField("taken_at")
        plan = await signals.locked(tx, call.hospital_id, message.payment_no)
        if plan is None or not is_of_institution(call, plan):  # whoever is there meanwhile
            raise PaymentUnknown
        _check_begun(plan, message.taken_at, "taken_at")
        if abs((message.taken_on - message.taken_at.astimezone(self._zone).date()).days) > DAYS_BOOKED_WITHIN:
            raise InvalidField("taken_on")
        told = _told(call, message)
        if not await self._is_known(tx, plan, told):
            await self._take(tx, call, plan, told)
        return f"{plan.payment_no} {told.reference}"

    async def _is_known(self, tx: Tx, plan: Plan, told: Told) -> bool:
        known = await store.known(tx, plan.hospital_id, told.institution_id, told.reference)
        if known is not None and known != (plan.payment_id, told.amount_fen):
            raise ReferenceUsed(told.reference)
        return known is not None

    async def _take(self, tx: Tx, call: Call, plan: Plan, told: Told) -> None:
        if plan.gap_until is not None:
            raise TenderUnderWay("the database was restored, and others are asked first")
        after, take = with_taken(plan, told, self._payments.registry.rules, call.now)
        if not await store.keep(tx, plan, take, told, call.now):
            raise ReferenceUsed(told.reference)
        await keep(tx, plan, after, self._zone, call.now)
        taken_up = await signals.taken_by_institution(tx, after, call.now, self._payments.epoch)
        self._payments.taken_up(call, taken_up)

    async def settle(self, call: Call, subject: str) -> TakenView | None:
        """Once the bank can be told what to do, or after a while."""
        number, reference = subject.split()

        def decided(plan: Plan) -> bool:
            take = taken_by(plan, call.principal.institution_id, reference)
            return take is not None and is_decided(plan, take)

        plan = await self._payments.settled_when(call, number, decided)
        return self._shown(call, plan, reference) if plan is not None else None

    async def show(self, tx: Tx, call: Call, subject: str) -> TakenView:
        return await self.get(tx, call, GetTaken(reference=subject.split()[1]))

    async def get(self, tx: Tx, call: Call, message: GetTaken) -> TakenView:
        plan = await store.find(tx, call.hospital_id, call.principal.institution_id, message.reference)
        if plan is None:
            raise TakenUnknown
        return self._shown(call, plan, message.reference)

    def _shown(self, call: Call, plan: Plan, reference: str) -> TakenView:
        take = taken_by(plan, call.principal.institution_id, reference)
        if take is None:
            raise TakenUnknown
        return taken_view(plan, take, self._payments.registry)

    # -- and is to be given back

    async def list(self, tx: Tx, call: Call, message: ListGiveBacks) -> GiveBacks:
        who = call.principal.institution_id
        found = await store.open_ones(tx, call.hospital_id, who, MOST + 1, message.after)
        plans, more = found[:MOST], len(found) > MOST
        orders = [order for plan in plans for order in open_orders(plan, who)]
        return GiveBacks(orders=orders, more=more, next_after=plans[-1].payment_id if more else 0)

    async def confirm(self, tx: Tx, call: Call, message: ConfirmGiveBack, facts: None) -> str:
        """
        Raises:
            InvalidField: at an instant that has not come, or before there was anything to pay.
            GiveBackUnknown: there is no such order to this institution.
            GivenBackAlready: it is confirmed under another number of theirs.
            ReferenceUsed: this number of theirs stands for another order.
            PaymentClosed: people have found another way for this money.
        """
        if message.given_back_at > call.now + AHEAD:
            raise InvalidField("given_back_at")
        number, who = payment_number_of(message.reference), call.principal.institution_id
        plan = await signals.locked(tx, call.hospital_id, number) if number else None
        refund = order_of(plan, who, message.reference) if plan is not None else None
        if plan is None or refund is None:
            raise GiveBackUnknown
        _check_begun(plan, message.given_back_at, "given_back_at")
        if refund.state in UNDER_WAY:
            known = (message.their_reference, refund.reference, message.given_back_at, call.now)
            if not await store.given_back(tx, call.hospital_id, who, *known):
                raise ReferenceUsed(message.their_reference)
            at = message.given_back_at.astimezone(UTC).isoformat()
            evidence: dict[str, Any] = {THEIRS: message.their_reference, "given_back_at": at}
            after = with_given_back(plan, refund, evidence, self._payments.registry.rules, call.now)
            await keep(tx, plan, after, self._zone, call.now)
            epoch = self._payments.epoch
            self._payments.taken_up(call, await signals.given_back_at_window(tx, after, call.now, epoch))
        elif refund.state not in ("done", "late"):
            raise PaymentClosed
        elif refund.evidence.get(THEIRS, message.their_reference) != message.their_reference:
            raise GivenBackAlready
        take = next(step for step in plan.takes() if step.reference == refund.params["of"])
        return f"{plan.payment_no} {take.params[THEIRS]}"


def _check_begun(plan: Plan, at: datetime, field: str) -> None:
    """
    Raises:
        InvalidField: that was before the payment was opened.
    """
    if at < plan.started_at - AHEAD:
        raise InvalidField(field)


def _told(call: Call, message: ReportTaken) -> Told:
    return Told(
        institution_id=call.principal.institution_id,
        reference=message.reference,
        amount_fen=message.amount_fen,
        taken_at=message.taken_at.astimezone(UTC),
        taken_on=message.taken_on,
    )
