"""Operate: bookings: which rules they are under, and a patient who may book in spite of them."""

import asyncio
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
from yinyi.business.scheduling.messages_booking import GetBookingRules, OverrideBooking
from yinyi.kernel.errors import YinyiError


class Action(StrEnum):
    """What can be asked about bookings."""

    RULES = "rules"
    ALLOW = "allow"


def command(
    action: Annotated[Action, typer.Argument(help="rules · allow PATIENT")] = Action.RULES,
    patient: Annotated[str, typer.Argument(help="his number at the hospital")] = "",
    reason: Annotated[str, typer.Option(help="for allow: why, for the record")] = "",
    name: Annotated[str, typer.Option("--as", help="who says so: operator or supervisor")] = "operator",
) -> None:
    """Rules are settings, read when a business process starts. The answer is JSON."""
    set_up_logs("error")
    settings = settings_from()
    message = _message(action, patient, reason)
    try:
        reply = asyncio.run(ask_as_staff(settings, message, name))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(reply), indent=2).decode() + "\n")


def _message(action: Action, patient: str, reason: str) -> Operation[Any]:
    """
    Raises:
        CannotStart: what is missing.
    """
    if action is Action.RULES:
        return GetBookingRules()
    if not patient or len(reason) < 2:
        raise CannotStart("Who may book, and why? `yinyi bookings allow PATIENT --reason WHY`.")
    return OverrideBooking(patient_no=patient, reason=reason)
