"""Laboratory and examination reports by trades."""

from datetime import date

from yinyi.access.hospital.trades import report_mapping as mapping
from yinyi.access.hospital.trades.calls import Calls, file_of
from yinyi.access.hospital.trades.trade import trade
from yinyi.business.reports.model import DiagnosticReport, Observation, OfferedPicture, ReportText, TrendPoint

_REPORT_ROW = (
    "order_no kind_code patient_no item_code item_name name_en modality specimen specimen_en tube sensitive:bool "
    "barcode state version:int requested_at:instant sampled_at:instant issued_at:instant invoice_no form_no "
    "dept_code doctor_code"
)
_FILE = "content"
_REPORTS = trade("query_reports", "patient_no first:date last:date limit:int", _REPORT_ROW)
_REPORT = trade("query_report", "number", _REPORT_ROW)
_TEXTS = trade(
    "query_report_text",
    "order_no",
    "version:int state issued_at:instant findings impression remark reported_by reviewed_by",
)
_RESULTS = trade(
    "query_report_results",
    "order_no version:int",
    "rank:int analyte_code analyte_name name_en loinc unit value:number value_text low:number high:number "
    "expected flag decimals:int",
)
_PICTURES = trade("query_report_pictures", "order_no version:int", "nth:int caption caption_en byte_count:int")
_PICTURE = trade("download_report_picture", "order_no version:int nth:int", _FILE)
_ANALYTE = trade(
    "query_analyte",
    "patient_no analyte_code limit:int",
    "order_no version:int sampled_at:instant value:number value_text low:number high:number flag unit",
)
TRADES = (_REPORTS, _REPORT, _TEXTS, _RESULTS, _PICTURES, _PICTURE, _ANALYTE)


class ReportTrades(Calls):
    """Implements ``Reports`` and ``ReportPictures``."""

    async def reports(self, patient_no: str, first_on: date, last_on: date, limit: int) -> list[DiagnosticReport]:
        asked = (patient_no, first_on, last_on, limit)
        return await self.found(mapping.report, _REPORTS, *asked, key=lambda one: one.order_no)

    async def report(self, order_no: str) -> DiagnosticReport | None:
        found = await self.found(mapping.report, _REPORT, order_no, key=lambda one: one.order_no)
        return next((one for one in found if one.order_no == order_no), None)

    async def reports_of_tube(self, barcode: str) -> list[DiagnosticReport]:
        found = await self.found(mapping.report, _REPORT, barcode, key=lambda one: one.order_no)
        return [one for one in found if one.barcode == barcode]

    async def report_texts(self, order_no: str) -> list[ReportText]:
        return await self.found(mapping.text, _TEXTS, order_no, key=lambda one: one.version)

    async def observations(self, order_no: str, version: int) -> list[Observation]:
        return await self.found(mapping.observation, _RESULTS, order_no, version)

    async def trend(self, patient_no: str, analyte_code: str, limit: int) -> list[TrendPoint]:
        return await self.found(mapping.point, _ANALYTE, patient_no, analyte_code, limit)

    async def report_pictures(self, order_no: str, version: int) -> list[OfferedPicture]:
        return await self.found(mapping.picture, _PICTURES, order_no, version, key=lambda one: one.nth)

    async def report_picture(self, order_no: str, version: int, nth: int) -> bytes | None:
        return file_of(await self.read(_PICTURE, order_no, version, nth))
