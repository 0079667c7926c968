"""Bookings: paid now or when the patient comes, giving back, and coming once."""

from collections import deque
from datetime import timedelta

import pytest
from booking_desk import TOMORROW, Desk, play
from msgspec.structs import replace
from payment_far_side import FEE, Mishap

from yinyi.bus.call import Call
from yinyi.bus.operation import Caller
from yinyi.business.payments.errors import NothingScanned
from yinyi.business.payments.owners import is_of_institution
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.errors import (
    AlreadyCheckedIn,
    BookingGone,
    NoSuchBooking,
    NotBookable,
    NotThatDay,
    SlotTaken,
    TooEarly,
    TooLate,
    TooLateToCancel,
)
from yinyi.business.scheduling.messages_booking import (
    CheckIn,
    CheckInBySlip,
    ListBookingDays,
)
from yinyi.kernel.errors import NotYours, SessionEnded

NEXT_WEEK = TOMORROW + timedelta(days=7)


# ---- booking


def test_the_calendar_is_whole_weeks_of_days_with_room_full_free_and_not_open(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        for who, doctor in enumerate("AAABBB", 1):
            await desk.book(doctor=doctor, who=who)
        for doctor in "AB":
            desk.his.stop(f"{TOMORROW + timedelta(days=2):%Y%m%d}{doctor}")
        found = await desk.bookings.days(desk.call(), ListBookingDays(department_id="D1"))
        states = {day.on: day.state for day in found.days}
        assert states[TOMORROW] == "full"
        assert states[TOMORROW + timedelta(days=1)] == "room"
        assert states[TOMORROW + timedelta(days=2)] == "stopped"
        assert {state for on, state in states.items() if on.weekday() == 6} == {"none", "not_open"}
        assert found.days[-1].on.weekday() == 6
        today = TOMORROW - timedelta(days=1)
        assert min(on for on, state in states.items() if state == "not_open") == today + timedelta(days=31)
        with pytest.raises(NotBookable):
            await desk.book(today)
        with pytest.raises(NotBookable):
            await desk.book(today + timedelta(days=31))

    play(platform_url, story)


def test_paid_when_it_is_booked(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan = await desk.book()
        assert (state_of(plan), (await desk.view(plan)).state) == ("ready", "opening")
        ended = await desk.pay(plan.payment_no)
        view = await desk.view(ended)
        assert (view.state, view.number, view.paid, view.fee_fen) == ("booked", 1, "booking", FEE)
        assert [each.state for each in desk.his.numbers.values()] == ["confirmed"]
        assert desk.it.channel.kept_fen() == FEE

    play(platform_url, story)


def test_an_unpaid_hold_expires(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan = await desk.it.to_the_end((await desk.book()).payment_no)
        assert (state_of(plan), plan.reason) == ("closed", "expired")
        assert not await desk.own() or (await desk.own())[0].state == "cancelled"
        assert [each.state for each in desk.his.numbers.values()] == ["released"]

    play(platform_url, story)


def test_paid_when_the_patient_comes(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan = await desk.book()
        view = await desk.view(plan)
        assert (state_of(plan), plan.amount_fen, view.state, view.paid) == ("fulfilled", 0, "booked", "check_in")
        await desk.come_on(TOMORROW, 8)
        arrival = await desk.check_in(plan)
        assert (state_of(arrival), arrival.amount_fen) == ("ready", FEE)
        again = await desk.check_in(plan)
        assert again.payment_no == arrival.payment_no, "it is still to be paid"
        with pytest.raises(AlreadyCheckedIn):
            await desk.cancel(plan)
        ended = await desk.pay(arrival.payment_no)
        view = await desk.view(ended)
        assert (view.state, view.number, view.queue_ahead, view.booking_no) == ("checked_in", 1, 0, plan.payment_no)
        assert desk.it.channel.kept_fen() == FEE
        [number] = desk.his.numbers.values()
        assert (number.state, bool(number.came)) == ("confirmed", True)
        with pytest.raises(AlreadyCheckedIn):
            await desk.check_in(plan)

    play(platform_url, story, paid="check_in")


def test_who_does_not_pay_at_check_in_can_come_again(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan = await desk.book()
        await desk.come_on(TOMORROW, 8)
        first = await desk.it.to_the_end((await desk.check_in(plan)).payment_no)
        assert state_of(first) == "closed"
        [number] = desk.his.numbers.values()
        assert (number.state, number.came) == ("held", "")
        second = await desk.check_in(plan)
        assert second.payment_no != first.payment_no
        assert state_of(await desk.pay(second.payment_no)) == "fulfilled"

    play(platform_url, story, paid="check_in")


def test_the_last_number_is_one_patients(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        for who in (1, 2):
            await desk.booked(who=who)
        seen = [await desk.looks(who=who) for who in (3, 4)]
        both = [await desk.make(*each) for each in seen]
        assert sorted(state_of(plan) for plan in both) == ["closed", "ready"]
        loser = next(plan for plan in both if state_of(plan) == "closed")
        with pytest.raises(SlotTaken):
            async with desk.it.database.read() as tx:
                await desk.bookings.show(tx, desk.call(), loser.payment_no)

    play(platform_url, story)


# ---- giving back


def test_cancelled_with_the_money_back_and_the_number_free_some_time_later(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan = await desk.booked()
        ended = await desk.cancel(plan)
        assert (state_of(ended), desk.it.channel.kept_fen()) == ("returned", 0)
        assert await desk.it.books_differ() == []
        [free_at] = desk.his.free_from.values()
        assert desk.it.clock.now() - timedelta(minutes=1) < free_at <= desk.it.clock.now() + timedelta(minutes=30)
        assert (await desk.view(plan)).state == "cancelled"
        assert state_of(await desk.cancel(plan)) == "returned", "twice is once"

    play(platform_url, story)


def test_cancelled_before_it_was_paid_for(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan = await desk.booked()
        assert state_of(await desk.cancel(plan)) == "closed"
        assert [each.state for each in desk.his.numbers.values()] == ["released"]

    play(platform_url, story, paid="check_in")


def test_too_late_to_cancel(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan = await desk.booked()
        view = await desk.view(plan)
        assert view.can_cancel_until is not None
        desk.pass_by(view.can_cancel_until - desk.it.clock.now())
        with pytest.raises(TooLateToCancel):
            await desk.cancel(plan)

    play(platform_url, story)


# ---- whose it is


def test_nobody_sees_or_changes_the_booking_of_another(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan = await desk.booked()
        await desk.come_on(TOMORROW, 8)
        for who, refusal in ((2, NotYours), (0, SessionEnded)):
            for asked in (desk.view(plan, who), desk.cancel(plan, who), desk.check_in(plan, who)):
                with pytest.raises(refusal):
                    await asked
        assert await desk.own(2) == []
        other = await desk.it.open()
        for asked in (desk.cancel(await desk.it.plan(other)), desk.check_in(await desk.it.plan(other))):
            with pytest.raises(NoSuchBooking):
                await asked

    play(platform_url, story)


def test_who_comes_at_the_hospital_pays_there_wherever_he_has_booked(platform_url: str) -> None:
    """The bank at which the booking was made neither goes on with that payment nor takes it for its own."""

    async def story(desk: Desk) -> None:
        call, message, wanted = await desk.looks()
        plan = await desk.make(at_bank(call), message, wanted)
        assert is_of_institution(at_bank(call), plan)
        await desk.come_on(TOMORROW, 8)
        arrival = await desk.check_in(plan)
        assert (state_of(arrival), is_of_institution(at_bank(call), arrival)) == ("ready", False)
        with pytest.raises(AlreadyCheckedIn):
            async with desk.it.database.transaction() as tx:
                await desk.desk.check_in(tx, at_bank(desk.call()), CheckIn(booking_no=plan.payment_no), None)
        assert (await desk.check_in(plan)).payment_no == arrival.payment_no

    play(platform_url, story, paid="check_in")


def at_bank(call: Call) -> Call:
    return replace(call, principal=replace(call.principal, caller=Caller.INSTITUTION, institution_id="boc"))


# ---- coming


def test_that_day_only_and_once_only(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan = await desk.booked()
        with pytest.raises(NotThatDay):
            await desk.check_in(plan)
        await desk.come_on(TOMORROW, 5)
        with pytest.raises(TooEarly):
            await desk.check_in(plan)
        await desk.come_on(TOMORROW, 8)
        arrival = await desk.check_in(plan)
        view = await desk.view(arrival)
        assert (state_of(arrival), view.state, view.queue_ahead) == ("fulfilled", "checked_in", 0)
        for refused in (desk.check_in(plan), desk.cancel(plan)):
            with pytest.raises(AlreadyCheckedIn):
                await refused

    play(platform_url, story)


def test_by_slip(platform_url: str) -> None:
    async def scan(desk: Desk, text: str, who: int = 1) -> Plan:
        desk.scanned = text
        call, message = desk.call(who), CheckInBySlip(after=0)
        number = await desk.desk.take_slip(call, message)
        async with desk.it.database.transaction() as tx:
            made = await desk.desk.by_slip(tx, call, message, number)
        return await desk.driven(call, made)

    async def story(desk: Desk) -> None:
        plan, later = await desk.booked(), await desk.booked(NEXT_WEEK)
        await desk.come_on(TOMORROW, 8)
        for text in ("", "134567890123456789", "W" * 22, plan.payment_no[:-1], "x" * 3000, "号"):
            with pytest.raises(NoSuchBooking):
                await scan(desk, text)
        with pytest.raises(NotYours):
            await scan(desk, plan.payment_no, 2)
        with pytest.raises(NotThatDay):
            await scan(desk, later.payment_no)
        assert state_of(await scan(desk, f" {plan.payment_no}\n")) == "fulfilled"
        with pytest.raises(AlreadyCheckedIn):
            await scan(desk, plan.payment_no)
        with pytest.raises(NothingScanned):
            await desk.desk.take_slip(desk.call(), CheckInBySlip(after=0))

    play(platform_url, story)


def test_who_comes_too_late(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan, gone = await desk.booked(), await desk.booked(doctor="B")
        await desk.cancel(gone)
        await desk.come_on(TOMORROW, 11)
        with pytest.raises(TooLate):
            await desk.check_in(plan)
        with pytest.raises(BookingGone):
            await desk.check_in(gone)

    play(platform_url, story)


@pytest.mark.parametrize("mishap", ["lost_before", "lost_after", "not_sent"])
def test_whatever_becomes_of_a_call_it_happens_once(platform_url: str, mishap: Mishap) -> None:
    """Holding, coming, leaving without having paid, and giving back."""

    async def story(desk: Desk) -> None:
        mishaps = desk.his.script.mishaps
        mishaps["hold"] = deque([mishap])
        plan = await desk.it.to_the_end((await desk.book()).payment_no)
        assert (state_of(plan), len(desk.his.numbers)) == ("fulfilled", 1)
        await desk.come_on(TOMORROW, 8)
        mishaps["check_in"], mishaps["undo_check_in"] = deque([mishap]), deque([mishap])
        first = await desk.it.to_the_end((await desk.check_in(plan)).payment_no)
        assert state_of(first) == "closed", "nobody has paid"
        [number] = desk.his.numbers.values()
        assert (number.state, number.came) == ("held", "")
        mishaps["give_back"] = deque([mishap, mishap])
        desk.his.stop(number.schedule_id)
        await desk.changes.look()
        assert state_of(await desk.it.to_the_end(plan.payment_no)) == "closed"
        assert ([number.state], len(desk.his.free_from)) == (["released"], 1)

    play(platform_url, story, paid="check_in")
