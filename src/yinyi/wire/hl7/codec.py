"""HL7 version 2 (2.3 to 2.8), ER7: text in, segments out, and the other way round. Pure.

A segment has fields; a field repeats; each repetition has components, each of them subcomponents. What a message ends a
level with and leaves empty is not there: ``PID|1||`` and ``PID|1`` are one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, TypeVar

from yinyi.wire.hl7.errors import NotRead

T = TypeVar("T")

Component = tuple[str, ...]
"""Its subcomponents."""
Repetition = tuple[Component, ...]
Field = tuple[Repetition, ...]

NULL = '""'
"""Says that there is nothing any more, where an empty field says nothing at all."""
SEGMENTS_AT_MOST = 2000

_NAME = re.compile(r"[A-Z][A-Z0-9]{2}")
_EMPTY: Field = ()


class Separators(NamedTuple):
    """MSH-1 and MSH-2."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


OURS = Separators()
_HEADERS = ("MSH", "FHS", "BHS")


@dataclass(frozen=True)
class Segment:
    """``fields[0]`` is field 1. Of a header fields 1 and 2 are its delimiters: they are left empty here."""

    name: str
    fields: tuple[Field, ...] = ()

    def field(self, number: int) -> Field:
        """Empty where there is none."""
        return self.fields[number - 1] if 0 < number <= len(self.fields) else _EMPTY

    def text(self, number: int, component: int = 1, subcomponent: int = 1) -> str:
        """Of the first repetition; empty where there is nothing, and where it says that there is nothing any more."""
        repetitions = self.field(number)
        return part(repetitions[0], component, subcomponent) if repetitions else ""

    def __repr__(self) -> str:
        return f"Segment({self.name})"


def part(repetition: Repetition, component: int = 1, subcomponent: int = 1) -> str:
    """See ``Segment.text``."""
    if component > len(repetition) or subcomponent > len(repetition[component - 1]):
        return ""
    said = repetition[component - 1][subcomponent - 1]
    return "" if said == NULL else said


@dataclass(frozen=True)
class Message:
    """Its first segment is MSH. Printed, it shows nothing."""

    segments: tuple[Segment, ...] = field(repr=False)

    @property
    def header(self) -> Segment:
        return self.segments[0]

    def first(self, name: str) -> Segment:
        """One without fields where there is none."""
        return next((each for each in self.segments if each.name == name), Segment(name))

    def named(self, name: str) -> list[Segment]:
        return [each for each in self.segments if each.name == name]

    def groups(self, name: str) -> Iterator[list[Segment]]:
        """Each of this name with all that follows until the next one."""
        group: list[Segment] = []
        for each in self.segments:
            if each.name == name and group:
                yield group
                group = []
            if each.name == name or group:
                group.append(each)
        if group:
            yield group


# -- reading


def read(text: str) -> Message:
    """Segments end with a carriage return; a line feed instead of it or behind it is let pass.

    Raises:
        NotRead: it is no message.
    """
    lines = [line for line in text.replace("\r\n", "\r").replace("\n", "\r").split("\r") if line]
    if "\0" in text:
        raise NotRead("MSH", "a NUL")
    if not lines or not lines[0].startswith("MSH"):
        raise NotRead("MSH", "it does not begin with one")
    if len(lines) > SEGMENTS_AT_MOST:
        raise NotRead("MSH", "too many segments")
    by = _separators(lines[0])
    return Message(tuple(_segment(line, by) for line in lines))


def _separators(header: str) -> Separators:
    delimiter = header[3:4]
    encoding = header[4:].split(delimiter, 1)[0] if delimiter else ""
    found = delimiter + encoding[:4]
    if len(found) != 5 or len(set(found)) != 5 or not all(33 <= ord(each) < 127 for each in found):
        raise NotRead("MSH-2", "no delimiters")
    if any(each.isalnum() for each in found):
        raise NotRead("MSH-2", "letters or digits as delimiters")
    return Separators(*found)


def _segment(line: str, by: Separators) -> Segment:
    name, *fields = line.split(by.field)
    if not _NAME.fullmatch(name):
        raise NotRead("MSH", "a segment without a name")
    if name in _HEADERS:
        fields = ["", "", *fields[1:]]
    return Segment(name, _trimmed([_field(each, by) for each in fields], _EMPTY))


def _field(text: str, by: Separators) -> Field:
    if not text:
        return _EMPTY
    return _trimmed([_repetition(each, by) for each in text.split(by.repetition)], ())


def _repetition(text: str, by: Separators) -> Repetition:
    components = [
        _trimmed([_unescaped(each, by) for each in component.split(by.subcomponent)], "")
        for component in text.split(by.component)
    ]
    return _trimmed(components, ())


def _trimmed(parts: Sequence[T], empty: T) -> tuple[T, ...]:
    last = len(parts)
    while last and parts[last - 1] == empty:
        last -= 1
    return tuple(parts[:last])


def _unescaped(text: str, by: Separators) -> str:
    """What is not known stays as it is: it says something to somebody else."""
    if by.escape not in text:
        return text
    stands = _stands(by)
    return _escapes(by.escape).sub(lambda found: _meant(found[1], stands, found[0]), text)


@cache
def _escapes(mark: str) -> "re.Pattern[str]":
    return re.compile(f"{re.escape(mark)}([^{re.escape(mark)}]*){re.escape(mark)}")


@cache
def _stands(by: Separators) -> Mapping[str, str]:
    """Delimiters, line ends, and highlighting that nothing here shows."""
    marks = {"F": by.field, "S": by.component, "R": by.repetition, "T": by.subcomponent, "E": by.escape}
    return {**marks, ".br": "\n", "H": "", "N": ""}


def _meant(said: str, stands: Mapping[str, str], otherwise: str) -> str:
    if said in stands:
        return stands[said]
    data = bytes.fromhex(said[1:]) if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", said) else b""
    return data.decode("ascii") if data and data.isascii() and 0 not in data else otherwise


# -- writing


def written(message: Message) -> str:
    """With our own delimiters."""
    return "".join(_line(each) + "\r" for each in message.segments)


def _line(segment: Segment) -> str:
    fields = [_field_text(each) for each in segment.fields]
    if segment.name in _HEADERS:
        delimiters = OURS.component + OURS.repetition + OURS.escape + OURS.subcomponent
        return OURS.field.join([segment.name, delimiters, *fields[2:]])
    return OURS.field.join([segment.name, *fields])


def _field_text(repetitions: Field) -> str:
    return OURS.repetition.join(
        OURS.component.join(OURS.subcomponent.join(map(escaped, component)) for component in repetition)
        for repetition in repetitions
    )


_ESCAPES = {
    **{ord(each): f"\\{letter}\\" for each, letter in zip(OURS, "FSRET", strict=True)},
    **{code: f"\\X{code:02X}\\" for code in (*range(32), 127)},
    ord("\n"): "\\.br\\",
}


def escaped(text: str) -> str:
    """As it stands in a message."""
    return text.translate(_ESCAPES)


# -- making

Part = str | tuple[str, ...]
"""A component, or its subcomponents."""
Whole = str | tuple[Part, ...]
"""A repetition, or its components."""


def segment(name: str, **fields: Whole | list[Whole]) -> Segment:
    """``segment("PID", f1="1", f3=[("123", "", "", "HOSP", "MR")])``."""
    numbers = {int(key[1:]): value for key, value in fields.items()}
    made = [_made(numbers.get(number, "")) for number in range(1, max(numbers, default=0) + 1)]
    return Segment(name, _trimmed(made, _EMPTY))


def _made(value: Whole | list[Whole]) -> Field:
    repetitions = value if isinstance(value, list) else [value]
    return _trimmed([_made_repetition(each) for each in repetitions], ())


def _made_repetition(value: Whole) -> Repetition:
    components = value if isinstance(value, tuple) else (value,)
    return _trimmed([_trimmed(each if isinstance(each, tuple) else (each,), "") for each in components], ())
