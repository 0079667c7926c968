"""Reads that do not depend on each other are on their way at the same time."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from yinyi.kernel.alongside import alongside
from yinyi.kernel.errors import HospitalUnavailable


class Reads:
    """They answer once all of them have begun, so many as are awaited."""

    def __init__(self, awaited: int) -> None:
        self.begun = 0
        self.let_go = False
        self._awaited = awaited
        self._all = asyncio.Event()

    async def read(self, what: str) -> str:
        self.begun += 1
        if self.begun == self._awaited:
            self._all.set()
        try:
            await self._all.wait()
        except asyncio.CancelledError:
            self.let_go = True
            raise
        return what

    async def fail(self) -> str:
        raise HospitalUnavailable


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(10):
            await story()

    asyncio.run(whole())


def test_each_begins_before_another_is_over_and_they_answer_in_their_order() -> None:
    async def story() -> None:
        reads = Reads(3)
        assert await alongside(reads.read("a"), reads.read("b"), reads.read("c")) == ("a", "b", "c")

    play(story)


def test_when_one_fails_it_says_so_and_the_others_are_let_go() -> None:
    async def story() -> None:
        reads = Reads(2)
        with pytest.raises(HospitalUnavailable):
            await alongside(reads.read("a"), reads.fail())
        await asyncio.sleep(0)
        assert reads.let_go

    play(story)
