"""A value that may be a few seconds old, read once for everybody who asks at the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

from yinyi.kernel.asking import asking

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
        if task is None or self.is_old:
            task = self._reading = loop.create_task(self._fresh())
            task.add_done_callback(_failed)  # whoever asked may have gone: then nobody else looks
        if not task.done() and (whom := asking()) is not None:
            whom.step_aside()
        return await asyncio.shield(task)

    @property
    def known(self) -> T | None:
        """What was read; None: it is being read, or could not be."""
        task = self._reading
        return None if task is None or not task.done() or _failed(task) else task.result()

    @property
    def is_old(self) -> bool:
        """Nothing is being read, and what was read is not good any more."""
        task = self._reading
        if task is None or not task.done():
            return task is None
        return asyncio.get_running_loop().time() >= self._good_until or _failed(task)

    async def _fresh(self) -> T:
        value = await self._read()
        self._good_until = asyncio.get_running_loop().time() + self._keep_s
        return value


def _failed(task: "asyncio.Task[T]") -> bool:
    return task.cancelled() or task.exception() is not None


class RecentByKey(Generic[K, T]):
    """The same for many questions of one kind. What is old is forgotten, and so are the longest known of more than
    ``most``."""

    def __init__(self, read: Callable[[K], Awaitable[T]], keep_s: float, most: int = 1000) -> None:
        self._read, self._keep_s, self._most = read, keep_s, most
        self._known: dict[K, Recent[T]] = {}

    def __len__(self) -> int:
        return len(self._known)

    async def get(self, key: K) -> T:
        """
        Raises:
            Exception: whatever ``read`` raised.
        """
        known = self._known.get(key)
        if known is None or known.is_old:
            self._known.pop(key, None)
            self._make_room()
            known = self._known[key] = Recent(partial(self._read, key), self._keep_s)
        return await known.get()

    def doubt(self, is_wrong: Callable[[T], bool]) -> None:
        """Whoever asks next for what is known and wrong reads it anew."""
        for key, recent in list(self._known.items()):
            if (known := recent.known) is not None and is_wrong(known):
                del self._known[key]

    def forget(self, is_meant: Callable[[K], bool]) -> None:
        """Whoever asks next for one of these reads it anew."""
        for key in [each for each in self._known if is_meant(each)]:
            del self._known[key]

    def _make_room(self) -> None:
        """They stand in the order in which they were asked for: the first that is still good ends the search."""
        while self._known:
            first = next(iter(self._known))
            if len(self._known) < self._most and not self._known[first].is_old:
                return
            del self._known[first]
