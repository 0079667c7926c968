"""How many numbers somebody may have: booked, for today, with one doctor; and who has missed visits."""

import asyncio
from datetime import timedelta

import pytest
from booking_desk import TOMORROW, Desk, play

from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.errors import (
    AlreadyRegistered,
    BookingClosed,
    SameDoctorToday,
    TooManyBookings,
    TooManyRegistrations,
)
from yinyi.business.scheduling.messages_booking import (
    OverrideBooking,
)

NEXT_WEEK = TOMORROW + timedelta(days=7)


def test_so_many_a_day_and_with_one_doctor(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.booked()
        with pytest.raises(AlreadyRegistered):
            await desk.book()
        with pytest.raises(TooManyBookings):
            await desk.book(doctor="B")
        await desk.booked(NEXT_WEEK)
        await desk.booked(doctor="B", who=2)

    play(platform_url, story, a_day=1)


def test_so_many_numbers_of_today(platform_url: str) -> None:
    """Whatever was booked of it is one of them; what was given back is not."""

    async def story(desk: Desk) -> None:
        desk.his.doctors = ("A", "A2", "B", "C")
        await desk.booked()
        await desk.come_on(TOMORROW, 8)
        with pytest.raises(SameDoctorToday):
            await desk.register("A2")
        first = await desk.register("B")
        assert state_of(first) == "ready"
        assert (await desk.register("B")).payment_no == first.payment_no, "what is still to be paid is shown again"
        with pytest.raises(TooManyRegistrations):
            await desk.register("C")
        await desk.register("C", who=2)
        await desk.it.cancel(first.payment_no)
        await desk.it.to_the_end(first.payment_no)
        assert state_of(await desk.register("C")) == "ready"

    play(platform_url, story, registrations_a_day=2)


def test_numbers_of_today_are_counted_by_person_one_after_the_other(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        desk.index.same = [1, 2]
        both = await asyncio.gather(desk.register("A", 1), desk.register("B", 2), return_exceptions=True)
        assert sorted(type(each).__name__ for each in both) == ["Plan", "TooManyRegistrations"]

    play(platform_url, story, registrations_a_day=1)


def test_staff_let_somebody_register_once_more(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.pay((await desk.register("A")).payment_no)
        with pytest.raises(TooManyRegistrations):
            await desk.register("B")
        message = OverrideBooking(patient_no="P1", reason="急诊转来")
        async with desk.it.database.transaction() as tx:
            await desk.bookings.override(tx, desk.call(0), message, None)
        assert state_of(await desk.register("B")) == "ready"
        with pytest.raises(AlreadyRegistered):
            await desk.register("A")

    play(platform_url, story, registrations_a_day=1)


def test_two_at_once_are_counted_one_after_the_other(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        desk.index.same = [1, 2]
        both = await asyncio.gather(desk.book(doctor="A", who=1), desk.book(doctor="B", who=2), return_exceptions=True)
        assert sorted(type(each).__name__ for each in both) == ["Plan", "TooManyBookings"]

    play(platform_url, story, a_day=1)


def test_what_was_cancelled_does_not_count(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.cancel(await desk.booked())
        await desk.booked(doctor="B")

    play(platform_url, story, a_day=1)


def test_who_does_not_come_may_not_book_for_a_while(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.booked()
        await desk.booked(TOMORROW + timedelta(days=1))
        await desk.come_on(TOMORROW + timedelta(days=2), 8)
        assert {each.state for each in await desk.own()} == {"missed"}
        with pytest.raises(BookingClosed):
            await desk.book(NEXT_WEEK)
        message = OverrideBooking(patient_no="P1", reason="住院了，没法来")
        async with desk.it.database.transaction() as tx:
            await desk.bookings.override(tx, desk.call(0), message, None)
        assert state_of(await desk.booked(NEXT_WEEK)) == "fulfilled"
        desk.pass_by(timedelta(days=1))
        with pytest.raises(BookingClosed):
            await desk.book(NEXT_WEEK, doctor="B")
        desk.pass_by(timedelta(days=40))
        await desk.it.means.lease.take()
        assert state_of(await desk.booked(NEXT_WEEK + timedelta(days=42))) == "fulfilled"

    play(platform_url, story, missed=2)


def test_what_the_hospital_knows_of_and_what_it_has_changed_was_not_missed(platform_url: str) -> None:
    """One was checked in at a window, another cancelled there, and of a third somebody else was the doctor."""

    async def story(desk: Desk) -> None:
        for n in range(3):
            await desk.booked(TOMORROW + timedelta(days=n))
        came, gone, _ = desk.his.numbers.values()
        came.came, gone.state = "window", "released"
        desk.his.substitute(f"{TOMORROW + timedelta(days=2):%Y%m%d}A", "B")
        assert await desk.changes.look() == 1
        await desk.come_on(TOMORROW + timedelta(days=3), 8)
        assert state_of(await desk.booked(NEXT_WEEK)) == "fulfilled"
        came.came = ""
        assert state_of(await desk.booked(NEXT_WEEK, doctor="B")) == "fulfilled"
        gone.state = "confirmed"
        with pytest.raises(BookingClosed):
            await desk.book(NEXT_WEEK + timedelta(days=1))

    play(platform_url, story, missed=2)
