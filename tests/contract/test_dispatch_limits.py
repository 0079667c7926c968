"""The way in: how long it may take, how many at once, and who waits for the hospital."""

import asyncio
from datetime import timedelta

import pytest
from dispatch_stage import Stage, failure, play, shown

from yinyi.bus.call import Call
from yinyi.bus.envelope import ReplyEnvelope
from yinyi.bus.operation import Caller
from yinyi.business.scheduling.messages import ListDepartments
from yinyi.kernel.asking import asking
from yinyi.kernel.errors import HospitalUnavailable, InLine, ToldPlace
from yinyi.kernel.turns import TurnRules, turns_of_one_process


def test_what_comes_too_late_is_not_begun(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        begun: list[Call] = []

        async def handler(call: Call, message: ListDepartments) -> None:
            begun.append(call)

        stage.dispatcher.asks(ListDepartments, handler)
        for within_s in (0.0, -1.0, -3600.0):
            reply = await stage.send(ListDepartments(), caller=Caller.KIOSK, within_s=within_s)
            assert failure(reply) == "DeadlineExceeded"
        assert begun == []

    play(platform_url, story)


@pytest.mark.parametrize("hangs", [True, False])
def test_what_takes_too_long_ends_at_the_deadline(platform_url: str, hangs: bool) -> None:
    async def story(stage: Stage) -> None:
        ended = asyncio.Event()

        async def handler(call: Call, message: ListDepartments) -> None:
            try:
                if not hangs:
                    raise TimeoutError("the connector's own")
                await asyncio.Event().wait()
            finally:
                ended.set()

        stage.dispatcher.asks(ListDepartments, handler)
        assert failure(await stage.send(ListDepartments(), caller=Caller.KIOSK, within_s=0.2)) == "DeadlineExceeded"
        assert ended.is_set()

    play(platform_url, story)


def test_more_than_there_are_places_for_are_told_so_at_once(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        go_on, inside = asyncio.Event(), asyncio.Semaphore(0)
        most, now = 0, 0

        async def handler(call: Call, message: ListDepartments) -> str:
            nonlocal most, now
            now += 1
            most = max(most, now)
            inside.release()
            await go_on.wait()
            now -= 1
            return "done"

        stage.dispatcher.asks(ListDepartments, handler)
        asked = [asyncio.create_task(stage.send(ListDepartments(), caller=Caller.KIOSK)) for _ in range(5)]
        for _ in range(2):
            await inside.acquire()
        assert failure(await stage.send(ListDepartments(), caller=Caller.KIOSK)) == "Busy"
        told = (await stage.send(ListDepartments(), caller=Caller.KIOSK, place="")).failure
        assert told is not None
        assert InLine(told.detail).told == ToldPlace(3, 3, 3.0, f"{stage.clock.now().timestamp():.2f}")
        go_on.set()
        assert [shown(reply) for reply in await asyncio.gather(*asked)] == ["done"] * 5
        assert most == 2
        assert shown(await stage.send(ListDepartments(), caller=Caller.KIOSK)) == "done"

    play(platform_url, story, at_once=2, waiting=3)


def test_who_waits_for_a_place_waits_no_longer_than_his_deadline(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        go_on, inside = asyncio.Event(), asyncio.Event()

        async def handler(call: Call, message: ListDepartments) -> str:
            inside.set()
            await go_on.wait()
            return "done"

        stage.dispatcher.asks(ListDepartments, handler)
        first = asyncio.create_task(stage.send(ListDepartments(), caller=Caller.KIOSK))
        await inside.wait()
        assert failure(await stage.send(ListDepartments(), caller=Caller.KIOSK, within_s=0.2)) == "DeadlineExceeded"
        go_on.set()
        assert shown(await first) == "done"

    play(platform_url, story, at_once=1, waiting=5)


def test_who_waits_for_the_hospital_takes_nobodys_place_and_keeps_his_own_in_the_line(platform_url: str) -> None:
    """Two places to work, one call at a time outside: the second waits aside, the third is told where he stands."""

    async def story(stage: Stage) -> None:
        rules = TurnRules(system="his", at_once=1, waiting=9, patience_s=20, longest_call_s=20)
        turns = turns_of_one_process(rules, stage.clock)
        go_on, out = asyncio.Event(), asyncio.Event()
        came: list[float] = []

        async def far() -> str:
            out.set()
            await go_on.wait()
            return "answered"

        async def handler(call: Call, message: ListDepartments) -> str:
            whom = asking()
            assert whom is not None
            came.append(whom.since)
            whom.hold_s = 0.0
            return await turns.run(far, decides=False)

        async def ask(place: str | None = None) -> ReplyEnvelope:
            return await stage.send(ListDepartments(), caller=Caller.KIOSK, place=place)

        stage.dispatcher.asks(ListDepartments, handler)
        first = asyncio.create_task(ask())
        await out.wait()
        second = asyncio.create_task(ask())
        told = (await ask(place="")).failure
        assert told is not None
        assert told.code == "InLine"
        stage.clock.at += timedelta(seconds=5)
        now = stage.clock.at.timestamp()
        go_on.set()
        assert [shown(each) for each in await asyncio.gather(first, second)] == ["answered"] * 2
        for place, since in ((InLine(told.detail).told.ticket, 5), ("nan", 0), ("99999999999.00", 0), ("1.00", 600)):
            await ask(place)
            assert came[-1] == now - since, place

    play(platform_url, story, at_once=2, waiting=5)


def test_failures_give_their_places_back(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async def handler(call: Call, message: ListDepartments) -> None:
            raise HospitalUnavailable

        stage.dispatcher.asks(ListDepartments, handler)
        for _ in range(5):
            assert failure(await stage.send(ListDepartments(), caller=Caller.KIOSK)) == "HospitalUnavailable"

    play(platform_url, story, at_once=1, waiting=0)
