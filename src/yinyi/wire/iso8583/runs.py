"""Neighbours of one kind and of fixed length are written in one go: most of a message is such digits."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from yinyi.wire.iso8583.elements import Value, Write, fits
from yinyi.wire.iso8583.model import Field

Member = tuple[int, Write, Field]
Get = Callable[[Mapping[int, Value]], Any]
"""Takes out of the fields what belongs to a step: a value, or those of a run."""
Step = tuple[Get, Callable[[Any], bytes]]


def steps(members: Iterable[Member], padding: str) -> Iterator[Step]:
    """How fields, in their order, are written. padding: the profile's nibble, 0 or F."""
    for form, group in groupby(members, lambda member: _form(member[2], padding)):
        run = list(group)
        if form and len(run) > 1:
            yield itemgetter(*(number for number, _, _ in run)), _written_at_once(run, padding)
        else:
            yield from ((itemgetter(number), write) for number, write, _ in run)


def _form(field: Field, padding: str) -> str:
    """What may stand in a run beside each other; "" stands alone."""
    if field.prefix or field.recurs or field.kind not in ("n", "an", "ans"):
        return ""
    if field.kind == "n" and field.coding == "bcd":
        return "" if _filling(field, padding).strip("0") else "bcd"
    return field.kind


def _written_at_once(run: Sequence[Member], padding: str) -> Callable[[tuple[Value, ...]], bytes]:
    is_bcd = _form(run[0][2], padding) == "bcd"
    template = "".join(_template(field, padding) if is_bcd else "%s" for _, _, field in run)
    lengths = tuple(field.length for _, _, field in run)
    length = sum(lengths) + len(template) - len("%s") * len(run)
    writes, is_right, encode = [write for _, write, _ in run], fits(run[0][2].kind), bytes.fromhex if is_bcd else _ascii

    def write(values: tuple[Value, ...]) -> bytes:
        text = template % values  # bytes among them make it longer
        if tuple(map(len, values)) == lengths and len(text) == length and is_right(text):
            return encode(text)
        return b"".join(each(value) for each, value in zip(writes, values, strict=True))  # tells which one is wrong

    return write


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
