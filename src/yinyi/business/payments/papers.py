"""Which slip tells the truth about a payment at this moment, whatever it is for. Each purpose says what is its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, Protocol, cast

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.documents.errors import NothingToPrint
from yinyi.business.documents.model import (
    AppointmentSlip,
    CardFacts,
    CheckingSlip,
    HoldSlip,
    PaidBy,
    ReceiptFact,
    ReceiptSlip,
    RefundSlip,
    RegistrationSlip,
    SlipData,
)
from yinyi.business.documents.ports import SlipFacts
from yinyi.business.payments import signals
from yinyi.business.payments.amounts import refundable_fen
from yinyi.business.payments.messages import PaymentView
from yinyi.business.payments.model import CARDS
from yinyi.business.payments.owners import is_theirs
from yinyi.business.payments.plan import REFUND, TAKE, Plan
from yinyi.business.payments.postings import fulfilled
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import view_of
from yinyi.business.terminals.directory import Directory
from yinyi.kernel.errors import NotYours
from yinyi.kernel.ids import BOOKING_SLIP, PAYMENT_SLIP

_DECIDES_WITHIN = timedelta(minutes=20)
RefundReason = Literal[
    "registration_failed",
    "not_booked",
    "session_stopped",
    "bill_changed",
    "bill_cancelled",
    "paid_elsewhere",
    "cancelled",
    "paid_late",
    "paid_twice",
    "other",
]
_CHANNELS = {"window": "cash", "bank_card": "unionpay", "": "wechatpay"}
"""What slips call by another name."""
_REFUND_REASONS: dict[str, RefundReason] = {
    "cancelled": "cancelled",
    "paid_late": "paid_late",
    "expired": "paid_late",
    "session_stopped": "session_stopped",
    "changed": "bill_changed",
    "already_paid": "paid_elsewhere",
}


@dataclass(frozen=True)
class Paper:
    """What is known when a slip is asked for. common: the fields that every slip has, and the amount. chinese: whether
    it speaks Chinese. window: where people help, in its language."""

    plan: Plan
    payment: PaymentView
    patient_name: str
    patient_no: str
    window: str
    chinese: bool
    common: dict[str, Any]

    @property
    def channel(self) -> Any:
        """The means, as slips name it."""
        return _channel(self.payment.tender)

    @property
    def card(self) -> CardFacts | None:
        """None: not paid by card."""
        take = next((step for step in reversed(self.plan.moved()) if step.channel in CARDS), None)
        return None if take is None else msgspec.convert(take.evidence, CardFacts)

    def receipt(self, purpose: str, facts: list[ReceiptFact], note: str) -> ReceiptSlip:
        """That it is paid: what for, what else there is to say of it, and what comes next."""
        payment = self.payment
        parts = [PaidBy(channel=_channel(part.tender), amount_fen=part.amount_fen) for part in payment.parts]
        return ReceiptSlip(
            **self.common,
            purpose=purpose,
            patient_name=self.patient_name,
            patient_no=self.patient_no,
            channel=self.channel,
            paid_at=payment.paid_at or payment.since,
            ask_no=payment.ask_no,
            facts=facts,
            note=note,
            card=self.card,
            parts=parts if len(parts) > 1 else [],
        )


def _channel(tender: str) -> Any:
    """The means, as slips name it."""
    return _CHANNELS.get(tender, tender)


def channel_of(payment: PaymentView) -> Any:
    """The means of a payment, as slips name it."""
    return _channel(payment.tender)


class PaperSource(Protocol):
    """What is printed for payments of one purpose. Domains implement it, ``app`` registers it.

    purpose: its name. failed: why money goes back when it could not be delivered. gone: when the hospital says that
    what was paid for is not there any more.
    """

    purpose: str
    failed: RefundReason
    gone: RefundReason

    def about(self, plan: Plan, chinese: bool) -> str:
        """What it is for in a few words."""
        ...

    async def delivered(self, tx: Tx, paper: Paper) -> SlipData:
        """It is paid and delivered."""
        ...

    def unpaid(self, paper: Paper) -> HoldSlip | None:
        """It can still be paid: the slip with which the window takes the money. None: there is none."""
        ...


class PatientsOnPaper(Protocol):
    """Our master index, as papers need it."""

    async def on_paper(self, tx: Tx, hospital_id: int, patient_id: int) -> tuple[str, str]:
        """Name and hospital number, in full; masked wherever they are shown."""
        ...


class Papers:
    """Implements documents' ``SlipSource`` for all payments."""

    def __init__(
        self, patients: PatientsOnPaper, directory: Directory, registry: Registry, sources: Iterable[PaperSource]
    ) -> None:
        self._patients = patients
        self._directory = directory
        self._registry = registry
        self._sources = {source.purpose: source for source in sources}

    async def slip(self, tx: Tx, call: Call, payment_no: str) -> SlipFacts:
        """See ``SlipSource``."""
        plan = await signals.find(tx, call.hospital_id, payment_no)
        source = self._sources.get(plan.purpose) if plan is not None else None
        if plan is None or source is None:
            raise NothingToPrint
        if not is_theirs(call, plan):
            raise NotYours
        paper = await self._paper(tx, call, plan)
        slip = _marked(await _slip(tx, source, paper))
        return SlipFacts(
            slip=slip,
            tells=_tells(slip, paper.payment),
            patient_id=plan.patient_id,
            title=source.about(plan, True),
            amount_fen=paper.payment.amount_fen,
        )

    async def is_theirs(self, tx: Tx, call: Call, payment_no: str) -> bool:
        """See ``SlipSource``."""
        plan = await signals.find(tx, call.hospital_id, payment_no)
        return plan is not None and is_theirs(call, plan)

    async def _paper(self, tx: Tx, call: Call, plan: Plan) -> Paper:
        hospital = await self._directory.hospital(tx, call.hospital_id, call.now)
        name, number = await self._patients.on_paper(tx, call.hospital_id, plan.patient_id)
        chinese = call.language.startswith("zh")
        payment = view_of(plan, self._registry)
        common: dict[str, Any] = {
            "language": call.language,
            "hospital": hospital.name if chinese else hospital.name_en,
            "terminal": call.principal.terminal_id,
            "printed_at": call.now,
            "payment_no": payment.payment_no,
            "qr": payment.payment_no,
            "amount_fen": payment.amount_fen,
            "guardian": await self._guardian(tx, call),
            "names": self._names(plan, chinese),
        }
        window = hospital.window.name if chinese else hospital.window.name_en
        return Paper(plan, payment, name, number, window, chinese, common)

    def _names(self, plan: Plan, chinese: bool) -> dict[str, str]:
        told = (self._registry.means.of(name) for name in {plan.tender, *(step.channel for step in plan.steps)})
        return {each.tender: each.said(chinese) for each in told if each is not None}

    async def _guardian(self, tx: Tx, call: Call) -> str:
        guardian_id = call.principal.guardian_id
        return (await self._patients.on_paper(tx, call.hospital_id, guardian_id))[0] if guardian_id else ""


async def _slip(tx: Tx, source: PaperSource, paper: Paper) -> SlipData:
    payment = paper.payment
    given_back = payment.state == "fulfilled" and bool(payment.taken_fen) and not refundable_fen(paper.plan)
    if payment.state == "fulfilled" and not given_back:
        return await source.delivered(tx, paper)
    if payment.state in ("ready", "starting", "waiting") and (unpaid := source.unpaid(paper)):
        return unpaid
    told: dict[str, Any] = paper.common | {
        "purpose": source.about(paper.plan, paper.chinese),
        "patient_name": paper.patient_name,
        "channel": "cash" if payment.at_window else paper.channel,
        "ask_no": payment.ask_no,
        "window": paper.window,
    }
    if given_back or payment.state in ("returning", "returned"):
        return _refund(paper, told, source)
    if payment.state in ("delivering", "unknown", "closing", "starting"):
        return CheckingSlip(
            **told,
            known="paid" if payment.taken_fen else "unsure",
            known_at=payment.paid_at or payment.since,
            decided_by=payment.resolves_by or payment.since + _DECIDES_WITHIN,
        )
    raise NothingToPrint(payment.state)


def _tells(slip: SlipData, payment: PaymentView) -> str:
    match slip:
        case HoldSlip():
            return "kept"
        case RefundSlip():
            return "returned" if slip.state == "done" else "returning"
        case _:
            return payment.state


def _marked(slip: SlipData) -> SlipData:
    """Its code says which kind of slip it is, so that a scanner need not ask. A number that is kept for the window is
    scanned by the hospital's own system: it says that number and nothing else."""
    match slip:
        case HoldSlip():
            return slip
        case AppointmentSlip() | RegistrationSlip():
            return msgspec.structs.replace(slip, qr=BOOKING_SLIP + slip.payment_no)
        case _:
            return msgspec.structs.replace(slip, qr=PAYMENT_SLIP + slip.payment_no)


def _why(plan: Plan, source: PaperSource) -> RefundReason:
    if fulfilled(plan):
        return "other"
    said_by_hospital = any(
        step.kind not in (TAKE, REFUND) and step.state == "refused" and step.reason == "expired" for step in plan.steps
    )
    if plan.reason == "expired" and said_by_hospital:
        return source.gone
    return _REFUND_REASONS.get(plan.reason, source.failed)


_UNDOING = ("undoing", "undo_unknown", "undone")
"""What was delivered is taken back first; as long as nothing is, it was asked for just now."""


def _refund(paper: Paper, told: dict[str, Any], source: PaperSource) -> RefundSlip:
    plan, payment = paper.plan, paper.payment
    refund = plan.latest(REFUND)
    done = plan.returned_fen >= plan.taken_fen if payment.state == "fulfilled" else payment.state == "returned"
    undone = (step.since for step in plan.current() if step.state in _UNDOING)
    fallback = max(undone, default=paper.common["printed_at"])
    paid: dict[str, Any] = {"amount_fen": plan.taken_fen}
    return RefundSlip(
        **(told | paid),
        state="done" if done else "under_way",
        reason=_why(plan, source),
        refund_no=refund.reference if refund else plan.payment_no,
        refunded_at=(refund.since if done else refund.sent_at or refund.since) if refund else fallback,
        arrives_by=cast(Any, refund.until) if refund and not done else None,
    )
