"""The pages of bookings and check-ins in their states."""

from datetime import timedelta
from typing import get_args

import msgspec
from sample_facts import (
    CHROME,
    DEPARTMENTS,
    DOCTORS,
    HEART,
    INTRODUCTION,
    KEY,
    LAST,
    NOW,
    PATIENT,
    SESSIONS,
    SOMEONE,
    VISIT,
    Sample,
)

from yinyi.interface.journeys import views, views_book, views_fiscal, views_register, views_start

BOOKING_IT = msgspec.structs.replace(CHROME, patient=PATIENT, steps=views.BOOK_STEPS)
BY_SLIP = msgspec.structs.replace(CHROME, patient=msgspec.structs.replace(PATIENT, age=None, number_tail=""))
ON = NOW.date() + timedelta(days=9)
UNTIL = NOW + timedelta(days=8, hours=22)
_STATES: tuple[views_book.DayState, ...] = ("room", "room", "full", "room", "stopped", "room", "none")
_FIRST = NOW.date() + timedelta(days=1)
_CELLS: list[views_book.DayChoice | None] = [
    *([None] * _FIRST.weekday()),
    *(
        views_book.DayChoice(
            on=_FIRST + timedelta(days=n),
            state="not_open" if n >= 30 else _STATES[n % 7],
            left=(n * 37) % 240 + 1,
        )
        for n in range(34 - (_FIRST.weekday() + 34) % 7)
    ),
]
_BOOKED = msgspec.structs.replace(
    VISIT,
    service_date=ON,
    expected_from=NOW + timedelta(days=9),
    expected_until=NOW + timedelta(days=9, minutes=30),
    number=7,
)
_TIMES = tuple(
    views_book.TimeChoice(
        slot_id=f"S-{n}" if n % 4 != 1 else "",
        starts_at=NOW + timedelta(days=9, minutes=30 * n),
        ends_at=NOW + timedelta(days=9, minutes=30 * n + 30),
        left=0 if n % 4 == 1 else 3,
    )
    for n in range(8)
)


_RECEIPT = views_fiscal.ReceiptNote(payment_no="26112301000042", number="0012345678")


def _booked(**facts: object) -> views_book.BookedView:
    view = views_book.BookedView(
        payment_no="26112301000042",
        ask_no="7Q4-281",
        visit=_BOOKED,
        amount_fen=5000,
        paid="booking",
        can_cancel_until=UNTIL,
        printing="printing",
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts)


def _row(n: int, state: views_book.BookingState, **facts: object) -> views_book.BookingRow:
    visit = msgspec.structs.replace(_BOOKED, service_date=NOW.date() + timedelta(days=n))
    row = views_book.BookingRow(booking_no=f"2611230100004{n}", visit=visit, state=state)
    return msgspec.structs.replace(row, **facts)


_ROWS = (
    _row(0, "booked", today=True),
    _row(3, "booked", changed=True),
    _row(9, "opening"),
    _row(1, "checked_in"),
    _row(2, "stopped"),
)


def _one(state: views_book.BookingState, **facts: object) -> views_book.BookingView:
    view = views_book.BookingView(
        booking_no="26112301000042",
        visit=_BOOKED,
        state=state,
        paid="booking",
        fee_fen=5000,
        can_cancel_until=UNTIL if state == "booked" else None,
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts)


def _arrival(state: views_book.BookingState = "booked", **facts: object) -> Sample:
    view = views_book.ArrivalView(
        booking_no="26112301000042",
        visit=msgspec.structs.replace(VISIT, number=7),
        state=state,
        can_come=state == "booked" and "problem" not in facts,
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts), BY_SLIP


def _changed(**facts: object) -> views_book.ChangedVisitView:
    view = views_book.ChangedVisitView(
        payment_no="26112301000042",
        kind="stopped",
        department=HEART,
        doctor="李明华",
        title="associate_chief",
        service_date=ON,
        session="morning",
        starts_at=NOW + timedelta(days=9),
        substitute="",
        substitute_title=None,
        can_give_back=False,
        money="returning",
        amount_fen=5000,
        ask_no="7Q4-8XK9",
        more=1,
        subject=views.Subject(purpose="appointment", again="/kiosk/book/0102"),
        key=KEY,
    )
    return msgspec.structs.replace(view, **facts)


_TIMES_VIEW = views_book.TimesView(
    department=HEART,
    on=ON,
    doctor=DOCTORS[0],
    introduction=INTRODUCTION,
    times=_TIMES,
    paid="booking",
    hold_minutes=8,
    key=KEY,
)

BOOKING: dict[str, Sample] = {
    "book-departments": (
        views_register.DepartmentsView(by="common", booking=True, same_as_last=LAST, departments=DEPARTMENTS),
        BOOKING_IT,
    ),
    "book-days": (
        views_book.DaysView(
            department=HEART,
            weeks=tuple(tuple(_CELLS[at : at + 7]) for at in range(0, len(_CELLS), 7)),
            paid="booking",
        ),
        BOOKING_IT,
    ),
    "book-doctors": (
        views_book.DayDoctorsView(department=HEART, on=ON, sessions=SESSIONS, doctors=DOCTORS),
        BOOKING_IT,
    ),
    "book-times": (_TIMES_VIEW, BOOKING_IT),
    "book-times-none": (msgspec.structs.replace(_TIMES_VIEW, times=(), paid="check_in"), BOOKING_IT),
    "booked": (_booked(), msgspec.structs.replace(BOOKING_IT, card_in_reader=True)),
    "booked-receipt": (_booked(printing="printed", receipt=_RECEIPT), BOOKING_IT),
    "booked-unpaid": (_booked(paid="check_in", can_cancel_until=None, printing="paper_out"), BOOKING_IT),
    "bookings": (views_book.BookingsView(rows=_ROWS, key=KEY), SOMEONE),
    "bookings-none": (views_book.BookingsView(rows=(), key=KEY), SOMEONE),
    **{
        f"bookings-{problem.replace('_', '-')}": (
            views_book.BookingsView(rows=_ROWS[1:3], problem=problem, on=ON, key=KEY),
            SOMEONE,
        )
        for problem in get_args(views_book.CheckInProblem)
        if problem != "has_it"
    },
    "booking": (_one("booked"), SOMEONE),
    "booking-cancel": (_one("booked", asks=True), SOMEONE),
    "booking-late": (_one("checked_in", too_late=True), SOMEONE),
    "booking-cancelled": (_one("cancelled"), SOMEONE),
    "booking-substitute": (_one("booked", substitute="王芳", substitute_title="chief", paid="check_in"), SOMEONE),
    "arrival": _arrival(),
    "arrival-unpaid": _arrival(due_fen=5000, substitute="王芳"),
    "arrival-early": _arrival(problem="too_early"),
    "arrival-done": _arrival("checked_in", check_in_no="26112301000043", queue_ahead=3),
    **{
        f"no-slip-{reason.replace('_', '-')}": (
            views_book.NoSlipView(reason=reason, on=ON if reason == "another_day" else None, key=KEY),
            CHROME,
        )
        for reason in get_args(views_book.NoSlipReason)
    },
    "identify-check-in": (views_start.IdentifyView(expects="booking_slip", key=KEY), CHROME),
    "changed-stopped": (_changed(), SOMEONE),
    "changed-too-late": (
        _changed(kind="substituted", money="none", substitute="王芳", substitute_title="chief", too_late=True, more=0),
        SOMEONE,
    ),
    "changed-at-window": (_changed(money="at_window", more=0), SOMEONE),
    "changed-substitute": (
        _changed(
            kind="substituted",
            substitute="王芳",
            substitute_title="chief",
            can_give_back=True,
            money="none",
            more=0,
        ),
        SOMEONE,
    ),
}

DUE: dict[str, Sample] = {
    "bookings-due": (
        views_book.BookingsView(
            rows=(
                _row(0, "booked", today=True, due_fen=50_00),
                _row(3, "booked", changed=True, due_fen=50_00),
                _row(9, "booked", due_fen=123_456_78),
                _row(1, "checked_in"),
            ),
            key=KEY,
        ),
        SOMEONE,
    ),
}
"""Paid when the patient comes."""
