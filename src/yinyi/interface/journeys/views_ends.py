"""Where a journey ends or does not begin: goodbye, closed, a failure in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from yinyi.business.terminals.model import LockedFor
from yinyi.interface.journeys.views import View
from yinyi.interface.journeys.views_register import Later


class ByeView(View, frozen=True, kw_only=True):
    """The session is over and wiped; a card still lies in the reader."""


class ClosedView(View, frozen=True, kw_only=True):
    """Nothing can be done here now. pairing_code: the code that staff have just entered and that is
    not valid any more; empty: none was. because: why the machine is locked, if staff have said it."""

    reason: Literal["platform_down", "not_paired", "locked"]
    because: LockedFor = ""
    pairing_code: str = ""


class InLineView(View, frozen=True, kw_only=True):
    """Many ask the hospital just now, and one after the other is let through; the page asks again by itself.

    place: his, from 1. about_s: so long it may take. ticket: keeps the place. again: the address, asked after again_ms;
    form: what was sent there; None: nothing, it was only to be seen.
    """

    place: int
    about_s: int
    ticket: str
    again: str
    again_ms: int
    form: Mapping[str, str] | None = None


class NoPaperView(View, frozen=True, kw_only=True):
    """The printer prints nothing, and what begins here ends with a slip. on: the address that goes on without one."""

    on: str


ErrorKind = Literal[
    "slot_taken",  # somebody else was faster
    "doctor_stopped",
    "already_registered",  # this patient already has this doctor's number today
    "session_closed",
    "not_bookable",  # this day is not, or not any more
    "too_many_bookings",
    "same_doctor_today",  # as many numbers with this doctor today as one person may have
    "too_many_registrations",
    "booking_closed",  # visits were missed too often
    "service_closed",  # not at this machine, or not at this time
    "hold_expired",
    "bills_open",  # bills that were chosen have changed, are paid elsewhere, or were not paid in time
    "hospital_unavailable",
    "still_asked",  # what became of an earlier payment is not known again yet
    "payment_unavailable",  # the channel cannot be reached; nothing was taken
    "session_over",  # the patient's session ended: lay the card again
    "old_page",  # a form of another session, or sent twice in another form
    "not_found",
    "too_busy",
    "unexpected",
]


class ErrorView(View, frozen=True, kw_only=True):
    """A failure in words: what happened, what happens next, where to go.

    back: the address from which it can be tried again; empty: only home. ask_no: a number to ask with, if there is one.
    later: when a full doctor has numbers again. opens_at: of a service that is closed; None: nobody knows. today: the
    day that was to be booked is today by now: where to register for it; empty: not at this machine.
    """

    kind: ErrorKind
    back: str = ""
    ask_no: str = ""
    later: Later | None = None
    opens_at: datetime | None = None
    today: str | None = None
