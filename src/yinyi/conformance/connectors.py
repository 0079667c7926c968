"""What the far sides of most kits have, and their connectors: the usual one, and one that is soon out of patience."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol

import msgspec

from yinyi.conformance.place import Ground
from yinyi.kernel.far_side import Line
from yinyi.kernel.plugin import Plugin, Surroundings


class FarSettings(Protocol):
    """A sandbox, as its connector finds it."""

    @property
    def settings(self) -> dict[str, Any]:
        """The connector's."""
        ...

    @property
    def hasty(self) -> dict[str, Any]:
        """Further settings with which it gives up after a third of a second."""
        ...


class FarConnector(FarSettings, Protocol):
    """One that the connector finds through a line of ours."""

    @property
    def line(self) -> Line: ...


@asynccontextmanager
async def both_started(plugin: Plugin, far: FarSettings, place: Ground) -> AsyncGenerator[tuple[Any, Any]]:
    """The usual one and the hasty one; a plugin that starts and stops is started, and stopped at the end.

    Raises:
        ValueError: the sandbox has other settings than the connector takes.
    """
    around = Surroundings(clock=place.clock, callback_url=place.callback_url)
    usual, hasty = (
        plugin.build(msgspec.convert(settings, plugin.config), around)
        for settings in (far.settings, {**far.settings, **far.hasty})
    )
    try:
        await _each(usual, hasty, verb="start")
        yield usual, hasty
    finally:
        await _each(usual, hasty, verb="stop")


@asynccontextmanager
async def one_started(plugin: Plugin, settings: dict[str, Any], place: Ground) -> AsyncGenerator[Any]:
    """See ``both_started``."""
    around = Surroundings(clock=place.clock, callback_url=place.callback_url)
    connector = plugin.build(msgspec.convert(settings, plugin.config), around)
    try:
        await _each(connector, verb="start")
        yield connector
    finally:
        await _each(connector, verb="stop")


async def _each(*connectors: Any, verb: Literal["start", "stop"]) -> None:
    calls: list[Callable[[], Awaitable[None]]] = [getattr(each, verb) for each in connectors if hasattr(each, verb)]
    await asyncio.gather(*(call() for call in calls))
