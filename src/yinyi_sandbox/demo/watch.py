"""What there is to see on the desk, told to every page that looks, whenever it changes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import msgspec
import structlog

log = structlog.get_logger()

EVERY_S = 0.4
ALIVE_EVERY_S = 10.0
MOST = 32
"""Pages that look at once."""

Part = Callable[[], Awaitable[Any]]


class TooMany(Exception):
    """No more pages can look."""


class Watch:
    """Looks at every part while somebody watches, and at nothing otherwise.

    A part is looked at every ``EVERY_S`` seconds times its number; what it raises counts as None.
    """

    def __init__(self, parts: dict[str, tuple[int, Part]]) -> None:
        self._parts = parts
        self._seen: dict[str, Any] = {}
        self._version = 0
        self._watchers = 0
        self._looking: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Something was done: look at once."""
        self._hurry.set()

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        self._looking = None

    def stream(self) -> AsyncGenerator[bytes]:
        """Server-sent events, each with everything there is to see.

        Raises:
            TooMany: see there.
        """
        if self._watchers >= MOST:
            raise TooMany
        return self._pour()

    async def _pour(self) -> AsyncGenerator[bytes]:
        self._watchers += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            told = -1 if self._seen else self._version
            yield b"retry: 1000\n\n"
            while True:
                if self._version != told:
                    told = self._version
                    yield b"data: " + msgspec.json.encode(self._seen) + b"\n\n"
                if not await self._turned(told):
                    yield b": alive\n\n"
        finally:
            self._watchers -= 1

    async def _turned(self, told: int) -> bool:
        """Whether there is something new since ``told``, after a while at the latest."""
        try:
            async with asyncio.timeout(ALIVE_EVERY_S), self._changed:
                while self._version == told:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _look(self) -> None:
        turn = 0
        while self._watchers:
            hurried = self._hurry.is_set()
            self._hurry.clear()
            due = {name: part for name, (every, part) in self._parts.items() if hurried or turn % every == 0}
            seen = dict(zip(due, await asyncio.gather(*map(self._looked, due, due.values())), strict=True))
            if any(self._seen.get(name, self) != value for name, value in seen.items()):
                self._seen |= seen
                async with self._changed:
                    self._version += 1
                    self._changed.notify_all()
            turn += 1
            try:
                async with asyncio.timeout(EVERY_S):
                    await self._hurry.wait()
            except TimeoutError:
                continue
        self._looking = None

    async def _looked(self, name: str, part: Part) -> Any:
        try:
            return await part()
        except Exception as error:
            if self._seen.get(name, self) is not None:
                log.warning("demo.away", part=name, why=type(error).__name__)
            return None
