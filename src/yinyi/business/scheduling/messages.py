"""What can be asked about departments, doctors, numbers and registrations."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.payments.errors import CashDiffers, PaymentClosed, PaymentUnknown, TenderUnderWay
from yinyi.business.payments.messages import Number, Part, PaymentView
from yinyi.business.scheduling.errors import (
    AlreadyRegistered,
    NoHoldSlip,
    SameDoctorToday,
    ScheduleUnknown,
    SessionClosed,
    SessionStopped,
    SlotTaken,
    TooManyRegistrations,
)
from yinyi.business.scheduling.model import Department, Practitioner, Schedule, SessionName, Slot, Title, Visit
from yinyi.kernel.errors import HospitalUnavailable, NotYours

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
READERS = [Caller.KIOSK, Caller.MOBILE]
AND_BANKS = [*READERS, Caller.INSTITUTION]
AND_STAFF = [*AND_BANKS, Caller.STAFF]


class Departments(msgspec.Struct, frozen=True, kw_only=True):
    """All clinics, both levels. ``last_visit``: where this patient was last time, if a session travels along."""

    departments: list[Department]
    last_visit: Visit | None = None
    last_practitioner: Practitioner | None = None


@operation(callers=AND_STAFF, errors=(HospitalUnavailable,))
class ListDepartments(Operation[Departments], frozen=True, kw_only=True):
    """Which clinics there are."""


class DoctorSession(msgspec.Struct, frozen=True, kw_only=True):
    """A doctor and one of his sessions."""

    practitioner: Practitioner
    schedule: Schedule


class DoctorSessions(msgspec.Struct, frozen=True, kw_only=True):
    """Of one department, by date, session and title."""

    department: Department
    sessions: list[DoctorSession]


@operation(callers=AND_STAFF, errors=(HospitalUnavailable, ScheduleUnknown))
class ListSchedules(Operation[DoctorSessions], frozen=True, kw_only=True):
    """Who sees patients in this department, and how the numbers stand. Dates empty: today."""

    department_id: Id
    first_on: date | None = None
    last_on: date | None = None


@operation(callers=AND_BANKS, errors=(HospitalUnavailable, ScheduleUnknown))
class GetSchedule(Operation[DoctorSessions], frozen=True, kw_only=True):
    """One session with its doctor; the same doctor's other sessions of that day follow it. ``on`` empty: of today."""

    department_id: Id
    schedule_id: Id
    on: date | None = None


class Slots(msgspec.Struct, frozen=True, kw_only=True):
    slots: list[Slot]


@operation(callers=AND_BANKS, errors=(HospitalUnavailable, ScheduleUnknown))
class ListSlots(Operation[Slots], frozen=True, kw_only=True):
    """The single numbers of a session."""

    schedule_id: Id


class RegistrationView(msgspec.Struct, frozen=True, kw_only=True):
    """A same-day registration and its payment.

    number 0, times None: the hospital has not given a number (yet). held_until: while it is only held.
    """

    payment: PaymentView
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
    queue_ahead: int | None = None
    hold_slip: bool = False


@operation(
    callers=AND_BANKS,
    service="register",
    needs_patient=True,
    money=True,
    errors=(
        HospitalUnavailable,
        ScheduleUnknown,
        SlotTaken,
        SessionStopped,
        SessionClosed,
        AlreadyRegistered,
        SameDoctorToday,
        TooManyRegistrations,
    ),
)
class RegisterToday(Operation[RegistrationView], frozen=True, kw_only=True):
    """Hold a number of today and open its payment. The fee is the hospital's. ``slot_id`` empty: the next free one."""

    department_id: Id
    schedule_id: Id
    slot_id: Annotated[str, msgspec.Meta(max_length=64)] = ""


@operation(callers=AND_BANKS, needs_patient=True, errors=(PaymentUnknown, NotYours))
class GetRegistration(Operation[RegistrationView], frozen=True, kw_only=True):
    """By its payment."""

    payment_no: Number


class Registrations(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    registrations: list[RegistrationView]


@operation(callers=READERS, needs_patient=True)
class ListRegistrations(Operation[Registrations], frozen=True, kw_only=True):
    """This patient's registrations of the last days, whatever became of them."""

    days: Annotated[int, msgspec.Meta(ge=1, le=31)] = 7


@operation(
    callers=READERS,
    needs_patient=True,
    money=True,
    errors=(PaymentUnknown, NotYours, PaymentClosed),
)
class IssueHoldSlip(Operation[RegistrationView], frozen=True, kw_only=True):
    """No phone at hand: keep the number 20 minutes, the named window takes the money."""

    payment_no: Number


@operation(
    callers=[Caller.HOSPITAL, Caller.STAFF],
    money=True,
    errors=(PaymentUnknown, NoHoldSlip, PaymentClosed, TenderUnderWay, CashDiffers),
)
class CollectHoldSlip(Operation[RegistrationView], frozen=True, kw_only=True):
    """The window has taken the money for a hold slip. ``number``: from the slip. ``operator``: the cashier's number.
    ``amount_fen``: how much; refused where it is not what is still owed, as when a part was paid otherwise since the
    slip was printed."""

    number: Number
    operator: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    receipt_no: Annotated[str, msgspec.Meta(max_length=40)] = ""
    amount_fen: Part | None = None
