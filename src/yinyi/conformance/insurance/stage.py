"""A decoder of insurance certificates' codes and its far side."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol

import msgspec

from yinyi.business.identity.ports import CertificateDecoder
from yinyi.conformance.place import Ground
from yinyi.kernel.far_side import Line
from yinyi.kernel.plugin import Plugin, Surroundings

Shown = Literal["valid", "expired", "used", "foreign"]


class FarInsurance(Protocol):
    """A decoder's sandbox."""

    @property
    def settings(self) -> dict[str, Any]:
        """The connector's; it finds the decoder through the line."""
        ...

    @property
    def hasty(self) -> dict[str, Any]:
        """Further settings with which it gives up after a third of a second."""
        ...

    @property
    def line(self) -> Line: ...

    def show(self, shown: Shown) -> tuple[str, str, str]:
        """What somebody's phone shows, and the number of his document and his name."""
        ...


class Stage:
    def __init__(self, decoder: CertificateDecoder, hasty: CertificateDecoder, far: FarInsurance) -> None:
        self.decoder = decoder
        self.hasty = hasty
        self.line = far.line
        self.show = far.show

    async def calm(self) -> None:
        await self.line.calm()


@asynccontextmanager
async def on_stage(plugin: Plugin, far: FarInsurance, place: Ground) -> AsyncGenerator[tuple[Any, Stage]]:
    """The connector, and the stage.

    Raises:
        ValueError: the sandbox has other settings than the connector takes.
    """
    around = Surroundings(clock=place.clock, callback_url=place.callback_url)
    decoder, hasty = (
        plugin.build(msgspec.convert(settings, plugin.config), around)
        for settings in (far.settings, {**far.settings, **far.hasty})
    )
    try:
        yield decoder, Stage(decoder, hasty, far)
    finally:
        for each in (decoder, hasty):
            if hasattr(each, "stop"):
                await each.stop()
