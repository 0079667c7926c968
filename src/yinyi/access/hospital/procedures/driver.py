"""What a hospital's database is to us, whichever it is: a line that runs one procedure, and what its errors mean."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from yinyi.access.hospital.trades.trade import Kind

Way = Literal["in", "out", "inout", "rows"]
"""Of a parameter. ``rows``: it brings the rows back, as Oracle's REF CURSOR does."""
Fate = Literal["undone", "said", "lost"]
"""Of a call that ended in an error: the database has undone what it did and it may be sent again; the database says no,
which is no word on what it did before; nobody knows."""


class NothingLeft(Exception):
    """The call is still here: the line was broken before."""


class Parameter(msgspec.Struct, frozen=True):
    """Of a procedure, under the hospital's name. ``type``: as its database calls it, in small letters. ``needed``: the
    procedure has nothing to put in its place."""

    name: str
    type: str
    way: Way = "in"
    needed: bool = False


class Heard(msgspec.Struct, frozen=True):
    """What a procedure answers under the hospital's names: rows, and what stands in its parameters afterwards."""

    rows: Sequence[Mapping[str, Any]]
    outs: Mapping[str, Any]


Signature = Sequence[Parameter]
"""In the procedure's order."""


class Line(Protocol):
    """One connection, used by one thread at a time. Its errors are the database's own: see ``Driver.fate``."""

    def signature(self, procedure: str) -> Signature | None:
        """As the database tells; None: it has no such procedure, or we may not call it."""
        ...

    def call(self, procedure: str, signature: Signature, given: Mapping[str, Any]) -> Heard:
        """Nothing is committed yet. ``given``: by the signature's names; what is not in it is left to the procedure.

        Raises:
            NothingLeft: the line broke before the call had left.
            Exception: the database's own.
        """
        ...

    def commit(self) -> None: ...

    def undo(self) -> None: ...

    def is_well(self) -> bool:
        """Whether it can be used again, as far as that can be told without asking."""
        ...

    def abandon(self) -> None:
        """From any thread: whatever is under way ends in an error."""
        ...

    def close(self) -> None:
        """No call is under way. Never raises."""
        ...


class Driver(Protocol):
    """One kind of database."""

    @property
    def types(self) -> Mapping[Kind, tuple[str, ...]]:
        """What its types may be for each of our kinds; a kind that is not here it has not."""
        ...

    def connect(self) -> Line:
        """Blocks, for as long as a connection may take."""
        ...

    def fate(self, error: Exception) -> Fate: ...
