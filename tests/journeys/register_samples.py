"""The pages of a registration of today in their states, until it is paid."""

from datetime import timedelta
from typing import Literal

import msgspec
from sample_facts import (
    DEPARTMENTS,
    DOCTORS,
    GROUPS,
    HEART,
    INTRODUCTION,
    KEY,
    LAST,
    LETTERS,
    NOW,
    REGISTERING,
    SESSIONS,
    SUBJECT,
    VISIT,
    Sample,
)

from yinyi.interface.journeys import views_register


def _check(problem: Literal["declined", "unavailable", "paid_late"] | None) -> views_register.CheckView:
    return views_register.CheckView(
        payment_no="26112301000042",
        visit=VISIT,
        fee_fen=5000,
        held_until=NOW + timedelta(minutes=5),
        problem=problem,
        key=KEY,
    )


def _wait(kind: Literal["holding", "starting", "asking", "closing"]) -> views_register.WaitView:
    return views_register.WaitView(
        kind=kind, payment_no="26112301000042", ask_no="7Q4-281", subject=SUBJECT, amount_fen=5000, since=NOW, key=KEY
    )


REGISTER: dict[str, Sample] = {
    "departments": (
        views_register.DepartmentsView(by="common", same_as_last=LAST, departments=DEPARTMENTS),
        REGISTERING,
    ),
    "departments-floors": (views_register.DepartmentsView(by="floor", groups=GROUPS), REGISTERING),
    "departments-floor": (
        views_register.DepartmentsView(by="floor", at="4", departments=DEPARTMENTS[3:5]),
        REGISTERING,
    ),
    "departments-letters": (views_register.DepartmentsView(by="initial", groups=LETTERS), REGISTERING),
    "doctors": (
        views_register.DoctorsView(department=HEART, sessions=SESSIONS, doctors=DOCTORS, hold_minutes=5, key=KEY),
        REGISTERING,
    ),
    "doctors-none": (
        views_register.DoctorsView(department=HEART, sessions=SESSIONS, doctors=(), hold_minutes=5, key=KEY),
        REGISTERING,
    ),
    "doctor": (
        views_register.DoctorView(
            department=HEART, doctor=DOCTORS[0], introduction=INTRODUCTION, hold_minutes=5, key=KEY
        ),
        REGISTERING,
    ),
    "doctor-full": (
        views_register.DoctorView(
            department=HEART, doctor=DOCTORS[2], introduction=INTRODUCTION, hold_minutes=5, key=KEY
        ),
        REGISTERING,
    ),
    "check": (_check(None), REGISTERING),
    "check-declined": (_check("declined"), REGISTERING),
    "check-unavailable": (_check("unavailable"), REGISTERING),
    "check-paid-late": (_check("paid_late"), REGISTERING),
    "wait-holding": (_wait("holding"), REGISTERING),
    "wait-starting": (_wait("starting"), REGISTERING),
    "wait-asking": (_wait("asking"), REGISTERING),
    "wait-closing": (_wait("closing"), REGISTERING),
}

COMES: dict[str, Sample] = {"check-in-pays": (msgspec.structs.replace(_check(None), booked=True), REGISTERING)}
