"""Bookings of later days: the calendar, holding a number, and giving it back."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.payments import builder, obligations, signals
from yinyi.business.payments.errors import AlreadyUnderWay, PaymentUnknown
from yinyi.business.payments.owners import is_of_another
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.service import NewPayment, PaymentService
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling import booking_rules, store
from yinyi.business.scheduling.appointment import appointment_view, cancel_until
from yinyi.business.scheduling.booking_model import BookingRules
from yinyi.business.scheduling.booking_rules import Booked
from yinyi.business.scheduling.errors import (
    AlreadyCheckedIn,
    AlreadyRegistered,
    BookingClosed,
    NoSuchBooking,
    NotBookable,
    TooLateToCancel,
)
from yinyi.business.scheduling.messages_booking import (
    Appointments,
    AppointmentView,
    BookAppointment,
    BookingAllowed,
    BookingDay,
    BookingDays,
    BookingTimes,
    CancelAppointment,
    GetAppointment,
    GetBookingRules,
    ListAppointments,
    ListBookingDays,
    ListBookingTimes,
    OverrideBooking,
)
from yinyi.business.scheduling.plans import APPOINTMENT, CHECKED_IN, REGISTRATION, RegistrationFacts, hold_reference
from yinyi.business.scheduling.ports import Patients
from yinyi.business.scheduling.sessions import Sessions, check_open, same_doctor
from yinyi.kernel.errors import NotYours
from yinyi.kernel.money import Fen

HELD_FOR = timedelta(minutes=10)
PAY_WITHIN = timedelta(minutes=8)
WEEK = 7
ASKED_ABOUT = 12
"""So many visits that seem to be missed, the latest."""
SHOWN = 50
_ORDER = {"opening": 0, "booked": 0}


class Wanted(NamedTuple):
    """What the hospital says of the number that is to be booked, and whose it will be. closed_until: until when booking
    is closed to him, for visits that he has missed."""

    facts: RegistrationFacts
    patients: list[int]
    paid: bool
    closed_until: datetime | None = None


class Bookings:
    """``sessions``: as the hospital has them. ``rules``: as it wants them booked."""

    def __init__(
        self, sessions: Sessions, patients: Patients, payments: PaymentService, rules: BookingRules, zone: ZoneInfo
    ) -> None:
        self._sessions = sessions
        self._patients = patients
        self._payments = payments
        self._refunds = RefundDesk(payments, zone)
        self._rules = rules
        self._zone = zone

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(ListBookingDays, self.days)
        dispatcher.asks(ListBookingTimes, self.times)
        dispatcher.reads(GetAppointment, self.get)
        dispatcher.reads(ListAppointments, self.list)
        booking = Change(self.book, self.show, self.wanted, self._settle, only_reads=True)
        dispatcher.changes(BookAppointment, booking)
        dispatcher.changes(CancelAppointment, Change(self.cancel, self.show, settle=self._settle_back))
        dispatcher.changes(OverrideBooking, Change(self.override, self._show_allowed))
        dispatcher.asks(GetBookingRules, self.rules)

    def _today(self, call: Call) -> date:
        return call.now.astimezone(self._zone).date()

    # -- the calendar

    async def days(self, call: Call, message: ListBookingDays) -> BookingDays:
        today = self._today(call)
        last = today + timedelta(days=self._rules.days)
        if message.on is not None:
            department, known = await self._sessions.calendar(message.department_id, message.on, message.on)
            return BookingDays(department=department, days=[_day(known, message.on, last)], paid=self._rules.paid)
        department, known = await self._sessions.calendar(message.department_id, today + timedelta(days=1), last)
        weeks_end = last + timedelta(days=(WEEK - last.isoweekday()) % WEEK)
        many = range(1, (weeks_end - today).days + 1)
        days = [_day(known, on, last) for on in (today + timedelta(days=n) for n in many)]
        return BookingDays(department=department, days=days, paid=self._rules.paid)

    async def times(self, call: Call, message: ListBookingTimes) -> BookingTimes:
        day = await self._sessions.of(message.department_id, message.on, message.on)
        chosen = self._sessions.chosen(day, message.schedule_id)
        return BookingTimes(
            department=day.department,
            chosen=chosen,
            others=same_doctor(day, chosen),
            slots=await self._sessions.slots(message.schedule_id),
            paid=self._rules.paid,
        )

    # -- booking

    async def wanted(self, call: Call, message: BookAppointment) -> Wanted:
        """
        Raises:
            NotBookable, ScheduleUnknown, SessionStopped, SessionClosed, SlotTaken.
        """
        ahead = (message.on - self._today(call)).days
        if not 1 <= ahead <= self._rules.days:
            raise NotBookable
        day = await self._sessions.of(message.department_id, message.on, message.on)
        chosen = self._sessions.chosen(day, message.schedule_id)
        check_open(chosen.schedule, call.now)
        patient_id = call.principal.patient_id
        patient_no = await self._patients.patient_no(call.hospital_id, patient_id)
        async with self._payments.reading() as tx:
            people = await self._patients.same_person(tx, call.hospital_id, patient_id)
            found = await self._of(tx, call, people) if self._rules.missed else []
        closed_until = await self._closed_until(call, found)
        schedule = chosen.schedule
        paid = self._rules.paid == "booking" or not schedule.fee_fen
        facts = RegistrationFacts(
            patient_no=patient_no,
            department=day.department,
            department_id=day.department.department_id,
            schedule_id=schedule.schedule_id,
            slot_id=message.slot_id,
            practitioner_id=chosen.practitioner.practitioner_id,
            practitioner_name=chosen.practitioner.name,
            title=chosen.practitioner.title,
            service_date=schedule.service_date,
            session=schedule.session,
            room=schedule.room,
            held_until=call.now + HELD_FOR if paid else schedule.ends_at,
            session_from=schedule.starts_at,
            session_until=schedule.ends_at,
            fee_fen=schedule.fee_fen,
        )
        return Wanted(facts, people, paid, closed_until)

    async def book(self, tx: Tx, call: Call, message: BookAppointment, wanted: Wanted) -> str:
        """
        Raises:
            TooManyBookings, BookingClosed, AlreadyRegistered.
        """
        facts = wanted.facts
        allowed_until = await store.lock_bookers(tx, call.hospital_id, wanted.patients, call.now)
        obligation = (REGISTRATION, f"{facts.patient_no}:{facts.schedule_id}")
        under_way = await obligations.obliged(tx, call.hospital_id, *obligation)
        if under_way is not None:
            return _already(call, under_way)
        if allowed_until is None or allowed_until <= call.now:
            found = await self._of(tx, call, wanted.patients)
            if wanted.closed_until is not None:
                raise BookingClosed(wanted.closed_until.isoformat())
            booking_rules.check_limits(found, facts.service_date, facts.practitioner_id, self._rules)
        steps = builder.registration(free=not facts.fee_fen) if wanted.paid else builder.booking()
        new = NewPayment(
            purpose=APPOINTMENT,
            scope="outpatient",
            amount_fen=facts.fee_fen if wanted.paid else Fen(0),
            description=f"预约挂号 {facts.department.name} {facts.practitioner_name}",
            pay_by=call.now + PAY_WITHIN,
            steps=steps,
            facts=facts.as_json(),
            obligation=obligation,
        )
        try:
            return await self._payments.open(tx, call, new)
        except AlreadyUnderWay:
            raise AlreadyRegistered from None

    async def _of(self, tx: Tx, call: Call, patients: list[int]) -> list[Booked]:
        plans = await store.booked(tx, call.hospital_id, patients, self._since(call))
        return booking_rules.bookings(plans, call.now)

    async def _closed_until(self, call: Call, found: list[Booked]) -> datetime | None:
        """What looks missed from here may have been checked in or cancelled at a window: the hospital knows. Nor has
        anybody missed a visit that the hospital has changed.

        Raises:
            HospitalUnavailable: it cannot be asked.
        """
        if booking_rules.closed_until(found, self._rules, call.now) is None:
            return None
        away = [each for each in found if each.state == "missed"][:ASKED_ABOUT]
        async with self._payments.reading() as tx:
            told = await store.of_bookings(tx, call.hospital_id, [each.plan.payment_no for each in away])
        own = [each for each in away if each.plan.payment_no not in told]
        missed = [each for each in own if await self._sessions.missed(hold_reference(each.plan))]
        return booking_rules.closed_until(missed, self._rules, call.now)

    def _since(self, call: Call) -> datetime:
        """What counts was booked later than this."""
        rules = self._rules
        return call.now - timedelta(days=rules.days + rules.missed_days + rules.closed_days)

    # -- giving back

    async def cancel(self, tx: Tx, call: Call, message: CancelAppointment, facts: None) -> str:
        """
        Raises:
            NoSuchBooking, NotYours, TooLateToCancel, AlreadyCheckedIn, ChannelGone.
        """
        booked = await self.locked(tx, call, message.booking_no)
        plan = booked.plan
        if booked.state in ("cancelled", "stopped"):
            return plan.payment_no
        if booked.check_in is not None or booked.state == "checked_in":
            raise AlreadyCheckedIn
        if booked.state == "opening":
            self._payments.taken_up(call, await signals.cancel(tx, plan, call.now, self._payments.epoch))
            return plan.payment_no
        told = await store.of_bookings(tx, call.hospital_id, [plan.payment_no])
        until = cancel_until(booked, self._rules, changed=plan.payment_no in told)
        if until is None or call.now >= until:
            raise TooLateToCancel
        taken = await self._refunds.undo(tx, call, plan, "cancelled", self._payments.epoch)
        self._payments.taken_up(call, taken)
        return plan.payment_no

    async def locked(self, tx: Tx, call: Call, booking_no: str) -> Booked:
        """
        Raises:
            NoSuchBooking, NotYours.
        """
        try:
            plan = await self._payments.locked(tx, call, booking_no)
        except PaymentUnknown:
            raise NoSuchBooking from None
        if plan.purpose != APPOINTMENT:
            raise NoSuchBooking
        return await self._with_arrival(tx, call, plan)

    async def found(self, tx: Tx, call: Call, booking_no: str) -> Booked:
        """Whosever it is.

        Raises:
            NoSuchBooking: see there.
        """
        plan = await signals.find(tx, call.hospital_id, booking_no)
        if plan is None or plan.purpose != APPOINTMENT:
            raise NoSuchBooking
        return await self._with_arrival(tx, call, plan)

    async def _with_arrival(self, tx: Tx, call: Call, plan: Plan) -> Booked:
        arrival = await obligations.obliged(tx, call.hospital_id, CHECKED_IN, plan.payment_no)
        [booked] = booking_rules.bookings([plan, *([arrival] if arrival else [])], call.now)
        return booked

    # -- staff

    async def rules(self, call: Call, message: GetBookingRules) -> BookingRules:
        return self._rules

    async def override(self, tx: Tx, call: Call, message: OverrideBooking, facts: None) -> str:
        patient_id = await self._patients.patient_id(tx, call.hospital_id, message.patient_no)
        if not patient_id:
            raise NoSuchBooking("no such patient")
        midnight = datetime.combine(self._today(call) + timedelta(days=1), datetime.min.time(), self._zone)
        by = call.principal.staff_id
        await store.allow(tx, call.hospital_id, patient_id, call.now, midnight, by, message.reason)
        return message.patient_no

    async def _show_allowed(self, tx: Tx, call: Call, patient_no: str) -> BookingAllowed:
        patient_id = await self._patients.patient_id(tx, call.hospital_id, patient_no)
        until = await store.allowed_until(tx, call.hospital_id, patient_id)
        return BookingAllowed(patient_no=patient_no, until=until or call.now)

    # -- showing

    async def show(self, tx: Tx, call: Call, payment_no: str) -> AppointmentView:
        plan = await signals.find(tx, call.hospital_id, payment_no)
        if plan is None:
            raise PaymentUnknown
        return await self._shown(tx, call, plan)

    async def _settle(self, call: Call, payment_no: str) -> AppointmentView | None:
        plan = await self._payments.settled(call, payment_no)
        return await self._shown_after(call, plan)

    async def _settle_back(self, call: Call, payment_no: str) -> AppointmentView | None:
        return await self._shown_after(call, await self._payments.settled(call, payment_no, frozenset({"closing"})))

    async def _shown_after(self, call: Call, plan: Plan | None) -> AppointmentView | None:
        if plan is None:
            return None
        async with self._payments.reading() as tx:
            return await self._shown(tx, call, plan)

    async def _shown(self, tx: Tx, call: Call, plan: Plan) -> AppointmentView:
        """
        Raises:
            SlotTaken, SessionStopped, AlreadyRegistered: the hospital said no to the hold.
        """
        refusal = self._sessions.refused(plan)
        if refusal is not None:
            raise refusal
        return await self.viewed(tx, call, plan)

    async def viewed(self, tx: Tx, call: Call, plan: Plan) -> AppointmentView:
        """A booking, or the booking of a check-in with the latter's payment."""
        if plan.purpose == APPOINTMENT:
            booked = await self._with_arrival(tx, call, plan)
        else:
            booking = await signals.find(tx, call.hospital_id, RegistrationFacts.of(plan).booking_no)
            if booking is None:
                raise NoSuchBooking
            [booked] = booking_rules.bookings([booking, plan], call.now)
        number = booked.plan.payment_no
        told = (await store.of_bookings(tx, call.hospital_id, [number])).get(number)
        return appointment_view(booked, self._payments.registry, self._rules, told, plan)

    async def get(self, tx: Tx, call: Call, message: GetAppointment) -> AppointmentView:
        plan = await signals.find(tx, call.hospital_id, message.payment_no)
        if plan is None or plan.purpose not in (APPOINTMENT, CHECKED_IN):
            raise PaymentUnknown
        self._payments.check_owner(call, plan)
        return await self.viewed(tx, call, plan)

    async def list(self, tx: Tx, call: Call, message: ListAppointments) -> Appointments:
        patient_id = call.principal.patient_id
        if not patient_id:
            raise NotYours
        plans = await store.booked_by(tx, call.hospital_id, patient_id, self._since(call))
        found = [each for each in booking_rules.bookings(plans, call.now) if not is_of_another(call, each.plan)]
        numbers = [each.plan.payment_no for each in found]
        told = await store.of_bookings(tx, call.hospital_id, numbers) if numbers else {}
        registry, rules = self._payments.registry, self._rules
        views = [appointment_view(each, registry, rules, told.get(each.plan.payment_no)) for each in found]
        held = [each for each in views if each.number or each.state != "cancelled"]
        to_come = sorted((each for each in held if each.state in _ORDER), key=_by_day)
        over = sorted((each for each in held if each.state not in _ORDER), key=_by_day, reverse=True)
        return _page([*to_come, *over], message.after)


def _page(views: list[AppointmentView], after: str) -> Appointments:
    """Behind a booking that is none of these there is nothing."""
    start = next((at for at, each in enumerate(views, start=1) if each.booking_no == after), len(views)) if after else 0
    shown = views[start : start + SHOWN]
    more = shown[-1].booking_no if len(views) > start + SHOWN else ""
    return Appointments(appointments=shown, next_after=more)


def _by_day(view: AppointmentView) -> tuple[date, str]:
    return view.service_date, (view.starts_at or view.payment.started_at).isoformat()


def _day(known: Mapping[date, BookingDay], on: date, last: date) -> BookingDay:
    if on > last:
        return BookingDay(on=on, state="not_open")
    return known.get(on) or BookingDay(on=on, state="none")


def _already(call: Call, plan: Plan) -> str:
    """This patient has this number already: a booking that is still to be paid is shown again."""
    if (
        plan.purpose == APPOINTMENT
        and not is_of_another(call, plan)
        and plan.direction == "forward"
        and state_of(plan) not in ("fulfilled", "delivering")
    ):
        return plan.payment_no
    raise AlreadyRegistered(plan.payment_no)
