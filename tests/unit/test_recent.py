"""What may be some seconds old is read once for many, and forgotten when it is old."""

import asyncio

import pytest

from yinyi.kernel.recent import RecentByKey


class Source:
    """Counts how often it is read; waits while it is told to."""

    def __init__(self) -> None:
        self.reads: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self.fails = False

    async def read(self, key: str) -> str:
        self.reads.append(key)
        await self.open.wait()
        if self.fails:
            raise ConnectionError
        return f"{key}{len(self.reads)}"


def test_all_who_ask_at_once_share_one_reading() -> None:
    async def story() -> None:
        source = Source()
        recent = RecentByKey(source.read, keep_s=0.0)
        source.open.clear()
        asking = [asyncio.create_task(recent.get("a")) for _ in range(5)]
        await asyncio.sleep(0)
        source.open.set()
        assert await asyncio.gather(*asking) == ["a1"] * 5
        assert await recent.get("a") == "a2"

    asyncio.run(story())


def test_a_failure_is_not_kept() -> None:
    async def story() -> None:
        source = Source()
        recent = RecentByKey(source.read, keep_s=3600.0)
        source.fails = True
        with pytest.raises(ConnectionError):
            await recent.get("a")
        source.fails = False
        assert await recent.get("a") == "a2"
        assert await recent.get("a") == "a2"

    asyncio.run(story())


def test_what_is_old_is_forgotten_by_the_next_question() -> None:
    async def story() -> None:
        source = Source()
        recent = RecentByKey(source.read, keep_s=0.0)
        for key in "abcdef":
            await recent.get(key)
        assert len(recent) == 1

    asyncio.run(story())


def test_of_more_than_the_most_the_longest_known_go() -> None:
    async def story() -> None:
        source = Source()
        recent = RecentByKey(source.read, keep_s=3600.0, most=3)
        for key in "abcd":
            await recent.get(key)
        assert len(recent) == 3
        await recent.get("d")
        await recent.get("a")
        assert source.reads == ["a", "b", "c", "d", "a"]

    asyncio.run(story())


def test_what_is_found_to_be_wrong_is_read_anew() -> None:
    async def story() -> None:
        source = Source()
        recent = RecentByKey(source.read, keep_s=3600.0)
        assert [await recent.get(key) for key in "ab"] == ["a1", "b2"]
        recent.doubt(lambda known: known == "a1")
        assert [await recent.get(key) for key in "ab"] == ["a3", "b2"]
        source.open.clear()
        recent.doubt(lambda known: True)
        asking = asyncio.create_task(recent.get("a"))
        await asyncio.sleep(0)
        recent.doubt(lambda known: True)  # what is being read now is not known yet
        source.open.set()
        assert await asking == "a4"

    asyncio.run(story())
