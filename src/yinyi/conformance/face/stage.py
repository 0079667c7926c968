"""A matcher of faces and its far side, which has people to show."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal, NamedTuple, Protocol

from yinyi.business.identity.ports import FaceMatcher
from yinyi.conformance.connectors import FarConnector, both_started
from yinyi.conformance.place import Ground
from yinyi.kernel.plugin import Plugin

Shown = Literal["holder", "somebody_else", "nobody", "two_people", "a_photo"]
"""Who is before the camera: the card's holder, and so on; ``a_photo``: of the holder, held there."""


class Look(NamedTuple):
    """The card's picture, and what the camera has seen."""

    picture: bytes
    frames: tuple[bytes, ...]


class FarFace(FarConnector, Protocol):
    """A matcher's sandbox."""

    def look(self, shown: Shown) -> tuple[bytes, tuple[bytes, ...]]:
        """The card's picture, and frames of whoever is before the camera."""
        ...


class Stage:
    def __init__(self, matcher: FaceMatcher, hasty: FaceMatcher, far: FarFace) -> None:
        self.matcher = matcher
        self.hasty = hasty
        self.line = far.line
        self._far = far

    def look(self, shown: Shown) -> Look:
        return Look(*self._far.look(shown))

    async def calm(self) -> None:
        await self.line.calm()


@asynccontextmanager
async def on_stage(plugin: Plugin, far: FarFace, place: Ground) -> AsyncGenerator[tuple[Any, Stage]]:
    """The connector, and the stage.

    Raises:
        ValueError: the sandbox has other settings than the connector takes.
    """
    async with both_started(plugin, far, place) as (matcher, hasty):
        yield matcher, Stage(matcher, hasty, far)
