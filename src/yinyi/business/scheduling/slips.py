"""What slips say of a registration: its number and where to go, or until when the number is kept."""

from typing import Any

from yinyi.bus.database import Tx
from yinyi.business.documents.errors import NothingToPrint
from yinyi.business.documents.model import HoldSlip, RegistrationSlip, SlipData, Visit
from yinyi.business.payments.papers import Paper, RefundReason
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.registry import Registry
from yinyi.business.scheduling.messages import RegistrationView
from yinyi.business.scheduling.plans import REGISTRATION, RegistrationFacts
from yinyi.business.scheduling.registration import registration_view


class RegistrationSlips:
    """Implements ``PaperSource`` for registrations."""

    purpose = REGISTRATION
    failed: RefundReason = "registration_failed"

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def about(self, plan: Plan, chinese: bool) -> str:
        facts = RegistrationFacts.of(plan)
        department = facts.department.name if chinese else facts.department.name_en
        return f"{department} {facts.practitioner_name}"

    async def delivered(self, tx: Tx, paper: Paper) -> SlipData:
        view = registration_view(paper.plan, self._registry)
        payment = paper.payment
        return RegistrationSlip(
            **paper.common,
            visit=_visit(paper, view),
            channel=paper.channel,
            paid_at=payment.paid_at or payment.since,
            queue_ahead=view.queue_ahead,
            card=paper.card,
        )

    def unpaid(self, paper: Paper) -> HoldSlip | None:
        view = registration_view(paper.plan, self._registry)
        if not view.hold_slip or view.held_until is None:
            return None
        owed: dict[str, Any] = {"amount_fen": paper.payment.owed_fen}
        visit = _visit(paper, view)
        return HoldSlip(**(paper.common | owed), visit=visit, held_until=view.held_until, window=paper.window)


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
        place=_place(view, paper.chinese),
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _place(view: RegistrationView, chinese: bool) -> str:
    at = view.department
    if chinese:
        return f"{at.building} {at.floor} 楼 {at.area} 区"
    return f"{at.building} floor {at.floor}, area {at.area}"
