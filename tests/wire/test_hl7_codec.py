"""HL7 version 2: what is written is read again, in every set of characters, and somebody else's parser reads it too."""

from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinyi.wire.hl7.answers import Told, answer, heard
from yinyi.wire.hl7.charset import Charset, decoded, encoded
from yinyi.wire.hl7.codec import NULL, Message, Segment, part, read, segment, written
from yinyi.wire.hl7.errors import CharsetUnknown, Hl7Error, NotRead
from yinyi.wire.hl7.values import day, instant, instant_text, number

HL7APY: Any = import_module("hl7apy.parser")
ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
REPETITIONS = st.lists(st.lists(TEXTS, max_size=3).map(tuple), max_size=3).map(tuple)
FIELDS = st.lists(REPETITIONS, max_size=3)


def header(**more: str) -> Segment:
    fields = {"f3": "LIS", "f4": "HOSP", "f9": "ORU^R01", "f10": "M1", "f11": "P", "f12": "2.5.1", **more}
    return segment("MSH", **{key: tuple(value.split("^")) for key, value in fields.items()})


@given(st.lists(FIELDS, min_size=1, max_size=4))
def test_what_is_written_is_read_again(fields: list[list[tuple[tuple[str, ...], ...]]]) -> None:
    numbered: dict[str, Any] = {f"f{nth}": each for nth, each in enumerate(fields, 1)}
    made = segment("ZXX", **numbered)
    message = Message((header(), made))
    assert read(written(message)) == message


@given(
    st.text(st.characters(codec="gb18030", exclude_characters="\0"), max_size=20), st.sampled_from(["utf-8", "gb18030"])
)
def test_no_character_is_taken_for_a_delimiter(text: str, charset: Charset) -> None:
    name = {"utf-8": "UNICODE UTF-8", "gb18030": "GB 18030-2000"}[charset]
    message = Message((header(f4=text.replace("^", ""), f18=name), segment("PID", f5=text)))
    again, found = decoded(encoded(written(message), charset), "ascii")
    assert found == charset
    assert read(again) == message


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(data: bytes) -> None:
    for prefix in (b"", b"MSH|^~\\&|", b"MSH|^~\\&|a|b|c|d|e||f|g|P|2.5|||||||"):
        try:
            read(decoded(prefix + data, "gb18030")[0])
        except Hl7Error:
            continue


def test_delimiters_are_those_of_the_sender() -> None:
    found = read("MSH!@#$%!LIS\rPID!!!1@@@HOSP%X#2!a$F$b$S$c$E$d\\e|f\r")
    assert found.first("PID").field(3) == ((("1",), (), (), ("HOSP", "X")), (("2",),))
    assert found.first("PID").text(4) == "a!b@c$d\\e|f"


def test_escapes_are_understood_and_strange_ones_stay() -> None:
    found = read("MSH|^~\\&|\rOBX|1|TX|a||line\\.br\\next \\H\\loud\\N\\ \\X41\\ \\X00\\ \\Zq\\ half\\\r")
    assert found.first("OBX").text(5) == "line\nnext loud A \\X00\\ \\Zq\\ half\\"


def test_nothing_any_more_is_not_nothing_said() -> None:
    found = read('MSH|^~\\&|\rPID|1||""|a^""\r')
    assert found.first("PID").field(3) == (((NULL,),),)
    assert found.first("PID").text(3) == ""
    assert part(found.first("PID").field(4)[0], 2) == ""
    assert found.first("NK1").text(1) == ""


def test_groups_begin_with_their_segment() -> None:
    found = read("MSH|^~\\&|\rPID|1\rOBR|1\rOBX|1\rOBX|2\rOBR|2\rNTE|1\r")
    assert [[each.name for each in group] for group in found.groups("OBR")] == [["OBR", "OBX", "OBX"], ["OBR", "NTE"]]


@pytest.mark.parametrize(
    "text",
    ["", "PID|1\r", "MSH", "MSH|", "MSH|^~\\\r", "MSH|^^^^|\r", "MSHabcde|\r", "MSH|^~\\&|\rPI|1\r", "MSH|^~\\&|\0\r"],
)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(NotRead):
        read(text)


def test_a_message_of_too_many_segments_is_refused() -> None:
    with pytest.raises(NotRead, match="too many"):
        read("MSH|^~\\&|\r" + "OBX\r" * 2000)


@pytest.mark.parametrize("name", ["UNICODE UTF-16", "8859/1", "BIG-5", "ISO IR87"])
def test_characters_that_are_not_read_here_are_refused(name: str) -> None:
    with pytest.raises(CharsetUnknown):
        decoded(written(Message((header(f18=name),))).encode(), "gb18030")


def test_bytes_have_to_be_what_the_message_says() -> None:
    text = written(Message((header(f18="UNICODE UTF-8"), segment("PID", f5="欧阳"))))
    with pytest.raises(CharsetUnknown):
        decoded(text.encode("gb18030"), "gb18030")
    unnamed = written(Message((header(), segment("PID", f5="欧阳")))).encode("gb18030")
    assert decoded(unnamed, "gb18030")[0].endswith("欧阳\r")
    with pytest.raises(CharsetUnknown):
        decoded(unnamed, "ascii")


def theirs(data: bytes, charset: str) -> Any:
    """As hl7apy reads it, checked against the standard."""
    found = HL7APY.parse_message(data.decode(charset), find_groups=False)
    found.validate()
    return found


@pytest.mark.parametrize("version", ["2.3.1", "2.4", "2.5", "2.5.1", "2.6"])
def test_somebody_elses_parser_reads_our_answers(version: str) -> None:
    message = Message((header(f12=version, f5="YINYI", f6="银医"),))
    refused = Told("AE", "103", "InvalidField", "填写的内容有误 | 请核对")
    data = answer(message, "gb18030", refused, "Y1", AT, ZONE)
    found = theirs(data, "gb18030")
    assert found.msh.msh_4.value == "银医"
    assert [each.value for each in (found.msa.msa_1, found.msa.msa_2)] == ["AE", "M1"]
    assert (version >= "2.5") == bool(found.children.get("ERR"))
    assert heard(data, "M1", "ascii").code == "AE"
    theirs(answer(message, "utf-8", Told("AA"), "Y2", AT, ZONE), "utf-8")


def test_an_answer_is_about_one_message_and_in_the_mode_that_was_asked_for() -> None:
    enhanced = Message((header(f15="AL", f16="NE"),))
    data = answer(enhanced, "utf-8", Told("AA"), "Y1", AT, ZONE)
    assert read(data.decode()).first("MSA").text(1) == "CA"
    assert heard(data, "M1", "utf-8").code == "AA"
    with pytest.raises(NotRead):
        heard(data, "M2", "utf-8")
    with pytest.raises(NotRead):
        heard(written(enhanced).encode(), "M1", "utf-8")


def test_times_are_of_the_hospital_unless_they_say_otherwise() -> None:
    assert instant("20261123093000", ZONE, "OBR-7") == AT
    assert instant("202611230930", ZONE, "OBR-7") == AT
    assert instant("20261123013000.1234+0000", ZONE, "OBR-7") == AT
    assert instant("", ZONE, "OBR-7") is None
    assert instant(instant_text(AT, ZONE), UTC, "OBR-7") == AT
    assert day("19910416", "PID-7") == date(1991, 4, 16)
    for wrong in ("2026", "20261323", "20261123256000", "tomorrow", "00000101", "20261123093000+9900"):
        with pytest.raises(NotRead, match="OBR-7"):
            instant(wrong, ZONE, "OBR-7")


def test_numbers_are_numbers_only() -> None:
    assert [number(each) for each in ("5.2", "-1", " 7 ")] == [5.2, -1.0, 7.0]
    assert [number(each) for each in ("", "<5", "阴性", "1e400", "nan", "9" * 400)] == [None] * 6
