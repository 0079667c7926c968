"""What a person's bookings and registrations come to: how each stands, what limits say, and whether visits were missed.
Pure."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

import msgspec

from yinyi.business.payments.plan import Plan
from yinyi.business.payments.postings import fulfilled
from yinyi.business.scheduling.booking_model import AppointmentState, BookingRules
from yinyi.business.scheduling.errors import SameDoctorToday, TooManyBookings, TooManyRegistrations
from yinyi.business.scheduling.plans import APPOINTMENT, CHECKED_IN, HELD, RegistrationFacts


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """A booking and, once its owner has come, its check-in; or a registration."""

    plan: Plan
    facts: RegistrationFacts
    state: AppointmentState
    check_in: Plan | None = None

    @property
    def counts(self) -> bool:
        """Against limits."""
        return self.state in ("opening", "booked", "checked_in", "missed")


def bookings(plans: Iterable[Plan], now: datetime) -> list[Booked]:
    """Those among these plans, each with its latest check-in."""
    return _numbers(plans, now, (APPOINTMENT,))


def numbers(plans: Iterable[Plan], now: datetime) -> list[Booked]:
    """The same, and registrations."""
    return _numbers(plans, now, HELD)


def _numbers(plans: Iterable[Plan], now: datetime, purposes: Collection[str]) -> list[Booked]:
    plans = list(plans)
    arrivals: dict[str, Plan] = {}
    for plan in sorted(plans, key=lambda each: each.started_at):
        if plan.purpose == CHECKED_IN and plan.direction == "forward":
            arrivals[RegistrationFacts.of(plan).booking_no] = plan
    return [_booked(plan, arrivals.get(plan.payment_no), now) for plan in plans if plan.purpose in purposes]


def _booked(plan: Plan, arrival: Plan | None, now: datetime) -> Booked:
    facts = RegistrationFacts.of(plan)
    return Booked(plan=plan, facts=facts, state=_state(plan, facts, arrival, now), check_in=arrival)


def _state(plan: Plan, facts: RegistrationFacts, arrival: Plan | None, now: datetime) -> AppointmentState:
    if plan.direction == "back" or plan.cancel_wanted:
        return "stopped" if plan.reason == "session_stopped" else "cancelled"
    if not fulfilled(plan):
        return "opening"
    if arrival is not None and fulfilled(arrival):
        return "checked_in"
    over = facts.session_until is not None and now >= facts.session_until
    return "missed" if over else "booked"


def check_limits(found: Iterable[Booked], on: date, practitioner_id: str, rules: BookingRules) -> None:
    """
    Raises:
        TooManyBookings: for this day, or with this doctor on it.
    """
    that_day, with_doctor = _counted(found, on, practitioner_id)
    if that_day >= rules.a_day or with_doctor >= rules.with_doctor:
        raise TooManyBookings


def check_limits_today(found: Iterable[Booked], today: date, practitioner_id: str, rules: BookingRules) -> None:
    """
    Raises:
        SameDoctorToday, TooManyRegistrations.
    """
    that_day, with_doctor = _counted(found, today, practitioner_id)
    if with_doctor >= rules.registrations_with_doctor:
        raise SameDoctorToday
    if that_day >= rules.registrations_a_day:
        raise TooManyRegistrations


def _counted(found: Iterable[Booked], on: date, practitioner_id: str) -> tuple[int, int]:
    """So many for this day, and so many of them with this doctor."""
    that_day = [each for each in found if each.counts and each.facts.service_date == on]
    return len(that_day), sum(each.facts.practitioner_id == practitioner_id for each in that_day)


def closed_until(found: Iterable[Booked], rules: BookingRules, now: datetime) -> datetime | None:
    """Until when somebody who has missed visits may not book; None: he may."""
    if not rules.missed:
        return None
    times = sorted(
        each.facts.session_until for each in found if each.state == "missed" and each.facts.session_until is not None
    )
    for last in reversed(times):
        until = last + timedelta(days=rules.closed_days)
        since = last - timedelta(days=rules.missed_days)
        if now < until and sum(since < each <= last for each in times) >= rules.missed:
            return until
    return None
