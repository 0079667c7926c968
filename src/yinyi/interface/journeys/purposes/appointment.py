"""Bookings of later days: a number is held, and paid now or when its owner comes."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from functools import partial

from yinyi.business.documents.messages import SlipKind
from yinyi.business.payments.messages import PaymentView
from yinyi.business.scheduling.messages import IssueHoldSlip
from yinyi.business.scheduling.messages_booking import AppointmentView, GetAppointment, ListAppointments
from yinyi.interface.journeys import present, views, views_book, views_register
from yinyi.interface.journeys.purposes.purpose import Paid, Problem, Say, Words
from yinyi.interface.journeys.purposes.registration import Registration
from yinyi.interface.journeys.visitor import Visitor


class Appointment:
    """Implements ``Purpose``."""

    name = "appointment"
    paper: SlipKind = "appointment"

    async def paid(self, visitor: Visitor, payment_no: str) -> Paid:
        booking = await visitor.ask(GetAppointment(payment_no=payment_no))
        return Paid(
            payment=booking.payment,
            subject=subject(visitor, booking, self.name),
            steps=views.BOOK_STEPS,
            paper=self.paper,
            check=partial(_check, visitor, booking),
            done=partial(_done, visitor, booking),
            held=True,
            held_until=booking.held_until,
            hold=IssueHoldSlip(payment_no=booking.payment.payment_no) if booking.fee_fen else None,
            hold_slip=booking.hold_slip,
        )

    async def subjects(self, visitor: Visitor, payments: list[PaymentView]) -> Mapping[str, views.Subject]:
        found = (await visitor.ask(ListAppointments())).appointments
        return await subjects(visitor, payments, {each.booking_no: each for each in found}, self.name)

    def words(self, _: Say) -> Words:
        return dataclasses.replace(
            Registration().words(_),
            what=_("Book a visit"),
            paid=_("Paid and booked"),
            undelivered=_("Paid, not booked yet"),
            not_yet=_("Paid, but not booked yet"),
            cancelled=_("The booking was cancelled"),
        )


async def subjects(
    visitor: Visitor, payments: list[PaymentView], listed: Mapping[str, AppointmentView], purpose: str
) -> Mapping[str, views.Subject]:
    """By payment number. What no list has any more, as money that went back, is asked for by itself."""
    found = {each.payment_no: listed.get(each.payment_no) for each in payments}
    for number, booking in found.items():
        found[number] = booking or await visitor.ask(GetAppointment(payment_no=number))
    return {number: subject(visitor, booking, purpose) for number, booking in found.items() if booking is not None}


def subject(visitor: Visitor, booking: AppointmentView, purpose: str) -> views.Subject:
    return views.Subject(
        purpose=purpose,
        name=booking.department.name,
        name_en=booking.department.name_en,
        who=booking.practitioner_name,
        on=booking.service_date,
        session=booking.session,
        number=booking.number,
        again=visitor.paths.book_days(booking.department.department_id),
    )


def _check(visitor: Visitor, booking: AppointmentView, problem: Problem | None, until: datetime) -> views.View:
    return views_register.CheckView(
        payment_no=booking.payment.payment_no,
        visit=present.booked_visit(booking),
        fee_fen=booking.payment.amount_fen,
        held_until=until,
        ahead=True,
        cards=bool(booking.payment.reads),
        problem=problem,
        back=visitor.paths.book_day(booking.department.department_id, booking.service_date),
        key=present.new_key(),
    )


def _done(visitor: Visitor, booking: AppointmentView, printing: views.Printing | None) -> views.View:
    until = booking.can_cancel_until
    return views_book.BookedView(
        payment_no=booking.payment.payment_no,
        ask_no=booking.payment.ask_no,
        visit=present.booked_visit(booking),
        amount_fen=booking.fee_fen,
        paid=booking.paid,
        can_cancel_until=until if until is not None and visitor.now < until else None,
        printing=printing,
        key=present.new_key(),
    )
