"""A hub with its platform, and pages that read their streams: what tests of pushes share."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager

import msgspec
from kiosk_platform import SCREEN, USUAL, FixedClock, Platform

from yinyi.bus.client import BusClient
from yinyi.interface.kiosk.events import Hub, Interest
from yinyi.interface.kiosk.terminals import Terminals

REFRESH = b"event: refresh\ndata: 1\n\n"
SCANNED = b"event: scanned\ndata: 1\n\n"
PATIENCE_S = 10


class House:
    """A hub with its platform, and pages that read their streams."""

    def __init__(self) -> None:
        self.platform = Platform(answers=dict(USUAL))
        self.terminals = Terminals(BusClient(self.platform, "kiosk", self.clock), self.clock)
        self.hub = Hub(self.terminals, self.clock)

    @property
    def clock(self) -> FixedClock:
        return self.platform.clock

    async def push(self, name: str, *, number: str = "K01", version: int = 1, terminal: str = "K01") -> None:
        body = msgspec.json.encode({"number": number, "version": version})
        await self.hub.heard(f"event.terminal.{terminal}.{name}", body)

    @asynccontextmanager
    async def page(self, query: Mapping[str, str], screen: str = SCREEN) -> AsyncGenerator["Reader"]:
        opened = self.hub.open(screen, Interest.of(query))
        reader = Reader(self.hub.stream(opened))
        try:
            yield reader
        finally:
            await reader.stop()
            self.hub.leave(opened)


class Reader:
    """Reads a stream in the background."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._read(stream))

    async def _read(self, stream: AsyncIterator[bytes]) -> None:
        async for chunk in stream:
            self._chunks.put_nowait(chunk)
        self._chunks.put_nowait(None)

    async def next(self) -> bytes | None:
        async with asyncio.timeout(PATIENCE_S):
            return await self._chunks.get()

    async def attached(self) -> "Reader":
        """Past its greeting: it belongs to its terminal now."""
        assert await self.next() == b"retry: 1000\n\n"
        assert await self.next() == b": here\n\n"
        return self

    def nothing_more(self) -> bool:
        return self._chunks.empty()

    async def stop(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


async def settled() -> None:
    """Everything that can run has run."""
    for _ in range(10):
        await asyncio.sleep(0)
