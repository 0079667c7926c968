"""Operate: terminals: list, add, move, enrol anew, lock, unlock, retire."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, get_args

import typer

from yinyi.app.demo_hospital import ZONE
from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import settings_from
from yinyi.app.staff import Staff, as_staff
from yinyi.business.terminals.messages import ListTerminals, LockTerminal
from yinyi.business.terminals.messages_setup import (
    AddTerminal,
    EnrolmentCode,
    MoveTerminal,
    NewEnrolment,
    RetireTerminal,
)
from yinyi.business.terminals.model import LockedFor, TerminalProfile, TerminalView
from yinyi.kernel.errors import YinyiError


class Action(StrEnum):
    """What can be done about terminals."""

    LIST = "list"
    ADD = "add"
    MOVE = "move"
    ENROL = "enrol"
    LOCK = "lock"
    UNLOCK = "unlock"
    RETIRE = "retire"


class Wanted(NamedTuple):
    """What the options say; empty: nothing."""

    name: str
    place: str
    place_en: str
    profile: str
    because: str


def command(
    action: Annotated[
        Action, typer.Argument(help="list · add ID · move ID · enrol ID · lock ID · unlock ID · retire ID")
    ] = Action.LIST,
    terminal: Annotated[str, typer.Argument(help="its id: 1 to 32 letters, digits, _ and -")] = "",
    name: Annotated[str, typer.Option(help="for add and move: what is written on it, 04 号机")] = "",
    place: Annotated[str, typer.Option(help="for add and move: where it stands")] = "",
    place_en: Annotated[str, typer.Option(help="for add and move: the same in English")] = "",
    profile: Annotated[str, typer.Option(help="for add: " + ", ".join(get_args(TerminalProfile)))] = "hall",
    because: Annotated[str, typer.Option(help="for lock: " + ", ".join(filter(None, get_args(LockedFor))))] = "",
    who: Annotated[str, typer.Option("--as", help="who says so: operator or supervisor")] = "operator",
) -> None:
    """`enrol` gives a fresh code and voids all that the former machine has; `retire` is for good, its id with it."""
    set_up_logs("error")
    wanted = Wanted(name, place, place_en, profile, because)
    _check(action, terminal, wanted)
    try:
        asyncio.run(_done(action, terminal, wanted, who))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error


def _check(action: Action, terminal: str, wanted: Wanted) -> None:
    """
    Raises:
        CannotStart: what is missing or mistyped.
    """
    if action is not Action.LIST and not terminal:
        raise CannotStart(f"Which terminal? Its id comes after {action}; `yinyi terminals` lists them.")
    if action is Action.ADD and not all((wanted.name, wanted.place, wanted.place_en)):
        raise CannotStart("What is it called and where does it stand? Say --name, --place and --place-en.")
    if action is Action.MOVE and not any((wanted.name, wanted.place, wanted.place_en)):
        raise CannotStart("How is it called now, or where does it stand? Say --name, --place or --place-en.")
    if wanted.profile not in get_args(TerminalProfile):
        raise CannotStart(f"--profile is one of {', '.join(get_args(TerminalProfile))}.")
    if wanted.because not in get_args(LockedFor):
        raise CannotStart(f"--because is one of {', '.join(filter(None, get_args(LockedFor)))}, or nothing.")


async def _done(action: Action, terminal: str, wanted: Wanted, who: str) -> None:
    async with as_staff(settings_from(), who) as staff:
        match action:
            case Action.LIST:
                _tell_all((await staff.ask(ListTerminals())).terminals)
            case Action.ADD:
                _tell_code(await staff.ask(_added(terminal, wanted)))
            case Action.MOVE:
                _tell(await staff.ask(await _moved(staff, terminal, wanted)))
            case Action.ENROL:
                _tell_code(await staff.ask(NewEnrolment(terminal_id=terminal)))
            case Action.LOCK | Action.UNLOCK:
                _tell(await staff.ask(_locked(action, terminal, wanted)))
            case Action.RETIRE:
                gone = await staff.ask(RetireTerminal(terminal_id=terminal))
                _say(f"{gone.terminal_id} is retired since {gone.retired_at.astimezone(ZONE):%Y-%m-%d %H:%M}")


def _added(terminal: str, wanted: Wanted) -> AddTerminal:
    profile: Any = wanted.profile
    return AddTerminal(
        terminal_id=terminal, name=wanted.name, place=wanted.place, place_en=wanted.place_en, profile=profile
    )


def _locked(action: Action, terminal: str, wanted: Wanted) -> LockTerminal:
    because: Any = wanted.because
    return LockTerminal(terminal_id=terminal, locked=action is Action.LOCK, because=because)


async def _moved(staff: Staff, terminal: str, wanted: Wanted) -> MoveTerminal:
    """Whatever is not said stays as it is."""
    found = {each.terminal_id: each for each in (await staff.ask(ListTerminals())).terminals}
    now = found.get(terminal)
    if now is None:
        raise CannotStart(f"There is no terminal {terminal}; `yinyi terminals` lists them.")
    return MoveTerminal(
        terminal_id=terminal,
        name=wanted.name or now.name,
        place=wanted.place or now.place,
        place_en=wanted.place_en or now.place_en,
    )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _tell_all(terminals: list[TerminalView]) -> None:
    for each in terminals:
        _tell(each)
    if not terminals:
        _say("There is no terminal: `yinyi terminals add`.")


def _tell(view: TerminalView) -> None:
    line = "connected" if view.line_ok else "not connected"
    words = [view.terminal_id, view.name, f"{view.place} · {view.place_en}", view.profile, line]
    if view.line_ok and view.severity != "fine":
        words.append("BROKEN" if view.severity == "broken" else "paper is low")
    if view.locked:
        words.append(f"LOCKED {view.locked_for}".strip())
    _say("  ".join(words))


def _tell_code(told: EnrolmentCode) -> None:
    _tell(told.terminal)
    if told.expires_at is None:
        return _say(f"Its code was told before; a fresh one: yinyi terminals enrol {told.terminal.terminal_id}")
    _say(f"Its agent enrols with {told.enrolment_code}, once, until {told.expires_at.astimezone(ZONE):%Y-%m-%d %H:%M}:")
    _say(f"  yinyi devices --enrolment-code {told.enrolment_code}")
