"""Operate: doctors' sessions: list, stop one, or have another doctor hold it."""

import asyncio
import sys
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import settings_from
from yinyi.app.staff import ask_as_staff
from yinyi.bus.operation import Operation
from yinyi.business.scheduling.messages import (
    Departments,
    DoctorSession,
    DoctorSessions,
    ListDepartments,
    ListSchedules,
)
from yinyi.business.scheduling.messages_booking import SessionChanged, StopSession, SubstitutePractitioner
from yinyi.kernel.errors import YinyiError


class Action(StrEnum):
    """What can be done about sessions."""

    LIST = "list"
    STOP = "stop"
    SUBSTITUTE = "substitute"


def command(
    action: Annotated[Action, typer.Argument(help="list · stop SESSION · substitute SESSION")] = Action.LIST,
    session: Annotated[str, typer.Argument(help="its number, as `list` gives it")] = "",
    department: Annotated[str, typer.Option(help="for list: its number; without it all clinics are listed")] = "",
    on: Annotated[str, typer.Option(help="for list: the day, for example 2026-11-23; today if not given")] = "",
    doctor: Annotated[str, typer.Option(help="for substitute: who holds it from now on, as `list` gives it")] = "",
    operator: Annotated[str, typer.Option(help="for stop and substitute: who has decided it, by his number")] = "",
    reason: Annotated[str, typer.Option(help="for stop and substitute: why, for the record")] = "",
    name: Annotated[str, typer.Option("--as", help="who says so: operator or supervisor")] = "operator",
) -> None:
    """What the hospital's own system decides is heard by itself; this is for what it cannot say, or not in time."""
    set_up_logs("error")
    settings = settings_from()
    if action is Action.LIST:
        message = _list(department, _day(on))
    else:
        message = _change(action, session, doctor, operator, reason)
    try:
        reply: Departments | DoctorSessions | SessionChanged = asyncio.run(ask_as_staff(settings, message, name))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    sys.stdout.write("\n".join(_lines(reply)) + "\n")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise CannotStart(f"{text} is no day; one looks like 2026-11-23.") from error


def _list(department: str, on: date | None) -> Operation[Any]:
    return ListSchedules(department_id=department, first_on=on) if department else ListDepartments()


def _change(action: Action, session: str, doctor: str, operator: str, reason: str) -> Operation[Any]:
    """
    Raises:
        CannotStart: what is missing.
    """
    if not session:
        raise CannotStart(f"Which session? Its number comes after {action.value}; `yinyi sessions list` has it.")
    if not operator.strip() or len(reason.strip()) < 2:
        raise CannotStart("Who has decided it, and why? Say --operator NUMBER --reason WHY; both are kept.")
    if action is Action.STOP:
        return StopSession(schedule_id=session, operator=operator, reason=reason)
    if not doctor:
        raise CannotStart("Who holds it from now on? Say --doctor NUMBER; `yinyi sessions list` has it.")
    return SubstitutePractitioner(schedule_id=session, practitioner_id=doctor, operator=operator, reason=reason)


def _lines(reply: Departments | DoctorSessions | SessionChanged) -> list[str]:
    match reply:
        case Departments():
            clinics = [each for each in reply.departments if each.parent_id]
            return [f"{each.department_id}  {each.name}  {each.name_en}" for each in clinics]
        case DoctorSessions():
            return [_line(each) for each in reply.sessions] or ["nobody sees patients there on that day"]
        case SessionChanged():
            return [msgspec.json.format(msgspec.json.encode(reply), indent=2).decode()]


def _line(each: DoctorSession) -> str:
    doctor, held = each.practitioner, each.schedule
    numbers = f"{held.taken} of {held.capacity} taken"
    about = (held.schedule_id, str(held.service_date), held.session, doctor.practitioner_id, doctor.name)
    return "  ".join((*about, held.room, numbers, held.status))
