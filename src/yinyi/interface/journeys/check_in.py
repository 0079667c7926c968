"""Somebody comes for what he has booked; and what else can be done with a booking."""

from datetime import date

from yinyi.business.payments.errors import NothingScanned
from yinyi.business.scheduling.errors import (
    AlreadyCheckedIn,
    BookingGone,
    NoSuchBooking,
    NotThatDay,
    SessionStopped,
    TooEarly,
    TooLate,
    TooLateToCancel,
)
from yinyi.business.scheduling.messages_booking import (
    AppointmentView,
    CancelAppointment,
    CheckIn,
    CheckInBySlip,
    GetAppointment,
    ListAppointments,
)
from yinyi.interface.journeys import present, standing, views_book
from yinyi.interface.journeys import scan as scanning
from yinyi.interface.journeys.visitor import Go, Next, Show, Visitor
from yinyi.kernel.errors import NotFound, NotYours, YinyiError

ASKS, TOO_LATE, HAS_IT = "cancel", "late", "booked"
PROBLEMS: dict[type[YinyiError], views_book.CheckInProblem] = {
    TooEarly: "too_early",
    TooLate: "too_late",
    AlreadyCheckedIn: "checked_in",
    BookingGone: "gone",
    NotThatDay: "another_day",
    SessionStopped: "stopped",
    NoSuchBooking: "unknown",
}
SHOWN = ("opening", "booked", "checked_in")
"""The states of bookings that are listed whatever their day."""


async def bookings(visitor: Visitor) -> Next:
    """GET CHECK_IN ?booked=1 (he wanted to book what he has booked already)."""
    if not visitor.known:
        return visitor.wanting("check_in")
    return await _list(visitor, "has_it" if HAS_IT in visitor.query else None)


async def _list(visitor: Visitor, problem: views_book.CheckInProblem | None = None, on: date | None = None) -> Show:
    found = (await visitor.ask(ListAppointments())).appointments
    today = visitor.now.date()
    rows = [_row(each, today) for each in found if each.state in SHOWN or each.service_date >= today]
    rows.sort(key=lambda row: (not row.today, row.state not in SHOWN))
    scans = scanning.works(visitor)
    view = views_book.BookingsView(
        rows=tuple(rows),
        problem=problem,
        on=on,
        scans=scans,
        after=visitor.terminal.code_version,
        key=present.new_key(),
    )
    return Show(view, listens=scanning.listens(visitor) if scans else None, status=409 if problem else 200)


def _row(booking: AppointmentView, today: date) -> views_book.BookingRow:
    return views_book.BookingRow(
        booking_no=booking.booking_no,
        visit=present.booked_visit(booking),
        state=booking.state,
        today=booking.state == "booked" and booking.service_date == today,
        changed=booking.changed is not None,
        due_fen=booking.fee_fen if booking.state == "booked" and booking.paid == "check_in" else 0,
    )


async def booking(visitor: Visitor) -> Next:
    """GET BOOKING ?cancel=1 (really?) ?late=1 (it is too late for that)."""
    if not visitor.known:
        return visitor.wanting("check_in")
    found = await visitor.ask(GetAppointment(payment_no=visitor.at["booking_no"]))
    if found.booking_no != visitor.at["booking_no"]:
        raise NotFound("booking")
    if found.state == "opening":
        return Go(standing.address(visitor, found.payment, found.hold_slip))
    until = found.can_cancel_until
    can_cancel = until is not None and visitor.now < until
    view = views_book.BookingView(
        booking_no=found.booking_no,
        visit=present.booked_visit(found),
        state=found.state,
        paid=found.paid,
        fee_fen=found.fee_fen,
        can_cancel_until=until if can_cancel else None,
        asks=can_cancel and ASKS in visitor.query,
        too_late=TOO_LATE in visitor.query,
        substitute=found.substitute,
        substitute_title=found.substitute_title,
        key=present.new_key(),
    )
    return Show(view)


async def come(visitor: Visitor) -> Next:
    """POST BOOKING: he is here."""
    number = visitor.at["booking_no"]
    visitor.back = visitor.paths.check_in
    try:
        made = await visitor.ask(CheckIn(booking_no=number), key=visitor.key)
    except tuple(PROBLEMS) as error:
        return await _list(visitor, PROBLEMS[type(error)], _day_of(error))
    return Go(standing.address(visitor, made.payment))


def _day_of(error: YinyiError) -> date | None:
    try:
        return date.fromisoformat(error.detail)
    except ValueError:
        return None


async def scan(visitor: Visitor) -> Next:
    """POST CHECK_IN_SCAN: the page has heard that something was scanned after it was made."""
    visitor.back = visitor.paths.check_in
    try:
        made = await visitor.ask(CheckInBySlip(after=scanning.after(visitor)), key=visitor.key)
    except NothingScanned:
        return Go(visitor.back)
    except NotYours:
        return await _list(visitor, "somebody_else")
    except tuple(PROBLEMS) as error:
        return await _list(visitor, PROBLEMS[type(error)], _day_of(error))
    return Go(standing.address(visitor, made.payment))


async def cancel(visitor: Visitor) -> Next:
    """POST BOOKING_CANCEL."""
    number = visitor.at["booking_no"]
    visitor.back = at = visitor.paths.booking(number)
    try:
        made = await visitor.ask(CancelAppointment(booking_no=number), key=visitor.key)
    except (TooLateToCancel, AlreadyCheckedIn):
        return Go(f"{at}?{TOO_LATE}=1")
    paid = made.payment.state in standing.MONEY_MOVED
    return Go(visitor.paths.trouble(number) if paid else at)
