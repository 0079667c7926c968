"""Outpatient invoices by stored procedures."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from yinyi.access.hospital.procedures import bill_mapping as mapping
from yinyi.access.hospital.procedures.calls import Calls
from yinyi.business.billing.model import ChosenInvoice, FoundPosting, Invoice, InvoiceLine, InvoiceState
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Outcome

_INVOICES = "SELECT * FROM his.query_invoices($1, $2, $3, $4, $5)"
_INVOICE = "SELECT * FROM his.query_invoice($1)"
_LINES = "SELECT * FROM his.query_invoice_lines($1)"
_HOLD = "SELECT * FROM his.hold_invoices($1, $2, $3, $4)"
_PAY = "SELECT * FROM his.pay_invoices($1, $2, $3, $4, $5, $6, $7)"
_RELEASE = "SELECT * FROM his.release_invoices($1)"
_POSTING = "SELECT * FROM his.query_posting($1)"
_REFUND = "SELECT * FROM his.refund_invoice($1, $2, $3, $4)"
_REFUNDED = "SELECT * FROM his.query_refund($1)"
_POSTINGS = "SELECT * FROM his.query_postings($1, $2)"


class BillProcedures(Calls):
    """Implements ``Bills`` and ``ListsPostings``."""

    async def invoices(
        self, patient_no: str, state: InvoiceState | Literal[""], first_on: date, last_on: date, limit: int
    ) -> list[Invoice]:
        return [mapping.invoice(row) for row in await self.read(_INVOICES, patient_no, state, first_on, last_on, limit)]

    async def invoice(self, number: str) -> Invoice | None:
        rows = await self.read(_INVOICE, number)
        return mapping.invoice(rows[0]) if rows else None

    async def invoice_lines(self, invoice_nos: Sequence[str]) -> list[InvoiceLine]:
        return [mapping.line(row) for row in await self.read(_LINES, list(invoice_nos))]

    async def hold_invoices(self, reference: str, chosen: Sequence[ChosenInvoice], until: datetime) -> Outcome:
        return await self.changed(mapping.outcome, _HOLD, reference, *mapping.columns(chosen), until)

    async def settle_invoices(
        self,
        reference: str,
        chosen: Sequence[ChosenInvoice],
        amount_fen: Fen,
        payment_no: str,
        means: str,
        paid_at: datetime,
    ) -> Outcome:
        paid = (amount_fen, payment_no, means, paid_at)
        return await self.changed(mapping.outcome, _PAY, reference, *mapping.columns(chosen), *paid)

    async def release_invoices(self, reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _RELEASE, reference)

    async def ask_invoices(self, reference: str) -> Answer:
        return await self.told(mapping.answer, _POSTING, reference)

    async def refund_invoice(
        self, reference: str, invoice_no: str, line_nos: Sequence[int] | None, amount_fen: Fen
    ) -> Outcome:
        lines = None if line_nos is None else list(line_nos)
        return await self.changed(mapping.outcome, _REFUND, reference, invoice_no, lines, amount_fen)

    async def ask_invoice_refund(self, reference: str) -> Answer:
        return await self.told(mapping.answer, _REFUNDED, reference)

    async def postings(self, since: datetime, until: datetime) -> list[FoundPosting]:
        return [mapping.posting(row) for row in await self.read(_POSTINGS, since, until)]
