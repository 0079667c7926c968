"""What can be asked about bookings: of another day, paid now or when the patient comes, and his coming."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.payments.errors import ChannelGone, NothingScanned, PaymentUnknown
from yinyi.business.payments.messages import Number, PaymentView
from yinyi.business.scheduling.booking_model import AppointmentState, BookingRules, DayState, PaidAt, VisitChangeKind
from yinyi.business.scheduling.errors import (
    AlreadyCheckedIn,
    AlreadyRegistered,
    BookingClosed,
    BookingGone,
    NoCheckInNeeded,
    NoSuchBooking,
    NotBookable,
    NotThatDay,
    PractitionerUnknown,
    ScheduleUnknown,
    SessionClosed,
    SessionOver,
    SessionStopped,
    SlotTaken,
    TooEarly,
    TooLate,
    TooLateToCancel,
    TooManyBookings,
)
from yinyi.business.scheduling.messages import AND_BANKS, READERS, DoctorSession, Id
from yinyi.business.scheduling.model import Department, SessionName, Slot, Title
from yinyi.kernel.errors import HospitalUnavailable, NotYours
from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.money import Fen


class BookingDay(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the calendar. ``left``: numbers of all doctors together."""

    on: date
    state: DayState
    left: int = 0


class BookingDays(msgspec.Struct, frozen=True, kw_only=True):
    """From tomorrow on, whole weeks. ``paid``: when the fee is."""

    department: Department
    days: list[BookingDay]
    paid: PaidAt


@operation(callers=AND_BANKS, service="book", errors=(HospitalUnavailable, ScheduleUnknown))
class ListBookingDays(Operation[BookingDays], frozen=True, kw_only=True):
    """On which days this department can be booked. ``on``: this day alone."""

    department_id: Id
    on: date | None = None


class BookingTimes(msgspec.Struct, frozen=True, kw_only=True):
    """A doctor's session of a later day. others: of the same doctor on that day. slots: its single numbers. ``paid``:
    when the fee is."""

    department: Department
    chosen: DoctorSession
    others: list[DoctorSession]
    slots: list[Slot]
    paid: PaidAt


@operation(callers=AND_BANKS, service="book", errors=(HospitalUnavailable, ScheduleUnknown))
class ListBookingTimes(Operation[BookingTimes], frozen=True, kw_only=True):
    """At which times a doctor's session of that day can be booked."""

    department_id: Id
    schedule_id: Id
    on: date


class AppointmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A booking. ``payment``: of the booking, or of its check-in where that is what was asked for.

    booking_no: its payment number. paid: when the fee is. number 0, times None: the hospital has not given a number
    (yet). held_until: while it waits to be paid. can_cancel_until: None: it cannot be cancelled (any more).
    check_in_no: the payment number of its check-in, once there is one.
    changed: what the hospital has changed about it; substitute, substitute_title: who sees the patient instead.
    """

    payment: PaymentView
    booking_no: str
    state: AppointmentState
    paid: PaidAt
    fee_fen: Fen
    schedule_id: str
    department: Department
    practitioner_name: str
    title: Title
    service_date: date
    session: SessionName
    room: str
    number: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    held_until: datetime | None = None
    can_cancel_until: datetime | None = None
    queue_ahead: int | None = None
    hold_slip: bool = False
    check_in_no: str = ""
    changed: VisitChangeKind | None = None
    substitute: str = ""
    substitute_title: Title | None = None


@operation(
    callers=AND_BANKS,
    service="book",
    needs_patient=True,
    money=True,
    errors=(
        HospitalUnavailable,
        ScheduleUnknown,
        SlotTaken,
        SessionStopped,
        SessionClosed,
        AlreadyRegistered,
        NotBookable,
        TooManyBookings,
        BookingClosed,
    ),
)
class BookAppointment(Operation[AppointmentView], frozen=True, kw_only=True):
    """Hold a number of a later day; it is paid now, or when the patient comes, as the hospital wants it. ``slot_id``
    empty: the next free one."""

    department_id: Id
    schedule_id: Id
    on: date
    slot_id: Annotated[str, msgspec.Meta(max_length=64)] = ""


@operation(callers=AND_BANKS, needs_patient=True, opened_by=("booking",), errors=(PaymentUnknown, NotYours))
class GetAppointment(Operation[AppointmentView], frozen=True, kw_only=True):
    """By the payment of the booking, or of its check-in."""

    payment_no: Number


class Appointments(msgspec.Struct, frozen=True, kw_only=True):
    """In the order of their days; what is over comes last, newest first. next_after: what is behind these is asked for
    with this; empty: nothing is."""

    appointments: list[AppointmentView]
    next_after: str = ""


@operation(callers=AND_BANKS, needs_patient=True)
class ListAppointments(Operation[Appointments], frozen=True, kw_only=True):
    """This patient's bookings: those to come, and what became of the last ones; with ``after`` those behind the booking
    with this number. A bank sees those that were made at it."""

    after: Annotated[str, msgspec.Meta(max_length=32)] = ""


@operation(
    callers=AND_BANKS,
    needs_patient=True,
    money=True,
    errors=(NoSuchBooking, NotYours, TooLateToCancel, AlreadyCheckedIn, ChannelGone),
)
class CancelAppointment(Operation[AppointmentView], frozen=True, kw_only=True):
    """The number goes back to the hospital, and what was paid to where it came from."""

    booking_no: Number


@operation(
    callers=AND_BANKS,
    service="check_in",
    needs_patient=True,
    opened_by=("booking",),
    money=True,
    errors=(
        HospitalUnavailable,
        NoSuchBooking,
        NotYours,
        NotThatDay,
        BookingGone,
        TooEarly,
        TooLate,
        SessionStopped,
        AlreadyCheckedIn,
    ),
)
class CheckIn(Operation[AppointmentView], frozen=True, kw_only=True):
    """The patient has come: the hospital puts him in the queue. What was not paid is paid now."""

    booking_no: Number


@operation(
    callers=[Caller.KIOSK],
    service="check_in",
    needs_patient=True,
    money=True,
    errors=(
        *(HospitalUnavailable, NothingScanned, NoSuchBooking, NotYours, NotThatDay, BookingGone),
        *(TooEarly, TooLate, SessionStopped, AlreadyCheckedIn),
    ),
)
class CheckInBySlip(Operation[AppointmentView], frozen=True, kw_only=True):
    """The same with the slip that this terminal's scanner has just read. ``after``: see ``SubmitScanned``."""

    after: WholeNumber


class SlipOpened(msgspec.Struct, frozen=True, kw_only=True):
    """``session_token``: good for coming for this one booking; empty: whoever is here has it among his own."""

    booking_no: str
    session_token: str = ""


@operation(
    callers=[Caller.KIOSK],
    service="check_in",
    errors=(NothingScanned, TooManyTries, NoSuchBooking, NoCheckInNeeded, NotThatDay, BookingGone),
)
class IdentifyBySlip(Operation[SlipOpened], frozen=True, kw_only=True):
    """Open today's booking whose slip this terminal's scanner has just read, and nothing else of its patient.
    ``after``: see ``SubmitScanned``."""

    after: WholeNumber


class VisitChange(msgspec.Struct, frozen=True, kw_only=True):
    """What the hospital has changed about a visit of this patient. ``payment``: how its money stands. ``booked``: of a
    later day; else registered for the same day. can_cancel_until: None: not by the patient himself."""

    payment: PaymentView
    kind: VisitChangeKind
    booked: bool
    department: Department
    practitioner_name: str
    title: Title
    service_date: date
    session: SessionName
    starts_at: datetime | None = None
    substitute: str = ""
    substitute_title: Title | None = None
    can_cancel_until: datetime | None = None


class VisitChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first."""

    changes: list[VisitChange]


@operation(callers=READERS, needs_patient=True)
class ListVisitChanges(Operation[VisitChanges], frozen=True, kw_only=True):
    """What this patient has not been told yet."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """He knows."""


@operation(callers=READERS, needs_patient=True, changes=True, errors=(NoSuchBooking,))
class SeeVisitChange(Operation[Seen], frozen=True, kw_only=True):
    """The patient has been told, and agrees: he is not told again."""

    payment_no: Number


class SessionChanged(msgspec.Struct, frozen=True, kw_only=True):
    """``numbers``: so many of our patients had one. ``given_back``: so many of them are given back."""

    schedule_id: str
    numbers: int
    given_back: int


ASKERS = [Caller.HOSPITAL, Caller.STAFF]


NOT_CHANGED = (HospitalUnavailable, ScheduleUnknown, SessionOver)
Said = Annotated[str, msgspec.Meta(max_length=80)]


@operation(callers=ASKERS, money=True, errors=NOT_CHANGED)
class StopSession(Operation[SessionChanged], frozen=True, kw_only=True):
    """A doctor's session of today or later does not take place: its numbers go back, and so does what was paid for
    them. ``operator``, ``reason``: who says so, and why, which the hospital has to say."""

    schedule_id: Id
    operator: Said = ""
    reason: Said = ""


@operation(callers=ASKERS, changes=True, errors=(*NOT_CHANGED, PractitionerUnknown))
class SubstitutePractitioner(Operation[SessionChanged], frozen=True, kw_only=True):
    """Another doctor holds the session: everybody who has a number is told. Whoever has booked it
    may give it back until the session begins; whoever has registered for the same day, or has come already, asks at the
    window. ``operator``, ``reason``: as of ``StopSession``."""

    schedule_id: Id
    practitioner_id: Id
    operator: Said = ""
    reason: Said = ""


class BookingAllowed(msgspec.Struct, frozen=True, kw_only=True):
    """Until then limits and missed visits do not count for this patient, whether he books or registers."""

    patient_no: str
    until: datetime


@operation(callers=[Caller.STAFF], changes=True, errors=(NoSuchBooking,))
class OverrideBooking(Operation[BookingAllowed], frozen=True, kw_only=True):
    """Somebody may book or register today although limits or missed visits stand against it. ``reason``: why, for
    the record."""

    patient_no: Id
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=200)]


@operation(callers=[Caller.STAFF])
class GetBookingRules(Operation[BookingRules], frozen=True, kw_only=True):
    """Which rules bookings and registrations are under, as they were set when the platform started."""
