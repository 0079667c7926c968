"""What a caller asks of the FHIR server, and which of the hospital's procedures that is."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from yinyi.wire.fhir.shape import Shape, Table
from yinyi.wire.fhir.words import Words

WORDS = Words()
EVERYTHING = 10_000
"""Pages are cut out of what a procedure answers."""

_ESCAPE = re.compile(r"\\(.)")
_COMMA = re.compile(r"(?<!\\),")


_TABLES: dict[int, Table] = {}


def table(shape: Shape) -> Table:
    """Shapes are made once and for ever."""
    if id(shape) not in _TABLES:
        _TABLES[id(shape)] = Table(shape, WORDS)
    return _TABLES[id(shape)]


class NotServed(Exception):
    """Nothing that this server has, or not asked like this."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """``more``: columns that the procedure does not answer. ``only``: states that are wanted, where not all are.
    ``part``: rows become parameters of this name. ``subsetted``: only some elements are asked for."""

    procedure: str
    given: Mapping[str, Any]
    answers: Shape
    more: Mapping[str, Any] = {}
    only: tuple[str, ...] = ()
    part: str = ""
    subsetted: bool = False


class Query:
    """The parameters of a search."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __contains__(self, name: str) -> bool:
        return any(one == name for one, _ in self._pairs)

    def raw(self, name: str) -> str:
        return next((value for one, value in self._pairs if one == name), "")

    def text(self, name: str) -> str:
        return _plain(self.raw(name))

    def token(self, name: str) -> tuple[str, str]:
        """Our token of the system, and the value."""
        system, _, value = self.raw(name).rpartition("|")
        return WORDS.token(system), _plain(value)

    def of(self, name: str, system: str) -> str:
        """
        Raises:
            NotServed: it is of another system.
        """
        found, value = self.token(name)
        if found != system:
            raise NotServed(f"{name} is no {system}")
        return value

    def many(self, name: str, system: str) -> list[str]:
        """Values with one system before the first of them."""
        first, *others = _COMMA.split(self.raw(name))
        found, _, value = first.rpartition("|")
        if WORDS.token(found) != system:
            raise NotServed(f"{name} is no {system}")
        return [_plain(one) for one in (value, *others)]

    def between(self, name: str) -> tuple[str, str]:
        """What stands after ``ge`` and ``le``."""
        ends = [self._after(name, "ge"), self._after(name, "le")]
        if not all(ends):
            raise NotServed(f"{name} has no two ends")
        return ends[0], ends[1]

    def number(self, name: str, usual: int) -> int:
        text = self.raw(name)
        return int(text) if text.isdecimal() else usual

    def _after(self, name: str, sign: str) -> str:
        return next((value[2:] for one, value in self._pairs if one == name and value.startswith(sign)), "")


def _plain(text: str) -> str:
    return _ESCAPE.sub(r"\1", text)
