"""``Schedules`` when the hospital is slow, refuses, breaks the line or is down: the truth about each call."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hospital_offers import OFFERED
from hospital_stage import (
    Mishap,
    Play,
    Stage,
    Verb,
    confirmed,
    fresh_schedule,
    held,
    plays,
    reference,
    soon,
    status,
)

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.scheduling.ports import Schedules
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import Done, NotSent, Unknown


@pytest.fixture(params=OFFERED)
def play(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Play:
    """Runs a scene on the stage of each connector."""
    return plays(OFFERED[request.param], postgres)


async def do_hold(stage: Stage, ports: Schedules) -> tuple[str, Callable[[], Awaitable[object]], str, str]:
    """A reference, the call, and what asking tells before and after it took effect."""
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref, until = reference(), await soon(stage)
    return ref, lambda: ports.hold(ref, schedule.schedule_id, "", patient_no, until), "none", "held"


async def do_confirm(stage: Stage, ports: Schedules) -> tuple[str, Callable[[], Awaitable[object]], str, str]:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref, paid_at = await held(stage, schedule, patient_no), await stage.now()
    return ref, lambda: ports.confirm(ref, "P1", schedule.fee_fen, paid_at), "held", "confirmed"


async def do_release(stage: Stage, ports: Schedules) -> tuple[str, Callable[[], Awaitable[object]], str, str]:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref = await confirmed(stage, schedule, patient_no)
    return ref, lambda: ports.release(ref), "confirmed", "expired"


async def do_extend(stage: Stage, ports: Schedules) -> tuple[str, Callable[[], Awaitable[object]], str, str]:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref, until = await held(stage, schedule, patient_no), await soon(stage, 20)
    return ref, lambda: ports.extend(ref, until), "held", "held"


CHANGES = {"hold": do_hold, "confirm": do_confirm, "release": do_release, "extend": do_extend}


@pytest.mark.parametrize("mishap", ["cut", "lost"])
@pytest.mark.parametrize("verb", CHANGES)
def test_a_broken_line_is_unknown_and_asking_tells(play: Play, verb: Verb, mishap: Mishap) -> None:
    async def scene(stage: Stage) -> None:
        ref, call, before, after = await CHANGES[verb](stage, stage.schedules)
        await stage.mishap(verb, mishap)
        assert isinstance(await call(), Unknown)
        assert await status(stage.schedules, ref) == (before if mishap == "cut" else after)
        assert isinstance(await call(), Done)
        assert await status(stage.schedules, ref) == after

    play(scene)


@pytest.mark.parametrize("mishap", ["silent", "slow"])
@pytest.mark.parametrize("verb", CHANGES)
def test_no_answer_in_time_is_unknown_and_may_still_happen(play: Play, verb: Verb, mishap: Mishap) -> None:
    async def scene(stage: Stage) -> None:
        ref, call, _, after = await CHANGES[verb](stage, stage.hasty)
        await stage.mishap(verb, mishap)
        assert isinstance(await call(), Unknown)
        await stage.settled()
        assert await status(stage.schedules, ref) == after

    play(scene)


def test_a_hold_that_comes_too_late_finds_the_door_shut(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref, call, _, _ = await CHANGES["hold"](stage, stage.hasty)
        await stage.mishap("hold", "slow")
        assert isinstance(await call(), Unknown)
        assert isinstance(await stage.schedules.release(ref), Done)
        await stage.settled()
        assert await status(stage.schedules, ref) == "expired"

    play(scene)


@pytest.mark.parametrize("verb", CHANGES)
def test_a_busy_hospital_has_surely_done_nothing(play: Play, verb: Verb) -> None:
    async def scene(stage: Stage) -> None:
        ref, call, before, after = await CHANGES[verb](stage, stage.schedules)
        await stage.mishap(verb, "refuse")
        assert isinstance(await call(), NotSent)
        assert await status(stage.schedules, ref) == before
        assert isinstance(await call(), Done)
        assert await status(stage.schedules, ref) == after

    play(scene)


@pytest.mark.parametrize("verb", CHANGES)
def test_a_hospital_that_is_down_is_not_reached(play: Play, verb: Verb) -> None:
    async def scene(stage: Stage) -> None:
        ref, call, before, _ = await CHANGES[verb](stage, stage.schedules)
        await stage.line_down(True)
        outcomes = [await call() for _ in range(8)]
        assert all(isinstance(one, NotSent | Unknown) for one in outcomes), outcomes
        assert isinstance(outcomes[-1], NotSent)
        assert isinstance(await stage.schedules.ask(ref), NotSent)
        with pytest.raises(HospitalUnavailable):
            await stage.schedules.visits("083214", 1)
        await stage.line_down(False)
        assert await status(stage.schedules, ref) == before
        assert isinstance(await call(), Done)

    play(scene)


def test_a_line_that_broke_heals_by_itself(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        await asyncio.gather(*(stage.schedules.visits("083214", 10) for _ in range(12)))
        await stage.line_down(True)
        await stage.line_down(False)

        async def answers() -> bool:
            try:
                return len(await stage.schedules.visits("083214", 10)) == 4
            except HospitalUnavailable:
                return False

        assert [await answers() for _ in range(20)][-1]

    play(scene)


@pytest.mark.parametrize("mishap", ["cut", "lost", "refuse"])
def test_a_reading_that_fails_says_that_the_hospital_is_unavailable(play: Play, mishap: Mishap) -> None:
    async def scene(stage: Stage) -> None:
        schedule = await fresh_schedule(stage)
        await stage.mishap("slots", mishap)
        with pytest.raises(HospitalUnavailable):
            await stage.schedules.slots(schedule.schedule_id)
        assert await stage.schedules.slots(schedule.schedule_id)

    play(scene)


@pytest.mark.parametrize("mishap", ["cut", "lost", "refuse"])
def test_asking_that_fails_tells_nothing(play: Play, mishap: Mishap) -> None:
    async def scene(stage: Stage) -> None:
        schedule = await fresh_schedule(stage)
        [patient_no] = await stage.patient_numbers(1)
        ref = await held(stage, schedule, patient_no)
        await stage.mishap("ask", mishap)
        assert isinstance(await stage.schedules.ask(ref), Unknown)
        assert await status(stage.schedules, ref) == "held"

    play(scene)
