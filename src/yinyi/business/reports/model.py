"""What was asked of the laboratory and the examination departments, and what they found (FHIR R4 words). Plain data."""

from datetime import datetime
from typing import Literal

import msgspec

ReportKind = Literal["laboratory", "examination"]
ReportState = Literal["ordered", "sampled", "testing", "final", "corrected"]
"""``sampled``: the specimen was taken, or the patient examined. Only the last two can be read."""
Flag = Literal["N", "H", "L", "HH", "LL", "A"]
"""As in FHIR: normal, high, low, both of them alarming, abnormal."""


SecondPrint = Literal["copy", "window"]
"""What a hospital wants with a report that came out before: a marked copy, or the window prints it."""


class DiagnosticReport(msgspec.Struct, frozen=True, kw_only=True):
    """One test or examination and how far it is.

    sensitive: results that only a window hands out. barcode: of the tube; tests of one order may share it.
    version: 0 until there is a report; every correction is another one. modality: as in DICOM, empty for laboratories.
    """

    order_no: str
    kind: ReportKind
    patient_no: str
    item_code: str
    name: str
    name_en: str
    modality: str
    specimen: str
    specimen_en: str
    tube: str
    sensitive: bool
    barcode: str
    state: ReportState
    version: int
    requested_at: datetime
    sampled_at: datetime | None
    issued_at: datetime | None
    invoice_no: str
    form_no: str
    department_id: str
    practitioner_id: str


class ReportText(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a report. findings, impression: empty for the laboratory. remark: why it was corrected."""

    version: int
    state: Literal["final", "corrected"]
    issued_at: datetime
    findings: str
    impression: str
    remark: str
    reported_by: str
    reviewed_by: str


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One result. unit in UCUM; loinc empty where it is not certain; low, high: the range of this age and sex.

    text: the value as the laboratory writes it; value: the same as a number, where it is one. expected: the usual word.
    """

    rank: int
    analyte_code: str
    name: str
    name_en: str
    loinc: str
    unit: str
    value: float | None
    text: str
    low: float | None
    high: float | None
    expected: str
    flag: Flag
    decimals: int


class TrendPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One value of one analyte over time."""

    order_no: str
    sampled_at: datetime
    value: float | None
    text: str
    low: float | None
    high: float | None
    flag: Flag
    unit: str


class WholeReport(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a report with everything in it, as it is kept."""

    text: ReportText
    observations: list[Observation] = []


def reference_range(value: Observation) -> str:
    """``3.5–9.5``, ``≤ 20``, ``阴性``; empty where there is none."""
    if value.low is None and value.high is None:
        return value.expected
    low, high = (None if each is None else f"{each:.{value.decimals}f}" for each in (value.low, value.high))
    if low is None:
        return f"≤ {high}"
    return f"≥ {low}" if high is None else f"{low}–{high}"


class OfferedPicture(msgspec.Struct, frozen=True, kw_only=True):
    """A picture of an examination, as the hospital lists it. nth: its number, from 1."""

    nth: int
    caption: str
    caption_en: str
    byte_count: int


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One that is kept. width, height: as it is shown, in pixels."""

    nth: int
    caption: str
    caption_en: str
    width: int
    height: int


class Pictures(msgspec.Struct, frozen=True, kw_only=True):
    """Those of one version of a report. left_out: so many more there are, which are not to be shown here. complete:
    False: the hospital could not give them just now."""

    kept: list[Picture] = []
    left_out: int = 0
    complete: bool = True
