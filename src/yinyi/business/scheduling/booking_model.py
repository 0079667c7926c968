"""Bookings: how a hospital wants them, and how each stands. Plain data."""

from datetime import timedelta
from typing import Literal

import msgspec

PaidAt = Literal["booking", "check_in"]
DayState = Literal["room", "full", "none", "not_open", "stopped"]
"""Numbers left; all taken; nobody sees patients; too far ahead; nobody does after all."""
AppointmentState = Literal["opening", "booked", "checked_in", "missed", "cancelled", "stopped"]
"""``opening``: held, and still to be paid. ``stopped``: by the hospital."""
VisitChangeKind = Literal["stopped", "substituted"]


class BookingRules(msgspec.Struct, frozen=True, kw_only=True):
    """
    days: so far ahead. paid: when the fee is. a_day, with_doctor: so many of one person for one day, and for one doctor
    on that day. cancel_hours: so long before the session it can be cancelled. missed: after so many missed visits in
    missed_days booking is closed for closed_days; 0: never. return_minutes: a number that was given back is free again
    within so many, nobody knows when. registrations_a_day, registrations_with_doctor: so many numbers of today one
    person may have, booked ones among them, and so many of them with one doctor, when he registers.
    """

    days: int = 30
    paid: PaidAt = "booking"
    a_day: int = 3
    with_doctor: int = 1
    cancel_hours: int = 2
    missed: int = 3
    missed_days: int = 90
    closed_days: int = 30
    return_minutes: int = 30
    registrations_a_day: int = 5
    registrations_with_doctor: int = 1

    @property
    def return_within(self) -> timedelta:
        return timedelta(minutes=self.return_minutes)


USUAL = BookingRules()
