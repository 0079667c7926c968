"""What reports ask of the hospital. Everything here reads, and raises ``HospitalUnavailable``."""

from datetime import date, datetime
from typing import Protocol, runtime_checkable

from yinyi.bus.database import Tx
from yinyi.business.identity.model import PatientFacts, PatientRecord
from yinyi.business.reports.model import DiagnosticReport, Observation, OfferedPicture, ReportText, TrendPoint


@runtime_checkable
class Reports(Protocol):
    """The hospital's laboratory and examination reports. What was cancelled is not among them."""

    call_timeout_s: float

    async def reports(self, patient_no: str, first_on: date, last_on: date, limit: int) -> list[DiagnosticReport]:
        """Asked for on these days, both included; newest first."""
        ...

    async def report(self, order_no: str) -> DiagnosticReport | None: ...

    async def reports_of_tube(self, barcode: str) -> list[DiagnosticReport]:
        """What is tested out of the tube with this barcode, and nothing else."""
        ...

    async def report_texts(self, order_no: str) -> list[ReportText]:
        """Every version that came out, newest first; none while it is not ready."""
        ...

    async def observations(self, order_no: str, version: int) -> list[Observation]:
        """The results of one version, in the order of the report; none of an examination."""
        ...

    async def trend(self, patient_no: str, analyte_code: str, limit: int) -> list[TrendPoint]:
        """Newest first."""
        ...


@runtime_checkable
class ReportPictures(Protocol):
    """A hospital that gives the pictures of examinations, as JPEG or PNG files."""

    async def report_pictures(self, order_no: str, version: int) -> list[OfferedPicture]:
        """Of one version of a report, in their order."""
        ...

    async def report_picture(self, order_no: str, version: int, nth: int) -> bytes | None:
        """The file. None: there is none."""
        ...


class Patients(Protocol):
    """Our master index, as reports need it."""

    async def patient_no(self, hospital_id: int, patient_id: int) -> str:
        """The hospital number (就诊ID号)."""
        ...

    async def facts(self, tx: Tx, hospital_id: int, patient_id: int) -> PatientFacts:
        """As a report names him."""
        ...


class FindsPatients(Protocol):
    """The hospital's master index, for whoever comes by a tube."""

    async def by_number(self, patient_no: str) -> PatientRecord | None:
        """
        Raises:
            HospitalUnavailable: whatever the reason.
        """
        ...


class StaffNames(Protocol):
    """What the hospital calls its clinics and its doctors."""

    async def clinic(self, department_id: str) -> str:
        """Empty where nobody knows just now."""
        ...

    async def doctor(self, practitioner_id: str) -> str:
        """Empty where nobody knows just now."""
        ...


class ScannedCodes(Protocol):
    """What was held under a terminal's scanner."""

    async def take_code(self, tx: Tx, hospital_id: int, terminal_id: str, after: int) -> str | None:
        """The text of the latest code, if it was scanned after this version. Nothing of it is kept."""
        ...


class OnPaper(Protocol):
    """What papers say of the hospital."""

    async def hospital_names(self, tx: Tx, hospital_id: int, now: datetime) -> tuple[str, str]:
        """In Chinese and in English."""
        ...
