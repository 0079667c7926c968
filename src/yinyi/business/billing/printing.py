"""Printing a fee list of some days, and a paid bill."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.billing.errors import InvoiceUnknown, NothingPaid, NotPaidYet, TooManyFees
from yinyi.business.billing.fees import EVER, PAID, FeeBook
from yinyi.business.billing.messages import PrintFees, PrintPaidInvoice
from yinyi.business.billing.model import NamedInvoice, WholeInvoice
from yinyi.business.billing.plans import INVOICE
from yinyi.business.billing.ports import Hospital, OnPaper, PatientsOnSheets
from yinyi.business.billing.sheets import Around, PaidSo, fee_list, paid_invoice
from yinyi.business.documents.messages import Sheets
from yinyi.business.documents.sending import SheetDesk
from yinyi.business.payments import signals
from yinyi.business.payments.means import MeansBook
from yinyi.kernel.errors import HospitalUnavailable, InvalidField

LONGEST = timedelta(days=366)
MOST_BILLS, MOST_ROWS = 150, 600
"""Some twenty sheets: more is asked for in parts."""


class BillSheets:
    """Handlers of ``PrintFees`` and ``PrintPaidInvoice``."""

    def __init__(
        self,
        book: FeeBook,
        hospital: Hospital,
        patients: PatientsOnSheets,
        papers: OnPaper,
        desk: SheetDesk,
        zone: ZoneInfo,
        means: MeansBook,
    ) -> None:
        self._book = book
        self._hospital = hospital
        self._patients = patients
        self._papers = papers
        self._desk = desk
        self._zone = zone
        self._names = means

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.changes(PrintFees, Change(self._print_list, self._show, self.listed, only_reads=True))
        dispatcher.changes(PrintPaidInvoice, Change(self._print_bill, self._show, self.paid, only_reads=True))

    async def listed(self, call: Call, message: PrintFees) -> Sequence[WholeInvoice]:
        """
        Raises:
            InvalidField: no days, more than a year of them, or such as nobody can have paid on.
            HospitalUnavailable: it does not answer: a list that may lack something is not printed.
            NothingPaid, TooManyFees.
        """
        tomorrow = call.now.astimezone(self._zone).date() + timedelta(days=1)
        in_turn = EVER <= message.first_on <= message.last_on <= tomorrow
        if not in_turn or message.last_on - message.first_on > LONGEST:
            raise InvalidField("first_on")
        found = await self._book.between(call, message.first_on, message.last_on, 2 * MOST_BILLS)
        if not found.complete:
            raise HospitalUnavailable
        paid = [each for each in found.invoices if each.invoice.state in PAID]
        if not paid:
            raise NothingPaid
        rows = sum(each.invoice.line_count + 1 for each in paid)
        if len(found.invoices) == 2 * MOST_BILLS or len(paid) > MOST_BILLS or rows > MOST_ROWS:
            raise TooManyFees
        return await self._book.whole(call, paid)

    async def paid(self, call: Call, message: PrintPaidInvoice) -> WholeInvoice:
        """
        Raises:
            InvoiceUnknown: there is none, or it is somebody else's: which of the two is not said.
            NotPaidYet.
        """
        try:
            named = await self._own(call, message.invoice_no)
        except (HospitalUnavailable, InvoiceUnknown):
            kept = await self._book.kept(call, message.invoice_no)
            if kept is None:
                raise
            return kept
        if named.invoice.state not in PAID:
            raise NotPaidYet
        lines = await self._hospital.invoice_lines([named.invoice.invoice_no])
        await self._book.keep(call, named, lines)
        return WholeInvoice(named=named, lines=lines)

    async def _own(self, call: Call, number: str) -> NamedInvoice:
        patient_no = await self._patients.patient_no(call.hospital_id, call.principal.patient_id)
        found = await self._hospital.invoice(number)
        if found is None or found.patient_no != patient_no or found.invoice_no != number:
            raise InvoiceUnknown
        return await self._book.named(found)

    async def _print_list(self, tx: Tx, call: Call, message: PrintFees, whole: Sequence[WholeInvoice]) -> str:
        """What is paid or given back in these days later makes another list of them."""
        made = fee_list(whole, message.first_on, message.last_on, await self._around(tx, call))
        said = [f"{each.named.invoice.invoice_no}:{each.named.invoice.refunded_fen}" for each in whole]
        what = hashlib.sha256(" ".join(sorted(said)).encode()).hexdigest()[:16]
        patient_id = call.principal.patient_id
        return await self._desk.print(tx, call, made, f"{patient_id}:{message.first_on}:{message.last_on}:{what}")

    async def _print_bill(self, tx: Tx, call: Call, message: PrintPaidInvoice, whole: WholeInvoice) -> str:
        invoice = whole.named.invoice
        made = paid_invoice(whole, await self._means(tx, call, invoice.payment_no), await self._around(tx, call))
        return await self._desk.print(tx, call, made, f"{invoice.invoice_no}:{invoice.refunded_fen}")

    async def _means(self, tx: Tx, call: Call, payment_no: str) -> list[PaidSo]:
        """Of a payment of this patient's here; whatever else the hospital calls by such a number is not ours."""
        plan = await signals.find(tx, call.hospital_id, payment_no) if payment_no else None
        if plan is None or plan.purpose != INVOICE or plan.patient_id != call.principal.patient_id:
            return []
        return [
            PaidSo(take.channel, take.amount_fen, self._called(take.channel))
            for take in plan.takes()
            if take.state == "done"
        ]

    def _called(self, channel: str) -> str:
        told = self._names.of(channel)
        return told.both if told else ""

    async def _around(self, tx: Tx, call: Call) -> Around:
        names = await self._papers.hospital_names(tx, call.hospital_id, call.now)
        patient = await self._patients.facts(tx, call.hospital_id, call.principal.patient_id)
        return Around(*names, patient, self._zone)

    async def _show(self, tx: Tx, call: Call, subject: str) -> Sheets:
        return await self._desk.show(tx, call, [subject])
