"""Which characters the bytes of a message are. MSH-18 says it, and is read before anything is split: the second byte
of many characters of GB18030 is one of the delimiters."""

from collections.abc import Mapping
from typing import Literal

from yinyi.wire.hl7.errors import CharsetUnknown

Charset = Literal["ascii", "utf-8", "gb18030"]

NAMES: Mapping[Charset, str] = {"ascii": "ASCII", "utf-8": "UNICODE UTF-8", "gb18030": "GB 18030-2000"}
"""As HL70211 calls them, and as we write them."""
_KNOWN: Mapping[str, Charset] = {
    "ASCII": "ascii",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "UTF8": "utf-8",
    "GB 18030-2000": "gb18030",
    "GB 18030": "gb18030",
    "GB18030": "gb18030",
    "GBK": "gb18030",
    "GB2312": "gb18030",
}
_CANDIDATES: tuple[Charset, ...] = ("utf-8", "gb18030")
_MSH_18 = 17
"""MSH-1 is the delimiter itself."""


def decoded(message: bytes, unnamed: Charset) -> tuple[str, Charset]:
    """The text, and what its bytes were. unnamed: what a sender means who names nothing.

    Raises:
        CharsetUnknown: it names something else, or the bytes are not what it says.
    """
    charset = _charset(message.split(b"\r", 1)[0]) or unnamed
    try:
        return message.decode(charset), charset
    except UnicodeDecodeError:
        raise CharsetUnknown(f"bytes that are not {NAMES[charset]}") from None


def encoded(text: str, charset: Charset) -> bytes:
    """
    Raises:
        CharsetUnknown: it has a character that these cannot write.
    """
    try:
        return text.encode(charset)
    except UnicodeEncodeError:
        raise CharsetUnknown(f"a character that is not {NAMES[charset]}") from None


def _charset(header: bytes) -> Charset | None:
    """None: it names none. A header is taken for what it says of itself only where it can be read so."""
    said: list[str] = []
    for candidate in _CANDIDATES:
        try:
            name = _named(header.decode(candidate))
        except UnicodeDecodeError:
            continue
        if name and _KNOWN.get(name) in (candidate, "ascii"):
            return _KNOWN[name]
        said.append(name)
    if not any(said):
        return None
    raise CharsetUnknown("MSH-18 names a character set that is not read here")


def _named(header: str) -> str:
    fields = header.split(header[3:4]) if len(header) > len("MSH|") else []
    name = fields[_MSH_18] if len(fields) > _MSH_18 else ""
    return name.split("~", 1)[0].strip().upper()
