"""Starts the parts, as many at once as their needs allow; keeps them alive; stops them in reverse."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from yinyi.app.keeper import Keeper, Patience
from yinyi.app.part import Part
from yinyi.app.room import Room
from yinyi.app.status import write_status
from yinyi.kernel.clock import Clock

ROOM_EVERY_S = 5.0
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Supervisor:
    """``run()`` it once, from the main thread: the parts end with that thread, even by kill -9."""

    def __init__(
        self,
        parts: Sequence[Part],
        status_file: Path,
        say: Callable[[str], None],
        clock: Clock,
        patience: Patience | None = None,
        room: Room | None = None,
    ) -> None:
        """``say`` is given one line at a time, for people. ``room``: on the disk, looked at from time to time."""
        self._keepers = {
            part.name: Keeper(part, patience or Patience(), clock, say, self._write_status) for part in parts
        }
        self._room = room
        self._status_file = status_file
        self._say = say
        self._stopping = asyncio.Event()
        self._failure: Exception | None = None

    async def run(self, once_ready: Callable[[], Awaitable[None]]) -> None:
        """Until SIGINT, SIGTERM or SIGHUP. ``once_ready`` is awaited when all parts are ready for the first time.

        Raises:
            CannotStart: a part cannot be started; all others have been stopped.
        """
        loop = asyncio.get_running_loop()
        for number in _STOPPING:
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
                loop.add_signal_handler(number, self._asked_to_stop)
        self._write_status()
        keeping = {name: asyncio.create_task(self._keep(keeper)) for name, keeper in self._keepers.items()}
        beside = [asyncio.create_task(self._announce(once_ready)), asyncio.create_task(self._look_for_room())]
        await self._stopping.wait()
        for task in beside:
            task.cancel()
        await self._stop_all(keeping)
        if self._failure is not None:
            raise self._failure

    async def _keep(self, keeper: Keeper) -> None:
        try:
            for need in keeper.part.needs:
                await self._keepers[need].ready.wait()
            await keeper.keep()
        except Exception as error:
            self._failure = self._failure or error
            self._stopping.set()

    async def _announce(self, once_ready: Callable[[], Awaitable[None]]) -> None:
        for keeper in self._keepers.values():
            await keeper.ready.wait()
        await once_ready()

    async def _look_for_room(self) -> None:
        while self._room is not None:
            with contextlib.suppress(OSError):
                if self._room.look():
                    self._write_status()
            await asyncio.sleep(ROOM_EVERY_S)

    def _asked_to_stop(self) -> None:
        if self._stopping.is_set():
            for keeper in self._keepers.values():
                keeper.kill()
        else:
            self._say("Stopping; asked once more, it stops at once.")
        self._stopping.set()

    async def _stop_all(self, keeping: dict[str, asyncio.Task[None]]) -> None:
        for task in keeping.values():
            task.cancel()
        await asyncio.gather(*keeping.values(), return_exceptions=True)
        stopped = {name: asyncio.Event() for name in self._keepers}
        await asyncio.gather(*(self._stop(keeper, stopped) for keeper in self._keepers.values()))

    async def _stop(self, keeper: Keeper, stopped: dict[str, asyncio.Event]) -> None:
        for name, other in self._keepers.items():
            if keeper.part.name in other.part.needs:
                await stopped[name].wait()
        await keeper.stop()
        stopped[keeper.part.name].set()

    def _write_status(self) -> None:
        with contextlib.suppress(OSError):  # a full disk must not end what still works
            room = [self._room.status] if self._room is not None else []
            write_status(self._status_file, [*(keeper.status for keeper in self._keepers.values()), *room])
