"""Operate: where banks' lists of a day and what they have said disagree: list, settle."""

import asyncio
import sys
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, get_args

import typer

from yinyi.app.demo_hospital import ZONE
from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.person import who_asks
from yinyi.app.settings import Settings, settings_from
from yinyi.app.staff import ask_as_staff
from yinyi.bus.operation import Operation
from yinyi.business.payments.messages_taken_list import (
    DifferenceSaid,
    ListTakenDifferences,
    SettleTakenDifference,
    TakenDifference,
    TakenDifferences,
)
from yinyi.business.payments.model import DifferenceRuling
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.money import Fen, yuan

BACK = timedelta(days=30)


class Action(StrEnum):
    """What can be done about them."""

    LIST = "list"
    SETTLE = "settle"


class Found(NamedTuple):
    """What was found out, and of what. ``on``: of the list, or "": of the last days."""

    institution: str
    reference: str
    on: str
    ruling: str
    note: str


def command(
    action: Annotated[Action, typer.Argument(help="list · settle BANK REFERENCE")] = Action.LIST,
    institution: Annotated[str, typer.Argument(help="for settle: the bank")] = "",
    reference: Annotated[str, typer.Argument(help="for settle: its number, as `list` shows it")] = "",
    on: Annotated[str, typer.Option(help="the day; without it list shows the last thirty")] = "",
    ruling: Annotated[str, typer.Option(help="for settle: who is right, as_listed or as_heard")] = "",
    note: Annotated[str, typer.Option(help="for settle: how it was found out, and what was done")] = "",
    staff: Annotated[
        str, typer.Option(help="for settle: who says so, by his staff number; the PIN of his staff card is asked for")
    ] = "",
    name: Annotated[str, typer.Option("--as", help="by which account: operator or supervisor")] = "operator",
) -> None:
    """A difference is settled when a second person says the same. Exit code 1: there are any."""
    set_up_logs("error")
    settings = settings_from()
    message = _message(settings, action, Found(institution, reference, on, ruling, note))
    try:
        by = who_asks(type(message), staff)
        reply: TakenDifferences = asyncio.run(ask_as_staff(settings, message, name, by))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    said = {(each.institution_id, each.reference): each for each in reply.said}
    lines = [_line(each, said.get((each.institution_id, each.reference))) for each in reply.differences]
    if reply.more:
        lines.append("and more: ask for fewer days")
    sys.stdout.write("\n".join(lines or ["banks' lists and what they have said agree"]) + "\n")
    raise typer.Exit(1 if reply.differences else 0)


def _message(settings: Settings, action: Action, found: Found) -> Operation[Any]:
    """
    Raises:
        CannotStart: what is missing or mistyped.
    """
    try:
        on = date.fromisoformat(found.on) if found.on else None
    except ValueError as error:
        raise CannotStart("Which day? One looks like 2026-11-23.") from error
    if action is Action.LIST:
        today = settings.make_clock().now().astimezone(ZONE).date()
        return ListTakenDifferences(since=on or today - BACK, until=on or today)
    ruling = next((each for each in get_args(DifferenceRuling) if each == found.ruling), None)
    if not found.institution or not found.reference or on is None or ruling is None or len(found.note) < 3:
        raise CannotStart(
            "Which one, who is right, and how was it found out? "
            "`yinyi taken settle BANK REFERENCE --on DAY --ruling as_listed|as_heard --note HOW`."
        )
    return SettleTakenDifference(
        institution_id=found.institution, taken_on=on, reference=found.reference, ruling=ruling, note=found.note
    )


def _line(each: TakenDifference, said: DifferenceSaid | None) -> str:
    sides = f"listed {_amount(each.listed_fen)}, said {_amount(each.heard_fen)}"
    by_one = f"  {said.proposed_by}: {said.ruling}, {said.note}" if said else ""
    return f"{each.taken_on}  {each.institution_id}  {each.reference}  {each.what}  {each.payment_no}  {sides}{by_one}"


def _amount(fen: Fen | None) -> str:
    return "nothing" if fen is None else yuan(fen)
