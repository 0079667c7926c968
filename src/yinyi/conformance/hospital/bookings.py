"""``ReturnsLater``, ``ChecksIn``, ``TellsChanges``, ``KnowsMissed`` and ``ListsNumbers``: what a hospital whose numbers
can be booked has to do."""

from datetime import timedelta

from yinyi.business.scheduling.ports import ChecksIn, KnowsMissed, ListsNumbers, ReturnsLater, Schedules, TellsChanges
from yinyi.conformance.behaviour import Script, equal, expect, refused
from yinyi.conformance.hospital.actions import (
    arrived,
    as_it_stands,
    confirmed,
    fresh_schedule,
    held,
    number_of,
    status,
)
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.outcome import Done, NotFound

SCRIPT = Script((Schedules,))


@SCRIPT.behaviour(also=(ReturnsLater,))
async def a_number_comes_back_later_and_once(stage: Stage) -> None:
    ports = stage.schedules
    assert isinstance(ports, ReturnsLater)
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref = await confirmed(stage, schedule, patient_no)
    taken = (await as_it_stands(stage, schedule)).taken
    free_at = await stage.now() + timedelta(minutes=20)
    expect(await ports.give_back(ref, free_at), Done)
    expect(await ports.give_back(ref, free_at + timedelta(hours=5)), Done)
    equal(await status(ports, ref), "expired")
    assert (await as_it_stands(stage, schedule)).taken == taken, "nobody else can have it yet"
    again = await held(stage, schedule, patient_no)
    await ports.release(again)
    await stage.pass_time(timedelta(minutes=21))
    equal((await as_it_stands(stage, schedule)).taken, taken - 1)
    expect(await ports.give_back(reference(), free_at), Done)


@SCRIPT.behaviour(also=(ChecksIn,))
async def who_has_come_is_checked_in_once(stage: Stage) -> None:
    ports = stage.schedules
    assert isinstance(ports, ChecksIn)
    schedule = await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref = await held(stage, schedule, patient_no, minutes=20 * 24 * 60)
    first, second = reference(), reference()
    refused(await ports.check_in(first, ref), "too_early")
    expect(await ports.ask_check_in(first), NotFound)
    await arrived(stage, ref)
    told = await ports.check_in(first, ref)
    assert isinstance(told, Done), told
    assert {"number", "queue_ahead", "room", "starts_at"} <= told.evidence.keys()
    expect(await ports.check_in(first, ref), Done)
    refused(await ports.check_in(second, ref), "duplicate_registration")
    expect(await ports.ask_check_in(first), Done)
    expect(await ports.undo_check_in(first), Done)
    refused(await ports.check_in(first, ref), "expired")
    expect(await ports.check_in(second, ref), Done)


@SCRIPT.behaviour(also=(ChecksIn,))
async def who_comes_too_late_or_for_nothing(stage: Stage) -> None:
    ports = stage.schedules
    assert isinstance(ports, ChecksIn)
    schedule = await fresh_schedule(stage)
    [patient_no, other] = await stage.patient_numbers(2)
    ref, gone = [await confirmed(stage, schedule, each) for each in (patient_no, other)]
    await ports.release(gone)
    undone = reference()
    expect(await ports.undo_check_in(undone), Done)
    await arrived(stage, ref)
    refused(await ports.check_in(undone, ref), "expired")
    refused(await ports.check_in(reference(), gone), "expired")
    refused(await ports.check_in(reference(), reference()), "expired")
    await stage.pass_time(timedelta(hours=5))
    refused(await ports.check_in(reference(), ref), "too_late")


@SCRIPT.behaviour(
    also=(
        TellsChanges,
        ChecksIn,
    )
)
async def what_changes_about_a_session_is_told_in_order(stage: Stage) -> None:
    ports = stage.schedules
    assert isinstance(ports, TellsChanges)
    assert isinstance(ports, ChecksIn)
    schedule = await fresh_schedule(stage)
    [patient_no, other] = await stage.patient_numbers(2)
    paid, owed = await confirmed(stage, schedule, patient_no), await held(stage, schedule, other)
    before = [each.change_no for each in await ports.session_changes(0)]
    await stage.substitute(schedule.schedule_id)
    substitute = (await as_it_stands(stage, schedule)).practitioner_id
    assert substitute != schedule.practitioner_id
    await stage.stop_session(schedule.schedule_id)
    changes = await ports.session_changes(max(before, default=0))
    assert [(each.schedule_id, each.kind, each.practitioner_id) for each in changes] == [
        (schedule.schedule_id, "substituted", substitute),
        (schedule.schedule_id, "stopped", ""),
    ]
    numbers = {each.reference: each.confirmed for each in await ports.session_numbers(schedule.schedule_id)}
    equal(numbers, {paid: True, owed: False})
    refused(await ports.check_in(reference(), paid), "session_stopped")
    await stage.schedules.release(paid)
    assert [each.reference for each in await ports.session_numbers(schedule.schedule_id)] == [owed]
    equal(await ports.session_numbers("no such session"), [])


@SCRIPT.behaviour(
    also=(
        KnowsMissed,
        ChecksIn,
    )
)
async def who_never_came_has_missed_his_visit(stage: Stage) -> None:
    ports = stage.schedules
    assert isinstance(ports, KnowsMissed)
    assert isinstance(ports, ChecksIn)
    schedule = await fresh_schedule(stage)
    people = await stage.patient_numbers(3)
    away, came, gone = [await confirmed(stage, schedule, each) for each in people]
    await ports.release(gone)
    assert not await ports.missed(away), "it is not over"
    await arrived(stage, came)
    expect(await ports.check_in(reference(), came), Done)
    await stage.pass_time(timedelta(hours=8))
    equal([await ports.missed(each) for each in (away, came, gone, reference())], [True, False, False, False])


@SCRIPT.behaviour(also=(ListsNumbers,))
async def what_numbers_were_given_is_told_whatever_became_of_them(stage: Stage) -> None:
    since, schedule = await stage.now(), await fresh_schedule(stage)
    [first, second, third] = await stage.patient_numbers(3)
    owed, paid, gone = [
        await held(stage, schedule, first),
        await confirmed(stage, schedule, second),
        await confirmed(stage, schedule, third),
    ]
    expect(await stage.schedules.release(gone), Done)
    found = {each.reference: each for each in await stage.whole.numbers(since, await stage.now())}
    told = {ref: found[ref].status for ref in (owed, paid, gone) if ref in found}
    equal(told, {owed: "held", paid: "confirmed", gone: "released"})
    one = found[paid]
    equal((one.patient_no, one.schedule_id, one.fee_fen), (second, schedule.schedule_id, schedule.fee_fen))
    equal(one.evidence.get("number"), await number_of(stage, paid))
    before = await stage.whole.numbers(since - timedelta(hours=2), since - timedelta(hours=1))
    assert not {owed, paid, gone} & {each.reference for each in before}, "numbers of another time are told"
