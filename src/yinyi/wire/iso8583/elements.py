"""How values stand in bytes: one pair of functions for each field, made once out of the table.

What is wrong is raised outside of ``except``: an error that is caused by another one would carry its bytes along.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, TypeVar, cast

from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.model import Field

Value = str | bytes
Write = Callable[[Value], bytes]
Read = Callable[[bytes, int], tuple[Value, int]]
"""(whole message, where the field begins) → (its value, where the next one begins)."""
Translate = Callable[[bytes, int], str]
"""(a field's bytes, how many digits, characters or bytes its length says) → its value."""
T = TypeVar("T", bound=Callable[..., Value])


class Element(NamedTuple):
    """A field, compiled."""

    write: Write
    read: Read


_PREFIXES: dict[int, list[bytes]] = {
    0: [],
    2: [bytes.fromhex(f"{n:02}") for n in range(100)],
    3: [bytes.fromhex(f"{n:04}") for n in range(1000)],
}
_ENDS = "the message ends within it"
MOST_REMEMBERED = 4_096
"""Values of a field that recurs, so of as many terminals."""
_BLANK = str.maketrans("", "", " ")


def element(number: int, field: Field, padding: str) -> Element:
    """The functions of one field. padding: the profile's nibble, 0 or F.

    Raises:
        ValueError: more than its length can say.
    """
    if field.prefix and field.length >= 10**field.prefix:
        raise ValueError(f"field {number}: {field.prefix} digits cannot say {field.length}")
    if _is_of_nibbles(field):
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


def _lengths_of(field: Field) -> dict[bytes, tuple[int, int]]:
    """What a prefix says: so many digits, characters or bytes, and in how many bytes. Behind none, always as many."""
    return {prefix: (length, size_of(field, length)) for length, prefix in _prefixes_of(field).items()}


def _no_length(number: int, field: Field, prefix: bytes) -> FieldError:
    """What is wrong with a prefix."""
    if len(prefix) < _width_of(field):
        return FieldError(number, _ENDS)
    return FieldError(number, f"longer than {field.length}" if prefix.hex().isdecimal() else "its length is not BCD")


def _width_of(field: Field) -> int:
    """Bytes of its prefix."""
    return (field.prefix + 1) // 2


def size_of(field: Field, length: int) -> int:
    """Bytes of so many digits, characters or bytes."""
    return (length + 1) // 2 if _is_of_nibbles(field) else length


def _is_of_nibbles(field: Field) -> bool:
    return field.kind in ("n", "z") and field.coding == "bcd"


def _once_if_it_recurs(field: Field, translate: T) -> T:
    """What recurs is translated once."""
    return cast("T", lru_cache(MOST_REMEMBERED)(translate)) if field.recurs else translate


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

    return _once_if_it_recurs(field, write)


def _read_nibbles(number: int, field: Field, padding: str) -> Read:
    is_track, is_left = field.kind == "z", field.alignment == "left"
    filling = padding.lower() if is_left else "0"

    def digits_of(data: bytes, length: int) -> str:
        digits = data.hex()
        if length & 1:
            if digits[-1 if is_left else 0] != filling:
                raise FieldError(number, "not filled up as it has to be")
            digits = digits[:-1] if is_left else digits[1:]
        if is_track:
            digits = digits.replace("d", "=")
        if not (digits.replace("=", "0") if is_track else digits).isdecimal() and digits:
            raise FieldError(number, "not BCD")
        return digits

    return _read_translated(number, field, digits_of)


def _read_translated(number: int, field: Field, translate: Translate) -> Read:
    lengths, width, translate = _lengths_of(field), _width_of(field), _once_if_it_recurs(field, translate)

    def read(body: bytes, at: int) -> tuple[Value, int]:
        begin = at + width
        said = lengths.get(body[at:begin])
        if said is None:
            raise _no_length(number, field, body[at:begin])
        length, size = said
        end = begin + size
        if end > len(body):
            raise FieldError(number, _ENDS)
        return translate(body[begin:end], length), end

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

    return _once_if_it_recurs(field, write)


def _read_bytes(number: int, field: Field) -> Read:
    lengths, width = _lengths_of(field), _width_of(field)

    def read(body: bytes, at: int) -> tuple[Value, int]:
        begin = at + width
        said = lengths.get(body[at:begin])
        if said is None:
            raise _no_length(number, field, body[at:begin])
        end = begin + said[1]
        if end > len(body):
            raise FieldError(number, _ENDS)
        return body[begin:end], end

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

    return _once_if_it_recurs(field, write)


def _read_ascii(number: int, field: Field) -> Read:
    is_right = fits(field.kind)

    def text_of(data: bytes, length: int) -> str:
        text = data.decode("latin-1")
        if not is_right(text):
            raise FieldError(number, f"not of the characters of {field.kind}")
        return text

    return _read_translated(number, field, text_of)


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

    return _once_if_it_recurs(field, write)


def _gb18030(value: str) -> bytes | None:
    try:
        return value.encode("gb18030")
    except UnicodeEncodeError:
        return None


def _read_text(number: int, field: Field) -> Read:
    def text_of(data: bytes, length: int) -> str:
        text = _text_of_gb18030(data)
        if text is None:
            raise FieldError(number, "not GB 18030")
        return text

    return _read_translated(number, field, text_of)


def _text_of_gb18030(data: bytes) -> str | None:
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        return None
