"""Outpatient invoices by trades."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from yinyi.access.hospital.trades import bill_mapping as mapping
from yinyi.access.hospital.trades.calls import Calls
from yinyi.access.hospital.trades.trade import trade
from yinyi.business.billing.model import ChosenInvoice, FoundPosting, Invoice, InvoiceLine, InvoiceState
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Outcome

_BILL = (
    "invoice_no form_no patient_no registration_no dept_code doctor_code title ordered_at:instant version:int "
    "state total_fen:int refunded_fen:int busy:bool paid_at:instant receipt_no payment_no line_count:int title_en"
)
_POSTED = (
    "ret_code ret_msg state amount_fen:int refunded_fen:int held_until:instant paid_at:instant receipt_no "
    "payment_no places:texts places_en:texts"
)
_INVOICES = trade("query_invoices", "patient_no state first:date last:date limit:int", _BILL)
_INVOICE = trade("query_invoice", "number", _BILL)
_LINES = trade(
    "query_invoice_lines",
    "invoice_nos:texts",
    "invoice_no line_no:int item_code category_code category_name item_name name_en unit quantity:int "
    "price_fen:int amount_fen:int remark performed:bool refunded:bool",
)
_HOLD = trade("hold_invoices", "ref invoice_nos:texts versions:ints until:instant", _POSTED)
_PAY = trade(
    "pay_invoices",
    "ref invoice_nos:texts versions:ints amount_fen:int payment_no means paid_at:instant",
    _POSTED,
)
_RELEASE = trade("release_invoices", "ref", _POSTED)
_POSTING = trade("query_posting", "ref", _POSTED)
_REFUND = trade("refund_invoice", "ref invoice_no line_nos:ints amount_fen:int", _POSTED)
_REFUNDED = trade("query_refund", "ref", _POSTED)
_POSTINGS = trade(
    "query_postings",
    "since:instant until:instant",
    "ref kind state invoice_nos:texts amount_fen:int payment_no means receipt_no made_at:instant",
)
TRADES = (_INVOICES, _INVOICE, _LINES, _HOLD, _PAY, _RELEASE, _POSTING, _REFUND, _REFUNDED, _POSTINGS)


class BillTrades(Calls):
    """Implements ``Bills`` and ``ListsPostings``."""

    async def invoices(
        self, patient_no: str, state: InvoiceState | Literal[""], first_on: date, last_on: date, limit: int
    ) -> list[Invoice]:
        asked = (patient_no, state, first_on, last_on, limit)
        return await self.found(mapping.invoice, _INVOICES, *asked, key=lambda one: one.invoice_no)

    async def invoice(self, number: str) -> Invoice | None:
        return await self.one(mapping.invoice, _INVOICE, number, key=lambda one: one.invoice_no)

    async def invoice_lines(self, invoice_nos: Sequence[str]) -> list[InvoiceLine]:
        if not invoice_nos:
            return []
        return await self.found(mapping.line, _LINES, list(invoice_nos), key=lambda one: (one.invoice_no, one.line_no))

    async def hold_invoices(self, reference: str, chosen: Sequence[ChosenInvoice], until: datetime) -> Outcome:
        held = (*mapping.columns(chosen), until)
        return await self.posted(mapping.outcome, self.ask_invoices, "held", _HOLD, reference, *held)

    async def settle_invoices(
        self,
        reference: str,
        chosen: Sequence[ChosenInvoice],
        amount_fen: Fen,
        payment_no: str,
        means: str,
        paid_at: datetime,
    ) -> Outcome:
        paid = (*mapping.columns(chosen), amount_fen, payment_no, means, paid_at)
        return await self.posted(mapping.outcome, self.ask_invoices, "paid", _PAY, reference, *paid)

    async def release_invoices(self, reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _RELEASE, reference)

    async def ask_invoices(self, reference: str) -> Answer:
        return await self.told(mapping.answer, _POSTING, reference)

    async def refund_invoice(
        self, reference: str, invoice_no: str, line_nos: Sequence[int] | None, amount_fen: Fen
    ) -> Outcome:
        lines = None if line_nos is None else list(line_nos)
        back = (invoice_no, lines, amount_fen)
        return await self.posted(mapping.outcome, self.ask_invoice_refund, "refunded", _REFUND, reference, *back)

    async def ask_invoice_refund(self, reference: str) -> Answer:
        return await self.told(mapping.answer, _REFUNDED, reference)

    async def postings(self, since: datetime, until: datetime) -> list[FoundPosting]:
        return await self.found(mapping.posting, _POSTINGS, since, until, key=lambda one: (one.kind, one.reference))
