"""How values stand in bytes: one pair of functions for each field, made once out of the table.

What is wrong is raised outside of ``except``: an error that is caused by another one would carry its bytes along.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.model import Field

Value = str | bytes
Write = Callable[[Value], bytes]
Read = Callable[[bytes, int], tuple[Value, int]]
"""(whole message, where the field begins) → (its value, where the next one begins)."""


class Element(NamedTuple):
    """A field, compiled."""

    write: Write
    read: Read


_PREFIXES: dict[int, list[bytes]] = {
    0: [],
    2: [bytes.fromhex(f"{n:02}") for n in range(100)],
    3: [bytes.fromhex(f"{n:04}") for n in range(1000)],
}
_LENGTHS: dict[bytes, int] = {prefix: n for group in _PREFIXES.values() for n, prefix in enumerate(group)}
_ENDS = "the message ends within it"
_MOST_REMEMBERED = 4_096
"""Values of a field that recurs, so of as many terminals."""
_BLANK = str.maketrans("", "", " ")


def element(number: int, field: Field, padding: str) -> Element:
    """The functions of one field. padding: the profile's nibble, 0 or F.

    Raises:
        ValueError: more than its length can say.
    """
    if field.prefix and field.length >= 10**field.prefix:
        raise ValueError(f"field {number}: {field.prefix} digits cannot say {field.length}")
    made = _element(number, field, padding)
    return Element(lru_cache(_MOST_REMEMBERED)(made.write), made.read) if field.recurs else made


def _element(number: int, field: Field, padding: str) -> Element:
    if field.kind in ("n", "z") and field.coding == "bcd":
        return Element(_write_nibbles(number, field, padding), _read_nibbles(number, field, padding))
    if field.kind == "b":
        return Element(_write_bytes(number, field), _read_bytes(number, field))
    if field.kind == "text":
        return Element(_write_text(number, field), _read_text(number, field))
    return Element(_write_ascii(number, field), _read_ascii(number, field))


def is_digits(text: str) -> bool:
    """Whether it is nothing but 0–9; an empty text is."""
    return not text or (text.isascii() and text.isdecimal())


def _prefixes_of(field: Field) -> dict[int, bytes]:
    """What stands before so many digits, characters or bytes; other numbers of them do not fit."""
    if field.prefix:
        return dict(enumerate(_PREFIXES[field.prefix][: field.length + 1]))
    return {field.length: b""}


def _misfit(number: int, field: Field) -> FieldError:
    return FieldError(number, f"longer than {field.length}" if field.prefix else f"not {field.length} long")


def _length_at(number: int, field: Field) -> Callable[[bytes, int], int]:
    """What the prefix at a place says."""
    width, most = (field.prefix + 1) // 2, field.length

    def length_at(body: bytes, at: int) -> int:
        length = _LENGTHS.get(body[at : at + width])
        if length is None:
            raise FieldError(number, _ENDS if len(body) < at + width else "its length is not BCD")
        if length > most:
            raise FieldError(number, f"longer than {most}")
        return length

    def fixed(body: bytes, at: int) -> int:
        return most

    return length_at if field.prefix else fixed


def _write_nibbles(number: int, field: Field, padding: str) -> Write:
    prefixes, is_track, is_left = _prefixes_of(field), field.kind == "z", field.alignment == "left"

    def write(value: Value) -> bytes:
        if not isinstance(value, str) or not is_digits(value.replace("=", "0") if is_track else value):
            raise FieldError(number, "not digits")
        before = prefixes.get(len(value))
        if before is None:
            raise _misfit(number, field)
        if len(value) & 1:
            value = value + padding if is_left else "0" + value
        return before + bytes.fromhex(value.replace("=", "d") if is_track else value)

    return write


def _read_nibbles(number: int, field: Field, padding: str) -> Read:
    length_at, is_track, is_left = _length_at(number, field), field.kind == "z", field.alignment == "left"
    width, filling = (field.prefix + 1) // 2, padding.lower() if is_left else "0"

    def read(body: bytes, at: int) -> tuple[Value, int]:
        length = length_at(body, at)
        at += width
        end = at + (length + 1) // 2
        if end > len(body):
            raise FieldError(number, _ENDS)
        digits = body[at:end].hex()
        if length & 1:
            if digits[-1 if is_left else 0] != filling:
                raise FieldError(number, "not filled up as it has to be")
            digits = digits[:-1] if is_left else digits[1:]
        if is_track:
            digits = digits.replace("d", "=")
        if not (digits.replace("=", "0") if is_track else digits).isdecimal() and digits:
            raise FieldError(number, "not BCD")
        return digits, end

    return read


def _write_bytes(number: int, field: Field) -> Write:
    prefixes = _prefixes_of(field)

    def write(value: Value) -> bytes:
        if not isinstance(value, bytes):
            raise FieldError(number, "not bytes")
        before = prefixes.get(len(value))
        if before is None:
            raise _misfit(number, field)
        return before + value

    return write


def _read_bytes(number: int, field: Field) -> Callable[[bytes, int], tuple[bytes, int]]:
    length_at, width = _length_at(number, field), (field.prefix + 1) // 2

    def read(body: bytes, at: int) -> tuple[bytes, int]:
        end = at + width + length_at(body, at)
        if end > len(body):
            raise FieldError(number, _ENDS)
        return body[at + width : end], end

    return read


def fits(kind: str) -> Callable[[str], bool]:
    """Whether a text is of the characters of a kind. Of two texts that are, what they make together is too."""
    if kind == "n":
        return is_digits
    if kind == "an":
        return lambda text: (
            text.isascii() and (text.isalnum() or text.translate(_BLANK).isalnum() or not text.strip(" "))
        )
    return lambda text: text.isascii() and text.isprintable()


def _write_ascii(number: int, field: Field) -> Write:
    prefixes, is_right = _prefixes_of(field), fits(field.kind)

    def write(value: Value) -> bytes:
        if not isinstance(value, str) or not is_right(value):
            raise FieldError(number, f"not of the characters of {field.kind}")
        before = prefixes.get(len(value))
        if before is None:
            raise _misfit(number, field)
        return before + value.encode("ascii")

    return write


def _read_ascii(number: int, field: Field) -> Read:
    read_bytes, is_right = _read_bytes(number, field), fits(field.kind)

    def read(body: bytes, at: int) -> tuple[Value, int]:
        data, end = read_bytes(body, at)
        text = data.decode("latin-1")
        if not is_right(text):
            raise FieldError(number, f"not of the characters of {field.kind}")
        return text, end

    return read


def _write_text(number: int, field: Field) -> Write:
    prefixes = _prefixes_of(field)

    def write(value: Value) -> bytes:
        if not isinstance(value, str):
            raise FieldError(number, "not text")
        data = value.encode("ascii") if value.isascii() else _gb18030(value)
        if data is None:
            raise FieldError(number, "cannot be written in GB 18030")
        before = prefixes.get(len(data))
        if before is None:
            raise _misfit(number, field)
        return before + data

    return write


def _gb18030(value: str) -> bytes | None:
    try:
        return value.encode("gb18030")
    except UnicodeEncodeError:
        return None


def _read_text(number: int, field: Field) -> Read:
    read_bytes = _read_bytes(number, field)

    def read(body: bytes, at: int) -> tuple[Value, int]:
        data, end = read_bytes(body, at)
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError:
            text = None
        if text is None:
            raise FieldError(number, "not GB 18030")
        return text, end

    return read
