"""Somebody holds the slip of a booking under the scanner: he comes for that booking, and nothing else is opened."""

from datetime import date

from yinyi.business.identity.errors import TooManyTries
from yinyi.business.payments.errors import NothingScanned
from yinyi.business.scheduling.errors import BookingGone, NoCheckInNeeded, NoSuchBooking, NotThatDay
from yinyi.business.scheduling.messages_booking import AppointmentView, CheckIn, GetAppointment, IdentifyBySlip
from yinyi.interface.journeys import check_in, identify, present, scan, standing, views_book
from yinyi.interface.journeys.visitor import Go, Next, Show, Visit, Visitor
from yinyi.kernel.errors import NotFound, YinyiError

NEWS, ON = "news", "on"
"""In the address of a page: why a slip opens nothing, and the day that it is for."""
_NO_SLIP: dict[type[YinyiError], views_book.NoSlipReason] = {
    NoSuchBooking: "unknown",
    NotThatDay: "another_day",
    BookingGone: "gone",
    NoCheckInNeeded: "registered",
    TooManyTries: "many",
}
_REASONS: dict[str, views_book.NoSlipReason] = {reason: reason for reason in _NO_SLIP.values()}


async def by_slip(visitor: Visitor) -> Next:
    """POST SLIP: the page has heard that something was scanned after it was made."""
    visitor.back = visitor.paths.home
    try:
        opened = await visitor.ask_as_anybody(IdentifyBySlip(after=scan.after(visitor)))
    except NothingScanned:
        return Go(visitor.paths.home)
    except tuple(_NO_SLIP) as error:
        on = f"&{ON}={error.detail}" if isinstance(error, NotThatDay) else ""
        return Go(f"{visitor.paths.slip}?{NEWS}={_NO_SLIP[type(error)]}{on}")
    visit = Visit(session=opened.session_token, wants="slip") if opened.session_token else None
    return Go(visitor.paths.arrival(opened.booking_no), visit)


async def no_slip(visitor: Visitor) -> Next:
    """GET SLIP ?news=…&on=…: what was scanned opens nothing. Another one may be held under the scanner, or a card
    laid."""
    laid = await identify.by_laid_card(visitor, "check_in")
    if laid is not None:
        return laid
    reason = _REASONS.get(visitor.query.get(NEWS, ""), "unknown")
    view = views_book.NoSlipView(
        reason=reason, on=_day(visitor.query.get(ON, "")), after=visitor.terminal.code_version, key=present.new_key()
    )
    return Show(view, listens=identify.listens(visitor) | ({} if reason == "many" else scan.listens(visitor)))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


async def page(visitor: Visitor) -> Next:
    """GET ARRIVAL."""
    if not visitor.known:
        return visitor.wanting("check_in")
    return _page(visitor, await _booking(visitor))


async def _booking(visitor: Visitor) -> AppointmentView:
    found = await visitor.ask(GetAppointment(payment_no=visitor.at["booking_no"]))
    if found.booking_no != visitor.at["booking_no"]:
        raise NotFound("booking")
    return found


def _page(visitor: Visitor, found: AppointmentView, problem: views_book.CheckInProblem | None = None) -> Show:
    come = found.state == "booked" and found.service_date == visitor.now.date()
    view = views_book.ArrivalView(
        booking_no=found.booking_no,
        visit=present.booked_visit(found),
        state=found.state,
        can_come=come and problem is None,
        due_fen=found.fee_fen if found.paid == "check_in" and found.state == "booked" else 0,
        queue_ahead=found.queue_ahead,
        check_in_no=found.check_in_no if found.state == "checked_in" else "",
        problem=problem,
        substitute=found.substitute,
        key=present.new_key(),
    )
    return Show(view, status=409 if problem else 200)


async def come(visitor: Visitor) -> Next:
    """POST ARRIVAL: he is here."""
    number = visitor.at["booking_no"]
    visitor.back = visitor.paths.arrival(number)
    try:
        made = await visitor.ask(CheckIn(booking_no=number), key=visitor.key)
    except tuple(check_in.PROBLEMS) as error:
        return _page(visitor, await _booking(visitor), check_in.PROBLEMS[type(error)])
    return Go(standing.address(visitor, made.payment))
