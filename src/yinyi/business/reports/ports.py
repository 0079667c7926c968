"""What reports ask of the hospital. Everything here reads, and raises ``HospitalUnavailable``."""

from datetime import date
from typing import Protocol, runtime_checkable

from yinyi.business.reports.model import DiagnosticReport, Observation, ReportText, TrendPoint


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
