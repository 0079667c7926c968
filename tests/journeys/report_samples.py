"""The pages of reports in their states."""

from datetime import date, timedelta
from typing import get_args

import msgspec
from sample_facts import CHROME, KEY, NOW, SOMEONE, Sample

from yinyi.business.reports.model import Flag, Picture, Pictures, ReportKind, TrendPoint
from yinyi.interface.journeys import drawing, views, views_reports, views_start

OF_A_TUBE = msgspec.structs.replace(CHROME, patient=views.PatientChip(name="李*国", age=None, number_tail=""))
_NAMED: tuple[tuple[ReportKind, str, str, views_reports.RowState], ...] = (
    ("laboratory", "血常规（五分类）", "Complete blood count", "ready"),
    ("laboratory", "", "", "window"),
    ("examination", "腹部CT平扫+增强", "Abdominal CT, plain and contrast", "testing"),
    ("laboratory", "甲状腺功能七项", "Thyroid function, 7 tests", "sampled"),
    ("examination", "胸部正侧位X线", "Chest X-ray, two views", "ready"),
    ("laboratory", "肝功能", "Liver function", "ordered"),
)
_ROWS = tuple(
    views_reports.ReportRow(
        order_no=f"2611230000001{n}",
        kind=kind,
        name=name,
        name_en=english,
        state=state,
        at=NOW - timedelta(days=90 * n),
        corrected=n == 4,
        printed=n == 4,
    )
    for n, (kind, name, english, state) in enumerate(_NAMED)
)
_VALUES: tuple[tuple[str, str, str, str, str, Flag], ...] = (
    ("血红蛋白", "Haemoglobin", "52", "g/L", "130–175", "LL"),
    ("白细胞计数", "White blood cells", "31.20", "10*9/L", "3.50–9.50", "HH"),
    ("平均红细胞血红蛋白浓度", "Mean corpuscular haemoglobin concentration", "362", "g/L", "316–354", "H"),
    ("红细胞压积", "Haematocrit", "38.1", "%", "40.0–50.0", "L"),
    ("尿蛋白", "Urine protein", "+++", "", "阴性", "A"),
    ("血小板计数", "Platelets", "210", "10*9/L", "125–350", "N"),
    ("白球比例", "Albumin/globulin ratio", "1.60", "1", "1.20–2.40", "N"),
    ("嗜碱性粒细胞百分比", "Basophils", "0.4", "%", "0.0–1.0", "N"),
    ("红细胞沉降率", "Erythrocyte sedimentation rate", "8", "mm/h", "≤ 15", "N"),
)
_MEASURED: tuple[tuple[int, float, Flag], ...] = (
    *((1400, 6.1, "N"), (900, 5.2, "N"), (410, 2.9, "L")),
    *((380, 4.4, "N"), (120, 8.8, "N"), (0, 12.4, "H")),
)
_POINTS = [
    TrendPoint(
        order_no=f"26112300000{n:03}",
        sampled_at=NOW - timedelta(days=days),
        value=value,
        text=f"{value:.2f}",
        low=3.5,
        high=9.5,
        flag=flag,
        unit="10*9/L",
    )
    for n, (days, value, flag) in enumerate(_MEASURED)
]
_SHEETS = ("laboratory_report", "examination_report", "discharge_statement")


def _result(**facts: object) -> views_reports.ResultView:
    view = views_reports.ResultView(
        order_no="26112300000012",
        kind="laboratory",
        name="血常规（五分类）",
        name_en="Complete blood count",
        specimen="全血",
        specimen_en="Whole blood",
        sampled_at=NOW - timedelta(hours=3),
        issued_at=NOW - timedelta(hours=1),
        corrected=False,
        values=tuple(
            views_reports.ValueRow(
                analyte_code=f"A{n}",
                name=name,
                name_en=english,
                text=text,
                unit=unit,
                range=expected,
                flag=flag,
                trend=text[0].isdigit(),
            )
            for n, (name, english, text, unit, expected, flag) in enumerate(_VALUES)
        ),
        unusual=5,
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts)


def _trend(points: list[TrendPoint], **facts: object) -> views_reports.TrendView:
    view = views_reports.TrendView(
        order_no="26112300000012",
        name="白细胞计数",
        name_en="White blood cells",
        unit="10*9/L",
        range="3.50–9.50",
        drawing=drawing.trend(points),
        rows=tuple(
            views_reports.TrendRow(at=each.sampled_at, text=each.text, flag=each.flag) for each in reversed(points)
        ),
    )
    return msgspec.structs.replace(view, **facts)


def _sheets(printing: views.Printing) -> views_reports.SheetsView:
    return views_reports.SheetsView(
        sheets=tuple(
            views_reports.SheetRow(document_no=f"S{n}", kind=kind, printing="printed" if n == 0 else printing)
            for n, kind in enumerate(_SHEETS)
        ),
        printing=printing,
        back="/kiosk/reports",
        key=KEY,
    )


def _reports(**facts: object) -> views_reports.ReportsView:
    view = views_reports.ReportsView(rows=_ROWS, fresh=(_ROWS[0].order_no,), new=1, earlier=date(2024, 5, 31), key=KEY)
    return msgspec.structs.replace(view, **facts)


_TEXT = (
    "胸廓对称，双肺野清晰，未见异常密度影。气管及支气管通畅，纵隔内未见肿大淋巴结，"
    "双侧胸腔无积液。右肺上叶见实性小结节，直径<5mm，边界清楚。"
)

_PICTURES = [
    Picture(nth=n + 1, caption=caption, caption_en=english, width=420, height=420)
    for n, (caption, english) in enumerate(
        (
            ("横断面 第12层", "Axial, slice 12"),
            ("横断面 第18层", "Axial, slice 18"),
            ("横断面 第24层 肺窗，增强后动脉期", "Axial, slice 24, lung window, arterial phase after contrast"),
            ("", ""),
            ("冠状面重建", "Coronal reconstruction"),
        )
    )
]


def _pictured(*pictures: Picture, **facts: object) -> views_reports.ResultView:
    """An examination with these pictures; ``facts``: what else there is to say of them."""
    return _result(
        kind="examination",
        name="胸部CT平扫",
        name_en="Chest CT, plain",
        values=(),
        findings=(_TEXT,),
        impression=("右肺上叶微小结节（<5mm），建议12个月复查。",),
        pictures=msgspec.structs.replace(Pictures(kept=list(pictures)), **facts),
    )


def _large(place: int) -> views_reports.PictureView:
    shown = _PICTURES[place - 1]
    return views_reports.PictureView(
        order_no="26112300000012",
        name="胸部CT平扫",
        name_en="Chest CT, plain",
        picture=shown,
        place=place,
        count=len(_PICTURES),
        earlier=place - 1 or None,
        later=place + 1 if place < len(_PICTURES) else None,
    )


REPORTS: dict[str, Sample] = {
    "reports": (_reports(), SOMEONE),
    "reports-kept": (_reports(complete=False, printer="none"), SOMEONE),
    "reports-none": (_reports(rows=(), fresh=(), new=0), SOMEONE),
    "reports-tube": (_reports(rows=_ROWS[:2], of_tube=True), OF_A_TUBE),
    "identify-tube": (
        views_start.IdentifyView(expects="tube", after=4, kinds=("social_security_card", "public_card")),
        CHROME,
    ),
    "identify-no-tube": (views_start.IdentifyView(expects="tube", after=4, problem="unknown_tube"), CHROME),
    "report": (_result(), SOMEONE),
    "report-corrected": (_result(corrected=True, printed=1, printer="trouble"), SOMEONE),
    "report-examination": (
        _result(
            kind="examination",
            name="胸部CT平扫",
            name_en="Chest CT, plain",
            values=(),
            findings=(_TEXT,),
            impression=("右肺上叶微小结节（<5mm），建议12个月复查。",),
            printed=1,
        ),
        SOMEONE,
    ),
    "report-pictures": (_pictured(*_PICTURES[:3]), SOMEONE),
    "report-pictures-many": (_pictured(*_PICTURES, left_out=2), SOMEONE),
    "report-pictures-away": (_pictured(complete=False), SOMEONE),
    "picture": (_large(3), SOMEONE),
    "picture-unnamed": (_large(4), SOMEONE),
    "report-at-window": (_result(printed=1, at_window=True), SOMEONE),
    "trend": (_trend(_POINTS), SOMEONE),
    "trend-one": (_trend(_POINTS[-1:], complete=False), SOMEONE),
    **{f"sheets-{state.replace('_', '-')}": (_sheets(state), SOMEONE) for state in get_args(views.Printing)},
}

ROLLED: dict[str, Sample] = {
    "sheets-roll": (
        views_reports.SheetsView(
            sheets=(views_reports.SheetRow(document_no="S1", kind="daily_list", printing="printed"),),
            printing="printed",
            roll=True,
            back="/kiosk/inpatient",
            key=KEY,
        ),
        SOMEONE,
    ),
}
