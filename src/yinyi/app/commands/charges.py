"""Operate: charges of prepaid accounts on which the hospital does not agree: list, compare a day, settle."""

import asyncio
import sys
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import typer

from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import settings_from
from yinyi.app.staff import ask_as_staff
from yinyi.bus.operation import Operation
from yinyi.business.prepaid.messages_agreeing import (
    ChargeDifference,
    ChargeDifferences,
    CompareCharges,
    ComparedDay,
    ListChargeDifferences,
    SettleChargeDifference,
)
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.money import yuan


class Action(StrEnum):
    """What can be done about them."""

    LIST = "list"
    COMPARE = "compare"
    SETTLE = "settle"


def command(
    action: Annotated[Action, typer.Argument(help="list · compare DAY · settle CHARGE")] = Action.LIST,
    which: Annotated[str, typer.Argument(help="the day, or the charge's number at the hospital")] = "",
    institution: Annotated[str, typer.Option(help="for settle: whose number it is")] = "his",
    note: Annotated[str, typer.Option(help="for settle: what was found and done")] = "",
    name: Annotated[str, typer.Option("--as", help="who says so: operator or supervisor")] = "operator",
) -> None:
    """Exit code 1: there are any."""
    set_up_logs("error")
    settings = settings_from()
    message = _message(action, which, institution, note)
    try:
        reply: ChargeDifferences = asyncio.run(ask_as_staff(settings, message, name))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    lines = [*map(_difference, reply.differences), *map(_day, reply.days)]
    sys.stdout.write("\n".join(lines or ["no day was compared yet"]) + "\n")
    raise typer.Exit(1 if reply.differences else 0)


def _message(action: Action, which: str, institution: str, note: str) -> Operation[Any]:
    """
    Raises:
        CannotStart: what is missing or mistyped.
    """
    if action is Action.LIST:
        return ListChargeDifferences()
    if action is Action.COMPARE:
        try:
            return CompareCharges(on=date.fromisoformat(which))
        except ValueError as error:
            raise CannotStart("Which day? One looks like 2026-11-23.") from error
    if not which or len(note) < 3:
        raise CannotStart("Which charge, and what was found? `yinyi charges settle CHARGE --note WHAT`.")
    return SettleChargeDifference(institution_id=institution, charge_no=which, note=note)


def _difference(each: ChargeDifference) -> str:
    sides = f"hospital {yuan(each.hospital_fen)}, here {yuan(each.here_fen)}"
    return f"{each.on}  {each.institution_id}  {each.charge_no}  {each.kind}  {each.patient_no}  {sides}"


def _day(each: ComparedDay) -> str:
    if each.compared_at is None:
        return f"{each.on}  not compared yet"
    return f"{each.on}  compared: {each.hospital_charges} charges at the hospital, {each.here_charges} here"
