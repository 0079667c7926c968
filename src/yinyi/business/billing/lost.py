"""Payments of bills that only the hospital knows of after a restore: written down again from what it says."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from yinyi.bus.database import Tx
from yinyi.business.billing.model import FoundPosting, Invoice
from yinyi.business.billing.plans import INVOICE, LOCK, InvoiceFacts
from yinyi.business.billing.ports import Hospital, ListsPostings
from yinyi.business.billing.views import Names, paid_for
from yinyi.business.payments import apply, builder
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.restored import SKEW, LostPayment, Orphan, PatientId
from yinyi.kernel.ids import ask_number, payment_number_of


class LostInvoices:
    """Asks the hospital which bills it has kept for us, or has booked as paid, in the time that was lost. Implements
    ``FindsLost``."""

    source = "hospital, bills"

    def __init__(self, hospital: Hospital, patient_id: PatientId) -> None:
        """``patient_id`` finds one of ours by the hospital's number; 0: none."""
        self._hospital = hospital
        self._patient_id = patient_id

    @property
    def can_list(self) -> bool:
        return isinstance(self._hospital, ListsPostings)

    async def lost(self, since: datetime, until: datetime) -> list[LostPayment | Orphan]:
        """All that were made then, also those that the database knows.

        Raises:
            HospitalUnavailable: it does not answer.
        """
        if not isinstance(self._hospital, ListsPostings):
            return []
        locks: dict[str, list[FoundPosting]] = defaultdict(list)
        for each in await self._hospital.postings(since - SKEW, until + SKEW):
            payment_no = payment_number_of(each.reference)
            if each.kind == "payment" and payment_no:
                locks[payment_no].append(each)
        found: list[LostPayment | Orphan] = []
        for payment_no, of_it in locks.items():
            invoices = [await self._hospital.invoice(number) for number in of_it[-1].invoice_nos]
            known = [each for each in invoices if each is not None]
            if known:
                found.append(self._payment(payment_no, of_it, known))
            else:
                found.append(Orphan(payment_no, f"{of_it[-1].status}; its bills are gone"))
        return found

    def _payment(self, payment_no: str, found: Sequence[FoundPosting], invoices: Sequence[Invoice]) -> LostPayment:
        in_turn = sorted(found, key=lambda each: each.reference)
        last, patient_no = in_turn[-1], invoices[0].patient_no
        paid = last.status == "paid"
        facts = InvoiceFacts(
            patient_no=patient_no,
            invoices=tuple(paid_for(each, Names({}, {})) for each in invoices),
            held_until=last.made_at,
        )

        async def patient_id(tx: Tx, hospital_id: int) -> int:
            return await self._patient_id(tx, hospital_id, patient_no)

        plan = Plan(
            hospital_id=0,
            payment_id=0,
            payment_no=payment_no,
            ask_no=ask_number(),
            purpose=INVOICE,
            scope="outpatient",
            amount_fen=last.amount_fen,
            started_at=last.made_at,
            pay_by=last.made_at,
            description="门诊缴费",
            facts=facts.as_json(),
            direction="forward" if paid else "back",
            reason="" if paid else "unavailable",
            version=1,
            steps=_steps(payment_no, in_turn),
        )
        obligation = (INVOICE, *facts.numbers) if paid else ()
        return LostPayment(plan=plan, version=1, obligation=obligation, found=last.status, patient_id=patient_id)


def _steps(payment_no: str, found: Sequence[FoundPosting]) -> tuple[Step, ...]:
    """As ``PayInvoices`` makes them; the engine's inquiry finds out about the rest."""
    last = found[-1]
    locks = [
        Step(
            position=builder.AT_HOLD,
            attempt=attempt,
            kind=LOCK,
            reference=each.reference,
            amount_fen=last.amount_fen,
            since=each.made_at,
            sent_at=each.made_at,
            state="done" if each.status in ("held", "paid") else "undone",
        )
        for attempt, each in enumerate(found, start=1)
    ]
    planned = [
        Step(
            position=position,
            attempt=1,
            kind=kind,
            reference=apply.reference(payment_no, serial),
            amount_fen=last.amount_fen,
            since=last.made_at,
        )
        for serial, (position, kind) in enumerate(builder.invoice(), start=1)
        if kind != LOCK
    ]
    return (*locks, *planned)
