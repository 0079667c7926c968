"""Doctors' sessions as the hospital has them: at most a second old, read once for everybody who asks."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from yinyi.business.payments.plan import Plan
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.calendar import Read
from yinyi.business.scheduling.errors import (
    AlreadyCheckedIn,
    AlreadyRegistered,
    BookingGone,
    ScheduleUnknown,
    SessionClosed,
    SessionStopped,
    SlotTaken,
    TooEarly,
    TooLate,
)
from yinyi.business.scheduling.messages import DoctorSession, DoctorSessions
from yinyi.business.scheduling.messages_booking import BookingDay
from yinyi.business.scheduling.model import Department, Schedule, Slot
from yinyi.business.scheduling.plans import CHECKED_IN
from yinyi.business.scheduling.ports import KnowsMissed, Schedules
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.recent import RecentByKey

DAY_KEPT_S = 1.0

_TITLES = {"chief": 0, "associate_chief": 1, "attending": 2, "resident": 3}
_SESSIONS = {"morning": 0, "afternoon": 1, "night": 2}
_REFUSALS: dict[str, type[YinyiError]] = {
    "slot_taken": SlotTaken,
    "session_stopped": SessionStopped,
    "duplicate_registration": AlreadyRegistered,
}
"""What the hospital's no to a hold means to the patient: told as an error, because nothing was opened."""
_NOT_NOW: dict[str, type[YinyiError]] = {
    "too_early": TooEarly,
    "too_late": TooLate,
    "session_stopped": SessionStopped,
    "duplicate_registration": AlreadyCheckedIn,
    "expired": BookingGone,
}
"""The same of its no to a check-in."""


class Sessions:
    """Whoever takes a number is told by the hospital itself whether it is there."""

    def __init__(self, schedules: Schedules) -> None:
        self._schedules = schedules
        self._days = RecentByKey(self._read, DAY_KEPT_S, ahead=True)
        self._slots = RecentByKey(self._read_slots, DAY_KEPT_S, ahead=True, owner=lambda schedule_id: schedule_id)

    async def of(self, department_id: str, first_on: date, last_on: date) -> DoctorSessions:
        """
        Raises:
            ScheduleUnknown, HospitalUnavailable.
        """
        return (await self._days.get((department_id, first_on, last_on))).said

    async def calendar(
        self, department_id: str, first_on: date, last_on: date
    ) -> tuple[Department, Mapping[date, BookingDay]]:
        """The clinic, and what is left on each of these days on which anybody sees patients, or was to.

        Raises:
            ScheduleUnknown, HospitalUnavailable.
        """
        read = await self._days.get((department_id, first_on, last_on))
        return read.said.department, read.calendar

    async def slots(self, schedule_id: str) -> list[Slot]:
        """
        Raises:
            HospitalUnavailable: it does not answer.
        """
        return await self._slots.get(schedule_id)

    async def missed(self, reference: str) -> bool:
        """The hospital itself says that nobody came for this number.

        Raises:
            HospitalUnavailable: see there.
        """
        return isinstance(self._schedules, KnowsMissed) and await self._schedules.missed(reference)

    async def _read(self, day: tuple[str, date, date]) -> Read:
        department_id, first_on, last_on = day
        department = await self._department(department_id)
        doctors = {each.practitioner_id: each for each in await self._schedules.practitioners()}
        schedules = await self._schedules.schedules(department_id, first_on, last_on)
        sessions = [
            DoctorSession(practitioner=doctors[each.practitioner_id], schedule=each)
            for each in schedules
            if each.practitioner_id in doctors
        ]
        return Read(DoctorSessions(department=department, sessions=sorted(sessions, key=_order)))

    async def _read_slots(self, schedule_id: str) -> list[Slot]:
        return await self._schedules.slots(schedule_id)

    async def _department(self, department_id: str) -> Department:
        for department in await self._schedules.departments():
            if department.department_id == department_id and department.parent_id:
                return department
        raise ScheduleUnknown(f"department {department_id}")

    def refused(self, plan: Plan) -> YinyiError | None:
        """The same as ``refused``; whoever looks again after it is not shown what was known before it."""
        error = refused(plan)
        self._slots.forget(plan.facts.get("schedule_id"))
        if isinstance(error, SlotTaken | SessionStopped):
            schedule_id = str(plan.facts["schedule_id"])
            self._days.doubt(lambda read: any(_could_be_had(each.schedule, schedule_id) for each in read.said.sessions))
        return error

    def chosen(self, day: DoctorSessions, schedule_id: str) -> DoctorSession:
        """
        Raises:
            ScheduleUnknown: it is not among them.
        """
        for each in day.sessions:
            if each.schedule.schedule_id == schedule_id:
                return each
        raise ScheduleUnknown(f"schedule {schedule_id}")


def same_doctor(day: DoctorSessions, chosen: DoctorSession) -> list[DoctorSession]:
    """The other sessions of this doctor."""
    doctor = chosen.practitioner.practitioner_id
    return [each for each in day.sessions if each.practitioner.practitioner_id == doctor and each is not chosen]


def check_open(schedule: Schedule, now: datetime) -> None:
    """
    Raises:
        SessionStopped, SessionClosed, SlotTaken.
    """
    if schedule.status == "stopped":
        raise SessionStopped
    if schedule.status == "closed" or schedule.ends_at <= now:
        raise SessionClosed
    if schedule.taken >= schedule.capacity:
        raise SlotTaken


def refused(plan: Plan) -> YinyiError | None:
    """Why the hospital has not let it begin, before anybody could pay; None: it has."""
    first = plan.current()[0]
    if plan.takes_begun() or first.state != "refused" or state_of(plan) not in ("closing", "closed"):
        return None
    error = (_NOT_NOW if plan.purpose == CHECKED_IN else _REFUSALS).get(plan.reason)
    return error() if error is not None else None


def _could_be_had(schedule: Schedule, schedule_id: str) -> bool:
    return schedule.schedule_id == schedule_id and schedule.status == "open" and schedule.taken < schedule.capacity


def _order(each: DoctorSession) -> tuple[Any, ...]:
    schedule, doctor = each.schedule, each.practitioner
    return schedule.service_date, _SESSIONS[schedule.session], _TITLES[doctor.title], doctor.practitioner_id
