"""Laboratory and examination reports by stored procedures."""

from datetime import date

from yinyi.access.hospital.procedures import report_mapping as mapping
from yinyi.access.hospital.procedures.calls import Calls
from yinyi.business.reports.model import DiagnosticReport, Observation, ReportText, TrendPoint

_REPORTS = "SELECT * FROM his.query_reports($1, $2, $3, $4)"
_REPORT = "SELECT * FROM his.query_report($1)"
_TEXTS = "SELECT * FROM his.query_report_text($1)"
_RESULTS = "SELECT * FROM his.query_report_results($1, $2)"
_ANALYTE = "SELECT * FROM his.query_analyte($1, $2, $3)"


class ReportProcedures(Calls):
    """Implements ``Reports``."""

    async def reports(self, patient_no: str, first_on: date, last_on: date, limit: int) -> list[DiagnosticReport]:
        return [mapping.report(row) for row in await self.read(_REPORTS, patient_no, first_on, last_on, limit)]

    async def report(self, order_no: str) -> DiagnosticReport | None:
        found = [mapping.report(row) for row in await self.read(_REPORT, order_no)]
        return next((one for one in found if one.order_no == order_no), None)

    async def reports_of_tube(self, barcode: str) -> list[DiagnosticReport]:
        found = [mapping.report(row) for row in await self.read(_REPORT, barcode)]
        return [one for one in found if one.barcode == barcode]

    async def report_texts(self, order_no: str) -> list[ReportText]:
        return [mapping.text(row) for row in await self.read(_TEXTS, order_no)]

    async def observations(self, order_no: str, version: int) -> list[Observation]:
        return [mapping.observation(row) for row in await self.read(_RESULTS, order_no, version)]

    async def trend(self, patient_no: str, analyte_code: str, limit: int) -> list[TrendPoint]:
        return [mapping.point(row) for row in await self.read(_ANALYTE, patient_no, analyte_code, limit)]
