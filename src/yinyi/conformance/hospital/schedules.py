"""``Schedules``: what every connector to a hospital's numbers has to do."""

import asyncio
from datetime import datetime, timedelta

from yinyi.business.scheduling.ports import Schedules
from yinyi.conformance.behaviour import NotTried, Script, equal, expect, refused
from yinyi.conformance.hospital.actions import (
    as_it_stands,
    confirmed,
    fresh_schedule,
    held,
    is_other,
    number_of,
    soon,
    status,
)
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, Refused

SCRIPT = Script((Schedules,))


@SCRIPT.behaviour()
async def it_says_how_patient_to_be(stage: Stage) -> None:
    """Of every port."""
    assert 0 < stage.schedules.call_timeout_s <= 600


@SCRIPT.behaviour()
async def departments_stand_in_two_levels(stage: Stage) -> None:
    departments = await stage.schedules.departments()
    tops = {one.department_id for one in departments if not one.parent_id}
    below = [one for one in departments if one.parent_id]
    assert {one.parent_id for one in below} <= tops
    equal(len({one.department_id for one in departments}), len(departments))
    assert all(one.initial.isascii() and one.initial.isupper() for one in departments)
    ranks = sorted(one.common_rank for one in below if one.common_rank)
    equal(ranks, list(range(1, len(ranks) + 1)))


@SCRIPT.behaviour()
async def practitioners_belong_to_departments(stage: Stage) -> None:
    below = {one.department_id for one in await stage.schedules.departments() if one.parent_id}
    practitioners = await stage.schedules.practitioners()
    assert {one.department_id for one in practitioners} == below
    equal(len({one.practitioner_id for one in practitioners}), len(practitioners))
    for one in practitioners:
        assert is_other(one.specialty_en, one.specialty)
        assert is_other(one.introduction_en, one.introduction)


@SCRIPT.behaviour()
async def slots_and_counts_say_the_same(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    slots = await stage.schedules.slots(schedule.schedule_id)
    assert [one.number for one in slots] == list(range(1, schedule.capacity + 1))
    assert sum(one.status != "free" for one in slots) == schedule.taken
    equal(slots[0].starts_at, schedule.starts_at)
    assert slots[-1].ends_at <= schedule.ends_at
    assert all(one.starts_at < one.ends_at for one in slots)
    equal(await stage.schedules.slots("no such schedule"), [])
    equal(await stage.schedules.slots("9" * 18), [])


@SCRIPT.behaviour()
async def a_hold_takes_the_next_number(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    free = [one for one in await stage.schedules.slots(schedule.schedule_id) if one.status == "free"]
    until = await soon(stage)
    ref = reference()
    outcome = await stage.schedules.hold(ref, schedule.schedule_id, "", patient_no, until)
    assert isinstance(outcome, Done), outcome
    said = outcome.evidence
    equal((said["status"], said["number"], said["slot_id"]), ("held", free[0].number, free[0].slot_id))
    equal(datetime.fromisoformat(said["held_until"]), until)
    equal(datetime.fromisoformat(said["starts_at"]), free[0].starts_at)
    equal(said["room"], schedule.room)
    assert said["queue_ahead"] >= 0
    equal((await as_it_stands(stage, schedule)).taken, schedule.taken + 1)
    assert {one.slot_id: one.status for one in await stage.schedules.slots(schedule.schedule_id)}[
        said["slot_id"]
    ] == "busy-tentative"
    equal(await stage.schedules.ask(ref), outcome)


@SCRIPT.behaviour()
async def one_reference_is_one_number(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    patient_no, other = await stage.patient_numbers(2)
    ref, until = reference(), await soon(stage)
    outcomes = await asyncio.gather(
        *(stage.schedules.hold(ref, schedule.schedule_id, "", patient_no, until) for _ in range(5))
    )
    assert all(one == outcomes[0] and isinstance(one, Done) for one in outcomes)
    equal((await as_it_stands(stage, schedule)).taken, schedule.taken + 1)
    refused(await stage.schedules.hold(ref, schedule.schedule_id, "", other, until), "bad_request")


@SCRIPT.behaviour()
async def a_chosen_slot_is_given_once(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    first, second = await stage.patient_numbers(2)
    free = [one for one in await stage.schedules.slots(schedule.schedule_id) if one.status == "free"]
    until, chosen = await soon(stage), free[-1]
    outcome = await stage.schedules.hold(reference(), schedule.schedule_id, chosen.slot_id, first, until)
    assert isinstance(outcome, Done), outcome
    equal(outcome.evidence["number"], chosen.number)
    taken = await stage.schedules.hold(reference(), schedule.schedule_id, chosen.slot_id, second, until)
    refused(taken, "slot_taken")
    elsewhere = await stage.schedules.hold(reference(), schedule.schedule_id, "0-1", second, until)
    refused(elsewhere, "bad_request")


@SCRIPT.behaviour()
async def a_patient_has_one_number_of_a_session(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref = await held(stage, schedule, patient_no)
    until = await soon(stage)
    again = await stage.schedules.hold(reference(), schedule.schedule_id, "", patient_no, until)
    refused(again, "duplicate_registration")
    assert not await stage.sell_at_window(schedule.schedule_id, patient_no)
    await stage.schedules.release(ref)
    await held(stage, schedule, patient_no)


@SCRIPT.behaviour()
async def what_a_window_sold_is_gone(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    buyer, late = await stage.patient_numbers(2)
    assert await stage.sell_at_window(schedule.schedule_id, buyer)
    equal((await as_it_stands(stage, schedule)).taken, schedule.taken + 1)
    refused(
        await stage.schedules.hold(reference(), schedule.schedule_id, "", buyer, await soon(stage)),
        "duplicate_registration",
    )
    await held(stage, schedule, late)


@SCRIPT.behaviour()
async def a_hold_ends_by_itself(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    patient_no, next_one = await stage.patient_numbers(2)
    ref = await held(stage, schedule, patient_no, minutes=5)
    number = await number_of(stage, ref)
    await stage.pass_time(timedelta(minutes=6))
    equal(await status(stage.schedules, ref), "expired")
    equal((await as_it_stands(stage, schedule)).taken, schedule.taken)
    refused(await stage.schedules.extend(ref, await soon(stage)), "expired")
    outcome = await stage.schedules.confirm(ref, "P1", schedule.fee_fen, await stage.now())
    refused(outcome, "expired")
    other = await held(stage, schedule, next_one)
    equal(await number_of(stage, other), number)
    expect(await stage.schedules.release(ref), Done)
    equal(await status(stage.schedules, other), "held")


@SCRIPT.behaviour()
async def a_hold_can_be_kept_longer(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref = await held(stage, schedule, patient_no, minutes=5)
    later = await soon(stage, 20)
    outcome = await stage.schedules.extend(ref, later)
    assert isinstance(outcome, Done), outcome
    equal(datetime.fromisoformat(outcome.evidence["held_until"]), later)
    await stage.pass_time(timedelta(minutes=15))
    equal(await status(stage.schedules, ref), "held")
    refused(await stage.schedules.extend(reference(), later), "expired")


@SCRIPT.behaviour()
async def a_paid_number_is_a_registration(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref, paid_at = await held(stage, schedule, patient_no), await stage.now()
    first = await stage.schedules.confirm(ref, "P1", schedule.fee_fen, paid_at)
    assert isinstance(first, Done), first
    equal(first.evidence["status"], "confirmed")
    assert first.evidence["registration_no"]
    equal(datetime.fromisoformat(first.evidence["held_until"]), schedule.ends_at)
    equal(await stage.schedules.confirm(ref, "P1", schedule.fee_fen, paid_at), first)
    equal(await stage.schedules.ask(ref), first)
    await stage.pass_time(timedelta(hours=1))
    equal(await status(stage.schedules, ref), "confirmed")
    other = await stage.schedules.confirm(ref, "P2", schedule.fee_fen, paid_at)
    assert isinstance(other, Refused), other


@SCRIPT.behaviour()
async def another_amount_is_not_accepted(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref = await held(stage, schedule, patient_no)
    wrong = await stage.schedules.confirm(ref, "P1", Fen(schedule.fee_fen + 1), await stage.now())
    refused(wrong, "bad_request")
    equal(await status(stage.schedules, ref), "held")


@SCRIPT.behaviour()
async def giving_back_frees_the_number(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    first, second = await stage.patient_numbers(2)
    refs = await held(stage, schedule, first), await confirmed(stage, schedule, second)
    equal((await as_it_stands(stage, schedule)).taken, schedule.taken + 2)
    for ref in refs * 2:
        expect(await stage.schedules.release(ref), Done)
        equal(await status(stage.schedules, ref), "expired")
    equal((await as_it_stands(stage, schedule)).taken, schedule.taken)
    refused(await stage.schedules.confirm(refs[0], "P1", schedule.fee_fen, await stage.now()), "expired")


@SCRIPT.behaviour()
async def what_was_given_back_before_it_came_stays_away(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref = reference()
    equal(await status(stage.schedules, ref), "none")
    expect(await stage.schedules.release(ref), Done)
    late = await stage.schedules.hold(ref, schedule.schedule_id, "", patient_no, await soon(stage))
    refused(late, "expired")
    equal((await as_it_stands(stage, schedule)).taken, schedule.taken)


@SCRIPT.behaviour()
async def a_stopped_session_sells_nothing(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    first, second = await stage.patient_numbers(2)
    ref = await held(stage, schedule, first)
    await stage.stop_session(schedule.schedule_id)
    equal((await as_it_stands(stage, schedule)).status, "stopped")
    hold = await stage.schedules.hold(reference(), schedule.schedule_id, "", second, await soon(stage))
    refused(hold, "session_stopped")
    refused(await stage.schedules.confirm(ref, "P1", schedule.fee_fen, await stage.now()), "session_stopped")
    expect(await stage.schedules.release(ref), Done)


@SCRIPT.behaviour()
async def a_session_that_is_over_is_closed(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    await stage.pass_time(schedule.ends_at - await stage.now())
    equal((await as_it_stands(stage, schedule)).status, "closed")
    late = await stage.schedules.hold(reference(), schedule.schedule_id, "", patient_no, await soon(stage))
    refused(late, "session_stopped")


@SCRIPT.behaviour()
async def who_comes_late_is_not_expected_earlier(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    middle = schedule.starts_at + (schedule.ends_at - schedule.starts_at) / 2
    await stage.pass_time(middle - await stage.now())
    outcome = await stage.schedules.ask(await held(stage, schedule, patient_no))
    assert isinstance(outcome, Done), outcome
    assert datetime.fromisoformat(outcome.evidence["ends_at"]) > middle


@SCRIPT.behaviour(["0", "x'; --", "9" * 30])
async def what_does_not_exist_is_a_bad_request(stage: Stage, schedule_id: str) -> None:
    ref, [patient_no] = reference(), await stage.patient_numbers(1)
    refused(await stage.schedules.hold(ref, schedule_id, "", patient_no, await soon(stage)), "bad_request")
    equal(await status(stage.schedules, ref), "none")


@SCRIPT.behaviour()
async def an_unknown_patient_gets_no_number(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    for stranger in ("nobody", "<b>'; DROP TABLE--", ""):
        hold = await stage.schedules.hold(reference(), schedule.schedule_id, "", stranger, await soon(stage))
        refused(hold, "bad_request")


@SCRIPT.behaviour()
async def a_registration_becomes_a_visit(stage: Stage) -> None:
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    before = await stage.schedules.visits(patient_no, 100)
    await confirmed(stage, schedule, patient_no)
    equal(await stage.schedules.visits(patient_no, 100), before)
    await stage.pass_time(schedule.starts_at - await stage.now())
    visits = await stage.schedules.visits(patient_no, 100)
    assert schedule.practitioner_id in {one.practitioner_id for one in visits}


@SCRIPT.behaviour()
async def many_after_few_while_a_window_sells(stage: Stage) -> None:
    """Everybody asks three times over for the last numbers: as many sold as there are, everybody else told so."""

    schedule = await fresh_schedule(stage, free=10)
    people = await stage.patient_numbers(170)
    if len(people) < 60:
        raise NotTried("the sandbox has too few people")
    at_window, online = people[:20], people[20:]
    left, until = schedule.capacity - schedule.taken, await soon(stage)

    async def go(patient_no: str) -> str:
        outcome = await stage.schedules.hold(reference(), schedule.schedule_id, "", patient_no, until)
        if isinstance(outcome, Done):
            return "held"
        assert isinstance(outcome, Refused), outcome
        return outcome.reason

    window = asyncio.create_task(_sell_one_by_one(stage, schedule.schedule_id, at_window))
    told = await asyncio.gather(*(go(one) for one in online * 3))
    sold = await window
    equal(sold + told.count("held"), left)
    assert set(told) <= {"held", "slot_taken", "duplicate_registration"}
    after = await as_it_stands(stage, schedule)
    equal(after.taken, after.capacity)
    numbers = [one.status for one in await stage.schedules.slots(schedule.schedule_id)]
    assert "free" not in numbers


async def _sell_one_by_one(stage: Stage, schedule_id: str, people: list[str]) -> int:
    return sum([await stage.sell_at_window(schedule_id, one) for one in people])
