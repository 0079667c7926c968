"""Neighbours of one kind and of fixed length are written and read in one go: most of a message is such digits."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from yinyi.wire.iso8583.elements import MOST_REMEMBERED, Element, Read, Value, fits, size_of
from yinyi.wire.iso8583.model import Field

Member = tuple[int, Element, Field]
ReadAll = Callable[[bytes, int], tuple[Sequence[Value], int]]
"""As ``Read``, for several fields."""
Reader = tuple[int, Read | None, tuple[int, ...], ReadAll]
"""One field and how it is read; None: those of a run, all at once."""
Get = Callable[[Mapping[int, Value]], Any]
"""Takes out of the fields what belongs to a step: a value, or those of a run."""
Step = tuple[Get, Callable[[Any], bytes]]
_RECURS = "recurs"


def steps(members: Iterable[Member], padding: str) -> Iterator[Step]:
    """How fields, in their order, are written. padding: the profile's nibble, 0 or F."""
    for form, group in groupby(members, lambda member: _form_to_write(member[2], padding)):
        run = list(group)
        if form and len(run) > 1:
            yield itemgetter(*(number for number, _, _ in run)), _written_at_once(run, padding)
        else:
            yield from ((itemgetter(number), made.write) for number, made, _ in run)


def readers(members: Iterable[Member], padding: str) -> Iterator[Reader]:
    """How fields, in their order, are read."""
    for form, group in groupby(members, lambda member: _form_to_read(member[2], padding)):
        run = list(group)
        if form and len(run) > 1:
            read_all = _remembered_at_once(run) if form == _RECURS else _read_at_once(run, padding)
            yield 0, None, tuple(number for number, _, _ in run), read_all
        else:
            yield from ((number, made.read, (), _read_nothing) for number, made, _ in run)


def _form_to_write(field: Field, padding: str) -> str:
    """What recurs is remembered as it is written, and stands alone."""
    return "" if field.recurs else _form(field, padding)


def _form_to_read(field: Field, padding: str) -> str:
    """Whatever recurs and is of fixed length is remembered together with its neighbours."""
    return _RECURS if field.recurs and not field.prefix else _form(field, padding)


def _form(field: Field, padding: str) -> str:
    """What may stand in a run beside each other; "" stands alone."""
    if field.prefix or field.kind not in ("n", "an", "ans"):
        return ""
    if field.kind == "n" and field.coding == "bcd":
        return "" if _filling(field, padding).strip("0") else "bcd"
    return field.kind


def _written_at_once(run: Sequence[Member], padding: str) -> Callable[[tuple[Value, ...]], bytes]:
    is_bcd = _form(run[0][2], padding) == "bcd"
    template = "".join(_template(field, padding) if is_bcd else "%s" for _, _, field in run)
    lengths = tuple(field.length for _, _, field in run)
    length = sum(lengths) + len(template) - len("%s") * len(run)
    writes, is_right, encode = (
        [made.write for _, made, _ in run],
        fits(run[0][2].kind),
        bytes.fromhex if is_bcd else _ascii,
    )

    def write(values: tuple[Value, ...]) -> bytes:
        text = template % values  # bytes among them make it longer
        if tuple(map(len, values)) == lengths and len(text) == length and is_right(text):
            return encode(text)
        return b"".join(each(value) for each, value in zip(writes, values, strict=True))  # tells which one is wrong

    return write


def _remembered_at_once(run: Sequence[Member]) -> ReadAll:
    size = sum(size_of(field, field.length) for _, _, field in run)
    reads = [made.read for _, made, _ in run]

    @lru_cache(MOST_REMEMBERED)
    def values_of(part: bytes) -> Sequence[Value]:
        return _one_by_one(reads, part, 0)[0]

    def read(body: bytes, at: int) -> tuple[Sequence[Value], int]:
        return values_of(body[at : at + size]), at + size

    return read


def _one_by_one(reads: Iterable[Read], body: bytes, at: int) -> tuple[Sequence[Value], int]:
    values: list[Value] = []
    for read in reads:
        value, at = read(body, at)
        values.append(value)
    return tuple(values), at


def _read_nothing(body: bytes, at: int) -> tuple[Sequence[Value], int]:
    return (), at


def _read_at_once(run: Sequence[Member], padding: str) -> ReadAll:
    is_bcd = _form(run[0][2], padding) == "bcd"
    shown = "".join(_template(field, padding) % ("x" * field.length) for _, _, field in run) if is_bcd else ""
    filled = itemgetter(*[place for place, mark in enumerate(shown) if mark != "x"] or [slice(0)])
    filling = filled(shown)
    places, end = list[slice](), 0
    for _, _, field in run:
        begin = end + (is_bcd and field.length % 2 == 1 and field.alignment == "right")
        places.append(slice(begin, begin + field.length))
        end += field.length + field.length % 2 if is_bcd else field.length
    take, size, reads = itemgetter(*places), end // 2 if is_bcd else end, [made.read for _, made, _ in run]
    is_right = str.isdecimal if is_bcd else fits(run[0][2].kind)

    def read(body: bytes, at: int) -> tuple[Sequence[Value], int]:
        part = body[at : at + size]
        text = part.hex() if is_bcd else part.decode("latin-1")
        if len(part) == size and is_right(text) and filled(text) == filling:
            return take(text), at + size
        return _one_by_one(reads, body, at)  # tells which one is wrong

    return read


def _template(field: Field, padding: str) -> str:
    filling = _filling(field, padding)
    return f"%s{filling}" if field.alignment == "left" else f"{filling}%s"


def _filling(field: Field, padding: str) -> str:
    """Beside an odd number of digits."""
    if field.length % 2 == 0:
        return ""
    return padding if field.alignment == "left" else "0"


def _ascii(text: str) -> bytes:
    return text.encode("ascii")
