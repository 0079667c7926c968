"""Departments, practitioners, schedules, slots (FHIR R4 words). Plain data."""

from datetime import date, datetime
from typing import Literal

import msgspec

from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Evidence

SessionName = Literal["morning", "afternoon", "night"]
Title = Literal["chief", "associate_chief", "attending", "resident"]
"""主任医师, 副主任医师, 主治医师, 住院医师."""


class Department(msgspec.Struct, frozen=True, kw_only=True):
    """A clinic (科室). ``parent_id`` is empty for the first level, which is not registered with itself.

    common_rank: 1 is asked for most; 0 is not among the common ones.
    initial: first letter of the name's pinyin, A–Z. building_en: empty where the hospital has no English name for it.
    """

    department_id: str
    parent_id: str
    name: str
    name_en: str
    initial: str
    building: str
    floor: int
    area: str
    common_rank: int = 0
    building_en: str = ""


class Practitioner(msgspec.Struct, frozen=True, kw_only=True):
    """A doctor (医生). specialty_en, introduction_en: empty where the hospital has them in its own language only."""

    practitioner_id: str
    department_id: str
    name: str
    initials: str
    """Pinyin initials of the name, A–Z."""
    title: Title
    specialty: str
    introduction: str
    specialty_en: str = ""
    introduction_en: str = ""


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """One doctor's session on one day (排班) and how its numbers stand.

    taken counts held and sold numbers, at windows too; ``left = capacity - taken``.
    in_room: the doctor has signed in in the room; only meaningful today.
    """

    schedule_id: str
    practitioner_id: str
    department_id: str
    service_date: date
    session: SessionName
    starts_at: datetime
    ends_at: datetime
    fee_fen: Fen
    capacity: int
    taken: int
    room: str
    in_room: bool
    status: Literal["open", "stopped", "closed"]
    """``closed``: too late to register for it."""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One number (号源) with the time at which its owner is expected."""

    slot_id: str
    schedule_id: str
    number: int
    starts_at: datetime
    ends_at: datetime
    status: Literal["free", "busy", "busy-tentative"]


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier registration of a patient, newest first where listed."""

    visited_on: date
    department_id: str
    practitioner_id: str


class FoundNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number that the hospital gave us, as it stands now. ``reference``: ours. ``evidence``: see ``Schedules``."""

    reference: str
    status: Literal["held", "confirmed", "released", "lapsed"]
    patient_no: str
    schedule_id: str
    department_id: str
    practitioner_id: str
    service_date: date
    session: SessionName
    room: str
    fee_fen: Fen
    made_at: datetime
    held_until: datetime | None
    evidence: Evidence


SessionChangeKind = Literal["stopped", "substituted", "reopened"]


class SessionChange(msgspec.Struct, frozen=True, kw_only=True):
    """What the hospital has decided about a session after it was published. ``change_no``: its own count, upwards;
    ``practitioner_id``: who holds a substituted session."""

    change_no: int
    schedule_id: str
    kind: SessionChangeKind
    practitioner_id: str = ""


class SessionNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A number of one session that is somebody's through the platform. ``reference``: ours, of the hold."""

    reference: str
    confirmed: bool
