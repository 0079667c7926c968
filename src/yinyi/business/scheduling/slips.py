"""What slips say of a registration: its number and where to go, or until when the number is kept."""

from typing import Any

import msgspec

from yinyi.bus.database import Tx
from yinyi.business.documents.errors import NothingToPrint
from yinyi.business.documents.model import AppointmentSlip, HoldSlip, RegistrationSlip, SlipData, Visit
from yinyi.business.payments import signals
from yinyi.business.payments.messages import PaymentView
from yinyi.business.payments.papers import Paper, RefundReason, channel_of
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import view_of
from yinyi.business.scheduling.appointment import cancel_until, paid_at
from yinyi.business.scheduling.booking_model import USUAL, BookingRules
from yinyi.business.scheduling.booking_rules import bookings
from yinyi.business.scheduling.messages import RegistrationView
from yinyi.business.scheduling.model import Department
from yinyi.business.scheduling.plans import APPOINTMENT, CHECKED_IN, REGISTRATION, RegistrationFacts
from yinyi.business.scheduling.registration import registration_view


class NumberSlips:
    """What slips of registrations, bookings and check-ins have alike."""

    purpose: str
    failed: RefundReason = "registration_failed"
    gone: RefundReason = "paid_late"

    def __init__(self, registry: Registry, rules: BookingRules = USUAL) -> None:
        self._registry = registry
        self._rules = rules

    def about(self, plan: Plan, chinese: bool) -> str:
        facts = RegistrationFacts.of(plan)
        department = facts.department.name if chinese else facts.department.name_en
        return f"{department} {facts.practitioner_name}"

    def unpaid(self, paper: Paper) -> HoldSlip | None:
        view = registration_view(paper.plan, self._registry)
        if not view.hold_slip or view.held_until is None:
            return None
        owed: dict[str, Any] = {"amount_fen": paper.payment.owed_fen}
        visit = _visit(paper, view)
        return HoldSlip(**(paper.common | owed), visit=visit, held_until=view.held_until, window=paper.window)

    def registered(self, paper: Paper, payment: PaymentView, channel: Any) -> RegistrationSlip:
        view = registration_view(paper.plan, self._registry)
        paid: dict[str, Any] = {"amount_fen": payment.amount_fen}
        return RegistrationSlip(
            **(paper.common | paid),
            visit=_visit(paper, view),
            channel=channel,
            paid_at=payment.paid_at or payment.since,
            queue_ahead=view.queue_ahead,
            card=paper.card,
        )


class RegistrationSlips(NumberSlips):
    """Implements ``PaperSource`` for registrations."""

    purpose = REGISTRATION

    async def delivered(self, tx: Tx, paper: Paper) -> SlipData:
        return self.registered(paper, paper.payment, paper.channel)


class AppointmentSlips(NumberSlips):
    """Implements ``PaperSource`` for bookings."""

    purpose = APPOINTMENT

    async def delivered(self, tx: Tx, paper: Paper) -> SlipData:
        plan = paper.plan
        [booked] = bookings([plan], paper.common["printed_at"])
        fee: dict[str, Any] = {"amount_fen": booked.facts.fee_fen}
        return AppointmentSlip(
            **(paper.common | fee),
            visit=_visit(paper, registration_view(plan, self._registry)),
            channel=paper.channel,
            paid=paid_at(plan) == "booking",
            cancel_until=cancel_until(booked, self._rules, changed=False),
            card=paper.card,
        )


class CheckInSlips(NumberSlips):
    """Implements ``PaperSource`` for check-ins: what was paid with the booking is on this slip too."""

    purpose = CHECKED_IN

    async def delivered(self, tx: Tx, paper: Paper) -> SlipData:
        if paper.payment.amount_fen:
            return self.registered(paper, paper.payment, paper.channel)
        booking = await signals.find(tx, paper.plan.hospital_id, RegistrationFacts.of(paper.plan).booking_no)
        if booking is None:
            raise NothingToPrint("no booking")
        payment = view_of(booking, self._registry)
        paid = msgspec.structs.replace(payment, paid_at=payment.paid_at or payment.since)
        return self.registered(paper, paid, channel_of(payment))


def _visit(paper: Paper, view: RegistrationView) -> Visit:
    starts_at, ends_at = view.starts_at, view.ends_at
    if not view.number or starts_at is None or ends_at is None:
        raise NothingToPrint("no number yet")
    return Visit(
        patient_name=paper.patient_name,
        patient_no=RegistrationFacts.of(paper.plan).patient_no,
        department=view.department.name if paper.chinese else view.department.name_en,
        practitioner=view.practitioner_name,
        title=view.title,
        number=view.number,
        room=view.room,
        place=way_to(view.department, paper.chinese),
        starts_at=starts_at,
        ends_at=ends_at,
    )


def way_to(clinic: Department, chinese: bool) -> str:
    """In one line; of a building that has no English name in its own."""
    if chinese:
        return f"{clinic.building} {clinic.floor} 楼 {clinic.area} 区"
    return f"{clinic.building_en or clinic.building}, floor {clinic.floor}, area {clinic.area}"
