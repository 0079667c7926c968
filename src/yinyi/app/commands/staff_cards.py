"""Operate: staff cards, which open maintenance at a terminal and say who somebody is: list, enrol, confirm, revoke."""

import asyncio
import re
import sys
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.person import NOBODY, Person, who_asks
from yinyi.app.settings import settings_from
from yinyi.app.staff import ask_as_staff
from yinyi.bus.operation import Operation
from yinyi.business.terminals.messages_maintenance import (
    ConfirmStaffCard,
    EnrolFirstStaffCard,
    EnrolStaffCard,
    ListStaffCards,
    RevokeStaffCard,
)
from yinyi.business.terminals.model import INSTALLER
from yinyi.kernel.errors import YinyiError

_SERIAL = re.compile(r"[0-9A-F]{8,64}")
_PIN = re.compile(r"[0-9]{6,12}")


class Action(StrEnum):
    """What can be done about such cards."""

    LIST = "list"
    FIRST = "first"
    ENROL = "enrol"
    CONFIRM = "confirm"
    REVOKE = "revoke"


def command(
    action: Annotated[
        Action, typer.Argument(help="list · first SERIAL · enrol SERIAL · confirm CARD · revoke CARD")
    ] = Action.LIST,
    which: Annotated[str, typer.Argument(help="the card's serial number, or the number that `list` gives")] = "",
    staff: Annotated[str, typer.Option(help="whose card it is")] = "",
    by: Annotated[str, typer.Option(help="for enrol and confirm: who decides it; he types his PIN")] = "",
    terminal: Annotated[str, typer.Option(help="the only terminal that it opens; every one if not given")] = "",
    name: Annotated[str, typer.Option("--as", help="by which account: operator or supervisor")] = "operator",
) -> None:
    """Two who have cards decide about each further one: one enrols it, the other confirms it. `first` sets up the first
    two, on the platform's own machine. PINs are asked for, or are lines of the standard input: of who decides, then of
    the new card. Answers in JSON."""
    set_up_logs("error")
    settings = settings_from()
    message, person = _asked(action, which, staff, by, terminal)
    account = INSTALLER if action is Action.FIRST else name
    try:
        reply = asyncio.run(ask_as_staff(settings, message, account, by=person))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(reply), indent=2).decode() + "\n")


def _asked(action: Action, which: str, staff: str, by: str, terminal: str) -> tuple[Operation[Any], Person]:
    """
    Raises:
        CannotStart: what is missing or mistyped.
    """
    if action is Action.LIST:
        return ListStaffCards(), NOBODY
    if action is Action.REVOKE:
        return RevokeStaffCard(card_id=_card(which)), NOBODY
    if action is Action.CONFIRM:
        card_id, owner = _card(which), _owner(staff)
        return ConfirmStaffCard(card_id=card_id, staff_id=owner), who_asks(ConfirmStaffCard, by, "--by")
    serial, owner = _serial(which), _owner(staff)
    if action is Action.FIRST:
        return EnrolFirstStaffCard(serial=serial, pin=_pin(), staff_id=owner), NOBODY
    person = who_asks(EnrolStaffCard, by, "--by")
    return EnrolStaffCard(serial=serial, pin=_pin(), staff_id=owner, terminal_id=terminal), person


def _card(which: str) -> int:
    if not which.isdecimal():
        raise CannotStart("Which card? `yinyi staff-cards list` gives their numbers.")
    return int(which)


def _serial(which: str) -> str:
    serial = which.upper().replace(":", "")
    if not _SERIAL.fullmatch(serial):
        raise CannotStart("A card's serial number is 8 to 64 hexadecimal digits.")
    return serial


def _owner(staff: str) -> str:
    if not staff:
        raise CannotStart("Whose card is it? Say --staff NUMBER.")
    return staff


def _pin() -> str:
    """Of the new card, typed by its owner."""
    if sys.stdin.isatty():
        pin: str = typer.prompt("PIN of the new card (6 to 12 digits)", hide_input=True, confirmation_prompt=True)
    else:
        pin = sys.stdin.readline().strip()
    if not _PIN.fullmatch(pin):
        raise CannotStart("A PIN is 6 to 12 digits.")
    return pin
