"""Operate: what has to hold at any time, and whether it does."""

import asyncio
import sys
from typing import Annotated

import msgspec
import typer

from yinyi.app.demo_hospital import ZONE
from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import settings_from
from yinyi.app.staff import ask_as_staff
from yinyi.business.watch.messages import CheckInvariants, Invariants, InvariantView, ListInvariants
from yinyi.kernel.errors import YinyiError


def command(
    now: Annotated[bool, typer.Option("--now", help="look now, instead of telling what was found last")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="for machines")] = False,
) -> None:
    """Exit code 1: something does not hold, or could not be looked at. What to do then: docs/operate/invariants.md."""
    set_up_logs("error")
    message = CheckInvariants() if now else ListInvariants()
    try:
        reply = asyncio.run(ask_as_staff(settings_from(), message))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    sys.stdout.write((_json(reply) if as_json else _text(reply)) + "\n")
    raise typer.Exit(1 if any(each.violations or each.problem for each in reply.invariants) else 0)


def _json(reply: Invariants) -> str:
    return msgspec.json.format(msgspec.json.encode(reply), indent=2).decode()


def _text(reply: Invariants) -> str:
    width = max((len(each.name) for each in reply.invariants), default=0)
    return "\n".join(line for each in reply.invariants for line in _lines(each, width))


def _lines(view: InvariantView, width: int) -> list[str]:
    at = f"{view.checked_at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}" if view.checked_at else "never looked at"
    stands = f"{view.violations} VIOLATED" if view.violations else "holds" if view.checked_at else "?"
    problem = f"  could not be looked at: {view.problem}" if view.problem else ""
    lines = [f"{view.name:<{width}}  {stands:<12}  {at}{problem}"]
    if view.violations:
        lines.append(f"    {view.meaning}")
        lines += [f"    {each.subject}  {each.detail}" for each in view.findings]
    return lines
