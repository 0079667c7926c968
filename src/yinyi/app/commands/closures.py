"""Operate: closed clinics and work on the hospital's system: list, plan, cancel."""

import asyncio
import sys
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from yinyi.app.demo_hospital import ZONE
from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import settings_from
from yinyi.app.staff import ask_as_staff
from yinyi.bus.operation import Operation
from yinyi.business.terminals.messages_offers import CancelClosure, Closures, ClosureView, ListClosures, PlanClosure
from yinyi.kernel.errors import YinyiError


class Action(StrEnum):
    """What can be done about closures."""

    LIST = "list"
    PLAN = "plan"
    CANCEL = "cancel"


class What(StrEnum):
    """What is closed: registration and check-in, or all that needs the hospital's system."""

    CLINICS = "clinics"
    HOSPITAL_SYSTEM = "hospital-system"


def command(
    action: Annotated[Action, typer.Argument(help="list · plan · cancel CLOSURE")] = Action.LIST,
    closure: Annotated[str, typer.Argument(help="for cancel: its number, as `list` gives it")] = "",
    what: Annotated[What, typer.Option(help="for plan: clinics or hospital-system")] = What.HOSPITAL_SYSTEM,
    begins: Annotated[str, typer.Option(help="for plan, in the hospital's time: 2026-11-23T23:00")] = "",
    ends: Annotated[str, typer.Option(help="for plan: when it opens again")] = "",
    reason: Annotated[str, typer.Option(help="for plan: what stands in the list")] = "",
    name: Annotated[str, typer.Option("--as", help="who says so: operator or supervisor")] = "operator",
) -> None:
    """Meanwhile the tiles of what is closed say when it opens again; whoever is paying goes on."""
    set_up_logs("error")
    settings = settings_from()
    message = _message(action, closure, what, (begins, ends), reason)
    try:
        reply: Closures | ClosureView = asyncio.run(ask_as_staff(settings, message, name))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    shown = reply.closures if isinstance(reply, Closures) else [reply]
    sys.stdout.write("\n".join(map(_line, shown)) + "\n" if shown else "nothing is closed\n")


def _message(action: Action, closure: str, what: What, times: tuple[str, str], reason: str) -> Operation[Any]:
    """
    Raises:
        CannotStart: what is missing or mistyped.
    """
    if action is Action.LIST:
        return ListClosures()
    if action is Action.CANCEL:
        if not closure.isdecimal():
            raise CannotStart("Which closure? `yinyi closures list` gives their numbers.")
        return CancelClosure(closure_id=int(closure))
    begins_at, ends_at = map(_instant, times)
    closed = "clinics" if what is What.CLINICS else "hospital_system"
    return PlanClosure(what=closed, begins_at=begins_at, ends_at=ends_at, reason=reason)


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CannotStart("From when until when? Say --begins and --ends, each like 2026-11-23T23:00.") from error
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


def _line(each: ClosureView) -> str:
    span = " – ".join(f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}" for at in (each.begins_at, each.ends_at))
    return f"{each.closure_id}  {each.what}  {span}  {each.reason}".rstrip()
