"""What billing asks of the hospital. Reads raise ``HospitalUnavailable``; whatever changes something answers an outcome
and never raises for what the hospital does."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, Protocol, runtime_checkable

from yinyi.bus.database import Tx
from yinyi.business.billing.model import ChosenInvoice, FoundPosting, Invoice, InvoiceLine, InvoiceState
from yinyi.business.identity.model import PatientFacts, PatientRecord
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Outcome


@runtime_checkable
class Bills(Protocol):
    """The hospital's outpatient invoices.

    What is held and paid together is referred to by *our* reference (≤ 32 characters), all of it or none. Evidence of
    holding, settling and a positive ``ask_invoices``: ``status`` (``held`` | ``paid``), ``amount_fen``; while held
    ``held_until`` (ISO instant); once paid ``receipt_no``, ``payment_no``, ``places`` and ``places_en`` (where to go
    with it), ``refunded_fen``.
    """

    call_timeout_s: float

    async def invoices(
        self, patient_no: str, state: InvoiceState | Literal[""], first_on: date, last_on: date, limit: int
    ) -> list[Invoice]:
        """Ordered on these days, both included; newest first. Without a state: all of them."""
        ...

    async def invoice(self, number: str) -> Invoice | None:
        """By its number, or by what the request form's QR says."""
        ...

    async def invoice_lines(self, invoice_nos: Sequence[str]) -> list[InvoiceLine]: ...

    async def hold_invoices(self, reference: str, chosen: Sequence[ChosenInvoice], until: datetime) -> Outcome:
        """Nobody else may pay them until then; asking again holds them longer. A doctor may still change them.
        Refused: changed, already_paid, held_elsewhere, expired (cancelled), bad_request."""
        ...

    async def settle_invoices(
        self,
        reference: str,
        chosen: Sequence[ChosenInvoice],
        amount_fen: Fen,
        payment_no: str,
        means: str,
        paid_at: datetime,
    ) -> Outcome:
        """They are paid. It does not need a hold; one that has run out does no harm while nothing else has happened.
        Refused: as for holding; bad_request also when the amount is not theirs."""
        ...

    async def release_invoices(self, reference: str) -> Outcome:
        """As if it had never been, held or paid. ``Done`` also when the hospital never knew it.
        Refused("not_refundable"): something of it was done or given back already."""
        ...

    async def ask_invoices(self, reference: str) -> Answer:
        """``Refused("expired")`` when it was released, ran out, or was overtaken by a change or another payer."""
        ...

    async def refund_invoice(
        self, reference: str, invoice_no: str, line_nos: Sequence[int] | None, amount_fen: Fen
    ) -> Outcome:
        """All of it, or these lines; the amount has to be theirs. Evidence: ``refunded_fen``.
        Refused: not_refundable, bad_request."""
        ...

    async def ask_invoice_refund(self, reference: str) -> Answer: ...


@runtime_checkable
class ListsPostings(Protocol):
    """A hospital that can say what it has booked for us in a time, whatever became of it since."""

    async def postings(self, since: datetime, until: datetime) -> list[FoundPosting]:
        """
        Raises:
            HospitalUnavailable: whatever the reason.
        """
        ...


class Clinic(Protocol):
    """Where it is ordered; ``name_en`` may be empty."""

    @property
    def department_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...


class Doctor(Protocol):
    """Who orders."""

    @property
    def practitioner_id(self) -> str: ...
    @property
    def name(self) -> str: ...


class Staffed(Protocol):
    """What the hospital's departments and doctors are called. Reads raise ``HospitalUnavailable``."""

    async def departments(self) -> Sequence[Clinic]: ...

    async def practitioners(self) -> Sequence[Doctor]: ...


class Numbered(Protocol):
    """The hospital's patient master index, as far as a bill names somebody of it."""

    async def by_number(self, patient_no: str) -> PatientRecord | None: ...


class Hospital(Bills, Staffed, Numbered, Protocol):
    """Whose bills these are."""


class Patients(Protocol):
    """Our master index, as bills need it."""

    async def patient_no(self, hospital_id: int, patient_id: int) -> str:
        """The hospital number (就诊ID号)."""
        ...


class PatientsOnSheets(Patients, Protocol):
    """The same, as sheets need it."""

    async def facts(self, tx: Tx, hospital_id: int, patient_id: int) -> PatientFacts:
        """As a sheet names him."""
        ...


class OnPaper(Protocol):
    """What papers say of the hospital."""

    async def hospital_names(self, tx: Tx, hospital_id: int, now: datetime) -> tuple[str, str]:
        """In Chinese and in English."""
        ...
