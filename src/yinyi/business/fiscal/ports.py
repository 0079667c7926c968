"""What electronic receipts ask of the hospital. Reads raise ``HospitalUnavailable``; whatever changes something answers
an outcome and never raises for what the hospital does."""

from datetime import date, datetime
from typing import Protocol, runtime_checkable

from yinyi.bus.database import Tx
from yinyi.business.fiscal.model import FoundFiscalInvoice
from yinyi.business.payments.plan import Plan
from yinyi.business.terminals.model import Hospital
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Outcome


@runtime_checkable
class FiscalInvoices(Protocol):
    """The hospital's electronic receipts.

    Each is referred to by *our* reference (≤ 32 characters), under which there is never more than one. Evidence of one
    that is issued: ``code``, ``number``, ``check_code``, ``issued_at`` (ISO instant), ``url``, ``digest`` (SHA-256 of
    its file, hexadecimal), ``amount_fen``, ``printed``. ``Waiting``: accepted, and issued by itself, in seconds or
    days; ``until`` is the hospital's guess.
    """

    call_timeout_s: float

    async def issue_fiscal_invoice(
        self, reference: str, payment_no: str, patient_no: str, title: str, amount_fen: Fen, paid_at: datetime
    ) -> Outcome:
        """Refused: bad_request (another one under this reference, no such patient, no amount)."""
        ...

    async def reverse_fiscal_invoice(self, reference: str, of: str, amount_fen: Fen, title: str) -> Outcome:
        """A red one over all of another, or a part of what is left of it. Refused: not_refundable (that much is not
        left), expired (the other one is not issued), bad_request."""
        ...

    async def ask_fiscal_invoice(self, reference: str) -> Answer:
        """Of either kind."""
        ...

    async def fiscal_invoices(self, patient_no: str, first_on: date, last_on: date) -> list[FoundFiscalInvoice]:
        """Issued on these days, both included; newest first, red ones too."""
        ...

    async def fiscal_file(self, reference: str) -> bytes | None:
        """The document itself, a PDF. None: not issued."""
        ...

    async def mark_fiscal_printed(self, reference: str) -> Outcome:
        """It is on paper now. ``Done`` also when it was before. Refused("expired"): not issued."""
        ...


class HospitalNames(Protocol):
    """Who knows what the hospital is called on papers."""

    async def hospital(self, tx: Tx, hospital_id: int, now: datetime) -> Hospital: ...


class TitleEn(Protocol):
    """Says in a few English words what a payment is for; empty: nobody knows."""

    def __call__(self, plan: Plan) -> str: ...


class Patients(Protocol):
    """Our master index, as receipts need it."""

    async def patient_no(self, hospital_id: int, patient_id: int) -> str:
        """The hospital number (就诊ID号)."""
        ...

    async def on_paper(self, tx: Tx, hospital_id: int, patient_id: int) -> tuple[str, str]:
        """Name and hospital number, in full; masked wherever they are shown."""
        ...
