"""Bookings of later days, checking in, and what the hospital has changed about a visit."""

from datetime import date, datetime
from typing import Literal

from yinyi.interface.journeys.views import Part, Printing, SessionName, Subject, Title, View
from yinyi.interface.journeys.views_fiscal import PaidView
from yinyi.interface.journeys.views_register import DepartmentChoice, DoctorRow, SessionChoice, Visit

DayState = Literal["room", "full", "none", "not_open", "stopped"]
BookingState = Literal["opening", "booked", "checked_in", "missed", "cancelled", "stopped"]
PaidAt = Literal["booking", "check_in"]
Money = Literal["none", "returning", "returned", "at_window"]
"""What becomes of what was paid."""


class DayChoice(Part, frozen=True, kw_only=True):
    """A day of the calendar; None in its place: a day before the first one."""

    on: date
    state: DayState
    left: int = 0


class DaysView(View, frozen=True, kw_only=True):
    """Which day? ``weeks``: from Monday to Sunday."""

    department: DepartmentChoice
    weeks: tuple[tuple[DayChoice | None, ...], ...]
    paid: PaidAt

    @property
    def first_on(self) -> date:
        """The first day of the calendar."""
        return next(each.on for each in self.weeks[0] if each is not None)


class DayDoctorsView(View, frozen=True, kw_only=True):
    """Which doctor, on this day?"""

    department: DepartmentChoice
    on: date
    sessions: tuple[SessionChoice, ...]
    doctors: tuple[DoctorRow, ...]


class TimeChoice(Part, frozen=True, kw_only=True):
    """Half an hour of a doctor's session. ``slot_id``: its first free number; empty: none is free."""

    slot_id: str
    starts_at: datetime
    ends_at: datetime
    left: int


class TimesView(View, frozen=True, kw_only=True):
    """When, with this doctor?"""

    department: DepartmentChoice
    on: date
    doctor: DoctorRow
    introduction: str
    introduction_en: str = ""
    times: tuple[TimeChoice, ...]
    paid: PaidAt
    hold_minutes: int
    key: str


class BookedView(PaidView, frozen=True, kw_only=True):
    """Booked. ``amount_fen``: paid, or to be paid at check-in. can_cancel_until: None: it cannot be cancelled here."""

    payment_no: str
    ask_no: str
    visit: Visit
    amount_fen: int
    paid: PaidAt
    can_cancel_until: datetime | None
    printing: Printing | None
    key: str


class BookingRow(Part, frozen=True, kw_only=True):
    """A booking in a list. ``today``: it can be checked in now. changed: the hospital has changed it. due_fen: to be
    paid when its patient comes."""

    booking_no: str
    visit: Visit
    state: BookingState
    today: bool = False
    changed: bool = False
    due_fen: int = 0


CheckInProblem = Literal[
    "too_early",
    "too_late",
    "checked_in",
    "gone",  # cancelled, or run out
    "another_day",
    "stopped",
    "somebody_else",  # the slip is another person's
    "unknown",  # no booking of this hospital
    "has_it",  # he wanted to book what he has booked already
]


NoSlipReason = Literal[
    "unknown",  # no booking of this hospital
    "another_day",
    "gone",  # cancelled, or run out
    "registered",  # a registration's slip: nothing is to be checked in
    "many",  # too many codes were tried
]


class NoSlipView(View, frozen=True, kw_only=True):
    """What was held under the scanner opens no booking. ``on``: the day of it, where it is another one. after: see
    ``BookingsView``."""

    reason: NoSlipReason
    on: date | None = None
    after: int = 0
    key: str


class ArrivalView(View, frozen=True, kw_only=True):
    """The one booking of a slip: is he here for it? can_come: now. due_fen: to be paid for it first. queue_ahead, and
    check_in_no, the payment whose slip can be printed again: of one that is checked in. problem: why he cannot be."""

    booking_no: str
    visit: Visit
    state: BookingState
    can_come: bool
    due_fen: int = 0
    queue_ahead: int | None = None
    check_in_no: str = ""
    problem: CheckInProblem | None = None
    on: date | None = None
    substitute: str = ""
    key: str


class BookingsView(View, frozen=True, kw_only=True):
    """Whose turn is it today, and what is booked later? problem: why what was just tried cannot be done; ``on``: the
    day of that booking, where it is another one. scans: a slip can be held under the scanner; ``after``: the version of
    what was scanned last."""

    rows: tuple[BookingRow, ...]
    problem: CheckInProblem | None = None
    on: date | None = None
    scans: bool = False
    after: int = 0
    key: str


class BookingView(View, frozen=True, kw_only=True):
    """One booking. ``asks``: whether it is really to be cancelled. too_late: it was tried, and it is."""

    booking_no: str
    visit: Visit
    state: BookingState
    paid: PaidAt
    fee_fen: int
    can_cancel_until: datetime | None
    asks: bool = False
    too_late: bool = False
    substitute: str = ""
    substitute_title: Title | None = None
    key: str


class ChangedVisitView(View, frozen=True, kw_only=True):
    """What the hospital has changed about a visit. ``more``: so many after this one. money: what becomes of what was
    paid. too_late: he wanted to give it back, and cannot here."""

    payment_no: str
    kind: Literal["stopped", "substituted"]
    department: DepartmentChoice
    doctor: str
    title: Title
    service_date: date
    session: SessionName
    starts_at: datetime | None
    substitute: str
    substitute_title: Title | None
    can_give_back: bool
    too_late: bool = False
    money: Money
    amount_fen: int
    ask_no: str
    more: int
    subject: Subject
    key: str
