"""From an error of the platform to what a screen says: one table, closed at the top."""

from datetime import datetime
from typing import Literal

from yinyi.business.identity.errors import NoCard, TicketExpired
from yinyi.business.payments.errors import StillAsked
from yinyi.business.scheduling.errors import (
    AlreadyRegistered,
    BookingClosed,
    NotBookable,
    SameDoctorToday,
    SessionClosed,
    SessionStopped,
    SlotTaken,
    TooManyBookings,
    TooManyRegistrations,
)
from yinyi.business.terminals.errors import PairingRefused, TerminalLocked
from yinyi.interface.journeys import views_ends
from yinyi.interface.journeys.visitor import StalePage
from yinyi.kernel.errors import (
    Busy,
    ChannelUnavailable,
    Conflict,
    DeadlineExceeded,
    HospitalUnavailable,
    IdempotencyConflict,
    InLine,
    Invalid,
    InvalidField,
    NotAllowed,
    NotFound,
    NotYours,
    PlatformUnavailable,
    ServiceClosed,
    SessionEnded,
    TerminalNotEnrolled,
    Unavailable,
    YinyiError,
)

Said = tuple[views_ends.ErrorKind, int]
ClosedReason = Literal["platform_down", "not_paired", "locked"]

TABLE: dict[type[YinyiError], Said] = {
    SlotTaken: ("slot_taken", 409),
    SessionStopped: ("doctor_stopped", 409),
    SessionClosed: ("session_closed", 409),
    AlreadyRegistered: ("already_registered", 409),
    NotBookable: ("not_bookable", 409),
    TooManyBookings: ("too_many_bookings", 409),
    SameDoctorToday: ("same_doctor_today", 409),
    TooManyRegistrations: ("too_many_registrations", 409),
    BookingClosed: ("booking_closed", 409),
    ServiceClosed: ("service_closed", 403),
    SessionEnded: ("session_over", 403),
    TicketExpired: ("session_over", 403),
    NoCard: ("session_over", 409),
    StalePage: ("old_page", 409),
    IdempotencyConflict: ("old_page", 409),
    Conflict: ("old_page", 409),
    NotYours: ("not_found", 404),
    NotFound: ("not_found", 404),
    InvalidField: ("not_found", 404),
    Invalid: ("unexpected", 400),
    NotAllowed: ("unexpected", 403),
    HospitalUnavailable: ("hospital_unavailable", 503),
    ChannelUnavailable: ("payment_unavailable", 503),
    StillAsked: ("still_asked", 503),
    Busy: ("too_busy", 503),
    Unavailable: ("too_busy", 503),
    YinyiError: ("unexpected", 500),
}
"""The nearest ancestor counts."""

CLOSED: dict[type[YinyiError], tuple[ClosedReason, int]] = {
    TerminalNotEnrolled: ("not_paired", 403),
    PairingRefused: ("not_paired", 403),
    TerminalLocked: ("locked", 403),
    PlatformUnavailable: ("platform_down", 503),
    DeadlineExceeded: ("platform_down", 503),
}
"""Nothing can be done here at all."""


def said_of(error: YinyiError) -> Said:
    return next(TABLE[ancestor] for ancestor in type(error).__mro__ if ancestor in TABLE)


def kind_of(error: YinyiError) -> views_ends.ErrorKind:
    return said_of(error)[0]


def closed_of(error: YinyiError) -> tuple[ClosedReason, int] | None:
    """Why nothing can be done here at all; None: something can."""
    return next((CLOSED[ancestor] for ancestor in type(error).__mro__ if ancestor in CLOSED), None)


def tells_who(error: YinyiError) -> bool:
    """The platform can still be asked who is there, also while the hospital or a channel does not answer: his session
    holds, and it is not itself too busy."""
    return isinstance(error, InLine) or not isinstance(error, SessionEnded | Busy)


def opening_of(error: YinyiError) -> datetime | None:
    """When a service that is closed opens, if anybody knows."""
    try:
        return datetime.fromisoformat(error.detail) if isinstance(error, ServiceClosed) else None
    except ValueError:
        return None
