"""Check-ins: what was not paid with the booking is paid when the patient comes."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from functools import partial

import msgspec

from yinyi.business.documents.messages import SlipKind
from yinyi.business.payments.messages import PaymentView
from yinyi.business.scheduling.messages_booking import AppointmentView, GetAppointment, ListAppointments
from yinyi.interface.journeys import present, views, views_pay, views_register
from yinyi.interface.journeys.purposes.appointment import subject, subjects
from yinyi.interface.journeys.purposes.purpose import Paid, Problem, Say, Words
from yinyi.interface.journeys.purposes.registration import Registration
from yinyi.interface.journeys.visitor import Visitor


class CheckedIn:
    """Implements ``Purpose``."""

    name = "check_in"
    paper: SlipKind = "registration"

    async def paid(self, visitor: Visitor, payment_no: str) -> Paid:
        booking = await visitor.ask(GetAppointment(payment_no=payment_no))
        about = subject(visitor, booking, self.name)
        return Paid(
            payment=booking.payment,
            subject=msgspec.structs.replace(about, again=_back(visitor, booking)),
            steps=views.CHECK_IN_STEPS,
            paper=self.paper,
            check=partial(_check, visitor, booking),
            done=partial(_done, booking),
            held=True,
        )

    async def subjects(self, visitor: Visitor, payments: list[PaymentView]) -> Mapping[str, views.Subject]:
        found = (await visitor.ask(ListAppointments())).appointments
        return await subjects(visitor, payments, {each.check_in_no: each for each in found}, self.name)

    def words(self, _: Say) -> Words:
        return dataclasses.replace(
            Registration().words(_),
            what=_("Check in"),
            leave=_("Do not check in now"),
            kept=_("Nothing was taken. Your booking stays."),
            gone=_("You could not be checked in; your money comes back"),
            refused=_("The hospital could not check you in"),
            late=_("The payment came after it had been given up"),
            cancelled=_("The check-in was cancelled"),
            closed=_("Your booking"),
            closed_how=_("It stands as it was booked"),
            closed_next=_("You can check in again."),
            again=_("See my bookings"),
            again_now=_("You can check in again right away."),
            again_else=_("Check in again and pay another way"),
            holding=_("You are being checked in"),
            holding_who=_("The hospital is told that you are here"),
        )


def _back(visitor: Visitor, booking: AppointmentView) -> str:
    """Where it can be tried again: whoever came by a slip sees that booking only."""
    return visitor.paths.arrival(booking.booking_no) if visitor.by_slip else visitor.paths.check_in


def _check(visitor: Visitor, booking: AppointmentView, problem: Problem | None, until: datetime) -> views.View:
    return views_register.CheckView(
        payment_no=booking.payment.payment_no,
        visit=present.booked_visit(booking),
        fee_fen=booking.payment.amount_fen,
        held_until=until,
        booked=True,
        cards=bool(booking.payment.reads),
        problem=problem,
        back=_back(visitor, booking),
        key=present.new_key(),
    )


def _done(booking: AppointmentView, printing: views.Printing | None) -> views.View:
    return views_pay.DoneView(
        payment_no=booking.payment.payment_no,
        ask_no=booking.payment.ask_no,
        visit=present.booked_visit(booking),
        amount_fen=booking.fee_fen,
        queue_ahead=booking.queue_ahead,
        printing=printing,
        key=present.new_key(),
    )
