"""Electronic receipts by trades."""

from datetime import date, datetime

from yinyi.access.hospital.trades import fiscal_mapping as mapping
from yinyi.access.hospital.trades.calls import Calls, file_of
from yinyi.access.hospital.trades.trade import trade
from yinyi.business.fiscal.model import FoundFiscalInvoice
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Outcome

_RECEIPT = (
    "ret_code ret_msg code number check_code due_at:instant issued_at:instant amount_fen:int url digest printed:bool"
)
_ISSUE = trade("issue_einvoice", "ref payment_no patient_no title amount_fen:int paid_at:instant", _RECEIPT)
_REVERSE = trade("reverse_einvoice", "ref of_ref amount_fen:int title", _RECEIPT)
_EINVOICE = trade("query_einvoice", "ref", _RECEIPT)
_EINVOICES = trade(
    "query_einvoices",
    "patient_no first:date last:date",
    "ref of_ref payment_no amount_fen:int code number check_code issued_at:instant url digest printed:bool",
)
_DOWNLOAD = trade("download_einvoice", "ref", "content")
_PRINTED = trade("mark_einvoice_printed", "ref", _RECEIPT)
TRADES = (_ISSUE, _REVERSE, _EINVOICE, _EINVOICES, _DOWNLOAD, _PRINTED)


class FiscalTrades(Calls):
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
        return await self.found(mapping.found, _EINVOICES, patient_no, first_on, last_on, key=lambda one: one.reference)

    async def fiscal_file(self, reference: str) -> bytes | None:
        return file_of(await self.read(_DOWNLOAD, reference))

    async def mark_fiscal_printed(self, reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _PRINTED, reference)
