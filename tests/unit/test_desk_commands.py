"""Staff's commands about sessions, bookings, closures, charges and calls: what is asked, by whom, and what is told."""

import asyncio
from datetime import UTC, date, datetime
from importlib import import_module
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from yinyi.app.cli import application
from yinyi.app.commands.calls import watch
from yinyi.app.person import NOBODY, Person
from yinyi.bus.operation import Operation, spec_of
from yinyi.business.payments.messages_taken_list import (
    DifferenceSaid,
    ListTakenDifferences,
    SettleTakenDifference,
    TakenDifference,
    TakenDifferences,
)
from yinyi.business.prepaid.messages_agreeing import (
    ChargeDifference,
    ChargeDifferences,
    CompareCharges,
    ComparedDay,
    ListChargeDifferences,
    SettleChargeDifference,
)
from yinyi.business.scheduling.booking_model import USUAL
from yinyi.business.scheduling.messages import (
    Departments,
    DoctorSession,
    DoctorSessions,
    ListDepartments,
    ListSchedules,
)
from yinyi.business.scheduling.messages_booking import (
    GetBookingRules,
    OverrideBooking,
    SessionChanged,
    StopSession,
    SubstitutePractitioner,
)
from yinyi.business.scheduling.model import Department, Practitioner, Schedule
from yinyi.business.terminals.messages import AnswerCall, ListStaffCalls, StaffCalls
from yinyi.business.terminals.messages_offers import CancelClosure, Closures, ClosureView, ListClosures, PlanClosure
from yinyi.business.terminals.model import StaffCall
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen

HEART = Department(
    department_id="0102",
    parent_id="01",
    name="心血管内科",
    name_en="Cardiology",
    initial="X",
    building="",
    floor=3,
    area="",
)
NIGHT, MORNING = datetime(2026, 12, 5, 15, tzinfo=UTC), datetime(2026, 12, 5, 18, tzinfo=UTC)


def run(monkeypatch: pytest.MonkeyPatch, reply: Any, *words: str) -> tuple[Result, list[tuple[Operation[Any], str]]]:
    asked: list[tuple[Operation[Any], str]] = []
    module = import_module(f"yinyi.app.commands.{words[0]}")

    async def ask(settings: Any, message: Operation[Any], name: str = "", by: Person = NOBODY) -> Any:
        assert bool(by.number) is spec_of(type(message)).by_person
        asked.append((message, name))
        if isinstance(reply, Exception):
            raise reply
        return reply

    monkeypatch.setattr(module, "ask_as_staff", ask)
    monkeypatch.setattr(module, "set_up_logs", str)
    return CliRunner().invoke(application(words[0]), list(words), input="271828\n"), asked


CHANGED = SessionChanged(schedule_id="S1", numbers=3, given_back=2)
AGREED = ChargeDifferences(
    differences=[], days=[ComparedDay(on=date(2026, 11, 22), compared_at=NIGHT, hospital_charges=3, here_charges=2)]
)
CLOSED = ClosureView(closure_id=4, what="hospital_system", begins_at=NIGHT, ends_at=MORNING, reason="upgrade")
CALLED = StaffCall(call_id=7, terminal_id="K03", place="门诊大厅", called_at=NIGHT)
DECIDED = ("--operator", "0417", "--reason", "fell ill")
WHEN = ("--begins", "2026-12-05T23:00", "--ends", "2026-12-06T02:00:00+08:00")


@pytest.mark.parametrize(
    ("words", "message", "reply"),
    [
        (("sessions",), ListDepartments(), Departments(departments=[HEART])),
        (
            ("sessions", "list", "--department", "0102", "--on", "2026-12-05"),
            ListSchedules(department_id="0102", first_on=date(2026, 12, 5)),
            DoctorSessions(department=HEART, sessions=[]),
        ),
        (
            ("sessions", "stop", "S1", *DECIDED),
            StopSession(schedule_id="S1", operator="0417", reason="fell ill"),
            CHANGED,
        ),
        (
            ("sessions", "substitute", "S1", "--doctor", "D7", *DECIDED),
            SubstitutePractitioner(schedule_id="S1", practitioner_id="D7", operator="0417", reason="fell ill"),
            CHANGED,
        ),
        (("bookings",), GetBookingRules(), USUAL),
        (("bookings", "allow", "P1", "--reason", "twins"), OverrideBooking(patient_no="P1", reason="twins"), CHANGED),
        (("closures",), ListClosures(), Closures(closures=[])),
        (
            ("closures", "plan", *WHEN, "--reason", "upgrade"),
            PlanClosure(what="hospital_system", begins_at=NIGHT, ends_at=MORNING, reason="upgrade"),
            CLOSED,
        ),
        (("closures", "cancel", "4"), CancelClosure(closure_id=4), CLOSED),
        (("calls", "--once"), ListStaffCalls(), StaffCalls(calls=[])),
        (("calls", "answer", "7"), AnswerCall(call_id=7), CALLED),
        (("charges",), ListChargeDifferences(), AGREED),
        (("charges", "compare", "2026-11-22"), CompareCharges(on=date(2026, 11, 22)), AGREED),
        (
            ("charges", "settle", "D1", "--note", "paid in cash"),
            SettleChargeDifference(institution_id="his", charge_no="D1", note="paid in cash"),
            AGREED,
        ),
        (
            ("taken", "list", "--on", "2026-11-22"),
            ListTakenDifferences(since=date(2026, 11, 22), until=date(2026, 11, 22)),
            TakenDifferences(differences=[]),
        ),
        (
            (
                *("taken", "settle", "icbc", "B-000002", "--on", "2026-11-22", "--ruling", "as_heard"),
                *("--note", "asked", "--staff", "3021"),
            ),
            SettleTakenDifference(
                institution_id="icbc",
                taken_on=date(2026, 11, 22),
                reference="B-000002",
                ruling="as_heard",
                note="asked",
            ),
            TakenDifferences(differences=[]),
        ),
    ],
)
def test_what_is_asked(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: Operation[Any], reply: Any
) -> None:
    done, asked = run(monkeypatch, reply, *words, "--as", "supervisor")
    assert (done.exit_code, asked) == (0, [(message, "supervisor")])
    assert done.stdout.strip()


@pytest.mark.parametrize(
    "words",
    [
        ("sessions", "stop", *DECIDED),
        ("sessions", "stop", "S1"),
        ("sessions", "stop", "S1", "--operator", "0417"),
        ("sessions", "stop", "S1", "--reason", "fell ill"),
        ("sessions", "stop", "S1", "--operator", " ", "--reason", "fell ill"),
        ("sessions", "substitute", "S1", "--doctor", "D7"),
        ("sessions", "substitute", "S1", *DECIDED),
        ("sessions", "list", "--department", "0102", "--on", "tomorrow"),
        ("bookings", "allow", "P1"),
        ("bookings", "allow", "--reason", "twins"),
        ("closures", "plan"),
        ("closures", "plan", "--begins", "2026-12-05T23:00"),
        ("closures", "cancel", "all"),
        ("calls", "answer"),
        ("calls", "answer", "all"),
        ("charges", "compare", "yesterday"),
        ("charges", "settle", "D1"),
        ("taken", "settle", "icbc", "B-000002", "--on", "2026-11-22", "--ruling", "as_heard", "--note", "asked"),
        ("ledger", "balance", "--at", "yesterday"),
        ("ledger", "verify", "--at", "2026-03-02T12:00"),
        ("ledger", "balance", "--at", "0001-01-01T00:00"),
        ("ledger", "balance", "--at", "9999-12-31T23:59-23:59"),
        ("taken", "list", "--on", "yesterday"),
        ("taken", "settle", "icbc", "B-000002", "--ruling", "as_heard", "--note", "asked"),
        ("taken", "settle", "icbc", "B-000002", "--on", "2026-11-22", "--ruling", "both", "--note", "asked"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    done, asked = run(monkeypatch, CHANGED, *words)
    assert done.exit_code != 0
    assert asked == []
    assert done.exception is not None


def test_a_refusal_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    done, asked = run(monkeypatch, HospitalUnavailable(), "sessions", "stop", "S1", *DECIDED)
    assert (len(asked), done.exit_code) == (1, 1)
    assert "HospitalUnavailable" in str(done.exception)


def test_lists_name_what_the_other_words_need(monkeypatch: pytest.MonkeyPatch) -> None:
    doctor = Practitioner(
        **dict.fromkeys(("initials", "specialty", "introduction"), ""),
        practitioner_id="D7",
        department_id="0102",
        name="李明华",
        title="chief",
    )
    held = Schedule(
        schedule_id="S1",
        practitioner_id="D7",
        department_id="0102",
        service_date=date(2026, 12, 5),
        session="morning",
        starts_at=NIGHT,
        ends_at=MORNING,
        fee_fen=Fen(5000),
        capacity=30,
        taken=12,
        room="205",
        in_room=True,
        status="open",
    )
    day = DoctorSessions(department=HEART, sessions=[DoctorSession(practitioner=doctor, schedule=held)])
    done, _ = run(monkeypatch, day, "sessions", "list", "--department", "0102")
    assert done.stdout == "S1  2026-12-05  morning  D7  李明华  205  12 of 30 taken  open\n"
    done, _ = run(monkeypatch, Departments(departments=[HEART]), "sessions")
    assert done.stdout == "0102  心血管内科  Cardiology\n"
    done, _ = run(monkeypatch, Closures(closures=[CLOSED]), "closures")
    assert done.stdout == "4  hospital_system  2026-12-05 23:00 – 2026-12-06 02:00  upgrade\n"


def test_charges_that_differ_are_a_line_each_and_an_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = ChargeDifference(
        on=date(2026, 11, 22),
        institution_id="his",
        charge_no="D1",
        kind="hospital_only",
        patient_no="P1",
        hospital_fen=Fen(1200),
        here_fen=Fen(0),
        found_at=NIGHT,
    )
    waits = ComparedDay(on=date(2026, 11, 23), compared_at=None, hospital_charges=0, here_charges=0)
    done, _ = run(monkeypatch, ChargeDifferences(differences=[lost], days=[waits]), "charges")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "2026-11-22  his  D1  hospital_only  P1  hospital 12.00, here 0.00",
        "2026-11-23  not compared yet",
    ]


def test_what_a_bank_lists_otherwise_is_a_line_each_with_what_the_first_has_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left_out = TakenDifference(
        institution_id="icbc",
        taken_on=date(2026, 11, 22),
        reference="B-000002",
        what="unlisted",
        payment_no="P1",
        heard_fen=Fen(1200),
    )
    said = DifferenceSaid(
        institution_id="icbc", reference="B-000002", ruling="as_heard", note="asked", proposed_by="operator"
    )
    done, _ = run(monkeypatch, TakenDifferences(differences=[left_out], said=[said], more=True), "taken")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "2026-11-22  icbc  B-000002  unlisted  P1  listed nothing, said 12.00  operator: as_heard, asked",
        "and more: ask for fewer days",
    ]
    done, _ = run(monkeypatch, StaffCalls(calls=[CALLED]), "calls", "--once")
    assert done.stdout == "7  23:00:00  K03  门诊大厅\n"
    done, _ = run(monkeypatch, msgspec.structs.replace(CALLED, answered_at=MORNING), "calls", "answer", "7")
    assert done.stdout == "7  23:00:00  K03  门诊大厅  answered 02:00:00\n"


def test_calls_are_told_once_as_they_come_and_go() -> None:
    """Also those that are open already, and however often the platform is away."""
    later = msgspec.structs.replace(CALLED, call_id=8, terminal_id="K04")
    away = HospitalUnavailable()
    answers = [[CALLED], [CALLED], away, away, [CALLED, later], [later], []]
    told: list[str] = []

    async def ask() -> StaffCalls:
        if not answers:
            raise asyncio.CancelledError
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return StaffCalls(calls=answer)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(watch(ask, lambda *lines: told.extend(lines), every_s=0))
    assert told == [
        "\a7  23:00:00  K03  门诊大厅",
        f"calls cannot be seen just now: {away.sentence('en')}",
        "calls are seen again",
        "\a8  23:00:00  K04  门诊大厅",
        "7  no longer open",
        "8  no longer open",
    ]
