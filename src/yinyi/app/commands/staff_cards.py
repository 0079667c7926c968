"""Operate: cards with which staff open maintenance at a terminal: list, enrol, revoke."""

import asyncio
import re
import sys
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import settings_from
from yinyi.app.staff import ask_as_staff
from yinyi.bus.operation import Operation
from yinyi.business.terminals.messages_maintenance import EnrolStaffCard, ListStaffCards, RevokeStaffCard
from yinyi.kernel.errors import YinyiError

_SERIAL = re.compile(r"[0-9A-F]{8,64}")
_PIN = re.compile(r"[0-9]{6,12}")


class Action(StrEnum):
    """What can be done about such cards."""

    LIST = "list"
    ENROL = "enrol"
    REVOKE = "revoke"


def command(
    action: Annotated[Action, typer.Argument(help="list · enrol SERIAL · revoke CARD")] = Action.LIST,
    which: Annotated[str, typer.Argument(help="the card's serial number, or the number that `list` gives")] = "",
    staff: Annotated[str, typer.Option(help="whose card it is")] = "",
    terminal: Annotated[str, typer.Option(help="the only terminal that it opens; every one if not given")] = "",
    name: Annotated[str, typer.Option("--as", help="who says so: operator or supervisor")] = "operator",
) -> None:
    """The PIN is asked for, or read from the standard input, so that no history of commands has it. Answers in JSON."""
    set_up_logs("error")
    settings = settings_from()
    message = _message(action, which, staff, terminal)
    try:
        reply = asyncio.run(ask_as_staff(settings, message, name))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(reply), indent=2).decode() + "\n")


def _message(action: Action, which: str, staff: str, terminal: str) -> Operation[Any]:
    """
    Raises:
        CannotStart: what is missing or mistyped.
    """
    if action is Action.LIST:
        return ListStaffCards()
    if action is Action.REVOKE:
        if not which.isdecimal():
            raise CannotStart("Which card? `yinyi staff-cards list` gives their numbers.")
        return RevokeStaffCard(card_id=int(which))
    serial = which.upper().replace(":", "")
    if not _SERIAL.fullmatch(serial):
        raise CannotStart("A card's serial number is 8 to 64 hexadecimal digits.")
    if not staff:
        raise CannotStart("Whose card is it? Say --staff NAME.")
    return EnrolStaffCard(serial=serial, pin=_pin(), staff_id=staff, terminal_id=terminal)


def _pin() -> str:
    if sys.stdin.isatty():
        pin: str = typer.prompt("PIN (6 to 12 digits)", hide_input=True, confirmation_prompt=True)
    else:
        pin = sys.stdin.readline().strip()
    if not _PIN.fullmatch(pin):
        raise CannotStart("A PIN is 6 to 12 digits.")
    return pin
