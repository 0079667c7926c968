"""What the sandbox hospital is filled with: the same from the same seed, dates counted back from today."""

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from yinyi.wire import gb11643
from yinyi.wire.resident_card import CardText, nation_name
from yinyi_sandbox.hospital.departments import BUILDINGS_EN, DIVISIONS, EMERGENCY, Clinic
from yinyi_sandbox.hospital.dice import Dice
from yinyi_sandbox.hospital.diseases import DISEASES_EN
from yinyi_sandbox.hospital.names import made_up_name
from yinyi_sandbox.people.people import PEOPLE

MADE_UP_PATIENTS = 400
_FIRST_MADE_UP = 1001

_TITLES = {"1": "主任医师", "2": "副主任医师", "3": "主治医师", "4": "住院医师"}
_TITLES_EN = {
    "1": "Chief physician",
    "2": "Associate chief physician",
    "3": "Attending physician",
    "4": "Resident physician",
}
_TITLES_IN_TURN = "1232341233"
_FEES_FEN = {"1": 5000, "2": 3000, "3": 1500, "4": 1000}
_SLOT_MINUTES = {"1": 12, "2": 10, "3": 10, "4": 8}
_SESSIONS_A_WEEK = {"1": 3, "2": 4, "3": 5, "4": 6}
_SOLD_PERCENT = {"1": 75, "2": 55, "3": 45, "4": 35}
_FREE_CLINIC = "0902"
_EVENING_CLINICS = ("0101", "0401")
_DOCUMENT_CODES = {"resident_card": "01", "hmt_resident_card": "02", "permanent_resident_card": "04"}
_SEX_CODES = {"male": "1", "female": "2", "unknown": "0"}
_REGION = "320199"

_MORNING, _AFTERNOON, _NIGHT = 1, 2, 3


def _at(hour: int, minute: int = 0) -> timedelta:
    return timedelta(hours=hour, minutes=minute)


_CLINIC_HOURS = {
    _MORNING: (_at(8), _at(12)),
    _AFTERNOON: (_at(13, 30), _at(17, 30)),
    _NIGHT: (_at(17, 30), _at(20, 30)),
}
_EMERGENCY_HOURS = (
    (_MORNING, _at(8), _at(13, 30)),
    (_AFTERNOON, _at(13, 30), _at(17, 30)),
    (_NIGHT, _at(17, 30), _at(24)),
    (_NIGHT, _at(0), _at(8)),
)
"""Somebody is always there; each of the four has a doctor of its own. A night is two sessions, one on either day."""

Row = tuple[object, ...]


class Doctor(msgspec.Struct, frozen=True):
    """A doctor before he becomes a row."""

    number: int
    clinic: Clinic
    place: int
    """Which of his department's, from 0."""
    name: str
    initials: str
    title: str

    @property
    def code(self) -> str:
        return f"D{self.number:04d}"

    @property
    def room(self) -> str:
        return f"{self.clinic.floor}{self.clinic.area}{self.place + 1:02d}"


class Patient(msgspec.Struct, frozen=True):
    """A patient before he becomes a row. visits: how many days ago, department's code."""

    patient_no: str
    person_no: int
    kind: str
    card: CardText
    phone: str
    visits: tuple[tuple[int, str], ...]
    made_by: str | None = None


def tables(seed: int, today: date) -> dict[str, list[Row]]:
    """Rows by table, in the order in which they are filled; schedules and numbers the database derives by itself."""
    dice = Dice(seed)
    doctors = list(_doctors(dice))
    patients = [*_known_people(), *(_made_up(dice, number) for number in range(MADE_UP_PATIENTS))]
    return {
        "department": list(_departments()),
        "doctor": [_doctor_row(doctor, dice) for doctor in doctors],
        "rota": [row for clinic in _clinics() for row in _rota(clinic, doctors)],
        "patient": [_patient_row(patient) for patient in patients],
        "patient_document": [
            (_DOCUMENT_CODES[patient.kind], patient.card.number, patient.patient_no) for patient in patients
        ],
        "visit": [row for patient in patients for row in _visits(patient, doctors, today)],
    }


def _clinics() -> Iterator[Clinic]:
    for division in DIVISIONS:
        yield from division.clinics


def _departments() -> Iterator[Row]:
    for division in DIVISIONS:
        first = division.clinics[0]
        yield (
            division.code, "", division.name, division.name_en, division.initial,
            division.building, first.floor, "", 0, BUILDINGS_EN[division.building],
        )  # fmt: skip
        for clinic in division.clinics:
            yield (
                clinic.code, division.code, clinic.name, clinic.name_en, clinic.initial,
                division.building, clinic.floor, clinic.area, clinic.common_rank, BUILDINGS_EN[division.building],
            )  # fmt: skip


def _doctors(dice: Dice) -> Iterator[Doctor]:
    number = 0
    for clinic in _clinics():
        for place in range(clinic.doctors):
            number += 1
            name, initials = made_up_name(dice)
            title = _TITLES_IN_TURN[place % len(_TITLES_IN_TURN)]
            yield Doctor(number, clinic, place, name, initials, title)


def _doctor_row(doctor: Doctor, dice: Dice) -> Row:
    treats = _strengths(doctor, dice)
    strengths, strengths_en = "、".join(treats), ", ".join(DISEASES_EN[each] for each in treats)
    years = {"1": 25, "2": 16, "3": 9, "4": 3}[doctor.title] + dice.below(6)
    introduction = (
        f"{doctor.name}，{_TITLES[doctor.title]}，从事{doctor.clinic.name}临床工作{years}年，擅长{strengths}的诊治。"
    )
    introduction_en = (
        f"{_TITLES_EN[doctor.title]} with {years} years of practice in {doctor.clinic.name_en}. "
        f"Mostly sees patients for: {strengths_en}."
    )
    return (
        doctor.number, doctor.code, doctor.clinic.code, doctor.name, doctor.initials, doctor.title,
        strengths, introduction, strengths_en[:1].upper() + strengths_en[1:], introduction_en,
    )  # fmt: skip


def _strengths(doctor: Doctor, dice: Dice) -> list[str]:
    """Three neighbours out of what the department treats."""
    diseases = doctor.clinic.diseases.split("、")
    first = dice.below(len(diseases))
    return (diseases + diseases)[first : first + min(3, len(diseases))]


def _rota(clinic: Clinic, doctors: list[Doctor]) -> Iterator[Row]:
    staff = [doctor for doctor in doctors if doctor.clinic is clinic]
    if clinic in _emergency_clinics():
        yield from _emergency_rota(staff)
        return
    half_days = [(step * 5 % 14 // 2 + 1, step * 5 % 2 + 1) for step in range(14)]
    turn = 0
    for doctor in staff:
        for _ in range(_SESSIONS_A_WEEK[doctor.title]):
            weekday, session = half_days[turn % len(half_days)]
            turn += 1
            yield _rota_row(doctor, weekday, session)
    if clinic.code in _EVENING_CLINICS:
        for weekday in range(1, 8):
            yield _rota_row(staff[-1], weekday, _NIGHT)


def _rota_row(doctor: Doctor, weekday: int, session: int) -> Row:
    begins, ends = _CLINIC_HOURS[session]
    fee_fen = 0 if doctor.clinic.code == _FREE_CLINIC else _FEES_FEN[doctor.title]
    arrives_after = timedelta(minutes=(doctor.number * 7 + weekday * 3) % 26 - 15)
    return (
        doctor.number, weekday, session, begins, ends, _SLOT_MINUTES[doctor.title], doctor.room, fee_fen,
        timedelta(minutes=30), arrives_after, _SOLD_PERCENT[doctor.title],
    )  # fmt: skip


def _emergency_clinics() -> tuple[Clinic, ...]:
    return next(division.clinics for division in DIVISIONS if division.building == EMERGENCY)


def _emergency_rota(staff: list[Doctor]) -> Iterator[Row]:
    for doctor, (session, begins, ends) in zip(staff, _EMERGENCY_HOURS, strict=True):
        for weekday in range(1, 8):
            yield (
                doctor.number, weekday, session, begins, ends, 5, doctor.room, _FEES_FEN[doctor.title],
                timedelta(), timedelta(minutes=-30), 15,
            )  # fmt: skip


def _known_people() -> Iterator[Patient]:
    number = 0
    for person in PEOPLE:
        for record in person.records:
            number += 1
            yield Patient(record.patient_no, number, person.kind, person.card, person.phone, record.visits)


def _made_up(dice: Dice, place: int) -> Patient:
    number = _FIRST_MADE_UP + place
    born_on = date(1935, 1, 1) + timedelta(days=dice.below(85 * 365))
    sequence = 300 + dice.below(700)
    card = CardText(
        name=made_up_name(dice)[0],
        sex="male" if sequence % 2 else "female",
        nation="01",
        born_on=born_on,
        address="江苏省海州市",
        number=gb11643.number_of(_REGION, born_on, sequence),
        valid_from=date(2020, 1, 1),
    )
    codes = [clinic.code for clinic in _clinics()]
    visits = tuple((1 + dice.below(900), dice.one_of(codes)) for _ in range(dice.below(4)))
    patient_no = f"{2016 + dice.below(10)}{number:06d}"
    phone = f"139{dice.below(10**8):08d}"
    return Patient(patient_no, number, "resident_card", card, phone, visits, f"seed{number}")


def _patient_row(patient: Patient) -> Row:
    card = patient.card
    return (
        patient.patient_no, patient.person_no, card.name or card.name_en, _SEX_CODES[card.sex], card.born_on,
        patient.phone, card.address, nation_name(card.nation) or card.nationality, patient.made_by,
    )  # fmt: skip


def _visits(patient: Patient, doctors: list[Doctor], today: date) -> Iterator[Row]:
    for days_ago, dept_code in patient.visits:
        staff = [doctor for doctor in doctors if doctor.clinic.code == dept_code]
        doctor = staff[patient.person_no % len(staff)]
        yield patient.patient_no, today - timedelta(days=days_ago), dept_code, doctor.code
