"""What is left on each day of a clinic's calendar."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property

from yinyi.business.scheduling.booking_model import DayState
from yinyi.business.scheduling.messages import DoctorSession, DoctorSessions
from yinyi.business.scheduling.messages_booking import BookingDay
from yinyi.business.scheduling.model import Schedule


class Read:
    """What the hospital has said of some days of a clinic, and the calendar of it: worked out once for everybody."""

    def __init__(self, said: DoctorSessions) -> None:
        self.said = said

    @cached_property
    def calendar(self) -> Mapping[date, BookingDay]:
        return calendar_of(self.said.sessions)


def calendar_of(sessions: Iterable[DoctorSession]) -> dict[date, BookingDay]:
    """The days on which anybody sees patients, or was to."""
    by_day: dict[date, list[Schedule]] = defaultdict(list)
    for each in sessions:
        by_day[each.schedule.service_date].append(each.schedule)
    return {on: _day(on, that_day) for on, that_day in by_day.items()}


def _day(on: date, that_day: list[Schedule]) -> BookingDay:
    left = sum(max(0, each.capacity - each.taken) for each in that_day if each.status == "open")
    return BookingDay(on=on, state=_state(that_day, left), left=left)


def _state(that_day: list[Schedule], left: int) -> DayState:
    if left:
        return "room"
    return "stopped" if all(each.status == "stopped" for each in that_day) else "full"
