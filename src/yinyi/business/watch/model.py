"""What has to hold at any time, as data: a sentence and one statement that finds what breaks it."""

import inspect
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

import msgspec

NONE: Mapping[str, Any] = {}


class Walk(msgspec.Struct, frozen=True, kw_only=True):
    """A table too large to be looked through at once: it is walked through slice by slice, round and round, and what is
    new in it is looked at once ``lag_s`` seconds after ``at``. All three are names in the database."""

    table: str
    key: str
    at: str
    lag_s: float


class Invariant(Protocol):
    """One thing that has to hold. Its docstring's first paragraph is what it means, ``zh`` the same in Chinese.

    statement: rows of ``subject`` (a payment number, or whatever people can look it up by), ``detail`` and ``position``
    for what breaks it, at most 100. ``:hospital`` and ``:now`` are given, and ``parameters``; with ``walk`` also
    ``:lows`` (exclusive) and ``:highs``, the bounds of the slices to look at. ``position`` is then the key at which it
    was found, and NULL for what is found without slices.
    """

    name: ClassVar[str]
    zh: ClassVar[str]
    every_s: ClassVar[float] = 20.0
    walk: ClassVar[Walk | None] = None
    statement: ClassVar[str]
    parameters: Mapping[str, Any] = NONE


class Figure(Protocol):
    """A number for those who watch. Its docstring says of what; ``statement`` answers ``label`` and ``value``, and is
    given ``:hospital`` and ``:now``. ``label``: what tells the rows apart, empty when there is only one."""

    name: ClassVar[str]
    label: ClassVar[str] = ""
    statement: ClassVar[str]


class Violation(msgspec.Struct, frozen=True, kw_only=True):
    """Something that breaks an invariant. ``position``: of the walk, where it was found in a slice."""

    subject: str
    detail: str
    position: int | None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a walk has come: ``walked_to`` going round, ``followed_to`` after what is new; ``rounds`` completed."""

    walked_to: int = 0
    followed_to: int | None = None
    rounds: int = 0


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """How an invariant stands when it is checked. tried_at: None if it never was. is_broken: something that broke it
    has not gone yet. again: positions at which that was found, of those that were seen longest ago."""

    tried_at: datetime | None = None
    progress: Progress = Progress()
    is_broken: bool = False
    again: Sequence[int] = ()


def meaning(of: Invariant | Figure) -> str:
    """In English, as one line."""
    said = (inspect.getdoc(type(of)) or "").split("\n\n")[0]
    return " ".join(said.split())


def slices(walk: Walk) -> str:
    """The rows between ``:lows`` and ``:highs``, to be named by what follows. ``OFFSET 0`` keeps the planner, which
    cannot know how far apart the bounds are, from turning it inside out."""
    return """
(SELECT s.* FROM unnest(:lows::bigint[], :highs::bigint[]) AS r (low, high) CROSS JOIN LATERAL (
   SELECT * FROM :table WHERE hospital_id = :hospital AND :key > r.low AND :key <= r.high OFFSET 0) AS s)
""".replace(":table", walk.table).replace(":key", walk.key)


def numbered(statement: str, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """``$1``, ``$2``… in place of the names that the statement uses, and their values in this order."""
    used = [name for name in values if re.search(rf":{name}\b", statement)]
    for number, name in enumerate(used, start=1):
        statement = re.sub(rf":{name}\b", f"${number}", statement)
    return statement, [values[name] for name in used]
