"""A value that may be a few seconds old, read once for everybody who asks at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class Recent(Generic[T]):
    """Holds what ``read`` answered for ``keep_s`` seconds. Failures are not kept."""

    def __init__(self, read: Callable[[], Awaitable[T]], keep_s: float) -> None:
        self._read, self._keep_s = read, keep_s
        self._reading: asyncio.Task[T] | None = None
        self._good_until = 0.0

    async def get(self) -> T:
        """
        Raises:
            Exception: whatever ``read`` raised.
        """
        loop = asyncio.get_running_loop()
        task = self._reading
        if task is None or (task.done() and (loop.time() >= self._good_until or _failed(task))):
            task = self._reading = loop.create_task(self._fresh())
        return await asyncio.shield(task)

    async def _fresh(self) -> T:
        value = await self._read()
        self._good_until = asyncio.get_running_loop().time() + self._keep_s
        return value


def _failed(task: "asyncio.Task[T]") -> bool:
    return task.cancelled() or task.exception() is not None


class RecentByKey(Generic[K, T]):
    """The same for many questions of one kind; at most ``most`` of them are remembered."""

    def __init__(self, read: Callable[[K], Awaitable[T]], keep_s: float, most: int = 1000) -> None:
        self._read, self._keep_s, self._most = read, keep_s, most
        self._known: dict[K, Recent[T]] = {}

    async def get(self, key: K) -> T:
        """
        Raises:
            Exception: whatever ``read`` raised.
        """
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= self._most:
                self._known.pop(next(iter(self._known)))
            known = self._known[key] = Recent(partial(self._read, key), self._keep_s)
        return await known.get()
