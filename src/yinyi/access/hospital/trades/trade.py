"""What a hospital is asked, whatever carries the question: a trade has a name, parameters, and the rows that answer."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol, cast, get_args

import msgspec

Kind = Literal["text", "int", "bool", "date", "instant", "number", "texts", "ints"]
"""Of a value. An instant has a time zone; a number has a fraction; the last two are lists."""


class Column(msgspec.Struct, frozen=True):
    """A parameter, or a column of the rows that answer."""

    name: str
    kind: Kind


class Trade(msgspec.Struct, frozen=True):
    """``answers``: the columns of each row. A trade that changes something is answered by one row."""

    name: str
    parameters: tuple[Column, ...]
    answers: tuple[Column, ...]


class Row(Protocol):
    """A row that answers, by the names of its columns; what the hospital leaves empty is None."""

    def __getitem__(self, name: str, /) -> Any: ...


class Carrier(Protocol):
    """Whatever brings a trade to the hospital and its rows back. ``start()`` it in the event loop it is used in."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def misfits(self, trades: Sequence[Trade]) -> list[str]:
        """A sentence for each trade that the hospital surely does not have as we would ask it."""
        ...

    async def call(self, trade: Trade, *values: Any) -> Sequence[Row]:
        """The rows that answer; ``values`` in the order of the parameters.

        Raises:
            NotReached, Unanswered, Rejected: see ``failures``.
        """
        ...


def trade(name: str, parameters: str, answers: str) -> Trade:
    """``parameters``, ``answers``: names between blanks, each with its kind after a colon; a bare name is a text."""
    return Trade(name, _columns(parameters), _columns(answers))


def _columns(words: str) -> tuple[Column, ...]:
    return tuple(_column(*word.split(":")) for word in words.split())


def _column(name: str, kind: str = "text") -> Column:
    if kind not in get_args(Kind):
        raise ValueError(f"no kind of values: {kind}")
    return Column(name, cast(Kind, kind))
