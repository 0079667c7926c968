"""What takes longer than anybody may wait for it: it goes on by itself, and whoever asks again joins it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

A = TypeVar("A")


class Errands(Generic[A]):
    """One of a name at a time. At the end of the process they are given a moment to come home."""

    def __init__(self) -> None:
        self._out: dict[str, asyncio.Task[A]] = {}

    async def within(self, name: str, wait_s: float, do: Callable[[], Awaitable[A]]) -> A | None:
        """The answer, or None while it is still out; the errand of this name that is out already is not begun again.
        What it raises, whoever waits for it gets."""
        task = self._out.get(name)
        if task is None:
            task = self._out[name] = asyncio.ensure_future(_run(do))
            task.add_done_callback(lambda _: self._out.pop(name, None))
        return task.result() if await self.back(task, wait_s) else None

    async def back(self, task: asyncio.Task[A], wait_s: float) -> bool:
        """Whether it came home in time."""
        done, _ = await asyncio.wait([task], timeout=wait_s)
        return bool(done)

    def is_out(self, name: str) -> bool:
        return name in self._out

    async def come_home(self, within_s: float) -> None:
        """What is not back by then is called off; it stays on record as sent, and is seen to later."""
        if not self._out:
            return
        await asyncio.wait(list(self._out.values()), timeout=within_s)
        late = list(self._out.values())
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _run(do: Callable[[], Awaitable[A]]) -> A:
    return await do()
