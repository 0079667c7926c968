"""Operate: how the hospital is called, and where people help: show, set."""

import asyncio
import re
import sys
from datetime import time
from enum import StrEnum
from typing import Annotated, NamedTuple

import typer

from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import settings_from
from yinyi.app.staff import as_staff
from yinyi.business.terminals.messages_setup import CounterSaid, GetHospital, HospitalView, SetHospital
from yinyi.business.terminals.model import Counter
from yinyi.kernel.errors import YinyiError

_HOURS = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")
_HOURS_HELP = "from when to when each day: 07:00-17:30, or `always`"


class Action(StrEnum):
    """What can be done about it."""

    SHOW = "show"
    SET = "set"


class Place(NamedTuple):
    """What is said of a place with people in it; empty: it stays."""

    name: str
    name_en: str
    hours: str


class Wanted(NamedTuple):
    """What is said of the hospital; empty: it stays."""

    name: str
    name_en: str
    zone: str
    window: Place
    triage: Place


def command(
    action: Annotated[Action, typer.Argument(help="show · set")] = Action.SHOW,
    name: Annotated[str, typer.Option(help="in Chinese, as screens and papers have it")] = "",
    name_en: Annotated[str, typer.Option(help="in English")] = "",
    zone: Annotated[str, typer.Option(help="of the IANA: Asia/Shanghai")] = "",
    window: Annotated[str, typer.Option(help="the window for what a terminal cannot do")] = "",
    window_en: Annotated[str, typer.Option(help="in English")] = "",
    window_hours: Annotated[str, typer.Option(help=_HOURS_HELP)] = "",
    triage: Annotated[str, typer.Option(help="the help desk")] = "",
    triage_en: Annotated[str, typer.Option(help="in English")] = "",
    triage_hours: Annotated[str, typer.Option(help=_HOURS_HELP)] = "",
    who: Annotated[str, typer.Option("--as", help="who says so: operator or supervisor")] = "operator",
) -> None:
    """For set: whatever is not said stays as it is. Terminals show it within ten seconds."""
    set_up_logs("error")
    wanted = Wanted(name, name_en, zone, Place(window, window_en, window_hours), Place(triage, triage_en, triage_hours))
    if action is Action.SET and not any((*wanted[:3], *wanted.window, *wanted.triage)):
        raise CannotStart("What is to be set? `yinyi hospital --help` names the options.")
    if action is Action.SHOW and any((*wanted[:3], *wanted.window, *wanted.triage)):
        raise CannotStart("Nothing was changed: that is `yinyi hospital set`, with the same options.")
    try:
        shown = asyncio.run(_done(wanted if action is Action.SET else None, who))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    sys.stdout.write("\n".join(_lines(shown)) + "\n")


async def _done(wanted: Wanted | None, who: str) -> HospitalView:
    """How it is then."""
    async with as_staff(settings_from(), who) as staff:
        now = await staff.ask(GetHospital())
        return now if wanted is None else await staff.ask(_message(now, wanted))


def _message(now: HospitalView, wanted: Wanted) -> SetHospital:
    """
    Raises:
        CannotStart: hours that cannot be read.
    """
    return SetHospital(
        name=wanted.name or now.name,
        name_en=wanted.name_en or now.name_en,
        zone=wanted.zone or now.zone,
        window=_counter(now.window, wanted.window),
        triage=_counter(now.triage, wanted.triage),
    )


def _counter(now: Counter, wanted: Place) -> CounterSaid:
    open_from, open_until = _hours(wanted.hours) if wanted.hours else (now.open_from, now.open_until)
    return CounterSaid(
        name=wanted.name or now.name,
        name_en=wanted.name_en or now.name_en,
        open_from=open_from,
        open_until=open_until,
    )


def _hours(text: str) -> tuple[time, time] | tuple[None, None]:
    if text == "always":
        return None, None
    match = _HOURS.fullmatch(text)
    try:
        if match is None:
            raise ValueError(text)
        return time.fromisoformat(match[1]), time.fromisoformat(match[2])
    except ValueError as error:
        raise CannotStart(f"From when to when? Hours are like 07:00-17:30, or `always`; not {text!r}.") from error


def _lines(shown: HospitalView) -> list[str]:
    return [
        f"{shown.name} · {shown.name_en}",
        f"zone    {shown.zone}",
        f"window  {_place(shown.window)}",
        f"triage  {_place(shown.triage)}",
    ]


def _place(counter: Counter) -> str:
    hours = "round the clock"
    if counter.open_from is not None and counter.open_until is not None:
        hours = f"{counter.open_from:%H:%M}-{counter.open_until:%H:%M}"
    return f"{counter.name} · {counter.name_en}  {hours}"
