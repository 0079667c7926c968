"""A value that may be a few seconds old, read once for everybody who asks at the same time.

Where it is read ahead, whoever asks near the end of its time is told it at once, and meanwhile it is read anew: nobody
is told anything older, and whoever keeps asking does not wait.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

from yinyi.kernel.asking import asking, nobody_asks

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

AHEAD = 1 / 3
"""Of the time for which a value is good, the last part: whoever asks in it lets it be read ahead."""
AHEAD_WITHIN_S = 8.0
"""No reading ahead takes longer than a page is waited for."""
AHEAD_AT_ONCE = 16
"""So many of one kind are read ahead at the same time."""


class Room:
    """For readings ahead."""

    def __init__(self, most: int = AHEAD_AT_ONCE) -> None:
        self.left = most


class Recent(Generic[T]):
    """Holds what ``read`` answered for ``keep_s`` seconds. Failures are not kept; of one while reading ahead nobody is
    told: whoever asks once the value is old reads for himself."""

    def __init__(
        self,
        read: Callable[[], Awaitable[T]],
        keep_s: float,
        room: Room | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """``room``: to read ahead in; None: it is not. ``seconds`` counts on steadily from wherever."""
        self.read = read
        self._keep_s, self._room, self._seconds = keep_s, room, seconds
        self._reading: asyncio.Task[T] | None = None
        self._ahead: asyncio.Task[T] | None = None
        self._good_until = 0.0

    async def get(self) -> T:
        """
        Raises:
            Exception: whatever ``read`` raised.
        """
        if self.is_due:
            self._read_ahead()
        elif self.is_old:
            if (ahead := self._ahead) is not None and not (ahead.done() and _failed(ahead)):
                return await self._follow(ahead)
            self._ahead = None
            self._reading = _begun(self._fresh())
        assert self._reading is not None
        return await _told(self._reading)

    @property
    def known(self) -> T | None:
        """What was read; None: it is being read, or could not be."""
        task = self._reading
        return None if task is None or not task.done() or _failed(task) else task.result()

    @property
    def is_old(self) -> bool:
        """Nothing is being read that somebody waits for, and what was read is not good any more."""
        task = self._reading
        if task is None or not task.done():
            return task is None
        return self._seconds() >= self._good_until or _failed(task)

    @property
    def is_due(self) -> bool:
        """Whoever asks now lets it be read ahead: it is still good, not for long, and it was not tried before."""
        task, room = self._reading, self._room
        if room is None or room.left <= 0 or self._ahead is not None or task is None or not task.done():
            return False
        return self._good_until - self._keep_s * AHEAD <= self._seconds() < self._good_until and not _failed(task)

    async def _fresh(self) -> T:
        value = await self.read()
        self._good_until = self._seconds() + self._keep_s
        return value

    # -- ahead

    def _read_ahead(self) -> None:
        assert self._room is not None
        self._room.left -= 1
        self._ahead = _begun(self._unasked())
        self._ahead.add_done_callback(self._came)

    async def _unasked(self) -> T:
        """In the line for the hospital it stands behind everybody who waits."""
        nobody_asks()
        async with asyncio.timeout(AHEAD_WITHIN_S):
            return await self.read()

    def _came(self, ahead: "asyncio.Task[T]") -> None:
        assert self._room is not None
        self._room.left += 1
        if not _failed(ahead):
            self._reading, self._ahead = ahead, None
            self._good_until = self._seconds() + self._keep_s

    async def _follow(self, ahead: "asyncio.Task[T]") -> T:
        """It is on its way already: if it comes to nothing, he asks himself."""
        try:
            return await _told(ahead)
        except Exception:
            return await self.get()


def _begun(reading: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    task = asyncio.get_running_loop().create_task(reading)
    task.add_done_callback(_failed)  # whoever asked may have gone: then nobody else looks
    return task


async def _told(task: "asyncio.Task[T]") -> T:
    if not task.done() and (whom := asking()) is not None:
        whom.step_aside()
    return await asyncio.shield(task)


def _failed(task: "asyncio.Task[T]") -> bool:
    return task.cancelled() or task.exception() is not None


class RecentByKey(Generic[K, T]):
    """The same for many questions of one kind. What is old is forgotten, and so are the longest known of more than
    ``most``."""

    def __init__(
        self,
        read: Callable[[K], Awaitable[T]],
        keep_s: float,
        most: int = 1000,
        *,
        ahead: bool = False,
        owner: Callable[[K], Hashable] = lambda _: None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """``owner``: whose a question is, for ``forget``. ``seconds``: see ``Recent``."""
        self._read, self._keep_s, self._most = read, keep_s, most
        self._room = Room() if ahead else None
        self._owner, self._seconds = owner, seconds
        self._known: dict[K, Recent[T]] = {}
        self._owned: defaultdict[Hashable, set[K]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._known)

    async def get(self, key: K) -> T:
        """
        Raises:
            Exception: whatever ``read`` raised.
        """
        known = self._known.get(key)
        if known is None or known.is_old or known.is_due:
            known = self._last(key, known)
        return await known.get()

    def _last(self, key: K, known: Recent[T] | None) -> Recent[T]:
        """It is read for whoever asks now, and stands behind all that was read before."""
        self._drop(key)
        self._make_room()
        read = partial(self._read, key)
        if known is None:
            known = Recent(read, self._keep_s, self._room, self._seconds)
        known.read = read
        self._known[key] = known
        self._owned[self._owner(key)].add(key)
        return known

    def doubt(self, is_wrong: Callable[[T], bool]) -> None:
        """Whoever asks next for what is known and wrong reads it anew."""
        for key, recent in list(self._known.items()):
            if (known := recent.known) is not None and is_wrong(known):
                self._drop(key)

    def forget(self, owner: Hashable) -> None:
        """Whoever asks next for one of his reads it anew; what is being read for others is told to nobody else."""
        for key in self._owned.pop(owner, ()):
            del self._known[key]

    def _drop(self, key: K) -> None:
        if self._known.pop(key, None) is not None:
            owner = self._owner(key)
            self._owned[owner].discard(key)
            if not self._owned[owner]:
                del self._owned[owner]

    def _make_room(self) -> None:
        """They stand in the order in which they were asked for: the first that is still good ends the search."""
        while self._known:
            first = next(iter(self._known))
            if len(self._known) < self._most and not self._known[first].is_old:
                return
            self._drop(first)
