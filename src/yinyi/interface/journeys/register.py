"""Same-day registration up to the number being held: clinic, doctor, hold."""

import hashlib
from collections import defaultdict
from typing import Literal

import msgspec

from yinyi.business.payments.errors import AlreadyUnderWay
from yinyi.business.scheduling.errors import (
    AlreadyRegistered,
    SameDoctorToday,
    SessionClosed,
    SessionStopped,
    SlotTaken,
    TooManyRegistrations,
)
from yinyi.business.scheduling.messages import (
    Departments,
    DoctorSessions,
    GetSchedule,
    ListDepartments,
    ListRegistrations,
    ListSchedules,
    RegisterToday,
    RegistrationView,
)
from yinyi.business.scheduling.model import Department
from yinyi.business.terminals.model import ServiceName
from yinyi.interface.journeys import identify, present, standing, views, views_ends, views_register
from yinyi.interface.journeys.errors import kind_of
from yinyi.interface.journeys.visitor import Go, Next, Show, StalePage, Visitor
from yinyi.kernel.errors import YinyiError

HOLD_MINUTES = 8
"""What people are told before they choose; the check page then shows the very minute."""
By = Literal["common", "floor", "initial"]


async def start(visitor: Visitor) -> Next:
    """GET REGISTER."""
    return Go(visitor.paths.departments) if visitor.known else visitor.wanting("register")


async def departments(visitor: Visitor) -> Next:
    """GET DEPARTMENTS."""
    return await departments_of(visitor, views.REGISTER_STEPS)


async def departments_of(visitor: Visitor, steps: tuple[views.StepName, ...], *, booking: bool = False) -> Next:
    """For today, or (``booking``) for a later day. Whoever only looks may lay his card here as well."""
    laid = await identify.by_laid_card(visitor, "book" if booking else "register")
    if laid is not None:
        return laid
    found = await visitor.ask(ListDepartments())
    clinics = [each for each in found.departments if each.parent_id]
    asked = visitor.query.get("by", "common")
    by: By = asked if asked in ("floor", "initial") else "common"
    if by == "common":
        view = await _common(visitor, found, clinics, here=not booking)
    else:
        view = _grouped(by, visitor.query.get("at", ""), clinics)
    return Show(msgspec.structs.replace(view, booking=booking), steps=steps, listens=identify.listens(visitor) or None)


async def _common(
    visitor: Visitor, found: Departments, clinics: list[Department], *, here: bool
) -> views_register.DepartmentsView:
    common = sorted((each for each in clinics if each.common_rank), key=lambda each: each.common_rank)
    return views_register.DepartmentsView(
        by="common",
        same_as_last=await _same_as_last(visitor, found, here=here),
        departments=tuple(map(present.department, common)),
    )


async def _same_as_last(visitor: Visitor, found: Departments, *, here: bool) -> views_register.LastVisit | None:
    """Where the patient was last time, and whether that doctor is here today (``here``: it is asked for); nothing if
    that cannot be told now."""
    last, doctor = found.last_visit, found.last_practitioner
    clinic = next((each for each in found.departments if last and each.department_id == last.department_id), None)
    if last is None or clinic is None:
        return None
    try:
        today = await visitor.ask(ListSchedules(department_id=clinic.department_id)) if here else None
    except YinyiError:
        return None
    his = [
        row.schedule
        for row in (today.sessions if today else ())
        if row.practitioner.practitioner_id == last.practitioner_id and row.schedule.status == "open"
    ]
    free = (each for each in sorted(his, key=lambda each: each.starts_at) if each.taken < each.capacity)
    chosen = next(free, None)
    return views_register.LastVisit(
        department=present.department(clinic),
        doctor=doctor.name if doctor else "",
        title=doctor.title if doctor else "attending",
        visited_on=last.visited_on,
        practitioner_id=last.practitioner_id,
        here_today=bool(his),
        schedule_id=chosen.schedule_id if chosen else "",
    )


def _grouped(by: By, at: str, clinics: list[Department]) -> views_register.DepartmentsView:
    groups: dict[str, list[views_register.DepartmentChoice]] = defaultdict(list)
    for each in sorted(clinics, key=lambda each: (each.floor, each.initial) if by == "floor" else (each.initial,)):
        groups[str(each.floor) if by == "floor" else each.initial].append(present.department(each))
    if at in groups:
        return views_register.DepartmentsView(by=by, at=at, departments=tuple(groups[at]))
    listed = (views_register.DepartmentGroup(at=name, departments=tuple(members)) for name, members in groups.items())
    return views_register.DepartmentsView(by=by, groups=tuple(listed))


async def doctors(visitor: Visitor) -> Next:
    """GET DOCTORS."""
    found = await visitor.ask(ListSchedules(department_id=visitor.at["department_id"]))
    choices = present.session_choices(found.sessions, visitor.query.get("session", ""), visitor.now)
    chosen = next((choice.session for choice in choices if choice.chosen), None)
    rows = [
        present.doctor(row, found.sessions, visitor.now) for row in found.sessions if row.schedule.session == chosen
    ]
    view = views_register.DoctorsView(
        department=present.department(found.department),
        sessions=choices,
        doctors=tuple(sorted(rows, key=present.in_room_first)),
        hold_minutes=HOLD_MINUTES,
        other_days=not any(each.left for each in choices) and offered(visitor, "book"),
        key=present.new_key(),
    )
    return Show(view, steps=views.REGISTER_STEPS)


def offered(visitor: Visitor, service: ServiceName) -> bool:
    """It can be had here, now."""
    return any(each.service == service and not each.shut for each in visitor.terminal.offers)


async def doctor(visitor: Visitor) -> Next:
    """GET DOCTOR."""
    visitor.back = visitor.paths.doctors(visitor.at["department_id"])
    department_id, schedule_id = visitor.at["department_id"], visitor.at["schedule_id"]
    found = await visitor.ask(GetSchedule(department_id=department_id, schedule_id=schedule_id))
    view = views_register.DoctorView(
        department=present.department(found.department),
        doctor=present.doctor(found.sessions[0], found.sessions, visitor.now),
        introduction=found.sessions[0].practitioner.introduction,
        introduction_en=found.sessions[0].practitioner.introduction_en,
        hold_minutes=HOLD_MINUTES,
        key=present.new_key(),
    )
    return Show(view, steps=views.REGISTER_STEPS)


async def hold(visitor: Visitor) -> Next:
    """POST HOLD: pressing twice, two tabs and the back button end at the one payment there is."""
    department_id, schedule_id = visitor.form.get("department_id", ""), visitor.form.get("schedule_id", "")
    if not visitor.known:
        return visitor.wanting("register")
    if not department_id or not schedule_id:
        raise StalePage("no doctor")
    visitor.back = visitor.paths.doctors(department_id)
    message = RegisterToday(department_id=department_id, schedule_id=schedule_id)
    try:
        made = await visitor.ask(message, key=_key_for(visitor.key, schedule_id))
    except (AlreadyRegistered, AlreadyUnderWay):
        made = await _under_way(visitor, schedule_id)
        if made is None:
            raise
    except SameDoctorToday as error:
        view = views_ends.ErrorView(kind=kind_of(error), back=visitor.back)
        return Show(view, steps=views.REGISTER_STEPS, status=409)
    except (SlotTaken, SessionStopped, SessionClosed) as error:
        view = views_ends.ErrorView(kind=kind_of(error), back=visitor.back, later=await _later(visitor, message))
        return Show(view, steps=views.REGISTER_STEPS, status=409)
    except TooManyRegistrations as error:
        return Show(views_ends.ErrorView(kind=kind_of(error)), steps=views.REGISTER_STEPS, status=409)
    return Go(standing.address(visitor, made.payment, made.hold_slip))


def _key_for(form_key: str, schedule_id: str) -> str:
    """One form offers many doctors: choosing another one with it is another request."""
    return f"{form_key}.{hashlib.sha256(schedule_id.encode()).hexdigest()[:16]}"


async def _under_way(visitor: Visitor, schedule_id: str) -> RegistrationView | None:
    """This patient's registration with this doctor that is not finished."""
    found = await visitor.ask(ListRegistrations(days=1))
    same = (each for each in found.registrations if each.schedule_id == schedule_id)
    return next((each for each in same if each.payment.state not in ("fulfilled", "closed", "returned")), None)


async def _later(visitor: Visitor, wanted: RegisterToday) -> views_register.Later | None:
    try:
        found: DoctorSessions = await visitor.ask(
            GetSchedule(department_id=wanted.department_id, schedule_id=wanted.schedule_id)
        )
    except YinyiError:
        return None
    return present.later(found.sessions[0].schedule, found.sessions, visitor.now)
