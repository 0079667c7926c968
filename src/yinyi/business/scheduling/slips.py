"""Which slip tells the truth about a registration at this moment."""

from datetime import timedelta
from typing import Any, Literal, cast

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.documents.errors import NothingToPrint
from yinyi.business.documents.model import (
    CardFacts,
    CheckingSlip,
    HoldSlip,
    RefundSlip,
    RegistrationSlip,
    SlipData,
    Visit,
)
from yinyi.business.documents.ports import SlipFacts
from yinyi.business.payments import signals
from yinyi.business.payments.messages import PaymentView
from yinyi.business.payments.model import CARDS
from yinyi.business.payments.plan import REFUND, Plan
from yinyi.business.payments.registry import Registry
from yinyi.business.scheduling.messages import RegistrationView
from yinyi.business.scheduling.plans import REGISTRATION, RegistrationFacts
from yinyi.business.scheduling.ports import Patients
from yinyi.business.scheduling.registration import registration_view
from yinyi.business.terminals.directory import Directory
from yinyi.business.terminals.model import Hospital
from yinyi.kernel.errors import NotYours

_DECIDES_WITHIN = timedelta(minutes=20)
_REFUND_REASONS: dict[str, Literal["registration_failed", "cancelled", "paid_late"]] = {
    "cancelled": "cancelled",
    "paid_late": "paid_late",
    "expired": "paid_late",
}


class RegistrationSlips:
    """Implements ``SlipSource`` for registrations."""

    def __init__(self, patients: Patients, directory: Directory, registry: Registry) -> None:
        self._patients = patients
        self._directory = directory
        self._registry = registry

    async def slip(self, tx: Tx, call: Call, payment_no: str) -> SlipFacts:
        """See ``SlipSource``."""
        plan = await signals.find(tx, call.hospital_id, payment_no)
        if plan is None or plan.purpose != REGISTRATION:
            raise NothingToPrint
        if plan.patient_id != call.principal.patient_id:
            raise NotYours
        hospital = await self._directory.hospital(tx, call.hospital_id, call.now)
        name = await self._patients.name(tx, call.hospital_id, plan.patient_id)
        view = registration_view(plan, self._registry)
        slip = _slip(plan, view, hospital, name, call)
        return SlipFacts(
            slip=slip,
            tells="kept" if isinstance(slip, HoldSlip) else view.payment.state,
            patient_id=plan.patient_id,
            title=f"{view.department.name} {view.practitioner_name}",
            amount_fen=view.payment.amount_fen,
        )


def _slip(plan: Plan, view: RegistrationView, hospital: Hospital, patient_name: str, call: Call) -> SlipData:
    payment = view.payment
    window = hospital.window.name if _chinese(call) else hospital.window.name_en
    common: dict[str, Any] = {
        "language": call.language,
        "hospital": hospital.name if _chinese(call) else hospital.name_en,
        "terminal": call.principal.terminal_id,
        "printed_at": call.now,
        "payment_no": payment.payment_no,
        "qr": payment.payment_no,
        "amount_fen": payment.amount_fen,
    }
    if payment.state == "fulfilled":
        return RegistrationSlip(
            **common,
            visit=_visit(plan, view, patient_name, call),
            channel=cast(Any, _channel(payment)),
            paid_at=payment.paid_at or payment.since,
            queue_ahead=view.queue_ahead,
            card=_card(plan),
        )
    if payment.state in ("ready", "starting", "waiting") and view.hold_slip and view.held_until:
        visit = _visit(plan, view, patient_name, call)
        owed: dict[str, Any] = {"amount_fen": payment.owed_fen}
        return HoldSlip(**(common | owed), visit=visit, held_until=view.held_until, window=window)
    told: dict[str, Any] = common | {
        "purpose": f"{_department(view, call)} {view.practitioner_name}",
        "patient_name": patient_name,
        "channel": _channel(payment),
        "ask_no": payment.ask_no,
        "window": window,
    }
    if payment.state in ("returning", "returned"):
        return _refund(plan, payment, told)
    if payment.state in ("delivering", "unknown", "closing", "starting"):
        return CheckingSlip(
            **told,
            known="paid" if payment.taken_fen else "unsure",
            known_at=payment.paid_at or payment.since,
            decided_by=payment.resolves_by or payment.since + _DECIDES_WITHIN,
        )
    raise NothingToPrint(payment.state)


def _card(plan: Plan) -> CardFacts | None:
    """None: not paid by card."""
    take = next((step for step in reversed(plan.moved()) if step.channel in CARDS), None)
    return None if take is None else msgspec.convert(take.evidence, CardFacts)


def _refund(plan: Plan, payment: PaymentView, told: dict[str, Any]) -> RefundSlip:
    refund = plan.latest(REFUND)
    done = payment.state == "returned"
    fallback = payment.since
    paid: dict[str, Any] = {"amount_fen": plan.taken_fen}
    return RefundSlip(
        **(told | paid),
        state="done" if done else "under_way",
        reason=_REFUND_REASONS.get(plan.reason, "registration_failed"),
        refund_no=refund.reference if refund else plan.payment_no,
        refunded_at=(refund.since if done else refund.sent_at or refund.since) if refund else fallback,
        arrives_by=refund.until if refund and not done else None,
    )


def _visit(plan: Plan, view: RegistrationView, patient_name: str, call: Call) -> Visit:
    facts = RegistrationFacts.of(plan)
    starts_at, ends_at = view.starts_at, view.ends_at
    if not view.number or starts_at is None or ends_at is None:
        raise NothingToPrint("no number yet")
    return Visit(
        patient_name=patient_name,
        patient_no=facts.patient_no,
        department=_department(view, call),
        practitioner=view.practitioner_name,
        title=view.title,
        number=view.number,
        room=view.room,
        place=_place(view, call),
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _department(view: RegistrationView, call: Call) -> str:
    return view.department.name if _chinese(call) else view.department.name_en


def _place(view: RegistrationView, call: Call) -> str:
    at = view.department
    if _chinese(call):
        return f"{at.building} {at.floor} 楼 {at.area} 区"
    return f"{at.building} floor {at.floor}, area {at.area}"


def _channel(payment: PaymentView) -> str:
    return {"window": "cash", "bank_card": "unionpay", "": "wechatpay"}.get(payment.tender, payment.tender)


def _chinese(call: Call) -> bool:
    return call.language.startswith("zh")
