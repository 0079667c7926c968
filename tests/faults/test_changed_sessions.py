"""Sessions that the hospital stops or gives to another doctor: the money goes back, and everybody concerned is told."""

import json
from datetime import timedelta

import pytest
from booking_desk import TOMORROW, Desk, play
from msgspec.structs import replace
from payment_far_side import FEE, START
from refund_desk import GIVEN_UP, given_back_in_cash

from yinyi.bus.call import Call, Principal
from yinyi.bus.operation import Caller
from yinyi.business.payments import signals
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.errors import NoSuchBooking, PractitionerUnknown, ScheduleUnknown, SessionOver
from yinyi.business.scheduling.messages_booking import (
    ListVisitChanges,
    SeeVisitChange,
    StopSession,
    SubstitutePractitioner,
    VisitChanges,
)
from yinyi.kernel.errors import HospitalUnavailable, InvalidField

NEXT_WEEK = TOMORROW + timedelta(days=7)


async def list_changes(desk: Desk, who: int = 1) -> VisitChanges:
    async with desk.it.database.read() as tx:
        return await desk.changes.list(tx, desk.call(who), ListVisitChanges())


async def told(desk: Desk, who: int = 1) -> list[tuple[str, str]]:
    found = await list_changes(desk, who)
    return [(each.kind, each.payment.payment_no) for each in found.changes]


def test_a_session_is_stopped(platform_url: str) -> None:
    """Whoever has paid, whoever has not, and whoever has come already."""

    async def story(desk: Desk) -> None:
        came, paid, other = await desk.booked(), await desk.booked(who=2), await desk.booked(NEXT_WEEK)
        await desk.come_on(TOMORROW, 8)
        arrival = await desk.check_in(came)
        desk.his.stop(f"{TOMORROW:%Y%m%d}A")
        assert await desk.changes.look() == 1
        assert await desk.changes.look() == 0
        for plan in (came, paid):
            assert state_of(await desk.it.to_the_end(plan.payment_no)) == "returned"
        assert state_of(await desk.it.to_the_end(arrival.payment_no)) == "closed"
        assert (await desk.view(came)).state == "stopped"
        assert (await told(desk), await told(desk, 2)) == (
            [("stopped", came.payment_no)],
            [("stopped", paid.payment_no)],
        )
        assert state_of(await desk.it.plan(other.payment_no)) == "fulfilled"
        assert (desk.it.channel.kept_fen(), await desk.it.books_differ()) == (FEE, [])
        async with desk.it.database.transaction() as tx:
            await desk.changes.see(tx, desk.call(), SeeVisitChange(payment_no=came.payment_no), None)
            with pytest.raises(NoSuchBooking):
                await desk.changes.see(tx, desk.call(), SeeVisitChange(payment_no=paid.payment_no), None)
        assert await told(desk) == []

    play(platform_url, story)


def test_what_a_channel_took_that_was_given_up_goes_back_over_the_counter(platform_url: str) -> None:
    """People are called, the patient is sent to them, and business processes still start meanwhile."""

    async def story(desk: Desk) -> None:
        plan, it = await desk.booked(), desk.it
        async with it.database.transaction() as tx:
            await tx.execute(GIVEN_UP)
        desk.his.stop(f"{TOMORROW:%Y%m%d}A")
        assert await desk.changes.look() == 1
        async with it.database.read() as tx:
            assert it.means.registry.unreadable(await signals.open_kinds(tx)) == []
        await it.drive(plan.payment_no)
        [change] = (await list_changes(desk)).changes
        assert (change.payment.state, change.payment.at_window, change.payment.attention) == ("returning", True, True)
        assert [each.state for each in desk.his.numbers.values()] == ["released"]
        assert (await given_back_in_cash(it, plan.payment_no, FEE)).returned_fen == FEE
        assert state_of(await it.to_the_end(plan.payment_no)) == "returned"
        [change] = (await list_changes(desk)).changes
        assert (change.payment.at_window, change.payment.attention) == (False, False)

    play(platform_url, story)


def test_stopped_by_the_hospitals_own_word_while_somebody_pays(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        paying, owing = await desk.book(), await desk.booked(doctor="B", who=2)
        schedule_id = f"{TOMORROW:%Y%m%d}A"
        call, message = desk.call(0), StopSession(schedule_id=schedule_id)
        desk.his.away = True
        with pytest.raises(HospitalUnavailable):
            await desk.changes.to_stop(call, message)
        desk.his.away = False
        known = await desk.changes.to_stop(call, message)
        async with desk.it.database.transaction() as tx:
            await desk.changes.stop(tx, call, message, known)
        assert state_of(await desk.it.to_the_end(paying.payment_no)) == "closed"
        assert state_of(await desk.it.plan(owing.payment_no)) == "fulfilled"
        assert await told(desk) == [("stopped", paying.payment_no)]

    play(platform_url, story)


async def substitute(desk: Desk, practitioner_id: str) -> None:
    """By the hospital's own word."""
    call = desk.call(0)
    message = SubstitutePractitioner(schedule_id=f"{TOMORROW:%Y%m%d}A", practitioner_id=practitioner_id)
    known = await desk.changes.to_substitute(call, message)
    async with desk.it.database.transaction() as tx:
        await desk.changes.substitute(tx, call, message, known)


async def see(desk: Desk, plan: Plan) -> None:
    async with desk.it.database.transaction() as tx:
        await desk.changes.see(tx, desk.call(), SeeVisitChange(payment_no=plan.payment_no), None)


def test_what_the_hospital_says_twice_is_told_once(platform_url: str) -> None:
    """It tells a change, and counts it among those that it is asked for. Another one is news, also an earlier one."""

    async def story(desk: Desk) -> None:
        plan, schedule_id = await desk.booked(), f"{TOMORROW:%Y%m%d}A"
        substituted = [("substituted", plan.payment_no)]
        await substitute(desk, "B")
        desk.his.substitute(schedule_id, "B")
        assert await desk.changes.look() == 1
        assert await told(desk) == substituted
        await see(desk, plan)
        desk.his.substitute(schedule_id, "B")
        assert (await desk.changes.look(), await told(desk)) == (1, [])
        for doctor in ("C", "B"):
            desk.pass_by(timedelta(minutes=1))
            await substitute(desk, doctor)
            assert await told(desk) == substituted
            await see(desk, plan)
        desk.his.stop(schedule_id)
        await desk.changes.look()
        assert await told(desk) == [("stopped", plan.payment_no)]
        await see(desk, plan)
        call, message = desk.call(0), StopSession(schedule_id=schedule_id)
        known = await desk.changes.to_stop(call, message)
        async with desk.it.database.transaction() as tx:
            said = await desk.changes.show(tx, call, await desk.changes.stop(tx, call, message, known))
        assert (said.numbers, said.given_back) == (1, 1), "whoever says it is told what has become of it"
        assert await told(desk) == []

    play(platform_url, story)


async def stopped_by_word(desk: Desk, schedule_id: str, call: Call | None = None, /, **said: str) -> None:
    """By the hospital's, unless it is somebody else's."""
    call, message = call or as_hospital(desk), StopSession(schedule_id=schedule_id, **said)
    known = await desk.changes.to_stop(call, message)
    async with desk.it.database.transaction() as tx:
        await desk.changes.stop(tx, call, message, known)


def as_hospital(desk: Desk) -> Call:
    call = desk.call(0)
    return replace(call, principal=Principal(caller=Caller.HOSPITAL, hospital_id=1, institution_id="his"))


def as_staff(desk: Desk) -> Call:
    call = desk.call(0)
    return replace(call, principal=Principal(caller=Caller.STAFF, hospital_id=1, staff_id="supervisor"))


SAID = {"operator": "0417", "reason": "医生生病"}


def test_a_session_of_another_day_or_of_nobody_is_not_stopped_by_word(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        came = await desk.booked()
        with pytest.raises(ScheduleUnknown):
            await stopped_by_word(desk, "99990101Z", **SAID)
        await desk.come_on(TOMORROW, 8)
        await desk.check_in(came)
        await desk.come_on(TOMORROW + timedelta(days=3), 9)
        with pytest.raises(SessionOver):
            await stopped_by_word(desk, f"{TOMORROW:%Y%m%d}A", **SAID)
        assert state_of(await desk.it.plan(came.payment_no)) == "fulfilled"
        assert await told(desk) == []

    play(platform_url, story)


def test_the_hospital_says_who_stops_a_session_and_why_and_which_doctor_holds_it(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan, schedule_id = await desk.booked(), f"{TOMORROW:%Y%m%d}A"
        for said in ({}, {"operator": "0417"}, {"operator": " ", "reason": "x"}):
            with pytest.raises(InvalidField):
                await stopped_by_word(desk, schedule_id, **said)
        call = as_hospital(desk)
        nobody = SubstitutePractitioner(schedule_id=schedule_id, practitioner_id="Z", **SAID)
        known = await desk.changes.to_substitute(call, nobody)
        with pytest.raises(PractitionerUnknown):
            async with desk.it.database.transaction() as tx:
                await desk.changes.substitute(tx, call, nobody, known)
        assert await told(desk) == []
        for who, by in (("hospital:his", call), ("console:supervisor", as_staff(desk))):
            await stopped_by_word(desk, schedule_id, by, **SAID)
            assert await told(desk) == [("stopped", plan.payment_no)]
            async with desk.it.database.read() as tx:
                said = "SELECT detail FROM audit WHERE operation = 'scheduling.StopSession.v1' AND actor = $1"
                written = await tx.fetchval(said, who)
            assert json.loads(written) == {**SAID, "numbers": 1}

    play(platform_url, story)


def test_another_doctor_may_be_refused(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan = await desk.booked()
        desk.his.substitute(f"{TOMORROW:%Y%m%d}A", "B")
        assert await desk.changes.look() == 1
        view = await desk.view(plan)
        assert (view.changed, view.substitute, view.substitute_title) == ("substituted", "医生B", "chief")
        assert await told(desk) == [("substituted", plan.payment_no)]
        assert view.can_cancel_until is not None
        desk.pass_by(view.can_cancel_until - timedelta(minutes=1) - desk.it.clock.now())
        await desk.it.means.lease.take()
        assert desk.it.clock.now() > START
        assert state_of(await desk.cancel(plan)) == "returned"

    play(platform_url, story)


def test_who_has_come_already_cannot_refuse_another_doctor_himself(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        came, other = await desk.booked(), await desk.booked(who=2)
        await desk.come_on(TOMORROW, 7)
        await desk.check_in(came)
        desk.his.substitute(f"{TOMORROW:%Y%m%d}A", "B")
        assert await desk.changes.look() == 1
        assert [each.can_cancel_until for each in (await list_changes(desk)).changes] == [None]
        [change] = (await list_changes(desk, 2)).changes
        assert change.can_cancel_until == (await desk.view(other, 2)).can_cancel_until is not None

    play(platform_url, story)


def test_one_visit_that_the_hospital_takes_back(platform_url: str) -> None:
    """As a session that is stopped: what was paid goes back, and its patient is told, once."""

    async def story(desk: Desk) -> None:
        paid, other = await desk.booked(), await desk.booked(doctor="B", who=2)
        for again in (False, True):
            async with desk.it.database.transaction() as tx:
                heard = await desk.changes.heard_of_visit(tx, desk.call(), paid.payment_no, None)
            assert heard is not again
            assert state_of(await desk.it.to_the_end(paid.payment_no)) == "returned"
        assert await told(desk) == [("stopped", paid.payment_no)]
        assert state_of(await desk.it.plan(other.payment_no)) == "fulfilled"
        async with desk.it.database.transaction() as tx:
            assert not await desk.changes.heard_of_visit(tx, desk.call(), "P-of-nobody", None)

    play(platform_url, story)
