"""Turns at the hospital: never more calls out than are allowed, whoever comes, goes or is torn away."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinyi.kernel.asking import Asking, asking, asking_for, cannot_come_again
from yinyi.kernel.errors import InLine
from yinyi.kernel.turns import FairTurns, NoTurn, TurnRules

RULES = TurnRules(system="his", at_once=2, waiting=100, patience_s=30, longest_call_s=1)
LONG = 1e9


class StoppedClock:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)


class Far:
    """A system that answers when it is told to, and counts."""

    def __init__(self) -> None:
        self.out = self.most = self.begun = 0
        self._answer = asyncio.Event()

    async def call(self) -> str:
        self.begun += 1
        self.out += 1
        self.most = max(self.most, self.out)
        try:
            await self._answer.wait()
        finally:
            self.out -= 1
        return "answered"

    async def answer(self) -> None:
        """All that are out, and nothing that comes later."""
        out, self._answer = self._answer, asyncio.Event()
        out.set()
        await breathe()


async def breathe() -> None:
    """Whoever can go on does."""
    for _ in range(12):
        await asyncio.sleep(0)


def turns(allowed: int = 2, rules: TurnRules = RULES) -> FairTurns:
    made = FairTurns(rules, StoppedClock())
    made.allow(allowed, LONG)
    return made


def asked(door: FairTurns, far: Far, whom: Asking | None = None, decides: bool = False) -> "asyncio.Task[str]":
    async def ask() -> str:
        with asking_for(whom) if whom is not None else nullcontext():
            return await door.run(far.call, decides)

    return asyncio.create_task(ask())


def in_loop(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene())


@given(steps=st.lists(st.tuples(st.sampled_from(["ask", "leave", "answer", "allow"]), st.integers(0, 9)), max_size=40))
def test_whatever_happens_no_permit_is_lost_and_none_used_twice(steps: list[tuple[str, int]]) -> None:
    async def scene() -> None:
        door, far, asking = turns(3), Far(), list[asyncio.Task[str]]()
        for step, number in steps:
            match step:
                case "ask":
                    asking.append(asked(door, far, Asking(who=f"K{number % 3}", since=float(number))))
                case "leave" if asking:
                    asking[number % len(asking)].cancel()
                case "answer":
                    await far.answer()
                case _:
                    door.allow(3, LONG)
            if number % 2:
                await breathe()
        while any(not each.done() for each in asking) or far.out:
            await far.answer()
        await asyncio.gather(*asking, return_exceptions=True)
        assert far.most <= 3
        assert (door.need.out, door.need.wants) == (0, 0)
        last = [asked(door, far) for _ in range(3)]
        await breathe()
        assert far.out == 3
        await far.answer()
        assert [each.result() for each in last] == ["answered"] * 3

    in_loop(scene)


def test_whoever_goes_while_he_waits_is_not_worked_for_and_a_call_that_is_out_keeps_its_permit() -> None:
    async def scene() -> None:
        door, far = turns(1), Far()
        first, second = asked(door, far), asked(door, far)
        await breathe()
        second.cancel()
        first.cancel()
        await breathe()
        assert (door.need.out, door.need.wants) == (1, 1)
        third = asked(door, far)
        await breathe()
        assert far.begun == 1
        await far.answer()
        await far.answer()
        assert third.result() == "answered"
        assert (far.begun, far.most) == (2, 1)

    in_loop(scene)


def test_money_goes_first_and_each_terminal_has_its_turn() -> None:
    async def scene() -> None:
        door, far = turns(1), Far()
        asked(door, far)
        order: list[str] = []

        def ask(name: str, who: str, decides: bool = False) -> None:
            task = asked(door, far, Asking(who=who, since=100.0), decides)
            task.add_done_callback(lambda _: order.append(name))

        await breathe()
        for name, who in (("list 1", "K1"), ("list 1 again", "K1"), ("list 2", "K2")):
            ask(name, who)
        ask("pays", "K3", decides=True)
        await breathe()
        for _ in range(6):
            await far.answer()
        assert order == ["pays", "list 1", "list 2", "list 1 again"]

    in_loop(scene)


def test_whoever_can_come_again_is_told_his_place_at_once_when_it_will_be_long_and_stands_there_when_he_comes() -> None:
    async def scene() -> None:
        door, far = turns(1), Far()
        door.allow(1, LONG, crowd=2.0)
        crowd = [asked(door, far, Asking(who=f"K{n}", since=100.0 + n)) for n in range(41)]
        await breathe()
        late = asked(door, far, Asking(who="late", since=200.0, comes_again=True))
        await breathe()
        with pytest.raises(InLine) as told:
            late.result()
        assert (told.value.told.before, told.value.told.about_s, told.value.told.again_s) == (80, 4, 2.6)
        later = asked(door, far, Asking(who="later", since=201.0, comes_again=True))
        await breathe()
        with pytest.raises(InLine) as told:
            later.result()
        assert told.value.told.before == 82
        for _ in range(40):
            await far.answer()
        again = asked(door, far, Asking(who="late", since=200.0, comes_again=True))
        newcomer = asked(door, far, Asking(who="new", since=300.0))
        await breathe()
        assert door.need.waiting == 3
        await far.answer()
        await far.answer()
        assert again.result() == "answered"
        assert not newcomer.done()
        await far.answer()
        assert all(each.result() == "answered" for each in (*crowd, newcomer))

    in_loop(scene)


def test_whoever_has_used_up_what_he_brought_is_not_sent_away_and_goes_before_who_can_come_again() -> None:
    async def scene() -> None:
        door, far = turns(1), Far()
        order: list[str] = []
        waiting = [asked(door, far) for _ in range(41)]
        await breathe()

        async def with_a_ticket() -> str:
            with asking_for(Asking(who="K2", since=200.0, comes_again=True)):
                cannot_come_again()
                return await door.run(far.call, decides=False)

        looks = asked(door, far, Asking(who="K1", since=100.0))
        used_up = asyncio.create_task(with_a_ticket())
        for name, task in (("looks", looks), ("used up", used_up)):
            task.add_done_callback(lambda _, name=name: order.append(name))
        await breathe()
        for _ in range(43):
            await far.answer()
        assert order == ["used up", "looks"]
        assert all(each.done() for each in waiting)

    in_loop(scene)


def test_what_goes_on_after_a_request_is_nobodys() -> None:
    async def scene() -> None:
        go_on = asyncio.Event()

        async def later() -> Asking | None:
            await go_on.wait()
            return asking()

        with asking_for(Asking(who="K1", since=1.0, comes_again=True)) as whom:
            task = asyncio.create_task(later())
            assert asking() is whom
        go_on.set()
        assert (asking(), await task) == (None, None)

    in_loop(scene)


def test_no_call_leaves_that_the_permits_do_not_outlast() -> None:
    async def scene() -> None:
        door, far = FairTurns(RULES, StoppedClock()), Far()
        door.allow(2, RULES.longest_call_s / 2)
        waits = asked(door, far)
        await breathe()
        assert far.begun == 0
        door.allow(2, LONG)
        await breathe()
        await far.answer()
        assert waits.result() == "answered"

    in_loop(scene)


def test_whoever_waits_only_waits_for_another_and_too_many_are_sent_away() -> None:
    async def scene() -> None:
        aside: list[str] = []
        rules = TurnRules(system="his", at_once=1, waiting=1, patience_s=30, longest_call_s=1)
        door, far = turns(1, rules), Far()
        out = asked(door, far)
        await breathe()
        standing = asked(door, far, Asking(who="K1", since=1.0, step_aside=lambda: aside.append("K1")))
        await breathe()
        assert aside == ["K1"]
        with pytest.raises(NoTurn, match="too many"):
            await asked(door, far, Asking(who="K2", since=2.0))
        await far.answer()
        assert out.result() == "answered"
        await far.answer()
        assert standing.result() == "answered"

    in_loop(scene)


def test_a_step_of_a_payment_waits_no_longer_than_its_patience() -> None:
    async def scene() -> None:
        rules = TurnRules(system="his", at_once=1, waiting=9, patience_s=0.01, longest_call_s=1)
        door, far = turns(1, rules), Far()
        out = asked(door, far)
        await breathe()
        with pytest.raises(NoTurn, match="under way"):
            await asked(door, far, decides=True)
        await far.answer()
        assert (out.result(), far.begun, door.need.wants) == ("answered", 1, 0)

    in_loop(scene)


def test_a_call_that_takes_too_long_is_cut_off_and_its_permit_is_free() -> None:
    async def scene() -> None:
        rules = TurnRules(system="his", at_once=1, waiting=9, patience_s=30, longest_call_s=0.01)
        door, far = turns(1, rules), Far()
        with pytest.raises(TimeoutError, match="cut off"):
            await asyncio.wait_for(asked(door, far), 5)
        assert (far.begun, far.out, door.need.out) == (1, 0, 0)

    in_loop(scene)


def test_whoever_has_his_answer_finds_the_permit_free_whether_it_was_an_error_or_not() -> None:
    async def scene() -> None:
        door = turns(1)

        async def well() -> str:
            return "well"

        async def ill() -> str:
            raise LookupError("ill")

        assert (await door.run(well, decides=False), door.need.out) == ("well", 0)
        with pytest.raises(LookupError, match="ill"):
            await door.run(ill, decides=False)
        assert (door.need.out, await door.run(well, decides=False)) == (0, "well")

    in_loop(scene)


def test_an_error_that_nobody_waits_for_any_more_is_nobodys() -> None:
    async def scene() -> None:
        door, heard = turns(1), list[dict[str, Any]]()
        asyncio.get_running_loop().set_exception_handler(lambda _, context: heard.append(context))
        answer = asyncio.Event()

        async def ill() -> str:
            await answer.wait()
            raise LookupError("ill")

        task = asyncio.create_task(door.run(ill, decides=False))
        await breathe()
        task.cancel()
        await breathe()
        answer.set()
        await breathe()
        gc.collect()
        assert (door.need.out, heard) == (0, [])

    in_loop(scene)
