"""What people are told of a registration: its plan in scheduling's words."""

from datetime import datetime
from typing import Any

from yinyi.business.payments.plan import Plan
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import view_of
from yinyi.business.scheduling.messages import RegistrationView
from yinyi.business.scheduling.plans import CHECK_IN, CONFIRM, HOLD, KEEP, RegistrationFacts


def registration_view(plan: Plan, registry: Registry) -> RegistrationView:
    """The number appears once the hospital has given it, the place in the queue once it is confirmed."""
    facts = RegistrationFacts.of(plan)
    told = evidence_of(plan)
    return RegistrationView(
        payment=view_of(plan, registry),
        schedule_id=facts.schedule_id,
        department=facts.department,
        practitioner_name=facts.practitioner_name,
        title=facts.title,
        service_date=facts.service_date,
        session=facts.session,
        room=told.get("room") or facts.room,
        number=told.get("number", 0),
        starts_at=instant(told.get("starts_at")),
        ends_at=instant(told.get("ends_at")),
        held_until=facts.keep_until or facts.held_until,
        queue_ahead=told.get("queue_ahead"),
        hold_slip=kept(plan),
    )


def evidence_of(plan: Plan) -> dict[str, Any]:
    """What the hospital has said of the number, the latest word winning."""
    told: dict[str, Any] = {}
    for kind in (HOLD, CHECK_IN, CONFIRM):
        step = plan.latest(kind)
        if step is not None and step.state == "done":
            told |= step.evidence
    return told


def kept(plan: Plan) -> bool:
    """There is a hold slip for it."""
    step = plan.latest(KEEP)
    return step is not None and step.state == "done"


def instant(text: str | None) -> datetime | None:
    """As evidence has it."""
    return datetime.fromisoformat(text) if text else None
