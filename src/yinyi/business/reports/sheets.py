"""A report as a sheet of paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from yinyi.business.documents.sheet import (
    Mark,
    Sheet,
    SheetColumn,
    SheetFact,
    SheetPicture,
    SheetRow,
    SheetTable,
    SheetText,
)
from yinyi.business.identity.model import PatientFacts, Sex, age_in_words
from yinyi.business.reports.model import (
    DiagnosticReport,
    Flag,
    Observation,
    Picture,
    WholeReport,
    reference_range,
)

SIGNS: Mapping[Flag, str] = {"N": "", "H": "↑", "L": "↓", "HH": "↑↑‼", "LL": "↓↓‼", "A": "*"}
"""Never colour alone."""
_MARKS: Mapping[Flag, Mark] = {
    "N": "", "H": "high", "L": "low", "HH": "critical", "LL": "critical", "A": "abnormal",
}  # fmt: skip
_SEXES: Mapping[Sex, str] = {"male": "男 Male", "female": "女 Female", "unknown": "—"}
_LEGEND = "↑ 偏高 high  ↓ 偏低 low  ‼ 危急值 critical  * 与正常结果不同 abnormal"
_NOT_FOR_DIAGNOSIS = "图像仅供参考，以诊断工作站为准。 Pictures are for reference; diagnoses are made at a workstation."
_ONLY = "本报告只对所检标本负责。 This report is about the specimen tested only."


@dataclass(frozen=True)
class Around:
    """What stands around a report. clinic, doctor: who has ordered it; empty: nobody knows just now."""

    hospital: str
    hospital_en: str
    patient: PatientFacts
    clinic: str
    doctor: str
    zone: tzinfo

    def moment(self, at: datetime | None) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}" if at else "—"


def sheet(
    about: DiagnosticReport,
    whole: WholeReport,
    pictures: Sequence[tuple[Picture, bytes]],
    more: int,
    around: Around,
) -> Sheet:
    """``pictures``: as JPEG. ``more``: so many are not on it."""
    laboratory = about.kind == "laboratory"
    return Sheet(
        kind="laboratory_report" if laboratory else "examination_report",
        paper="a4",
        hospital=around.hospital,
        hospital_en=around.hospital_en,
        title="检验报告单" if laboratory else "检查报告单",
        title_en="Laboratory report" if laboratory else "Examination report",
        facts=_facts(about, around),
        table=_table(whole.observations) if whole.observations else None,
        texts=_texts(whole),
        pictures=[
            SheetPicture(caption=_both(picture.caption, picture.caption_en), jpeg=data) for picture, data in pictures
        ],
        signed=[
            SheetFact(label="报告 Reported by", value=whole.text.reported_by),
            SheetFact(label="审核 Reviewed by", value=whole.text.reviewed_by),
            SheetFact(label="报告时间 Reported", value=around.moment(whole.text.issued_at)),
        ],
        notes=[_LEGEND, _ONLY] if laboratory else _of_pictures(len(pictures), more),
    )


def _of_pictures(printed: int, more: int) -> list[str]:
    if not printed:
        return []
    also = f"另有 {more} 张图像未打印。 {more} more pictures are not printed." if more else ""
    return [_NOT_FOR_DIAGNOSIS, *filter(None, [also])]


def _both(chinese: str, english: str) -> str:
    return " ".join(filter(None, (chinese, english)))


def _facts(about: DiagnosticReport, around: Around) -> list[SheetFact]:
    patient = around.patient
    age = age_in_words(about.requested_at.astimezone(around.zone).date(), patient.born_on)
    facts = [
        ("姓名 Name", patient.name),
        ("就诊号 Hospital no.", patient.patient_no),
        ("性别 Sex", _SEXES[patient.sex]),
        ("年龄 Age", age),
        ("项目 Test", " ".join(filter(None, (about.name, about.name_en)))),
        ("申请单 Order no.", about.order_no),
        ("标本 Specimen", " ".join(filter(None, (about.specimen, about.specimen_en)))),
        ("条码 Barcode", about.barcode),
        ("采样 Taken" if about.kind == "laboratory" else "检查 Examined", around.moment(about.sampled_at)),
        ("申请 Ordered by", " ".join(filter(None, (around.clinic, around.doctor)))),
    ]
    return [SheetFact(label=label, value=value) for label, value in facts if value]


def _table(values: list[Observation]) -> SheetTable:
    columns = [
        SheetColumn(title="项目 Test", share=4.6),
        SheetColumn(title="结果 Result", share=1.7, right=True),
        SheetColumn(title="提示 Flag", share=1.1),
        SheetColumn(title="单位 Unit", share=1.5),
        SheetColumn(title="参考范围 Range", share=2.0),
    ]
    return SheetTable(columns=columns, rows=[_row(each) for each in values])


def _row(value: Observation) -> SheetRow:
    name = " ".join(filter(None, (value.name, value.name_en)))
    cells = [name, value.text, SIGNS[value.flag], value.unit, reference_range(value)]
    return SheetRow(cells=cells, mark=_MARKS[value.flag])


def _texts(whole: WholeReport) -> list[SheetText]:
    remark = whole.text.remark if whole.text.state == "corrected" else ""
    texts = [
        ("更正报告 Corrected report", remark),
        ("检查所见 Findings", whole.text.findings),
        ("诊断意见 Impression", whole.text.impression),
    ]
    return [SheetText(heading=heading, text=text) for heading, text in texts if text]
