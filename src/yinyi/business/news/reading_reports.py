"""ORU^R01: each OBR with what stands around it is a report."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from yinyi.business.news import codes
from yinyi.business.news.errors import NewsUnreadable
from yinyi.business.news.model import ReportNews
from yinyi.business.reports.model import Flag, Observation
from yinyi.wire.hl7.codec import Message, Segment, part
from yinyi.wire.hl7.values import instant, number

_RANGE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*(?:-|~|–|—|--)\s*(-?\d+(?:\.\d+)?)\s*")
_BOUND = re.compile(r"\s*(<=|>=|<|>|≤|≥)\s*(-?\d+(?:\.\d+)?)\s*")
_FINDINGS, _IMPRESSION = ("GDT", "59776-5"), ("IMP", "19005-8")
"""The suffix of OBX-3 (HL7 v2, 7.2.4), or LOINC."""
MOST_VALUES = 400
AHEAD = timedelta(days=1)
"""So much a sender's clock may be before ours: what is dated later stands in nobody's list, and after it nothing is a
correction."""


def patient_no(message: Message) -> str:
    """The hospital's own number, of the first PID.

    Raises:
        NewsUnreadable: there is none.
    """
    listed = message.first("PID").field(3)
    for wanted in codes.ID_TYPES:
        for each in listed:
            if part(each, 5) == wanted and part(each):
                return limited(part(each), 32, "PID-3")
    raise NewsUnreadable("PID-3: no number of the hospital's own (MR or PI)")


def limited(text: str, most: int, place: str) -> str:
    """
    Raises:
        NewsUnreadable: it is longer.
    """
    if len(text) > most:
        raise NewsUnreadable(f"{place}: longer than {most} characters")
    return text


def reports(message: Message, zone: tzinfo) -> list[ReportNews]:
    """
    Raises:
        NewsUnreadable, CodeUnknown, NotRead.
    """
    if len(message.named("PID")) > 1:
        raise NewsUnreadable("PID: more than one patient in one message")
    whose = patient_no(message)
    sent_at = instant(message.header.text(7), zone, "MSH-7")
    groups = list(message.groups("OBR"))
    if not groups:
        raise NewsUnreadable("OBR: none")
    orders = _orders(message)
    return [_report(group, orders[nth], whose, sent_at, zone) for nth, group in enumerate(groups)]


def must_have_been(found: Iterable[ReportNews], now: datetime) -> None:
    """What is ready has been ordered, sampled and issued.

    Raises:
        NewsUnreadable: it has not, by its own dates.
    """
    for each in found:
        dates = {"OBR-6": each.requested_at, "OBR-7": each.sampled_at, "OBR-22 (or MSH-7)": each.issued_at}
        for place, at in dates.items():
            if each.ready and at is not None and at > now + AHEAD:
                raise NewsUnreadable(f"{place}: has not come yet")


def _orders(message: Message) -> list[Segment]:
    """The ORC before each OBR."""
    orders: list[Segment] = []
    latest = Segment("ORC")
    for each in message.segments:
        if each.name == "ORC":
            latest = each
        if each.name == "OBR":
            orders.append(latest)
            latest = Segment("ORC")
    return orders


def _report(group: list[Segment], order: Segment, whose: str, sent_at: datetime | None, zone: tzinfo) -> ReportNews:
    about = group[0]
    specimen = next((each for each in group if each.name == "SPM"), Segment("SPM"))
    order_no = about.text(2) or order.text(2)
    if not order_no or not about.text(4):
        raise NewsUnreadable(f"OBR-{4 if order_no else 2}: empty")
    status = codes.REPORT_STATUS.of(about.text(25), "OBR-25")
    issued_at = instant(about.text(22), zone, "OBR-22") or sent_at
    if issued_at is None:
        raise NewsUnreadable("OBR-22: empty")
    fields: dict[str, Any] = {
        "order_no": limited(order_no, 32, "OBR-2"),
        "patient_no": whose,
        "kind": codes.SECTION.of(about.text(24), "OBR-24"),
        "item_code": limited(about.text(4), 32, "OBR-4"),
        "name": limited(about.text(4, 2) or about.text(4), 200, "OBR-4"),
        "name_en": limited(about.text(4, 5), 200, "OBR-4"),
        "ready": status != "under_way",
        "corrected": status == "corrected",
        "issued_at": issued_at,
        "modality": codes.MODALITIES.get(about.text(24), ""),
        "specimen": limited(specimen.text(4, 2) or about.text(15, 1, 2) or about.text(15), 60, "SPM-4"),
        "barcode": limited(specimen.text(2), 32, "SPM-2"),
        "sensitive": codes.CONFIDENTIAL.of(order.text(28), "ORC-28"),
        "requested_at": instant(about.text(6) or order.text(9), zone, "OBR-6"),
        "sampled_at": instant(about.text(7), zone, "OBR-7"),
        "department_id": limited(order.text(17), 32, "ORC-17"),
        "practitioner_id": limited(about.text(16), 32, "OBR-16"),
        "reviewed_by": limited(about.text(32, 1, 2) or about.text(32), 60, "OBR-32"),
        "reported_by": limited(about.text(34, 1, 2) or about.text(34), 60, "OBR-34"),
    }
    return _with_results(fields, group) if fields["ready"] else ReportNews(**fields)


def _with_results(fields: dict[str, Any], group: list[Segment]) -> ReportNews:
    results = [each for each in group if each.name == "OBX"]
    if len(results) > MOST_VALUES:
        raise NewsUnreadable(f"OBX: more than {MOST_VALUES}")
    stated = [(each, _status(each)) for each in results]
    taken_back = any(status == "taken_back" for _, status in stated)
    good = [each for each, status in stated if status == "final"]
    findings, impression, values = list[str](), list[str](), list[Observation]()
    for each in good:
        form = codes.VALUE_TYPE.of(each.text(2), "OBX-2") if each.text(2) else "value"
        if form == "file":
            continue
        if fields["kind"] == "examination" or (form == "prose" and not each.text(6)):
            (impression if _is(each, _IMPRESSION) else findings).append(_value(each, form))
        else:
            values.append(_observation(each, form, len(values) + 1))
    if not (findings or impression or values or taken_back):
        raise NewsUnreadable("OBX: nothing that can be read in a final report")
    notes = [" ".join(filter(None, (part(one) for one in each.field(3)))) for each in group if each.name == "NTE"]
    return ReportNews(
        **fields,
        taken_back=taken_back,
        findings=_prose(findings),
        impression=_prose(impression),
        remark=_prose(notes),
        observations=values,
    )


def _status(result: Segment) -> codes.ValueStatus:
    return codes.VALUE_STATUS.of(result.text(11), "OBX-11")


def _is(result: Segment, which: tuple[str, ...]) -> bool:
    return result.text(3, 1, 2) in which or result.text(3) in which


def _prose(parts: list[str]) -> str:
    return limited("\n".join(filter(None, parts)), 20_000, "OBX-5")


def _value(result: Segment, form: str) -> str:
    if form == "coded":
        return result.text(5, 2) or result.text(5)
    if form == "comparison":
        return "".join(result.text(5, nth) for nth in range(1, 5))
    return "\n".join(part(each) for each in result.field(5))


def _observation(result: Segment, form: str, rank: int) -> Observation:
    code, name = result.text(3), result.text(3, 2)
    if not code:
        raise NewsUnreadable("OBX-3: empty")
    text = limited(_value(result, form), 400, "OBX-5")
    if result.text(2) == "NM" and text and number(text) is None:
        raise NewsUnreadable("OBX-5: no number where OBX-2 says NM")
    low, high, expected = _range("~".join(map(part, result.field(7))))
    digits = text.partition(".")[2]
    return Observation(
        rank=rank,
        analyte_code=limited(code, 32, "OBX-3"),
        name=limited(name or code, 200, "OBX-3"),
        name_en=limited(result.text(3, 5), 200, "OBX-3"),
        loinc=next((result.text(3, nth - 2) for nth in (3, 6) if result.text(3, nth) == "LN"), ""),
        unit=limited(result.text(6), 40, "OBX-6"),
        value=number(text),
        text=text,
        low=low,
        high=high,
        expected=expected,
        flag=_flag(result),
        decimals=len(digits) if digits.isdigit() else 0,
    )


def _flag(result: Segment) -> Flag:
    """The first of several that says anything."""
    for each in result.field(8):
        flag = codes.FLAG.of(part(each), "OBX-8")
        if flag != "N":
            return flag
    return "N"


def _range(text: str) -> tuple[float | None, float | None, str]:
    """Lowest, highest, or the usual word."""
    found = _RANGE.fullmatch(text)
    if found:
        return float(found[1]), float(found[2]), ""
    found = _BOUND.fullmatch(text)
    if found is None:
        return None, None, limited(text, 60, "OBX-7")
    bound = float(found[2])
    return (None, bound, "") if found[1] in ("<", "<=", "≤") else (bound, None, "")
