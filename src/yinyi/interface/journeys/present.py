"""From the words of the operations to the facts of the pages."""

from datetime import datetime

from yinyi.business.documents.messages import DocumentView, PrintState
from yinyi.business.payments.messages import PaymentView
from yinyi.business.scheduling.messages import DoctorSession, RegistrationView
from yinyi.business.scheduling.messages_booking import AppointmentView
from yinyi.business.scheduling.model import Department, Schedule
from yinyi.interface.journeys import views, views_register
from yinyi.kernel.ids import token
from yinyi.kernel.masking import masked_name
from yinyi.kernel.means import TenderName

PRINTING: dict[PrintState, views.Printing] = {
    "queued": "printing",
    "printed": "printed",
    "paper_out": "paper_out",
    "jam": "failed",
    "offline": "offline",
    "failed": "failed",
}
_STATES: tuple[views_register.DoctorState, ...] = ("open", "full", "closed", "over", "stopped")
"""A session with several doctors is as the first of these that any of them has."""
_SESSIONS: tuple[views.SessionName, ...] = ("morning", "afternoon", "night")


def new_key() -> str:
    """A fresh idempotency key for a form: 22 characters."""
    return token(16)


def department(found: Department) -> views_register.DepartmentChoice:
    return views_register.DepartmentChoice(
        department_id=found.department_id,
        name=found.name,
        name_en=found.name_en,
        building=found.building,
        floor=found.floor,
        area=found.area,
        building_en=found.building_en,
    )


def visit(registration: RegistrationView) -> views_register.Visit:
    return views_register.Visit(
        department=department(registration.department),
        doctor=registration.practitioner_name,
        title=registration.title,
        room=registration.room,
        service_date=registration.service_date,
        session=registration.session,
        expected_from=registration.starts_at,
        expected_until=registration.ends_at,
        number=registration.number,
    )


def booked_visit(booking: AppointmentView) -> views_register.Visit:
    return views_register.Visit(
        department=department(booking.department),
        doctor=booking.practitioner_name,
        title=booking.title,
        room=booking.room,
        service_date=booking.service_date,
        session=booking.session,
        expected_from=booking.starts_at,
        expected_until=booking.ends_at,
        number=booking.number,
    )


def doctor(row: DoctorSession, others: list[DoctorSession], now: datetime) -> views_register.DoctorRow:
    """``others``: where this doctor's later sessions are looked for."""
    practitioner, schedule = row.practitioner, row.schedule
    state = doctor_state(schedule, now)
    return views_register.DoctorRow(
        schedule_id=schedule.schedule_id,
        practitioner_id=practitioner.practitioner_id,
        name=practitioner.name,
        title=practitioner.title,
        specialty=practitioner.specialty,
        specialty_en=practitioner.specialty_en,
        in_room=schedule.in_room,
        taken=schedule.taken,
        left=left(schedule),
        fee_fen=schedule.fee_fen,
        starts_at=schedule.starts_at,
        ends_at=schedule.ends_at,
        state=state,
        later=None if state == "open" else later(schedule, others, now),
    )


def doctor_state(schedule: Schedule, now: datetime) -> views_register.DoctorState:
    if schedule.status == "stopped":
        return "stopped"
    if schedule.ends_at <= now:
        return "over"
    if schedule.status == "closed":
        return "closed"
    return "open" if left(schedule) else "full"


def left(schedule: Schedule) -> int:
    return max(schedule.capacity - schedule.taken, 0)


def later(schedule: Schedule, others: list[DoctorSession], now: datetime) -> views_register.Later | None:
    """The same doctor's next session of that day that still has numbers."""
    after = [
        other.schedule
        for other in others
        if other.schedule.practitioner_id == schedule.practitioner_id
        and other.schedule.service_date == schedule.service_date
        and other.schedule.starts_at > schedule.starts_at
        and doctor_state(other.schedule, now) == "open"
    ]
    if not after:
        return None
    first = min(after, key=lambda each: each.starts_at)
    return views_register.Later(session=first.session, left=left(first))


def session_choices(
    sessions: list[DoctorSession], wanted: str, now: datetime
) -> tuple[views_register.SessionChoice, ...]:
    """The sessions of the day in order, one of them chosen: the wanted one, else the first that has numbers."""
    found: dict[views.SessionName, int] = {}
    states: dict[views.SessionName, views_register.DoctorState] = {}
    for row in sessions:
        schedule = row.schedule
        state = doctor_state(schedule, now)
        found[schedule.session] = found.get(schedule.session, 0) + (left(schedule) if state == "open" else 0)
        so_far = states.get(schedule.session, state)
        states[schedule.session] = state if _STATES.index(state) < _STATES.index(so_far) else so_far
    totals: dict[views.SessionName, int] = {name: found[name] for name in _SESSIONS if name in found}
    chosen = wanted if wanted in totals else next((name for name, n in totals.items() if n), next(iter(totals), ""))
    first_on = sessions[0].schedule.service_date if sessions else None
    return tuple(
        views_register.SessionChoice(
            service_date=first_on, session=name, left=n, state=states[name], chosen=name == chosen
        )
        for name, n in totals.items()
        if first_on
    )


USUAL: TenderName = "wechatpay"
"""What a page talks about while nothing is chosen and nothing is offered."""


def tender(payment: PaymentView) -> TenderName:
    """The means a page talks about: the one that was chosen, else the first that could be."""
    return payment.tender or first(payment)


def parts(payment: PaymentView) -> tuple[views.PaidBy, ...]:
    """By which means how much was taken."""
    return tuple(views.PaidBy(tender=part.tender, amount_fen=part.amount_fen) for part in payment.parts)


def first(payment: PaymentView) -> TenderName:
    """The first whose code can be shown."""
    return next(iter(payment.tenders), USUAL)


def chosen(payment: PaymentView, name: str) -> TenderName:
    """The means of this name; the first one that is offered where it is none of them."""
    return name if name in payment.tenders else first(payment)


def others(payment: PaymentView) -> tuple[TenderName, ...]:
    """What else could be chosen here."""
    return tuple(name for name in payment.tenders if name != tender(payment))


def printing(document: DocumentView, line_ok: bool) -> views.Printing:
    """How the paper is doing; what waits for a printer whose line is gone does not come out."""
    if document.state == "queued" and not line_ok:
        return "offline"
    return PRINTING[document.state]


def masked(name: str) -> str:
    """Masked, also if it was before."""
    return name if "*" in name else masked_name(name)


def masked_phone(phone: str) -> str:
    """``138****5678``."""
    return f"{phone[:3]}****{phone[7:]}" if phone else ""


def in_room_first(row: views_register.DoctorRow) -> tuple[bool, datetime]:
    """Order of doctors: those who can be chosen first, otherwise as the hospital lists them."""
    return row.state != "open", row.starts_at
