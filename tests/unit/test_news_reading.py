"""What a report says in HL7, as the platform reads it."""

from collections import defaultdict
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from yinyi.business.news.errors import NewsUnreadable
from yinyi.business.news.model import ReportNews
from yinyi.business.news.reading import told
from yinyi.business.news.reading_reports import must_have_been
from yinyi.wire.hl7.codec import read
from yinyi_sandbox.hospital.catalogue.imaging import EXAMINATIONS
from yinyi_sandbox.hospital.hl7 import messages

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = "MSH|^~\\&|LIS|H|||20261123093000||ORU^R01|1|P|2.5.1\rPID|1||X^^^^SS~P1^^^^PI~P2^^^^MR\r"


def reports(text: str) -> list[ReportNews]:
    return [
        each for each in told(read(HEAD + text.replace("\n", "\r")), "report", ZONE) if isinstance(each, ReportNews)
    ]


def test_an_examination_is_prose() -> None:
    [found] = reports(
        "ORC|RE|E1||||||||||||||||||||||||||R\n"
        "OBR|1|E1||CT01^胸部CT^L|||20261123085000|||||||||D7||||||||CT|F||||||||\n"
        "NTE|1||对比剂\n"
        "OBX|1|TX|59776-5^Findings^LN||两肺清晰~未见结节||||||F\n"
        "OBX|2|FT|CT&IMP||未见\\.br\\异常||||||F\n"
        "OBX|3|ED|PDF||^application^pdf^Base64^AAAA||||||F\n"
    )
    assert (found.kind, found.modality, found.sensitive, found.patient_no) == ("examination", "CT", True, "P2")
    assert (found.findings, found.impression, found.remark) == ("两肺清晰\n未见结节", "未见\n异常", "对比剂")
    assert (found.practitioner_id, found.observations) == ("D7", [])


@pytest.mark.parametrize("modality", sorted({each[3] for each in EXAMINATIONS}))
def test_every_examination_of_the_sandbox_is_read(modality: str) -> None:
    at = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
    order = defaultdict[str, Any](str, order_no="E1", kind_code="I", item_code="I1", patient_no="P1", modality=modality)
    order |= {"sampled_at": at, "requested_at": at, "sensitive": False}
    text = defaultdict[str, Any](str, state="final", findings="两肺清晰", impression="未见异常", issued_at=at)
    first = messages.header(messages.LABORATORY, "", "ORU^R01", "1", at)
    [found] = told(messages.report(first, order, text, []), "report", ZONE)
    assert isinstance(found, ReportNews)
    assert (found.kind, found.modality, found.findings) == ("examination", modality, "两肺清晰")


@pytest.mark.parametrize(
    ("said", "low", "high", "expected"),
    [
        ("3.5-9.5", 3.5, 9.5, ""),
        ("3.5 ~ 9.5", 3.5, 9.5, ""),
        ("-2--1", -2.0, -1.0, ""),
        ("<=20", None, 20.0, ""),
        ("≥5", 5.0, None, ""),
        ("阴性", None, None, "阴性"),
        ("", None, None, ""),
    ],
)
def test_ranges_are_as_laboratories_write_them(said: str, low: float | None, high: float | None, expected: str) -> None:
    [found] = reports(
        f"OBR|1|T1||C1^血^L||||||||||||||||||||LAB|F\nOBX|1|NM|A^甲^L^718-7^A^LN||1.50|g/L|{said}|~HH|||F\n"
    )
    [value] = found.observations
    assert (value.low, value.high, value.expected) == (low, high, expected)
    assert (value.value, value.text, value.decimals, value.flag, value.loinc) == (1.5, "1.50", 2, "HH", "718-7")


def test_one_message_may_bring_several_reports() -> None:
    first, second = reports(
        "ORC|RE|T1||||||||||||||||||||||||||V\nOBR|1|||C1||||||||||||||||||||LAB|F\n"
        "OBX|1|SN|A||<^5||||||F\nOBX|2|CWE|B||+^弱阳性^L||||||F\nOBX|3|ST|C||x||||||D\n"
        "ORC|RE|T2\nOBR|2|||C2||||||||||||||||||||LAB|P\nOBX|1|NM|A||1||||||P\n"
    )
    assert (first.order_no, first.sensitive, first.ready) == ("T1", True, True)
    assert [each.text for each in first.observations] == ["<5", "弱阳性"]
    assert (second.order_no, second.sensitive, second.ready, second.observations) == ("T2", False, False, [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OBR|1|T1||C1||||||||||||||||||||LAB|F\n",
        "OBR|1|T1||C1||||||||||||||||||||LAB|F\nOBX|1|ED|PDF||^application^pdf^Base64^AAAA||||||F\n",
        "PID|2||P9^^^^MR\nOBR|1|T1||C1||||||||||||||||||||LAB|F\nOBX|1|NM|A||1||||||F\n",
        "OBR|1|T1||C1||||||||||||||||||||LAB|F\n" + "OBX|1|NM|A||1||||||F\n" * 401,
    ],
)
def test_what_says_nothing_or_of_several_people_is_no_report(text: str) -> None:
    with pytest.raises(NewsUnreadable):
        reports(text)


@pytest.mark.parametrize(("place", "ready"), [("6", True), ("7", True), ("22", True), ("7", False)])
def test_what_is_ready_was_ordered_sampled_and_issued(place: str, ready: bool) -> None:
    """A clock that is wrong by hours keeps no report from its patient; what is only planned may lie ahead."""
    fields = {"1": "1", "2": "T1", "4": "C1", "24": "LAB", "25": "F" if ready else "P", place: "20261201000000"}
    obr = "|".join(fields.get(str(nth), "") for nth in range(1, 26))
    found = reports(f"OBR|{obr}\nOBX|1|NM|A||1||||||F\n")
    at = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    must_have_been(found, at - timedelta(days=1))
    with pytest.raises(NewsUnreadable, match=f"OBR-{place}") if ready else nullcontext():
        must_have_been(found, at - timedelta(days=1, seconds=1))
