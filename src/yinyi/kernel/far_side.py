"""What a connector's sandbox is given by the conformance kit: somewhere to stand, and a line that can misbehave.

A sandbox is found through the entry-point group ``yinyi.sandboxes``, under the name of its connector: a function that
takes a ``Place`` and is an asynchronous context manager of its far side. What a far side offers to each kind of
connector stands in ``yinyi.conformance``; it need not be imported to be offered.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from yinyi.kernel.clock import Clock

Mishap = Literal["cut", "half", "spoilt", "silent", "slow", "page"]
"""Of the next call on a line.

cut     the line breaks before the call reaches the other side
half    the call takes effect, at most half of its answer comes, then the line breaks
spoilt  the call takes effect, and the end of its answer comes altered
silent  the call takes effect and its answer never comes; the line stays open
page    the call does not reach the other side; a page of the web answers for it, well-formed, with success: where
        nobody there speaks HTTP, the line breaks
slow    the call is held back for a while, and takes effect even when its caller has gone
"""
Application = Callable[..., Awaitable[Any]]
"""A web application (ASGI)."""


@dataclass(frozen=True)
class FarDatabase:
    """``url``: of an empty PostgreSQL database, as its owner. ``role``: somebody who may do nothing there yet."""

    url: str
    role: str
    password: str


class Line(Protocol):
    """Between a connector and its far side, on loopback."""

    @property
    def port(self) -> int:
        """Where the connector finds the far side."""
        ...

    def befall(self, mishap: Mishap) -> None:
        """The next call goes wrong."""
        ...

    @property
    def struck(self) -> bool:
        """Whether the mishap has befallen a call."""
        ...

    async def down(self, down: bool) -> None:
        """Nobody reaches the far side, until it is up again."""
        ...

    async def calm(self) -> None:
        """Nothing goes wrong any more."""
        ...

    async def settled(self) -> None:
        """Returns when no call is on its way any more, also of those that their caller has given up."""
        ...


class Place(Protocol):
    """What is used here is ended by the kit."""

    @property
    def folder(self) -> Path:
        """The sandbox's own, empty."""
        ...

    @property
    def clock(self) -> Clock: ...

    @property
    def callback_url(self) -> str:
        """Where the connector is told that the far side reaches it."""
        ...

    async def serve(self, application: Application) -> int:
        """The port on which a web application answers."""
        ...

    async def line(self, port: int) -> Line:
        """A line to what listens on this port of this machine."""
        ...

    async def database(self) -> FarDatabase: ...
