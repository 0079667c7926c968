"""Bookings at the kiosk: what their pages ask of the platform, and where they lead."""

from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from kiosk_platform import (
    CARDIOLOGY,
    NOW,
    PAYMENT,
    TERMINAL,
    TODAY,
    page,
    paired,
    payment,
    receipt,
    registration,
    run,
    session_of,
)

from yinyi.business.payments.errors import ChannelGone
from yinyi.business.payments.messages import Payments
from yinyi.business.scheduling.errors import (
    AlreadyCheckedIn,
    AlreadyRegistered,
    BookingClosed,
    BookingGone,
    NoSuchBooking,
    NotBookable,
    NotThatDay,
    SlotTaken,
    TooEarly,
    TooLate,
    TooLateToCancel,
    TooManyBookings,
)
from yinyi.business.scheduling.messages_booking import (
    Appointments,
    AppointmentView,
    BookingDay,
    BookingDays,
    BookingTimes,
    Seen,
    VisitChange,
    VisitChanges,
)
from yinyi.business.scheduling.model import Slot
from yinyi.kernel.errors import NotYours, YinyiError
from yinyi.kernel.money import Fen

ON = TODAY + timedelta(days=3)
AT = f"/book/D02/{ON}"
DAYS = BookingDays(
    department=CARDIOLOGY,
    days=[BookingDay(on=TODAY + timedelta(days=n), state="room", left=n) for n in range(1, 14)],
    paid="booking",
)
TIMES = BookingTimes(
    department=CARDIOLOGY,
    chosen=session_of("S1"),
    others=[],
    slots=[
        Slot(
            slot_id=f"S1-{n}",
            schedule_id="S1",
            number=n + 1,
            starts_at=NOW + timedelta(days=3, minutes=10 * n),
            ends_at=NOW + timedelta(days=3, minutes=10 * n + 10),
            status="busy" if n < 4 else "free",
        )
        for n in range(6)
    ],
    paid="booking",
)


def booking(state: Any = "booked", paid: Any = "fulfilled", **changes: Any) -> AppointmentView:
    view = AppointmentView(
        payment=payment(paid, purpose=changes.pop("purpose", "appointment")),
        booking_no=PAYMENT,
        state=state,
        paid="booking",
        fee_fen=Fen(5000),
        schedule_id="S1",
        department=CARDIOLOGY,
        practitioner_name="李明华",
        title="chief",
        service_date=ON,
        session="morning",
        room="205",
        number=7,
        can_cancel_until=NOW + timedelta(days=2),
    )
    return msgspec.structs.replace(view, **changes)


CHANGE = VisitChange(
    payment=payment("returning", taken_fen=Fen(5000), purpose="appointment"),
    kind="stopped",
    booked=True,
    department=CARDIOLOGY,
    practitioner_name="李明华",
    title="chief",
    service_date=ON,
    session="morning",
)


@pytest.mark.parametrize("path", ["/book", "/check-in", f"/check-in/{PAYMENT}", "/changed"])
def test_who_is_it_comes_first(path: str) -> None:
    async def work() -> None:
        answer = await paired(known=False).get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/identify")

    run(work())


def test_weeks_begin_on_monday() -> None:
    async def work() -> None:
        weeks = (await paired(ListBookingDays=DAYS).see("/book/D02"))["v"]["weeks"]
        assert [len(week) for week in weeks] == [7, 7]
        assert weeks[0][0] is None, "today is a Monday"
        assert weeks[0][1]["on"] == str(TODAY + timedelta(days=1))

    run(work())


def test_times_are_half_hours_and_a_press_takes_the_first_free_number() -> None:
    async def work() -> None:
        browser = paired(BookAppointment=booking("opening", "ready"), ListBookingTimes=TIMES)
        seen = (await browser.see(f"{AT}/S1"))["v"]
        assert [(each["slot_id"], each["left"]) for each in seen["times"]] == [("", 0), ("S1-4", 2)]
        assert msgspec.to_builtins(browser.platform.last("ListBookingTimes").message)["on"] == str(ON)
        fields = {"department_id": "D02", "schedule_id": "S1", "on": str(ON), "slot_id": "S1-4"}
        answer = await browser.post("/book/hold", **fields)
        assert answer.headers["location"] == f"/kiosk/register/check/{PAYMENT}"
        assert msgspec.to_builtins(browser.platform.last("BookAppointment").message) == fields
        for missing in ("department_id", "schedule_id", "on"):
            assert (await browser.post("/book/hold", **(fields | {missing: ""}))).status_code == 409
        assert (await browser.post("/book/hold", **(fields | {"on": "tomorrow"}))).status_code == 404

    run(work())


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (SlotTaken(), "slot_taken"),
        (TooManyBookings(), "too_many_bookings"),
        (BookingClosed(), "booking_closed"),
    ],
)
def test_what_cannot_be_booked_is_said(error: YinyiError, kind: str) -> None:
    async def work() -> None:
        answer = await paired(BookAppointment=error).post(
            "/book/hold", department_id="D02", schedule_id="S1", on=str(ON)
        )
        assert (answer.status_code, page(answer)["v"]["kind"]) == (409, kind)

    run(work())


@pytest.mark.parametrize(
    ("on", "offers", "today"),
    [
        (TODAY, ("book", "register"), "/kiosk/register/doctors/D02"),
        (TODAY, ("book",), ""),
        (TODAY - timedelta(days=1), ("book", "register"), None),
    ],
)
def test_a_day_that_is_today_by_now_is_registered_for(on: date, offers: tuple[str, ...], today: str | None) -> None:
    async def work() -> None:
        here = msgspec.structs.replace(TERMINAL, offers=[each for each in TERMINAL.offers if each.service in offers])
        browser = paired(GetTerminal=here, BookAppointment=NotBookable())
        answer = await browser.post("/book/hold", department_id="D02", schedule_id="S1", on=str(on))
        seen = page(answer)["v"]
        assert (answer.status_code, seen["kind"], seen["today"]) == (409, "not_bookable", today)
        assert seen["back"] == "/kiosk/book/D02"

    run(work())


def test_who_has_it_already_sees_it() -> None:
    async def work() -> None:
        browser = paired(BookAppointment=AlreadyRegistered())
        answer = await browser.post("/book/hold", department_id="D02", schedule_id="S1", on=str(ON))
        assert answer.headers["location"] == "/kiosk/check-in?booked=1"
        for found in ([booking()], []):
            browser.platform.answers["ListAppointments"] = Appointments(appointments=found)
            seen = (await browser.see("/check-in?booked=1"))["v"]
            assert (seen["problem"], len(seen["rows"])) == ("has_it", len(found))
        assert (await browser.see("/check-in"))["v"]["problem"] is None

    run(work())


def test_today_comes_first_and_can_be_checked_in() -> None:
    async def work() -> None:
        found = [booking(), booking(service_date=TODAY), booking("missed", service_date=TODAY - timedelta(days=9))]
        arrived = booking("checked_in", purpose="check_in")
        browser = paired(ListAppointments=Appointments(appointments=found), CheckIn=arrived)
        rows = (await browser.see("/check-in"))["v"]["rows"]
        assert [(row["today"], row["visit"]["service_date"]) for row in rows] == [(True, str(TODAY)), (False, str(ON))]
        answer = await browser.post(f"/check-in/{PAYMENT}")
        assert answer.headers["location"] == f"/kiosk/done/{PAYMENT}"

    run(work())


def test_what_is_paid_at_check_in_is_said_until_it_is() -> None:
    async def work() -> None:
        unpaid = msgspec.structs.replace(booking(), paid="check_in")
        found = [
            unpaid,
            booking(),
            msgspec.structs.replace(unpaid, fee_fen=Fen(0)),
            booking("checked_in", service_date=TODAY),
        ]
        browser = paired(ListAppointments=Appointments(appointments=found))
        rows = (await browser.see("/check-in"))["v"]["rows"]
        assert [row["due_fen"] for row in rows] == [5000, 0, 0, 0]

    run(work())


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (TooEarly(), "too_early"),
        (TooLate(), "too_late"),
        (AlreadyCheckedIn(), "checked_in"),
        (BookingGone(), "gone"),
        (NotThatDay(str(ON)), "another_day"),
        (NoSuchBooking(), "unknown"),
    ],
)
def test_why_not_now(error: YinyiError, problem: str) -> None:
    async def work() -> None:
        own = Appointments(appointments=[booking()])
        browser = paired(ListAppointments=own, CheckIn=error, CheckInBySlip=error)
        for path, fields in ((f"/check-in/{PAYMENT}", {}), ("/check-in/scan", {"after": "3"})):
            answer = await browser.post(path, **fields)
            seen = page(answer)["v"]
            assert (answer.status_code, seen["problem"]) == (409, problem)
            assert seen["on"] == (str(ON) if problem == "another_day" else None)

    run(work())


@pytest.mark.parametrize("purpose", ["check_in", "appointment"])
def test_a_payment_that_no_booking_lists_any_more_is_still_told(purpose: str) -> None:
    """As a fee that was paid at check-in and went back."""
    gone = booking(state="stopped", paid="returned", purpose=purpose, booking_no="another", check_in_no="")

    async def work() -> None:
        browser = paired(
            ListPayments=Payments(payments=[gone.payment]),
            ListAppointments=Appointments(appointments=[]),
            GetAppointment=gone,
        )
        [row] = (await browser.see("/payments"))["v"]["payments"]
        assert (row["payment_no"], row["state"]) == (PAYMENT, "refunded")

    run(work())


def test_the_slip_of_somebody_else() -> None:
    async def work() -> None:
        browser = paired(ListAppointments=Appointments(appointments=[]), CheckInBySlip=NotYours())
        assert page(await browser.post("/check-in/scan", after="3"))["v"]["problem"] == "somebody_else"
        assert (await browser.post("/check-in/scan", after="x")).status_code == 409

    run(work())


def test_what_is_booked_and_paid_says_where_its_electronic_receipt_is() -> None:
    async def work() -> None:
        done = booking()
        browser = paired(GetAppointment=done, GetPayment=done.payment, GetFiscalInvoice=receipt("coming"))
        assert (await browser.see(f"/done/{PAYMENT}"))["v"]["receipt"] == {"payment_no": PAYMENT, "number": ""}
        browser.platform.answers["GetFiscalInvoice"] = receipt("none")
        assert (await browser.see(f"/done/{PAYMENT}"))["v"]["receipt"] is None

    run(work())


def test_cancelling_asks_first() -> None:
    async def work() -> None:
        browser = paired(GetAppointment=booking(), CancelAppointment=booking("cancelled", "returning"))
        assert not (await browser.see(f"/check-in/{PAYMENT}"))["v"]["asks"]
        assert (await browser.see(f"/check-in/{PAYMENT}?cancel=1"))["v"]["asks"]
        answer = await browser.post(f"/check-in/{PAYMENT}/cancel")
        assert answer.headers["location"] == f"/kiosk/trouble/{PAYMENT}"
        browser.platform.answers["CancelAppointment"] = TooLateToCancel()
        answer = await browser.post(f"/check-in/{PAYMENT}/cancel")
        assert answer.headers["location"] == f"/kiosk/check-in/{PAYMENT}?late=1"
        browser.platform.answers["GetAppointment"] = NotYours()
        assert (await browser.get(f"/check-in/{PAYMENT}")).status_code == 404

    run(work())


def test_what_has_changed_is_said_once() -> None:
    async def work() -> None:
        browser = paired(ListVisitChanges=VisitChanges(changes=[CHANGE]), SeeVisitChange=Seen())
        seen = (await browser.see("/changed"))["v"]
        assert (seen["kind"], seen["money"], seen["can_give_back"]) == ("stopped", "returning", False)
        answer = await browser.post("/changed", payment_no=PAYMENT, then="book")
        assert answer.headers["location"] == "/kiosk/book/D02"
        assert msgspec.to_builtins(browser.platform.last("SeeVisitChange").message) == {"payment_no": PAYMENT}
        browser.platform.answers["ListVisitChanges"] = VisitChanges(changes=[])
        assert (await browser.get("/changed")).headers["location"] == "/kiosk/book/departments"

    run(work())


def test_whose_channel_is_gone_is_sent_to_the_window() -> None:
    async def work() -> None:
        money = payment("returning", taken_fen=Fen(5000), purpose="appointment", at_window=True)
        change = msgspec.structs.replace(CHANGE, payment=money)
        browser = paired(ListVisitChanges=VisitChanges(changes=[change]))
        assert (await browser.see("/changed"))["v"]["money"] == "at_window"

    run(work())


def substituted(until: datetime | None) -> VisitChange:
    """Until then it can be given back; None: it cannot be."""
    paid = payment("fulfilled")
    return msgspec.structs.replace(CHANGE, kind="substituted", substitute="王芳", payment=paid, can_cancel_until=until)


def test_another_doctor_is_refused() -> None:
    async def work() -> None:
        change = substituted(NOW + timedelta(days=2))
        back = booking("cancelled", "returning")
        browser = paired(ListVisitChanges=VisitChanges(changes=[change]), SeeVisitChange=Seen(), CancelAppointment=back)
        assert (await browser.see("/changed"))["v"]["can_give_back"]
        answer = await browser.post("/changed", payment_no=PAYMENT, then="back")
        assert answer.headers["location"] == f"/kiosk/trouble/{PAYMENT}"

    run(work())


@pytest.mark.parametrize("until", [None, NOW - timedelta(minutes=1)])
def test_another_doctor_cannot_be_refused_once_it_has_begun(until: datetime | None) -> None:
    async def work() -> None:
        browser = paired(ListVisitChanges=VisitChanges(changes=[substituted(until)]))
        assert not (await browser.see("/changed"))["v"]["can_give_back"]

    run(work())


@pytest.mark.parametrize("error", [TooLateToCancel(), AlreadyCheckedIn(), ChannelGone()])
def test_who_cannot_refuse_another_doctor_any_more_is_sent_to_the_window(error: YinyiError) -> None:
    async def work() -> None:
        change = substituted(NOW + timedelta(days=2))
        browser = paired(ListVisitChanges=VisitChanges(changes=[change]), CancelAppointment=error)
        answer = await browser.post("/changed", payment_no=PAYMENT, then="back")
        assert answer.headers["location"] == "/kiosk/changed?late=1"
        assert "SeeVisitChange" not in browser.platform.names(), "he may still say that he agrees"
        assert (await browser.see("/changed?late=1"))["v"]["too_late"]

    run(work())


@pytest.mark.parametrize("reads", [[], ["bank_card"]])
def test_what_comes_next_is_what_comes_next(reads: list[Any]) -> None:
    """A booking is checked in on its day; a card is named where one can be used."""

    async def work() -> None:
        held = booking("opening", "ready")
        held = msgspec.structs.replace(held, payment=msgspec.structs.replace(held.payment, reads=reads))
        browser = paired(GetAppointment=held, GetPayment=held.payment)
        seen = (await browser.see(f"/register/check/{PAYMENT}"))["v"]
        assert (seen["ahead"], seen["cards"]) == (True, bool(reads))
        today = registration("ready", reads=reads)
        seen = (await paired(GetRegistration=today).see(f"/register/check/{PAYMENT}"))["v"]
        assert (seen["ahead"], seen["cards"]) == (False, bool(reads))

    run(work())
