"""What people are told of a booking: its plan, and its check-in's, in scheduling's words."""

from datetime import datetime, timedelta

from yinyi.business.payments.plan import Plan
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import view_of
from yinyi.business.scheduling.booking_model import BookingRules, PaidAt, VisitChangeKind
from yinyi.business.scheduling.booking_rules import Booked
from yinyi.business.scheduling.messages_booking import AppointmentView, VisitChange
from yinyi.business.scheduling.model import Title
from yinyi.business.scheduling.plans import APPOINTMENT, CONFIRM, RegistrationFacts
from yinyi.business.scheduling.registration import evidence_of, instant, kept
from yinyi.business.scheduling.store import ChangeFacts

Told = tuple[VisitChangeKind, ChangeFacts]


def appointment_view(
    booked: Booked, registry: Registry, rules: BookingRules, told: Told | None = None, of: Plan | None = None
) -> AppointmentView:
    """``of``: the plan whose payment is shown; the booking's, if not given."""
    facts, plan = booked.facts, booked.plan
    said = evidence_of(plan)
    arrived = of if of is not None and of.purpose != APPOINTMENT else booked.check_in
    if arrived is not None:
        said |= evidence_of(arrived)
    kind, change = told or (None, ChangeFacts())
    starts_at = instant(said.get("starts_at"))
    return AppointmentView(
        payment=view_of(of or plan, registry),
        booking_no=plan.payment_no,
        state=booked.state,
        paid=paid_at(plan),
        fee_fen=facts.fee_fen,
        schedule_id=facts.schedule_id,
        department=facts.department,
        practitioner_name=facts.practitioner_name,
        title=facts.title,
        service_date=facts.service_date,
        session=facts.session,
        room=said.get("room") or facts.room,
        number=said.get("number", 0),
        starts_at=starts_at,
        ends_at=instant(said.get("ends_at")),
        held_until=facts.keep_until or facts.held_until,
        can_cancel_until=cancel_until(booked, rules, changed=kind is not None),
        queue_ahead=said.get("queue_ahead") if booked.state == "checked_in" or of is not None else None,
        hold_slip=kept(plan),
        check_in_no=arrived.payment_no if arrived is not None else "",
        changed=kind,
        substitute=change.substitute,
        substitute_title=_title(change),
    )


def paid_at(plan: Plan) -> PaidAt:
    """When the fee of this booking is paid."""
    return "booking" if plan.latest(CONFIRM) is not None else "check_in"


def cancel_until(booked: Booked, rules: BookingRules, *, changed: bool) -> datetime | None:
    """None: it cannot be cancelled, however early it is. What the hospital has changed can be, until it begins."""
    begins = _given_back_until(booked)
    return begins if changed or begins is None else begins - timedelta(hours=rules.cancel_hours)


def visit_change(
    kind: VisitChangeKind, change: ChangeFacts, plan: Plan, registry: Registry, booked: Booked | None
) -> VisitChange:
    """``booked``: None: it was registered for the same day."""
    facts = RegistrationFacts.of(plan)
    return VisitChange(
        payment=view_of(plan, registry),
        kind=kind,
        booked=plan.purpose == APPOINTMENT,
        department=facts.department,
        practitioner_name=facts.practitioner_name,
        title=facts.title,
        service_date=facts.service_date,
        session=facts.session,
        starts_at=instant(evidence_of(plan).get("starts_at")),
        substitute=change.substitute,
        substitute_title=_title(change),
        can_cancel_until=_given_back_until(booked) if booked is not None else None,
    )


def _given_back_until(booked: Booked) -> datetime | None:
    """What the hospital has changed can be given back until it begins; None: not by the patient himself."""
    stands = booked.state == "booked" and booked.check_in is None
    return booked.facts.session_from if stands else None


def _title(change: ChangeFacts) -> Title | None:
    return change.substitute_title or None
