"""The hospital's reports in our words."""

from yinyi.access.hospital.trades.mapping import known_code
from yinyi.access.hospital.trades.trade import Row
from yinyi.business.reports.model import (
    DiagnosticReport,
    Observation,
    OfferedPicture,
    ReportKind,
    ReportText,
    TrendPoint,
)

_KINDS: dict[str, ReportKind] = {"L": "laboratory", "I": "examination"}


def report(row: Row) -> DiagnosticReport:
    return DiagnosticReport(
        order_no=row["order_no"],
        kind=known_code(row, "kind_code", _KINDS),
        patient_no=row["patient_no"],
        item_code=row["item_code"],
        name=row["item_name"],
        name_en=row["name_en"],
        modality=row["modality"],
        specimen=row["specimen"],
        specimen_en=row["specimen_en"],
        tube=row["tube"],
        sensitive=row["sensitive"],
        barcode=row["barcode"],
        state=row["state"],
        version=row["version"],
        requested_at=row["requested_at"],
        sampled_at=row["sampled_at"],
        issued_at=row["issued_at"],
        invoice_no=row["invoice_no"],
        form_no=row["form_no"],
        department_id=row["dept_code"],
        practitioner_id=row["doctor_code"],
    )


def text(row: Row) -> ReportText:
    return ReportText(
        version=row["version"],
        state=row["state"],
        issued_at=row["issued_at"],
        findings=row["findings"],
        impression=row["impression"],
        remark=row["remark"],
        reported_by=row["reported_by"],
        reviewed_by=row["reviewed_by"],
    )


def observation(row: Row) -> Observation:
    return Observation(
        rank=row["rank"],
        analyte_code=row["analyte_code"],
        name=row["analyte_name"],
        name_en=row["name_en"],
        loinc=row["loinc"],
        unit=row["unit"],
        value=row["value"],
        text=row["value_text"],
        low=row["low"],
        high=row["high"],
        expected=row["expected"],
        flag=row["flag"],
        decimals=row["decimals"],
    )


def point(row: Row) -> TrendPoint:
    return TrendPoint(
        order_no=row["order_no"],
        sampled_at=row["sampled_at"],
        value=row["value"],
        text=row["value_text"],
        low=row["low"],
        high=row["high"],
        flag=row["flag"],
        unit=row["unit"],
    )


def picture(row: Row) -> OfferedPicture:
    return OfferedPicture(
        nth=row["nth"], caption=row["caption"], caption_en=row["caption_en"], byte_count=row["byte_count"]
    )
