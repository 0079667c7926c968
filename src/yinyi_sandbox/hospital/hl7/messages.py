"""What the sandbox's laboratory writes in HL7, from the hospital's own tables. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from yinyi.wire.hl7.codec import Message, Segment, segment
from yinyi.wire.hl7.values import instant_text

ZONE = ZoneInfo("Asia/Shanghai")
LABORATORY, HIS, FACILITY = "LIS", "HIS", "YSRMYY"
_STRUCTURES = {
    "ADT^A04": "ADT_A01",
    "ADT^A08": "ADT_A01",
    "ADT^A40": "ADT_A39",
    "SIU^S13": "SIU_S12",
    "SIU^S15": "SIU_S12",
    "SIU^S17": "SIU_S12",
    "SIU^S26": "SIU_S12",
}
"""Of events that have not one of their own."""
_SEXES = {"0": "U", "1": "M", "2": "F"}
_VISITS = {
    "S12": ("BOOK", "挂号", "Booked"),
    "S13": ("RESCHEDULE", "改时间", "Booked"),
    "S15": ("CANCEL", "退号", "Cancelled"),
    "S17": ("DELETE", "误录删除", "Deleted"),
    "S26": ("NOSHOW", "未到诊", "Noshow"),
}
"""Of each event: the reason, in code and words, and HL70278."""
Row = Mapping[str, Any]
_STATUS = {"final": "F", "corrected": "C"}
SECTIONS = {"CT": "CT", "DX": "RAD", "ECG": "EC", "ES": "EN", "MR": "NMR", "PF": "PF", "US": "OUS"}
"""HL70074 of each kind of examination in the catalogue, which names them as DICOM does."""


def header(application: str, key: str, event: str, control_id: str, at: datetime) -> Segment:
    kind, _, trigger = event.partition("^")
    return segment(
        "MSH",
        f3=application,
        f4=FACILITY,
        f5="YINYI",
        f7=instant_text(at, ZONE),
        f8=key,
        f9=(kind, trigger, _STRUCTURES.get(event, event.replace("^", "_"))),
        f10=control_id,
        f11="P",
        f12="2.5.1",
        f18="GB 18030-2000",
    )


def patient(patient_no: str, name: str) -> Segment:
    return segment("PID", f1="1", f3=[(patient_no, "", "", FACILITY, "MR")], f5=(name,))


def stay(first: Segment, row: Row) -> Message:
    """ADT^A01, ADT^A03. row: with patient_no, full_name, ward_code, bed_no, number, at."""
    place = (row["ward_code"], "", row["bed_no"])
    visit = segment("PV1", f1="1", f2="I", f3=place, f19=row["number"])
    event = segment("EVN", f2=_time(row["at"]))
    return Message((first, event, patient(row["patient_no"], row["full_name"]), visit))


def record(first: Segment, row: Row) -> Message:
    """ADT^A04, ADT^A08. row: with patient_no, full_name, sex_code, birth_date, at."""
    event = segment("EVN", f2=_time(row["at"]))
    return Message((first, event, _whole_patient(row), segment("PV1", f1="1", f2="O")))


def merge(first: Segment, row: Row) -> Message:
    """ADT^A40: a row as of ``record``, with merged_no, the number that is left."""
    event = segment("EVN", f2=_time(row["at"]))
    left = segment("MRG", f1=[(row["merged_no"], "", "", FACILITY, "MR")])
    return Message((first, event, _whole_patient(row), left))


def parted(first: Segment, row: Row) -> Message:
    """ADT^A37: a row as of ``record``, with merged_no and other_name, of the number from which it was parted."""
    event = segment("EVN", f2=_time(row["at"]))
    return Message((first, event, _whole_patient(row), patient(row["merged_no"], row["other_name"])))


def _whole_patient(row: Row) -> Segment:
    return segment(
        "PID",
        f1="1",
        f3=[(row["patient_no"], "", "", FACILITY, "MR")],
        f5=(row["full_name"],),
        f7=f"{row['birth_date']:%Y%m%d}" if row["birth_date"] else "",
        f8=_SEXES[row["sex_code"]],
    )


def visit(first: Segment, row: Row) -> Message:
    """SIU^S12, S13, S15, S17, S26. row: with event, ref, number, patient_no, full_name, schedule_id, starts_at."""
    reason, words, status = _VISITS[row["event"].partition("^")[2]]
    at = _time(row["starts_at"])
    about = segment(
        "SCH",
        f1=row["ref"],
        f2=row["number"],
        f6=(reason, words, "L"),
        f11=("", "", "", at),
        f16=("HIS",),
        f20=("HIS",),
        f25=status,
    )
    session = segment("AIS", f1="1", f3=(f"{row['schedule_id']}", "", "L"), f4=at)
    whose = patient(row["patient_no"], row["full_name"])
    return Message((first, about, whose, segment("PV1", f1="1", f2="O"), segment("RGS", f1="1"), session))


def report(first: Segment, order: Row, text: Row, results: Sequence[Row]) -> Message:
    """ORU^R01 of one version of a report. order: a row of ``order_row_`` with ``full_name``."""
    laboratory = order["kind_code"] == "L"
    about = segment(
        "OBR",
        f1="1",
        f2=order["order_no"],
        f4=(order["item_code"], order["item_name"], "L", "", order["name_en"]),
        f7=_time(order["sampled_at"]),
        f16=order["doctor_code"],
        f22=_time(text["issued_at"]),
        f24="LAB" if laboratory else SECTIONS[order["modality"]],
        f25=_STATUS[text["state"]],
        f32=(("", text["reviewed_by"]),),
        f34=(("", text["reported_by"]),),
    )
    secret = {"f28": "R"} if order["sensitive"] else {}
    common = segment("ORC", f1="RE", f2=order["order_no"], f9=_time(order["requested_at"]), **secret)
    found = [_result(each, nth) for nth, each in enumerate(results, 1)] if laboratory else _prose(text)
    notes = [segment("NTE", f1="1", f3=text["remark"])] if text["remark"] else []
    specimen = [segment("SPM", f1="1", f2=order["barcode"], f4=("", order["specimen"]))] if order["barcode"] else []
    whose = patient(order["patient_no"], order["full_name"])
    return Message((first, whose, common, about, *notes, *found, *specimen))


def _result(row: Row, nth: int) -> Segment:
    name = (row["analyte_code"], row["analyte_name"], "L", row["loinc"], row["name_en"], "LN" if row["loinc"] else "")
    return segment(
        "OBX",
        f1=f"{nth}",
        f2="NM" if row["value"] is not None else "ST",
        f3=name,
        f5=row["value_text"],
        f6=row["unit"],
        f7=_range(row),
        f8=row["flag"],
        f11="F",
    )


def _range(row: Row) -> str:
    low, high = (None if row[name] is None else f"{row[name]:.{row['decimals']}f}" for name in ("low", "high"))
    if low is None and high is None:
        return row["expected"]
    return f"{low}-{high}" if low and high else f"<={high}" if high else f">={low}"


def _prose(text: Row) -> list[Segment]:
    said = [(("59776-5", "Findings", "LN"), text["findings"]), (("19005-8", "Impression", "LN"), text["impression"])]
    return [
        segment("OBX", f1=f"{nth}", f2="TX", f3=name, f5=words, f11="F") for nth, (name, words) in enumerate(said, 1)
    ]


def _time(at: datetime | None) -> str:
    return "" if at is None else instant_text(at, ZONE)
