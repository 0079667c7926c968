"""Operate: calls for help from terminals: watch, answer."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from enum import StrEnum
from typing import Annotated

import typer

from yinyi.app.demo_hospital import ZONE
from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import Settings, settings_from
from yinyi.app.staff import as_staff, ask_as_staff
from yinyi.business.terminals.messages import AnswerCall, ListStaffCalls, StaffCalls
from yinyi.business.terminals.model import StaffCall
from yinyi.kernel.errors import YinyiError

EVERY_S = 1.0
"""A call stands on the screen within three seconds, whatever the answer takes."""
BELL = "\a"


class Action(StrEnum):
    """What can be done about calls."""

    WATCH = "watch"
    ANSWER = "answer"


def command(
    action: Annotated[Action, typer.Argument(help="watch · answer CALL")] = Action.WATCH,
    call: Annotated[str, typer.Argument(help="for answer: its number, as `watch` gives it")] = "",
    once: Annotated[bool, typer.Option("--once", help="for watch: those that are open now, and no more")] = False,
    name: Annotated[str, typer.Option("--as", help="who says so: operator or supervisor")] = "operator",
) -> None:
    """Who needs help where, told and rung for as it is called; the kiosk shows that somebody comes once one answers."""
    set_up_logs("error")
    settings = settings_from()
    try:
        if action is Action.ANSWER:
            _write(_line(asyncio.run(ask_as_staff(settings, AnswerCall(call_id=_number(call)), name))))
        elif once:
            open_now = asyncio.run(ask_as_staff(settings, ListStaffCalls(), name)).calls
            _write(*(map(_line, open_now) if open_now else ("nobody has called",)))
        else:
            asyncio.run(_watch(settings, name))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error


def _write(*lines: str) -> None:
    """At once, also into a pipe."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


async def _watch(settings: Settings, name: str) -> None:
    async with as_staff(settings, name) as staff:
        await watch(lambda: staff.ask(ListStaffCalls()), _write)


async def watch(ask: Callable[[], Awaitable[StaffCalls]], tell: Callable[..., None], every_s: float = EVERY_S) -> None:
    """Until cancelled. While the platform does not answer, it is asked again, and that is said once."""
    known: dict[int, StaffCall] = {}
    away = ""
    while True:
        try:
            found = {each.call_id: each for each in (await ask()).calls}
        except YinyiError as error:
            if away != error.code():
                tell(f"calls cannot be seen just now: {error.sentence('en')}")
            away = error.code()
        else:
            if away:
                tell("calls are seen again")
            away = ""
            tell(*_news(known, found))
            known = found
        await asyncio.sleep(every_s)


def _news(known: dict[int, StaffCall], found: dict[int, StaffCall]) -> Iterator[str]:
    """Whoever is there hears a new one; one that is gone was answered, or is too old to wait for anybody."""
    for number, each in found.items():
        if number not in known:
            yield f"{BELL}{_line(each)}"
    for number in known:
        if number not in found:
            yield f"{number}  no longer open"


def _number(call: str) -> int:
    if not call.isdecimal():
        raise CannotStart("Which call? Its number comes after answer; `yinyi calls --once` has it.")
    return int(call)


def _line(each: StaffCall) -> str:
    line = f"{each.call_id}  {each.called_at.astimezone(ZONE):%H:%M:%S}  {each.terminal_id}  {each.place}".rstrip()
    answered = each.answered_at
    return f"{line}  answered {answered.astimezone(ZONE):%H:%M:%S}" if answered else line
