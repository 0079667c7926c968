"""A decoder of insurance certificates' codes and its far side."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal, Protocol

from yinyi.business.identity.ports import CertificateDecoder
from yinyi.conformance.connectors import FarConnector, both_started
from yinyi.conformance.place import Ground
from yinyi.kernel.plugin import Plugin

Shown = Literal["valid", "expired", "used", "foreign"]


class FarInsurance(FarConnector, Protocol):
    """A decoder's sandbox."""

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
    async with both_started(plugin, far, place) as (decoder, hasty):
        yield decoder, Stage(decoder, hasty, far)
