"""Booking a later day up to the number being held: clinic, day, doctor, time."""

import hashlib
from datetime import date, datetime, timedelta

from yinyi.business.payments.errors import AlreadyUnderWay
from yinyi.business.scheduling.errors import (
    AlreadyRegistered,
    BookingClosed,
    NotBookable,
    SessionClosed,
    SessionStopped,
    SlotTaken,
    TooManyBookings,
)
from yinyi.business.scheduling.messages import ListSchedules
from yinyi.business.scheduling.messages_booking import BookAppointment, BookingDay, ListBookingDays, ListBookingTimes
from yinyi.business.scheduling.model import Slot
from yinyi.interface.journeys import check_in, present, register, standing, views, views_book, views_ends
from yinyi.interface.journeys.errors import kind_of
from yinyi.interface.journeys.visitor import Go, Next, Show, StalePage, Visitor
from yinyi.kernel.errors import NotFound

PART_OF_SESSION = timedelta(minutes=30)


async def start(visitor: Visitor) -> Next:
    """GET BOOK."""
    return Go(visitor.paths.book_departments) if visitor.known else visitor.wanting("book")


async def departments(visitor: Visitor) -> Next:
    """GET BOOK_DEPARTMENTS."""
    return await register.departments_of(visitor, views.BOOK_STEPS, booking=True)


async def days(visitor: Visitor) -> Next:
    """GET BOOK_DAYS."""
    found = await visitor.ask(ListBookingDays(department_id=visitor.at["department_id"]))
    view = views_book.DaysView(
        department=present.department(found.department), weeks=_weeks(found.days), paid=found.paid
    )
    return Show(view, steps=views.BOOK_STEPS)


def _weeks(days: list[BookingDay]) -> tuple[tuple[views_book.DayChoice | None, ...], ...]:
    cells: list[views_book.DayChoice | None] = [None] * (days[0].on.weekday() if days else 0)
    cells += [views_book.DayChoice(on=day.on, state=day.state, left=day.left) for day in days]
    return tuple(tuple(cells[at : at + 7]) for at in range(0, len(cells), 7))


async def doctors(visitor: Visitor) -> Next:
    """GET BOOK_DAY ?session=morning|afternoon|night."""
    department_id, on = visitor.at["department_id"], _date(visitor.at["on"])
    found = await visitor.ask(ListSchedules(department_id=department_id, first_on=on, last_on=on))
    choices = present.session_choices(found.sessions, visitor.query.get("session", ""), visitor.now)
    chosen = next((choice.session for choice in choices if choice.chosen), None)
    rows = [
        present.doctor(row, found.sessions, visitor.now) for row in found.sessions if row.schedule.session == chosen
    ]
    view = views_book.DayDoctorsView(
        department=present.department(found.department),
        on=on,
        sessions=choices,
        doctors=tuple(sorted(rows, key=present.in_room_first)),
    )
    return Show(view, steps=views.BOOK_STEPS)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise NotFound("day") from None


async def times(visitor: Visitor) -> Next:
    """GET BOOK_TIMES."""
    department_id, schedule_id = visitor.at["department_id"], visitor.at["schedule_id"]
    on = _date(visitor.at["on"])
    visitor.back = visitor.paths.book_day(department_id, on)
    found = await visitor.ask(ListBookingTimes(department_id=department_id, schedule_id=schedule_id, on=on))
    introduced = found.chosen.practitioner
    doctor = present.doctor(found.chosen, [found.chosen, *found.others], visitor.now)
    view = views_book.TimesView(
        department=present.department(found.department),
        on=on,
        doctor=doctor,
        introduction=introduced.introduction,
        introduction_en=introduced.introduction_en,
        times=_times(found.slots) if doctor.state == "open" else (),
        paid=found.paid,
        hold_minutes=register.HOLD_MINUTES,
        key=present.new_key(),
    )
    return Show(view, steps=views.BOOK_STEPS)


def _times(slots: list[Slot]) -> tuple[views_book.TimeChoice, ...]:
    """By half hours; a number belongs to the one in which it begins."""
    if not slots:
        return ()
    first = min(slot.starts_at for slot in slots)
    parts: dict[int, list[Slot]] = {}
    for slot in slots:
        parts.setdefault((slot.starts_at - first) // PART_OF_SESSION, []).append(slot)
    return tuple(_time(first + at * PART_OF_SESSION, of) for at, of in sorted(parts.items()))


def _time(starts_at: datetime, slots: list[Slot]) -> views_book.TimeChoice:
    free = [slot for slot in slots if slot.status == "free"]
    return views_book.TimeChoice(
        slot_id=free[0].slot_id if free else "",
        starts_at=starts_at,
        ends_at=starts_at + PART_OF_SESSION,
        left=len(free),
    )


async def hold(visitor: Visitor) -> Next:
    """POST BOOK_HOLD: pressing twice, two tabs and the back button end at the one booking there is."""
    asked = [visitor.form.get(name, "") for name in ("department_id", "schedule_id", "on", "slot_id")]
    if not visitor.known:
        return visitor.wanting("book")
    if not all(asked[:3]):
        raise StalePage("no doctor")
    department_id, schedule_id, day, slot_id = asked
    on = _date(day)
    visitor.back = visitor.paths.book_day(department_id, on)
    message = BookAppointment(department_id=department_id, schedule_id=schedule_id, on=on, slot_id=slot_id)
    key = f"{visitor.key}.{hashlib.sha256(f'{schedule_id} {slot_id}'.encode()).hexdigest()[:16]}"
    try:
        made = await visitor.ask(message, key=key)
    except SlotTaken as error:
        back = visitor.paths.book_times(department_id, on, schedule_id)
        return _refused(views_ends.ErrorView(kind=kind_of(error), back=back))
    except NotBookable as error:
        back, today = visitor.paths.book_days(department_id), _today(visitor, department_id, on)
        return _refused(views_ends.ErrorView(kind=kind_of(error), back=back, today=today))
    except (SessionStopped, SessionClosed, TooManyBookings) as error:
        return _refused(views_ends.ErrorView(kind=kind_of(error), back=visitor.paths.book_days(department_id)))
    except BookingClosed as error:
        return _refused(views_ends.ErrorView(kind=kind_of(error)))
    except (AlreadyRegistered, AlreadyUnderWay):
        return Go(f"{visitor.paths.check_in}?{check_in.HAS_IT}=1")
    return Go(standing.address(visitor, made.payment, made.hold_slip))


def _today(visitor: Visitor, department_id: str, on: date) -> str | None:
    """Midnight has passed since this day was chosen: see ``ErrorView.today``."""
    if on != visitor.now.date():
        return None
    return visitor.paths.doctors(department_id) if register.offered(visitor, "register") else ""


def _refused(view: views_ends.ErrorView) -> Show:
    return Show(view, steps=views.BOOK_STEPS, status=409)
