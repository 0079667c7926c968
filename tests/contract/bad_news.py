"""The book of bad requests by HL7: each page of it in the form of a message, or why it has none."""

from collections.abc import Callable
from typing import Any, NamedTuple

from news_stage import ABOUT, KEY, report, result

from yinyi.wire.hl7.charset import Charset, encoded
from yinyi.wire.hl7.codec import Message, Segment, segment, written
from yinyi.wire.hl7.framing import MOST_BYTES, framed

SILENCE = ("", "")
"""The line ends without an answer: what came was no message, or has not come whole. It is sent again."""
UNKNOWN, KIND = ("AR", "SenderUnknown"), ("AR", "NewsOfOtherKind")
UNREAD, CODE, LARGE = ("AE", "NewsUnreadable"), ("AE", "CodeUnknown"), ("AE", "TooLarge")


def bytes_of(segments: list[Segment], charset: Charset = "gb18030") -> bytes:
    return framed(encoded(written(Message(tuple(segments))), charset))


def damaged(**how: Any) -> list[Segment]:
    """A good report but for fields of ``msh``, ``pid``, ``orc``, ``obr``, ``obx``. more: segments behind it."""
    results = [result("WBC", "白细胞", "5.20", "3.5-9.5", "N", **how.get("obx", {})), *how.get("more", [])]
    kept = {name: how[name] for name in ("msh", "orc", "obr") if name in how}
    made = report(ABOUT, ABOUT.requested_at, *results, **kept)
    if "pid" in how:
        made[1] = segment("PID", **how["pid"])
    return made


class Bad(NamedTuple):
    """sent: the bytes. answer: MSA-1, and the name of the error."""

    sent: Callable[[], bytes]
    answer: tuple[str, str]


def bad(answer: tuple[str, str], **how: Any) -> Bad:
    return Bad(lambda: bytes_of(damaged(**how)), answer)


def raw(answer: tuple[str, str], change: Callable[[bytes], bytes]) -> Bad:
    return Bad(lambda: change(bytes_of(damaged())), answer)


SIGNED = "HL7 signs nothing: a sender is told by its names, its address and its key"
TWICE = "a repeat is AA and changes nothing: test_a_number_is_one_message"
NO_ASKING = "news ask for nothing, and change no operation under a key of the caller's"

FORMS: dict[str, Bad | str] = {
    "signed with another secret": bad(UNKNOWN, msh={"f8": "guessed"}),
    "not signed": bad(UNKNOWN, msh={"f8": ""}),
    "an hour old": "a laboratory sends what is days old, when the line was down",
    "an hour early": "a clock that is wrong does not keep a report from its patient",
    "sent twice": TWICE,
    "altered on the way": SIGNED,
    "by nobody known": bad(UNKNOWN, msh={"f3": "RIS"}),
    "by a name that is SQL": bad(UNKNOWN, msh={"f3": "LIS' OR '1'='1"}),
    "by a name without end": bad(UNKNOWN, msh={"f3": "L" * 5000}),
    "what was not granted": bad(KIND, msh={"f9": ("ADT", "A08")}),
    "what only kiosks may": bad(KIND, msh={"f9": ("MDM", "T02")}),
    "what there is not": bad(KIND, msh={"f9": ("DROP", "TABLES")}),
    "somebody else's, or nobody's": "taken, and seen by nobody: test_news_reports.py",
    "cut short": raw(SILENCE, lambda data: data[:-2]),
    "empty": raw(SILENCE, lambda _: b"\x0b\x1c\r"),
    "in other characters": bad(UNREAD, msh={"f18": "UNICODE UTF-8"}),
    "in characters nobody knows": bad(UNREAD, msh={"f18": "KLINGON"}),
    "too large": raw(LARGE, lambda data: data[:-2] + b"\rNTE|1||" + b"x" * MOST_BYTES + data[-2:]),
    "too slow": raw(SILENCE, lambda data: data[:40]),
    "too deep": bad(UNREAD, more=[segment("NTE", f1="1")] * 2000),
    "of another kind": raw(SILENCE, lambda _: b"GET / HTTP/1.1\r\n\r\n"),
    "a field is missing": bad(UNREAD, obr={"f2": ""}, orc={"f2": ""}),
    "a field too many": "HL7 v2 lets fields and segments that nobody knows be passed over (2.8.2, 2.6.2)",
    "a number without end": bad(UNREAD, obx={"f5": "9" * 4000}),
    "a number below nothing": "values of a report may be below nothing",
    "an amount below nothing": "news move no money",
    "a text for a number": bad(UNREAD, obx={"f5": "1; DROP TABLE payment"}),
    "a text with a NUL": raw(UNREAD, lambda data: data.replace(b"5.20", b"5\0.20")),
    "a text without end": bad(UNREAD, obx={"f5": "x" * 500, "f2": "ST"}),
    "no key for a change": bad(UNREAD, msh={"f10": ""}),
    "a key with a line feed": NO_ASKING,
}
"""By what is wrong, as in ``bad_requests.BOOK``."""

OF_ITS_OWN: dict[str, Bad] = {
    "somebody else's facility": bad(UNKNOWN, msh={"f4": "FAR"}),
    "from elsewhere": bad(UNKNOWN, msh={"f3": "HIS", "f4": "FAR", "f8": ""}),
    "another event": bad(KIND, msh={"f9": ("ORU", "R30")}),
    "practice": bad(KIND, msh={"f11": "T"}),
    "another version": bad(KIND, msh={"f12": "3.0"}),
    "a huge number of its own": bad(UNREAD, msh={"f10": "9" * 200}),
    "no patient": bad(UNREAD, pid={"f1": "1", "f3": [("X1", "", "", "", "SS")]}),
    "a patient's number without end": bad(UNREAD, pid={"f1": "1", "f3": [("9" * 40, "", "", "", "MR")]}),
    "a time that is none": bad(UNREAD, obr={"f22": "20261399"}),
    "issued in a year to come": bad(UNREAD, obr={"f22": "99991231"}),
    "a sample of a year to come": bad(UNREAD, obr={"f7": "99991231235959+0000"}),
    "a state that is none": bad(CODE, obr={"f25": "Q"}),
    "a department that is none": bad(CODE, obr={"f24": "XYZ"}),
    "a secrecy that is none": bad(CODE, orc={"f28": "SECRET"}),
    "a flag that is none": bad(CODE, obx={"f8": "!!"}),
    "a kind of value that is none": bad(CODE, obx={"f2": "ZZ"}),
    "a value that is only preliminary": bad(CODE, obx={"f11": "P"}),
    "no header": raw(SILENCE, lambda _: b"\x0bPID|1\x1c\r"),
    "one within another": raw(SILENCE, lambda data: data[:60] + data),
    "too large, and of nobody": raw(SILENCE, lambda _: b"\x0b" + b"x" * 200_000),
}
SECRETS = ("欧阳", "春晓", KEY, "guessed", "DROP TABLE")
"""What stands in these, and in no answer and no log."""
