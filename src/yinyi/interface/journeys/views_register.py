"""Same-day registration, from the clinic to the number that is held."""

from datetime import date, datetime
from typing import Literal

from yinyi.interface.journeys.views import Part, SessionName, Subject, Title, View
from yinyi.kernel.means import TenderName


class DepartmentChoice(Part, frozen=True, kw_only=True):
    """A clinic that can be chosen. building_en: empty where the hospital has no English name for it."""

    department_id: str
    name: str
    name_en: str
    building: str
    floor: int
    area: str
    building_en: str = ""


class LastVisit(Part, frozen=True, kw_only=True):
    """Where the patient was last time. ``doctor`` empty: any doctor of the department. ``schedule_id``: that doctor's
    next session today that has numbers left; empty: there is none."""

    department: DepartmentChoice
    doctor: str
    title: Title
    visited_on: date
    practitioner_id: str
    here_today: bool
    schedule_id: str = ""


class DepartmentGroup(Part, frozen=True, kw_only=True):
    """A floor (``2``) or an initial (``E``) with the clinics under it."""

    at: str
    departments: tuple[DepartmentChoice, ...]


class DepartmentsView(View, frozen=True, kw_only=True):
    """Which clinic? ``at`` empty under floor and initial: choose the floor or letter first (``groups``).
    ``booking``: for a later day."""

    by: Literal["common", "floor", "initial"]
    at: str = ""
    booking: bool = False
    same_as_last: LastVisit | None = None
    departments: tuple[DepartmentChoice, ...] = ()
    groups: tuple[DepartmentGroup, ...] = ()


DoctorState = Literal["open", "full", "stopped", "closed", "over"]
"""Numbers left; all taken; not holding his session today; too late to register for it; it has ended."""


class SessionChoice(Part, frozen=True, kw_only=True):
    """A session of the day with how many numbers all doctors together have left."""

    service_date: date
    session: SessionName
    left: int
    state: DoctorState = "open"
    chosen: bool = False


class Later(Part, frozen=True, kw_only=True):
    """When a full or stopped doctor has numbers again today."""

    session: SessionName
    left: int


class DoctorRow(Part, frozen=True, kw_only=True):
    """A doctor's session. Only ``open`` ones can be chosen. specialty_en: empty where the hospital has none."""

    schedule_id: str
    practitioner_id: str
    name: str
    title: Title
    specialty: str
    in_room: bool
    taken: int
    left: int
    fee_fen: int
    starts_at: datetime
    ends_at: datetime
    state: DoctorState
    later: Later | None = None
    specialty_en: str = ""


class DoctorsView(View, frozen=True, kw_only=True):
    """Which doctor? A chosen number is held ``hold_minutes``. The form sends ``schedule_id`` beside ``key``:
    together they make the idempotency key. other_days: nobody has a number today any more, and others can be booked
    here."""

    department: DepartmentChoice
    sessions: tuple[SessionChoice, ...]
    doctors: tuple[DoctorRow, ...]
    hold_minutes: int
    other_days: bool = False
    key: str


class DoctorView(View, frozen=True, kw_only=True):
    """One doctor, introduced."""

    department: DepartmentChoice
    doctor: DoctorRow
    introduction: str
    introduction_en: str = ""
    hold_minutes: int
    key: str


class Visit(Part, frozen=True, kw_only=True):
    """The registration that everything from the check page on is about.

    number: 0 while none is known. expected_from/until: when the doctor is expected to see the patient.
    """

    department: DepartmentChoice
    doctor: str
    title: Title
    room: str
    service_date: date
    session: SessionName
    expected_from: datetime | None = None
    expected_until: datetime | None = None
    number: int = 0


class CheckView(View, frozen=True, kw_only=True):
    """Everything right? Then money. The number is held until ``held_until``.

    problem: why the last try to pay ended; nothing was taken, or it goes back, and it can be tried again.
    back: the page before; empty: the doctors of today. booked: it is a check-in, and the booking stays whatever becomes
    of it. ahead: for another day, on which one checks in. cards: it can be paid by card here.
    """

    payment_no: str
    visit: Visit
    fee_fen: int
    held_until: datetime
    booked: bool = False
    ahead: bool = False
    cards: bool = False
    problem: Literal["declined", "expired", "unavailable", "paid_late"] | None = None
    back: str = ""
    key: str


class WaitView(View, frozen=True, kw_only=True):
    """Something is under way that usually takes a second; the page goes on by itself.

    ``holding``: the hospital is asked for a number · ``starting``: the channel is asked for a code ·
    ``asking``: it is asked to take the money by the payer's code · ``closing``: the payment is being undone, no money
    is known to have been taken.
    """

    kind: Literal["holding", "starting", "asking", "closing"]
    payment_no: str
    ask_no: str
    subject: Subject
    tender: TenderName = "wechatpay"
    amount_fen: int
    since: datetime
    key: str
