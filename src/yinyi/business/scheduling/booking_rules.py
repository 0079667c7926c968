"""What a person's bookings come to: how each stands, what limits say, and whether visits were missed. Pure."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import msgspec

from yinyi.business.payments.plan import Plan
from yinyi.business.payments.postings import fulfilled
from yinyi.business.scheduling.booking_model import AppointmentState, BookingRules
from yinyi.business.scheduling.errors import TooManyBookings
from yinyi.business.scheduling.plans import APPOINTMENT, CHECKED_IN, RegistrationFacts


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """A booking and, once its owner has come, its check-in."""

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
    plans = list(plans)
    arrivals: dict[str, Plan] = {}
    for plan in sorted(plans, key=lambda each: each.started_at):
        if plan.purpose == CHECKED_IN and plan.direction == "forward":
            arrivals[RegistrationFacts.of(plan).booking_no] = plan
    return [_booked(plan, arrivals.get(plan.payment_no), now) for plan in plans if plan.purpose == APPOINTMENT]


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
    that_day = [each for each in found if each.counts and each.facts.service_date == on]
    with_doctor = [each for each in that_day if each.facts.practitioner_id == practitioner_id]
    if len(that_day) >= rules.a_day or len(with_doctor) >= rules.with_doctor:
        raise TooManyBookings


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
