"""Right after somebody is known: what the hospital has changed about his visits, and what he makes of it."""

import contextlib
from dataclasses import replace

from yinyi.bus.envelope import Credentials
from yinyi.business.payments.errors import ChannelGone
from yinyi.business.scheduling.errors import AlreadyCheckedIn, NoSuchBooking, TooLateToCancel
from yinyi.business.scheduling.messages_booking import (
    CancelAppointment,
    ListVisitChanges,
    SeeVisitChange,
    VisitChange,
)
from yinyi.interface.journeys import present, standing, views, views_book
from yinyi.interface.journeys.identify import goes_on
from yinyi.interface.journeys.visitor import Go, Next, Show, Visitor
from yinyi.kernel.errors import YinyiError

BOOK, BACK, TOO_LATE = "book", "back", "late"


async def first(visitor: Visitor, then: Go) -> Go:
    """``then``, unless somebody who has just become known has to be told something first."""
    session = then.visit.session if then.visit else ""
    if not session or session == visitor.visit.session:
        return then
    shown = Credentials(terminal=visitor.credentials.terminal, session=session)
    with contextlib.suppress(YinyiError):  # he is told the next time
        told = await visitor.bus.ask(ListVisitChanges(), credentials=shown, language=visitor.language)
        if told.reply.changes:
            return Go(visitor.paths.changed_visits, then.visit, wipe=then.wipe)
    return then


async def page(visitor: Visitor) -> Next:
    """GET CHANGED_VISITS ?late=1 (it cannot be given back here): one after the other."""
    if not visitor.known:
        return visitor.wanting("home")
    found = (await visitor.ask(ListVisitChanges())).changes
    if not found:
        return Go(goes_on(visitor))
    change = found[0]
    until = change.can_cancel_until
    again = visitor.paths.book_days(change.department.department_id)
    view = views_book.ChangedVisitView(
        payment_no=change.payment.payment_no,
        kind=change.kind,
        department=present.department(change.department),
        doctor=change.practitioner_name,
        title=change.title,
        service_date=change.service_date,
        session=change.session,
        starts_at=change.starts_at,
        substitute=change.substitute,
        substitute_title=change.substitute_title,
        can_give_back=change.kind == "substituted" and until is not None and visitor.now < until,
        too_late=TOO_LATE in visitor.query,
        money=_money(change),
        amount_fen=change.payment.taken_fen,
        ask_no=change.payment.ask_no,
        more=len(found) - 1,
        subject=views.Subject(purpose="appointment" if change.booked else "registration", again=again),
        key=present.new_key(),
    )
    return Show(view)


def _money(change: VisitChange) -> views_book.Money:
    if not change.payment.taken_fen or change.kind == "substituted":
        return "none"
    if change.payment.at_window:
        return "at_window"
    return "returned" if change.payment.state == "returned" else "returning"


async def answer(visitor: Visitor) -> Next:
    """POST CHANGED_VISITS [payment_no, then]: he knows. ``then``: ``book`` again, give it ``back``, or nothing."""
    visitor.back = visitor.paths.changed_visits
    number, then = visitor.form.get("payment_no", ""), visitor.form.get("then", "")
    found = (await visitor.ask(ListVisitChanges())).changes
    change = next((each for each in found if each.payment.payment_no == number), None)
    if change is None:
        return Go(visitor.back)
    if then == BACK:
        try:
            made = await visitor.ask(CancelAppointment(booking_no=number), key=f"{visitor.key}.b")
        except (TooLateToCancel, AlreadyCheckedIn, ChannelGone):
            return Go(f"{visitor.back}?{TOO_LATE}=1")
    else:
        made = None
    with contextlib.suppress(NoSuchBooking):
        await visitor.ask(SeeVisitChange(payment_no=number), key=visitor.key)
    if made is not None:
        paid = made.payment.state in standing.MONEY_MOVED
        return Go(visitor.paths.trouble(number) if paid else visitor.paths.booking(number))
    if then == BOOK:
        visit = replace(visitor.visit, wants="book")
        return Go(visitor.paths.book_days(change.department.department_id), visit)
    return Go(visitor.back)
