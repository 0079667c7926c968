"""What the inpatient domain asks of the hospital. Reads raise ``HospitalUnavailable``; whatever changes something
answers an outcome and never raises for what the hospital does."""

from datetime import date, datetime
from typing import Protocol, runtime_checkable

from yinyi.bus.database import Tx
from yinyi.business.documents.sheet import Paper
from yinyi.business.identity.model import PatientFacts
from yinyi.business.inpatient.model import CostCategory, CostDay, Deposit, Stay, StayItem
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Outcome


@runtime_checkable
class Inpatients(Protocol):
    """The hospital's stays.

    Deposits and returns are referred to by *our* reference (≤ 32 characters). Evidence of posting, returning and a
    positive ``ask_deposit``: ``status`` (``posted``), ``admission_no``, ``amount_fen``, ``returned_fen``,
    ``receipt_no``, ``left_fen`` (deposits less costs, now).
    """

    call_timeout_s: float

    async def stays(self, patient_no: str) -> list[Stay]:
        """Newest first."""
        ...

    async def stay(self, admission_no: str) -> Stay | None: ...

    async def stay_items(self, admission_no: str, first_on: date, last_on: date) -> list[StayItem]:
        """Day by day, both days included."""
        ...

    async def cost_days(self, admission_no: str) -> list[CostDay]: ...

    async def cost_categories(self, admission_no: str) -> list[CostCategory]: ...

    async def deposits(self, admission_no: str) -> list[Deposit]:
        """In the order in which they were made, also those that were taken back."""
        ...

    async def post_deposit(
        self, reference: str, admission_no: str, amount_fen: Fen, payment_no: str, means: str, paid_at: datetime
    ) -> Outcome:
        """Refused: not_permitted (the stay is settled), limit_exceeded, already_paid (by another payment),
        bad_request."""
        ...

    async def reverse_deposit(self, reference: str) -> Outcome:
        """As if it had never been, a deposit or a return. ``Done`` also when the hospital never knew it.
        Refused("not_permitted"): a deposit of a stay that is settled meanwhile."""
        ...

    async def return_deposit(self, reference: str, deposit_reference: str, amount_fen: Fen) -> Outcome:
        """Give some of a deposit back, once the stay is settled, and no more than is left. Refused: not_refundable,
        insufficient_funds, bad_request."""
        ...

    async def ask_deposit(self, reference: str) -> Answer:
        """``Refused("expired")`` when it was taken back."""
        ...


@runtime_checkable
class ListsDeposits(Protocol):
    """A hospital that can say which deposits and returns of ours it has booked in a time."""

    async def deposit_postings(self, since: datetime, until: datetime) -> list[Deposit]:
        """
        Raises:
            HospitalUnavailable: whatever the reason.
        """
        ...


class Patients(Protocol):
    """Our master index, as inpatients need it."""

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

    async def list_paper(self, tx: Tx, hospital_id: int, terminal_id: str, now: datetime) -> Paper:
        """What a patient's lists come out on at this terminal."""
        ...
