"""Whoever keeps asking for what may be a moment old does not wait, and nobody is told anything older."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from yinyi.kernel.asking import Asking, asking, asking_for
from yinyi.kernel.recent import AHEAD_AT_ONCE, AHEAD_WITHIN_S, Recent, RecentByKey, Room

KEPT_S = 3.0


class Hospital:
    """Has a clock of its own, counts how often it is asked, and answers while it is open."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.asked: list[str] = []
        self.whom: list[Asking | None] = []
        self.open = asyncio.Event()
        self.open.set()
        self.away = False

    async def read(self, key: str = "") -> str:
        self.asked.append(key)
        self.whom.append(asking())
        said = f"{key}{len(self.asked)}"
        await self.open.wait()
        if self.away:
            raise ConnectionError
        return said

    def seconds(self) -> float:
        return self.now_s

    def kept(self, most: int = 1000) -> RecentByKey[str, str]:
        return RecentByKey(self.read, KEPT_S, most, ahead=True, owner=lambda key: key[0], seconds=self.seconds)


class Loop(asyncio.SelectorEventLoop):
    """Its timers fall due when the test says that time has passed."""

    now_s = 0.0

    def time(self) -> float:
        return self.now_s


async def settled() -> None:
    """What could happen by now has happened."""
    for _ in range(10):
        await asyncio.sleep(0)


def play(story: Callable[[Hospital], Awaitable[None]]) -> None:
    async def whole() -> None:
        await story(Hospital())

    asyncio.run(whole())


async def nearly_old(hospital: Hospital) -> RecentByKey[str, str]:
    """``a`` is known, and in the last third of its time."""
    kept = hospital.kept()
    await kept.get("a")
    hospital.now_s += 2.5
    return kept


async def on_its_way(hospital: Hospital) -> RecentByKey[str, str]:
    """``a`` is nearly old and being read ahead: the hospital has been asked, and does not answer before it is open."""
    kept = await nearly_old(hospital)
    hospital.open.clear()
    await kept.get("a")
    await settled()
    return kept


def test_near_the_end_of_its_time_it_is_told_at_once_and_read_anew_meanwhile() -> None:
    async def story(hospital: Hospital) -> None:
        kept = hospital.kept()
        assert await kept.get("a") == "a1"
        hospital.now_s += 1.9
        assert (await kept.get("a"), len(hospital.asked)) == ("a1", 1)
        hospital.now_s += 0.2
        hospital.open.clear()
        assert [await kept.get("a") for _ in range(5)] == ["a1"] * 5
        await settled()
        assert len(hospital.asked) == 2
        hospital.open.set()
        await settled()
        assert await kept.get("a") == "a2"
        hospital.now_s += 1.9
        assert (await kept.get("a"), len(hospital.asked)) == ("a2", 2)

    play(story)


def test_nobody_is_told_anything_that_is_old_while_it_is_read_ahead() -> None:
    async def story(hospital: Hospital) -> None:
        kept = await on_its_way(hospital)
        hospital.now_s += 0.5
        waiting = [asyncio.create_task(kept.get("a")) for _ in range(3)]
        await settled()
        assert not any(each.done() for each in waiting)
        hospital.open.set()
        assert await asyncio.gather(*waiting) == ["a2"] * 3
        assert len(hospital.asked) == 2

    play(story)


def test_a_failure_ahead_is_told_nobody_and_is_not_tried_again_before_somebody_needs_it() -> None:
    async def story(hospital: Hospital) -> None:
        kept = await nearly_old(hospital)
        hospital.away = True
        for _ in range(3):
            assert await kept.get("a") == "a1"
            await settled()
        assert len(hospital.asked) == 2
        hospital.now_s += 1.0
        with pytest.raises(ConnectionError):
            await kept.get("a")
        hospital.away = False
        assert (await kept.get("a"), len(hospital.asked)) == ("a4", 4)
        hospital.now_s += 2.5
        await kept.get("a")
        await settled()
        assert len(hospital.asked) == 5

    play(story)


def test_whoever_waits_for_a_reading_ahead_that_fails_asks_himself_once_for_all() -> None:
    async def story(hospital: Hospital) -> None:
        kept = await on_its_way(hospital)
        hospital.away = True
        hospital.now_s += 1.0
        waiting = [asyncio.create_task(kept.get("a")) for _ in range(3)]
        await settled()
        hospital.open.set()
        while len(hospital.asked) < 3:
            await asyncio.sleep(0)
            hospital.away = False
        assert await asyncio.gather(*waiting) == ["a3"] * 3

    play(story)


def test_what_is_read_ahead_from_before_a_change_is_told_nobody() -> None:
    async def story(hospital: Hospital) -> None:
        kept = hospital.kept()
        assert [await kept.get(key) for key in ("a", "b")] == ["a1", "b2"]
        hospital.now_s += 2.5
        hospital.open.clear()
        await kept.get("a")
        await settled()
        kept.forget("a")
        hospital.open.set()
        assert await kept.get("a") == "a4"
        await settled()
        assert await kept.get("a") == "a4"
        assert await kept.get("b") == "b2"

    play(story)


def test_what_is_read_for_somebody_from_before_a_change_is_told_nobody_who_asks_after_it() -> None:
    async def story(hospital: Hospital) -> None:
        kept = hospital.kept()
        hospital.open.clear()
        before = asyncio.create_task(kept.get("a"))
        await settled()
        kept.forget("a")
        after = asyncio.create_task(kept.get("a"))
        await settled()
        hospital.open.set()
        assert (await before, await after, await kept.get("a")) == ("a1", "a2", "a2")

    play(story)


def test_what_is_doubted_is_not_brought_back_by_a_reading_ahead() -> None:
    async def story(hospital: Hospital) -> None:
        kept = await on_its_way(hospital)
        kept.doubt(lambda known: known == "a1")
        hospital.open.set()
        assert await kept.get("a") == "a3"
        await settled()
        assert await kept.get("a") == "a3"

    play(story)


def test_so_many_are_read_ahead_at_once_and_no_more() -> None:
    async def story(hospital: Hospital) -> None:
        kept = hospital.kept()
        keys = [f"{n:02}" for n in range(AHEAD_AT_ONCE + 5)]
        for key in keys:
            await kept.get(key)
        hospital.now_s += 2.5
        hospital.open.clear()
        for key in keys:
            assert await kept.get(key)
        await settled()
        assert len(hospital.asked) == len(keys) + AHEAD_AT_ONCE
        hospital.open.set()
        await settled()
        await kept.get(keys[-1])
        await settled()
        assert hospital.asked[-1] == keys[-1]

    play(story)


def test_it_is_read_ahead_for_nobody() -> None:
    """In the line for the hospital it stands behind everybody who waits."""

    async def story(hospital: Hospital) -> None:
        kept = hospital.kept()
        with asking_for(Asking("K01", 1.0)) as first:
            await kept.get("a")
            hospital.now_s += 2.5
            await kept.get("a")
            await settled()
        assert hospital.whom == [first, None]

    play(story)


@pytest.mark.parametrize("turns", range(6))
def test_it_is_asked_once_whenever_the_answer_ahead_comes(turns: int) -> None:
    """Before the old one ends, after it, or between."""

    async def story(hospital: Hospital) -> None:
        kept = await nearly_old(hospital)
        await kept.get("a")
        for _ in range(turns):
            await asyncio.sleep(0)
        hospital.now_s += 0.5
        assert (await kept.get("a"), len(hospital.asked)) == ("a2", 2)

    play(story)


def test_a_reading_ahead_that_takes_too_long_is_let_go() -> None:
    async def story(hospital: Hospital) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        kept = RecentByKey(hospital.read, 600.0, ahead=True, seconds=loop.time)
        await kept.get("a")
        loop.now_s += 599.0
        hospital.open.clear()
        await kept.get("a")
        await settled()
        loop.now_s += AHEAD_WITHIN_S
        await settled()
        hospital.open.set()
        assert (await kept.get("a"), len(hospital.asked)) == ("a3", 3)

    async def whole() -> None:
        await story(Hospital())

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(whole())


def test_what_is_not_to_be_read_ahead_is_read_when_it_is_old() -> None:
    async def story(hospital: Hospital) -> None:
        kept = Recent(hospital.read, KEPT_S, seconds=hospital.seconds)
        await kept.get()
        hospital.now_s += 2.9
        assert await kept.get() == "1"
        await settled()
        assert len(hospital.asked) == 1
        hospital.now_s += 0.1
        assert await kept.get() == "2"

    play(story)


def test_one_value_is_read_ahead_too() -> None:
    async def story(hospital: Hospital) -> None:
        kept = Recent(hospital.read, KEPT_S, Room(1), hospital.seconds)
        await kept.get()
        hospital.now_s += 2.5
        assert await kept.get() == "1"
        await settled()
        assert await kept.get() == "2"

    play(story)


def test_what_was_read_ahead_is_among_the_newest() -> None:
    async def story(hospital: Hospital) -> None:
        kept = hospital.kept(most=3)
        for key in ("a", "b", "c"):
            await kept.get(key)
        hospital.now_s += 2.5
        await kept.get("a")
        await settled()
        await kept.get("d")
        asked = len(hospital.asked)
        await kept.get("a")
        assert len(hospital.asked) == asked

    play(story)
