"""What goes back for a message (HL7 v2, chapter 2: MSA, ERR), and what came back for one of ours."""

from datetime import datetime, tzinfo
from typing import Literal, NamedTuple

from yinyi.wire.hl7.charset import NAMES, Charset, decoded, encoded
from yinyi.wire.hl7.codec import Message, read, segment, written
from yinyi.wire.hl7.errors import Hl7Error, NotRead
from yinyi.wire.hl7.values import instant_text

Code = Literal["AA", "AE", "AR"]
"""Taken; not taken as it is; not taken from this sender, or not of this kind."""
Condition = Literal["100", "101", "102", "103", "200", "201", "202", "203", "204", "205", "206", "207"]
"""HL70357."""

_CONDITIONS: dict[Condition, str] = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "202": "Unsupported processing id",
    "203": "Unsupported version id",
    "204": "Unknown key identifier",
    "205": "Duplicate key identifier",
    "206": "Application record locked",
    "207": "Application internal error",
}
_VERSIONS = ("2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2")
_WITH_ERR_4 = "2.5"
_ENHANCED = ("AL", "ER", "SU")
"""MSH-15: whoever names it wants to know that the message is kept, and is told so by the other letter."""


class Told(NamedTuple):
    """condition: of an error, its place in HL70357. name: of our error, for integrators. text: for people."""

    code: Code
    condition: Condition = "207"
    name: str = ""
    text: str = ""


def answer(heard: Message, charset: Charset, told: Told, ours: str, at: datetime, zone: tzinfo) -> bytes:
    """The acknowledgement, in the characters of what is acknowledged. ours: its own MSH-10."""
    header = heard.header
    said = header.text(12)
    version = said if said in _VERSIONS else "2.5.1"
    code = "C" + told.code[1:] if header.text(15) in _ENHANCED else told.code
    event = header.text(9, 2)
    first = segment(
        "MSH",
        f3=header.text(5),
        f4=header.text(6),
        f5=header.text(3),
        f6=header.text(4),
        f7=instant_text(at, zone),
        f9=("ACK", event, "ACK") if event else "ACK",
        f10=ours,
        f11=header.text(11) or "P",
        f12=version,
        f18=NAMES[charset],
    )
    segments = [first, segment("MSA", f1=code, f2=header.text(10), f3=told.name)]
    if told.code != "AA" and version >= _WITH_ERR_4:
        condition = (told.condition, _CONDITIONS[told.condition], "HL70357")
        segments.append(segment("ERR", f3=condition, f4="E", f5=told.name, f7=told.name, f8=told.text))
    text = written(Message(tuple(segments)))
    try:
        return encoded(text, charset)
    except Hl7Error:
        return text.encode("ascii", "replace")


class Heard(NamedTuple):
    """What the other side says of a message of ours. problem: its own words, cut short."""

    code: Code
    problem: str = ""


_PLAIN: dict[str, Code] = {"AA": "AA", "CA": "AA", "AE": "AE", "CE": "AE", "AR": "AR", "CR": "AR"}


def heard(data: bytes, control_id: str, unnamed: Charset) -> Heard:
    """
    Raises:
        Hl7Error: it is no acknowledgement of the message with this MSH-10.
    """
    message = read(decoded(data, unnamed)[0])
    acknowledged = message.first("MSA")
    code = _PLAIN.get(acknowledged.text(1))
    if code is None or acknowledged.text(2) != control_id:
        raise NotRead("MSA", "no acknowledgement of this message")
    error = message.first("ERR")
    words = (acknowledged.text(3), error.text(3, 2), error.text(7), error.text(8))
    return Heard(code, " · ".join(dict.fromkeys(each for each in words if each))[:200])
