"""A line on which one system of the hospital tells the platform news, each over a connection of its own."""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg

from yinyi.kernel.clock import ShiftedClock
from yinyi.wire.hl7.answers import Heard, heard
from yinyi.wire.hl7.charset import encoded
from yinyi.wire.hl7.codec import Message, written
from yinyi.wire.hl7.errors import Hl7Error
from yinyi.wire.hl7.framing import END, framed

LOOKED_BACK = timedelta(minutes=10)
_EVERY_S = 5.0
_ANSWERED_WITHIN_S = 20.0


@dataclass
class NewsLine(ABC):
    """``at``: where the platform takes news. ``key``: which it is known by there."""

    pool: "asyncpg.Pool[Any]"
    clock: ShiftedClock
    at: tuple[str, int]
    key: str
    told: dict[tuple[str, int], Heard] = field(default_factory=dict[tuple[str, int], Heard], init=False)

    async def run(self) -> None:
        """Until cancelled. What the platform has not taken is told again."""
        while True:
            with contextlib.suppress(OSError, EOFError, TimeoutError, Hl7Error, asyncpg.PostgresError):
                await self.tell_new()
            await asyncio.sleep(_EVERY_S)

    @abstractmethod
    async def tell_new(self) -> int:
        """What has happened in the last minutes and was not told yet; how much that was.

        Raises:
            OSError, EOFError, TimeoutError, Hl7Error: the platform is away.
        """

    async def say(self, message: Message, control_id: str) -> Heard:
        """
        Raises:
            OSError, EOFError, TimeoutError, Hl7Error: see ``tell_new``.
        """
        data = framed(encoded(written(message), "gb18030"))
        async with asyncio.timeout(_ANSWERED_WITHIN_S):
            return heard(await self._exchange(data), control_id, "ascii")

    async def _exchange(self, data: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(*self.at)
        try:
            writer.write(data)
            return (await reader.readuntil(END))[1 : -len(END)]
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
