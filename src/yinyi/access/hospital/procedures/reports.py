"""Laboratory and examination reports by stored procedures."""

from datetime import date

from yinyi.access.hospital.procedures import report_mapping as mapping
from yinyi.access.hospital.procedures.calls import Calls
from yinyi.business.reports.model import DiagnosticReport, Observation, OfferedPicture, ReportText, TrendPoint

_REPORTS = "SELECT * FROM his.query_reports($1, $2, $3, $4)"
_REPORT = "SELECT * FROM his.query_report($1)"
_TEXTS = "SELECT * FROM his.query_report_text($1)"
_RESULTS = "SELECT * FROM his.query_report_results($1, $2)"
_PICTURES = "SELECT * FROM his.query_report_pictures($1, $2)"
_PICTURE = "SELECT * FROM his.download_report_picture($1, $2, $3)"
_ANALYTE = "SELECT * FROM his.query_analyte($1, $2, $3)"


class ReportProcedures(Calls):
    """Implements ``Reports`` and ``ReportPictures``."""

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

    async def report_pictures(self, order_no: str, version: int) -> list[OfferedPicture]:
        return [mapping.picture(row) for row in await self.read(_PICTURES, order_no, version)]

    async def report_picture(self, order_no: str, version: int, nth: int) -> bytes | None:
        rows = await self.read(_PICTURE, order_no, version, nth)
        return mapping.file(rows[0]) if rows else None
