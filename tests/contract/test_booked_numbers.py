"""``ReturnsLater``, ``ChecksIn`` and ``TellsChanges``: what a hospital whose numbers can be booked has to do."""

from datetime import datetime, timedelta

import pytest
from hospital_offers import OFFERED
from hospital_stage import (
    Play,
    Stage,
    as_it_stands,
    confirmed,
    fresh_schedule,
    held,
    plays,
    reference,
    refused,
    status,
)

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.scheduling.ports import ChecksIn, KnowsMissed, ReturnsLater, TellsChanges
from yinyi.kernel.outcome import Done, NotFound


@pytest.fixture(params=OFFERED)
def play(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Play:
    """Runs a scene on the stage of each connector."""
    return plays(OFFERED[request.param], postgres)


def test_a_number_comes_back_later_and_once(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ports = stage.schedules
        assert isinstance(ports, ReturnsLater)
        schedule = await fresh_schedule(stage)
        [patient_no] = await stage.patient_numbers(1)
        ref = await confirmed(stage, schedule, patient_no)
        taken = (await as_it_stands(stage, schedule)).taken
        free_at = await stage.now() + timedelta(minutes=20)
        assert isinstance(await ports.give_back(ref, free_at), Done)
        assert isinstance(await ports.give_back(ref, free_at + timedelta(hours=5)), Done)
        assert await status(ports, ref) == "expired"
        assert (await as_it_stands(stage, schedule)).taken == taken, "nobody else can have it yet"
        again = await held(stage, schedule, patient_no)
        await ports.release(again)
        await stage.pass_time(timedelta(minutes=21))
        assert (await as_it_stands(stage, schedule)).taken == taken - 1
        assert isinstance(await ports.give_back(reference(), free_at), Done), "one that it never knew"

    play(scene)


async def _arrived(stage: Stage, ref: str) -> datetime:
    """The time of the number has come; when it began."""
    answer = await stage.schedules.ask(ref)
    assert isinstance(answer, Done)
    starts_at = datetime.fromisoformat(answer.evidence["starts_at"])
    await stage.pass_time(starts_at - await stage.now())
    return starts_at


def test_who_has_come_is_checked_in_once(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ports = stage.schedules
        assert isinstance(ports, ChecksIn)
        schedule = await fresh_schedule(stage)
        [patient_no] = await stage.patient_numbers(1)
        ref = await held(stage, schedule, patient_no, minutes=20 * 24 * 60)
        first, second = reference(), reference()
        refused(await ports.check_in(first, ref), "too_early")
        assert isinstance(await ports.ask_check_in(first), NotFound)
        await _arrived(stage, ref)
        told = await ports.check_in(first, ref)
        assert isinstance(told, Done)
        assert {"number", "queue_ahead", "room", "starts_at"} <= told.evidence.keys()
        assert isinstance(await ports.check_in(first, ref), Done), "by the same reference it is the same"
        refused(await ports.check_in(second, ref), "duplicate_registration")
        assert isinstance(await ports.ask_check_in(first), Done)
        assert isinstance(await ports.undo_check_in(first), Done)
        refused(await ports.check_in(first, ref), "expired")
        assert isinstance(await ports.check_in(second, ref), Done), "he may come again"

    play(scene)


def test_who_comes_too_late_or_for_nothing(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ports = stage.schedules
        assert isinstance(ports, ChecksIn)
        schedule = await fresh_schedule(stage)
        [patient_no, other] = await stage.patient_numbers(2)
        ref, gone = [await confirmed(stage, schedule, each) for each in (patient_no, other)]
        await ports.release(gone)
        undone = reference()
        assert isinstance(await ports.undo_check_in(undone), Done), "before it ever came"
        await _arrived(stage, ref)
        refused(await ports.check_in(undone, ref), "expired")
        refused(await ports.check_in(reference(), gone), "expired")
        refused(await ports.check_in(reference(), reference()), "expired")
        await stage.pass_time(timedelta(hours=5))
        refused(await ports.check_in(reference(), ref), "too_late")

    play(scene)


def test_what_changes_about_a_session_is_told_in_order(play: Play) -> None:
    async def scene(stage: Stage) -> None:
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
        assert numbers == {paid: True, owed: False}
        refused(await ports.check_in(reference(), paid), "session_stopped")
        await stage.schedules.release(paid)
        assert [each.reference for each in await ports.session_numbers(schedule.schedule_id)] == [owed]
        assert await ports.session_numbers("no such session") == []

    play(scene)


def test_who_never_came_has_missed_his_visit(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ports = stage.schedules
        assert isinstance(ports, KnowsMissed)
        assert isinstance(ports, ChecksIn)
        schedule = await fresh_schedule(stage)
        people = await stage.patient_numbers(3)
        away, came, gone = [await confirmed(stage, schedule, each) for each in people]
        await ports.release(gone)
        assert not await ports.missed(away), "it is not over"
        await _arrived(stage, came)
        assert isinstance(await ports.check_in(reference(), came), Done)
        await stage.pass_time(timedelta(hours=8))
        assert [await ports.missed(each) for each in (away, came, gone, reference())] == [True, False, False, False]

    play(scene)
