"""Same-day registrations: a number is held, paid and confirmed."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from yinyi.business.documents.messages import SlipKind
from yinyi.business.payments.messages import PaymentView
from yinyi.business.scheduling.messages import GetRegistration, IssueHoldSlip, ListRegistrations, RegistrationView
from yinyi.interface.journeys import present, views, views_pay, views_register
from yinyi.interface.journeys.purposes.purpose import LISTED_DAYS, Paid, Problem, Say, Words
from yinyi.interface.journeys.visitor import Visitor


class Registration:
    """Implements ``Purpose``."""

    name = "registration"
    paper: SlipKind = "registration"

    async def paid(self, visitor: Visitor, payment_no: str) -> Paid:
        return paid(visitor, await visitor.ask(GetRegistration(payment_no=payment_no)))

    async def subjects(self, visitor: Visitor, payments: list[PaymentView]) -> Mapping[str, views.Subject]:
        found = await visitor.ask(ListRegistrations(days=LISTED_DAYS))
        return {each.payment.payment_no: subject(visitor, each) for each in found.registrations}

    def words(self, _: Say) -> Words:
        return Words(
            what=_("See a doctor today"),
            paid=_("Paid and registered"),
            undelivered=_("Paid, not registered yet"),
            leave=_("Do not pay, give the number back"),
            kept=_("Nothing was taken. Your number is still kept."),
            safe=_("Your money and your number are safe."),
            untouched=_("Your number is kept, nothing is cancelled"),
            either=_("Either you get the number, or the money goes back by itself"),
            told=_("The hospital is told, the slip is printed"),
            not_yet=_("Paid, but not registered yet"),
            not_known=_("Whether the hospital has registered you"),
            not_yet_next=_("You need not stand here. If there is no number, the money goes back by itself."),
            gone=_("The number is gone; your money comes back"),
            refused=_("The hospital could not give you this number"),
            late=_("The payment came after the number had been given back"),
            cancelled=_("The registration was cancelled"),
            closed=_("Your number"),
            closed_how=_("It was given back"),
            closed_next=_("Others can have it now; you can choose again."),
            again=_("Choose again"),
            again_now=_("You can choose again right away."),
            again_else=_("Choose again and pay another way"),
            holding=_("Your number is being fetched"),
            holding_who=_("The hospital is asked for a number"),
            slip=_("Your number is kept"),
            slip_kept=_("We print a slip and keep your number"),
            slip_until=_("until then the number is yours"),
            slip_then=_("They give you the number"),
            slip_how=_("nothing to type again"),
        )


def paid(visitor: Visitor, registration: RegistrationView) -> Paid:
    about = subject(visitor, registration)
    return Paid(
        payment=registration.payment,
        subject=about,
        steps=views.REGISTER_STEPS,
        paper=Registration.paper,
        check=partial(_check, registration),
        done=partial(_done, registration),
        held=True,
        held_until=registration.held_until,
        hold=IssueHoldSlip(payment_no=registration.payment.payment_no),
        hold_slip=registration.hold_slip,
    )


def subject(visitor: Visitor, registration: RegistrationView) -> views.Subject:
    return views.Subject(
        purpose=Registration.name,
        name=registration.department.name,
        name_en=registration.department.name_en,
        who=registration.practitioner_name,
        on=registration.service_date,
        session=registration.session,
        number=registration.number,
        again=visitor.paths.doctors(registration.department.department_id),
    )


def _check(registration: RegistrationView, problem: Problem | None, until: datetime) -> views.View:
    payment = registration.payment
    return views_register.CheckView(
        payment_no=payment.payment_no,
        visit=present.visit(registration),
        fee_fen=payment.amount_fen,
        held_until=until,
        cards=bool(payment.reads),
        problem=problem,
        key=present.new_key(),
    )


def _done(registration: RegistrationView, printing: views.Printing | None) -> views.View:
    payment = registration.payment
    return views_pay.DoneView(
        payment_no=payment.payment_no,
        ask_no=payment.ask_no,
        visit=present.visit(registration),
        amount_fen=payment.amount_fen,
        queue_ahead=registration.queue_ahead,
        printing=printing,
        key=present.new_key(),
    )
