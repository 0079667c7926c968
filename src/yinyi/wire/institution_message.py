"""What banks and other institutions send over a line of their own: a length, a MAC, and a document under it.

One frame is a length (two bytes, the higher one first; or four ASCII digits; or eight) and so many bytes: a line of
ASCII, then the document. ``ALGORITHM MAC \\n document``: the MAC, in hexadecimal, is of exactly the bytes behind the
line feed. ``NONE -`` stands before an answer that nobody has a key for: it says nothing of what was done.

The document is JSON in UTF-8, ``{"head": {…}, "body": {…}}``; or XML, ``<message><head>…</head><body>…</body>
</message>``, in UTF-8 or GB 18030. It is answered in its own form and characters.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from lxml import etree

from yinyi.wire.iso8583.framing import FrameLength
from yinyi.wire.xml import Element, NotXml, declared_charset, parsed
from yinyi.wire.xml_shapes import fields_of, read

Algorithm = Literal["X9.19", "FRAME-HMAC-SM3", "FRAME-HMAC-SHA256"]
"""Of a frame's MAC. X9.19: 8 bytes, under a key that the institution brings at sign-on."""
UNSEALED = "NONE"
MOST: dict[FrameLength, int] = {"binary-2": 65_535, "ascii-4": 9_999, "ascii-8": 1 << 20}
"""Bytes of an answer behind the length: as many as it can say, or a mebibyte."""
MOST_ASKED = 65_535

_SEAL = re.compile(rb"([A-Z0-9.-]{4,20}) ([0-9A-F]{16,64}|-)\n")
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "FRAME-HMAC-SM3": hashes.SM3(),
    "FRAME-HMAC-SHA256": hashes.SHA256(),
}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")
_NAMESPACE = ' xmlns="urn:yinyi:v1"'


class NotAMessage(ValueError):
    """It is no frame, or no document, of this form. Says what is wrong, and never quotes it."""


class FrameForm(NamedTuple):
    """See ``framing.Framed``."""

    frame_length: FrameLength
    max_frame: int


ASKED = {length: FrameForm(length, min(most, MOST_ASKED)) for length, most in MOST.items()}
ANSWERED = {length: FrameForm(length, most) for length, most in MOST.items()}


def length_of(start: bytes) -> FrameLength | None:
    """By the first bytes that come over a line; None: there are too few of them. A sign-on is shorter than ten thousand
    bytes and not empty: a digit there is one of four, and four zeros begin eight."""
    if not start[:1].isdigit():
        return "binary-2" if start else None
    return None if len(start) < 4 else "ascii-8" if start[:4] == b"0000" else "ascii-4"


# ---- the MAC


class Sealed(NamedTuple):
    """A frame, cut in two."""

    algorithm: str
    mac: str
    document: bytes


def cut(frame: bytes) -> Sealed:
    """
    Raises:
        NotAMessage
    """
    match = _SEAL.match(frame)
    if match is None:
        raise NotAMessage("a frame begins with ALGORITHM MAC and a line feed")
    return Sealed(match[1].decode(), match[2].decode(), frame[match.end() :])


def joined(algorithm: str, mac: str, document: bytes) -> bytes:
    return f"{algorithm} {mac}\n".encode() + document


def unsealed(document: bytes) -> bytes:
    return joined(UNSEALED, "-", document)


def hmac_of(algorithm: str, secret: str, document: bytes) -> str:
    """64 hexadecimal digits, upper case.

    Raises:
        KeyError: it is none of these.
    """
    code = HMAC(secret.encode(), _HASHES[algorithm])
    code.update(document)
    return code.finalize().hex().upper()


# ---- the document


Short = Annotated[str, msgspec.Meta(max_length=64)]


class Head(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """time: RFC 3339, at most five minutes from ours. line, sequence: of the sign-on (empty and 0 in the sign-on
    itself); each number once on a line. key: idempotency key of what changes something. patient: token of the session
    in which it is asked."""

    institution: Short
    operation: Short
    time: Short
    line: Short = ""
    sequence: Annotated[int, msgspec.Meta(ge=0, le=2**53)] = 0
    key: Short = ""
    patient: Short = ""
    language: Literal["zh-CN", "en"] = "zh-CN"


class AnswerHead(msgspec.Struct, frozen=True, kw_only=True):
    """line, sequence, operation: those of the request. code: ``OK``, or the error's name, whose sentences are title and
    title_zh."""

    institution: str
    operation: str
    line: str
    sequence: int
    time: str
    code: str
    title: str = ""
    title_zh: str = ""
    detail: str = ""
    correlation_id: str = ""


class Opened(NamedTuple):
    """body: as it stands. charset: of XML; empty: it is JSON."""

    head: Head
    body: "msgspec.Raw | Element"
    charset: str


class _Json(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    head: Head
    body: msgspec.Raw = msgspec.Raw(b"{}")


_decoder = msgspec.json.Decoder(_Json)


def opened(document: bytes) -> Opened:
    """
    Raises:
        NotAMessage
    """
    try:
        return _opened_xml(document) if document.lstrip()[:1] == b"<" else _opened_json(document)
    except msgspec.ValidationError as error:
        raise NotAMessage(str(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise NotAMessage("neither JSON nor XML") from None


def _opened_json(document: bytes) -> Opened:
    document.decode()  # what is passed on unread is not looked at otherwise
    found = _decoder.decode(document)
    return Opened(found.head, found.body, "")


def _opened_xml(document: bytes) -> Opened:
    try:
        root = parsed(document)
        charset = declared_charset(document)
    except NotXml as error:
        raise NotAMessage(str(error)) from None
    parts = {etree.QName(each).localname: each for each in root.iterchildren("{*}*")}
    if etree.QName(root).localname != "message" or set(parts) != {"head", "body"} or len(root) != len(parts):
        raise NotAMessage("<message><head/><body/></message>")
    return Opened(read(parts["head"], Head), parts["body"], charset)


def fields(message: Opened, struct: type[Any]) -> Any:
    """The body as this operation.

    Raises:
        msgspec.ValidationError, ValueError: it is not one of these. Names the field.
        msgspec.DecodeError, RecursionError: it is no JSON.
    """
    if message.charset:
        return read(message.body, struct)
    return msgspec.json.decode(message.body, type=struct)


def as_json(message: Opened, struct: type[Any]) -> bytes:
    """The body as it travels on; JSON as it stands.

    Raises:
        msgspec.ValidationError, ValueError: see ``fields``.
    """
    return msgspec.json.encode(read(message.body, struct)) if message.charset else bytes(message.body)


def answer(charset: str, head: AnswerHead, body: bytes = b"") -> bytes:
    """A document. body: JSON; empty: none. charset: as in ``Opened``."""
    if not charset:
        told: dict[str, Any] = {"head": head, "body": msgspec.Raw(body)} if body else {"head": head}
        return msgspec.json.encode(told)
    inner = fields_of(msgspec.json.decode(body)) if body else ""
    text = f"<message{_NAMESPACE}><head>{fields_of(head)}</head><body>{inner}</body></message>"
    return f'<?xml version="1.0" encoding="{charset}"?>{text}'.encode(charset)


def instant_of(time: str) -> datetime:
    """
    Raises:
        ValueError: not an instant of RFC 3339.
    """
    if not _TIME.fullmatch(time):
        raise ValueError("time")
    return datetime.fromisoformat(time)


def time_of(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
