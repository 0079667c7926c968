"""Who has booked comes: the hospital is told, and what was not paid is paid now."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.payments import builder, obligations, signals
from yinyi.business.payments.errors import AlreadyUnderWay, NothingScanned
from yinyi.business.payments.owners import AT_INSTITUTION, is_of_another
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.service import NewPayment, PaymentService
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.appointment import paid_at
from yinyi.business.scheduling.bookings import Bookings
from yinyi.business.scheduling.errors import AlreadyCheckedIn, BookingGone, NoSuchBooking, NotThatDay
from yinyi.business.scheduling.messages_booking import AppointmentView, CheckIn, CheckInBySlip
from yinyi.business.scheduling.plans import CHECKED_IN, hold_reference
from yinyi.business.scheduling.ports import ScannedSlips
from yinyi.business.scheduling.sessions import refused
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.ids import PAYMENT_NUMBER, number_on_slip
from yinyi.kernel.money import Fen

PAY_WITHIN = timedelta(minutes=8)


class CheckInDesk:
    """``told``: the hospital can be told that somebody is here."""

    def __init__(
        self,
        database: Database,
        bookings: Bookings,
        payments: PaymentService,
        scanned: ScannedSlips,
        zone: ZoneInfo,
        *,
        told: bool,
    ) -> None:
        self._database = database
        self._scanned = scanned
        self._bookings = bookings
        self._payments = payments
        self._zone = zone
        self._told = told

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.changes(CheckIn, Change(self.check_in, self.show, settle=self._settle))
        dispatcher.changes(CheckInBySlip, Change(self.by_slip, self.show, self.take_slip, self._settle))

    async def take_slip(self, call: Call, message: CheckInBySlip) -> str:
        """The booking's number. Whatever becomes of it, this scan is used up.

        Raises:
            NothingScanned: see there.
        """
        async with self._database.transaction() as tx:
            at = (call.hospital_id, call.principal.terminal_id)
            text = await self._scanned.take_code(tx, *at, message.after)
        if text is None:
            raise NothingScanned
        return number_on_slip(text.strip())

    async def by_slip(self, tx: Tx, call: Call, message: CheckInBySlip, booking_no: str) -> str:
        """See ``check_in``; a code that is no booking's number of this hospital is ``NoSuchBooking``."""
        if len(booking_no) != PAYMENT_NUMBER or not booking_no.isalnum():
            raise NoSuchBooking
        return await self.check_in(tx, call, CheckIn(booking_no=booking_no), None)

    async def check_in(self, tx: Tx, call: Call, message: CheckIn, facts: None) -> str:
        """
        Raises:
            HospitalUnavailable, NoSuchBooking, NotYours, NotThatDay, BookingGone, AlreadyCheckedIn.
        """
        if not self._told:
            raise HospitalUnavailable("it cannot be told")
        booked = await self._bookings.locked(tx, call, message.booking_no)
        if booked.state == "checked_in":
            raise AlreadyCheckedIn
        if booked.state in ("cancelled", "stopped", "opening"):
            raise BookingGone
        if booked.facts.service_date != call.now.astimezone(self._zone).date():
            raise NotThatDay(booked.facts.service_date.isoformat())
        return await self._open(tx, call, booked.plan)

    async def _open(self, tx: Tx, call: Call, plan: Plan) -> str:
        number = plan.payment_no
        paid = paid_at(plan) == "booking"
        told = plan.facts | {"booking_no": number, "number_reference": hold_reference(plan)}
        told.pop(AT_INSTITUTION, None)  # the booking was opened there, the patient's coming need not be
        obligation = (CHECKED_IN, number)
        new = NewPayment(
            purpose=CHECKED_IN,
            scope="outpatient",
            amount_fen=Fen(0 if paid else plan.facts["fee_fen"]),
            description=plan.description.replace("预约挂号", "挂号费", 1),
            pay_by=call.now + PAY_WITHIN,
            steps=builder.check_in(paid=paid),
            facts=told,
            obligation=obligation,
        )
        try:
            return await self._payments.open(tx, call, new)
        except AlreadyUnderWay:
            under_way = await obligations.obliged(tx, call.hospital_id, *obligation)
            if under_way is None or _is_over(under_way) or is_of_another(call, under_way):
                raise AlreadyCheckedIn from None
            return under_way.payment_no

    async def show(self, tx: Tx, call: Call, payment_no: str) -> AppointmentView:
        """
        Raises:
            TooEarly, TooLate, SessionStopped, AlreadyCheckedIn, BookingGone: so the hospital has said.
        """
        plan = await signals.find(tx, call.hospital_id, payment_no)
        assert plan is not None, "it was made in this transaction"
        refusal = refused(plan)
        if refusal is not None:
            raise refusal
        return await self._bookings.viewed(tx, call, plan)

    async def _settle(self, call: Call, payment_no: str) -> AppointmentView:
        await self._payments.settled(call, payment_no)
        async with self._payments.reading() as tx:
            return await self.show(tx, call, payment_no)


def _is_over(under_way: Plan) -> bool:
    return under_way.direction == "back" or state_of(under_way) == "fulfilled"
