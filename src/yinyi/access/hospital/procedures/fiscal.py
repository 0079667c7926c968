"""Electronic receipts by stored procedures."""

from datetime import date, datetime

from yinyi.access.hospital.procedures import fiscal_mapping as mapping
from yinyi.access.hospital.procedures.calls import Calls
from yinyi.business.fiscal.model import FoundFiscalInvoice
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Outcome

_ISSUE = "SELECT * FROM his.issue_einvoice($1, $2, $3, $4, $5, $6)"
_REVERSE = "SELECT * FROM his.reverse_einvoice($1, $2, $3, $4)"
_EINVOICE = "SELECT * FROM his.query_einvoice($1)"
_EINVOICES = "SELECT * FROM his.query_einvoices($1, $2, $3)"
_DOWNLOAD = "SELECT * FROM his.download_einvoice($1)"
_PRINTED = "SELECT * FROM his.mark_einvoice_printed($1)"


class FiscalProcedures(Calls):
    """Implements ``FiscalInvoices``."""

    async def issue_fiscal_invoice(
        self, reference: str, payment_no: str, patient_no: str, title: str, amount_fen: Fen, paid_at: datetime
    ) -> Outcome:
        told = (reference, payment_no, patient_no, title, amount_fen, paid_at)
        return await self.changed(mapping.outcome, _ISSUE, *told)

    async def reverse_fiscal_invoice(self, reference: str, of: str, amount_fen: Fen, title: str) -> Outcome:
        return await self.changed(mapping.outcome, _REVERSE, reference, of, amount_fen, title)

    async def ask_fiscal_invoice(self, reference: str) -> Answer:
        return await self.told(mapping.answer, _EINVOICE, reference)

    async def fiscal_invoices(self, patient_no: str, first_on: date, last_on: date) -> list[FoundFiscalInvoice]:
        return [mapping.found(row) for row in await self.read(_EINVOICES, patient_no, first_on, last_on)]

    async def fiscal_file(self, reference: str) -> bytes | None:
        rows = await self.read(_DOWNLOAD, reference)
        return mapping.file(rows[0]) if rows else None

    async def mark_fiscal_printed(self, reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _PRINTED, reference)
