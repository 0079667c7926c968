"""Operate: sessions with banks: list, sign on and off, echo, settle; reversals that are in doubt or stuck."""

import asyncio
import sys
from collections.abc import Coroutine
from enum import StrEnum
from typing import Annotated, Any, NamedTuple
from uuid import uuid4

import typer

from yinyi.app import lines_told as told
from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import settings_from
from yinyi.app.staff import Staff, as_staff
from yinyi.business.lines.messages import KeyStatus
from yinyi.business.lines.messages_sessions import (
    EchoLine,
    LineEcho,
    ListReversals,
    ListSessions,
    PutSession,
    ReverseNow,
    SessionView,
    SettleBatch,
    SignOff,
    SignOn,
)
from yinyi.kernel.errors import YinyiError

_PATIENCE_S = 30.0


class Action(StrEnum):
    """What can be asked of the bank line."""

    LIST = "list"
    SIGN_ON = "sign-on"
    SIGN_OFF = "sign-off"
    ECHO = "echo"
    SETTLE = "settle"
    REVERSALS = "reversals"
    REVERSE = "reverse"
    PUT = "put"


class Wanted(NamedTuple):
    """What the options say."""

    acquirer: str
    merchant_no: str
    terminal_no: str
    at: str
    scope: str
    merchant_name: str
    batch_no: int | None
    by_statement: bool

    @property
    def slot(self) -> dict[str, Any]:
        return {"acquirer": self.acquirer, "merchant_no": self.merchant_no, "terminal_no": self.terminal_no}


def command(
    action: Annotated[
        Action, typer.Argument(help="list · sign-on · sign-off · echo · settle · reversals · reverse REFERENCE · put")
    ] = Action.LIST,
    reference: Annotated[str, typer.Argument(help="of the message, as `reversals` lists it")] = "",
    acquirer: Annotated[str, typer.Option(help="who takes the cards' money, as its line is called")] = "",
    merchant: Annotated[str, typer.Option(help="merchant number, field 42")] = "",
    terminal: Annotated[str, typer.Option(help="terminal number, field 41")] = "",
    at: Annotated[str, typer.Option(help="the kiosk: for list and put")] = "",
    scope: Annotated[str, typer.Option(help="for put: outpatient or inpatient")] = "",
    display_name: Annotated[str, typer.Option("--name", help="for put: what the payer reads")] = "",
    batch: Annotated[int | None, typer.Option(help="for settle: one that the bank has left behind")] = None,
    by_statement: Annotated[
        bool, typer.Option("--by-statement", help="for settle: the bank's statement tells, it is not asked")
    ] = False,
    name: Annotated[str, typer.Option("--as", help="who does it: operator or supervisor")] = "operator",
) -> None:
    """What a session is, and what to do about each state: docs/operate/bank-lines.md."""
    set_up_logs("error")
    wanted = Wanted(acquirer, merchant, terminal, at, scope, display_name, batch, by_statement)
    if action is Action.REVERSE and not reference:
        raise CannotStart("Which message? Its reference comes after reverse.")
    if action not in (Action.LIST, Action.REVERSALS, Action.REVERSE) and not all(wanted[:3]):
        raise CannotStart("Which session? --acquirer NAME, --merchant NUMBER and --terminal NUMBER say it.")
    if action is Action.PUT and (scope not in ("outpatient", "inpatient") or not at or not display_name):
        raise CannotStart("Whose is it? --at KIOSK, --scope outpatient or inpatient, and --name say it.")
    _run(_asked(action, reference, wanted, name))


def _run(what: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(what)
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error


async def _asked(action: Action, reference: str, wanted: Wanted, name: str) -> None:
    async with as_staff(settings_from(), name) as staff:
        match action:
            case Action.LIST:
                await _list(staff, wanted)
            case Action.ECHO:
                _tell_echo(await staff.ask(EchoLine(**wanted.slot), timeout_s=_PATIENCE_S))
            case Action.SIGN_ON:
                view = await staff.ask(SignOn(**wanted.slot), key=uuid4().hex, timeout_s=_PATIENCE_S)
                _tell_signed(view, done=not view.must_sign_on)
            case Action.SIGN_OFF:
                view = await staff.ask(SignOff(**wanted.slot), key=uuid4().hex, timeout_s=_PATIENCE_S)
                _tell_signed(view, done=view.signed_off_at is not None)
            case Action.SETTLE:
                await _settle(staff, wanted)
            case Action.REVERSALS:
                await _reversals(staff)
            case Action.REVERSE:
                message = ReverseNow(reference=reference)
                say(*told.reversal(await staff.ask(message, key=uuid4().hex, timeout_s=_PATIENCE_S)))
            case Action.PUT:
                owner: dict[str, Any] = {"terminal_id": wanted.at, "scope": wanted.scope}
                message = PutSession(**wanted.slot, **owner, merchant_name=wanted.merchant_name)
                say(*told.session(await staff.ask(message)))


def say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


# ---- sessions


async def _list(staff: Staff, wanted: Wanted) -> None:
    """All, page by page."""
    shown = await staff.ask(ListSessions(**wanted.slot, terminal_id=wanted.at))
    not_here = (await staff.ask(KeyStatus())).not_opening
    say(*map(told.line, shown.lines), *told.missing(not_here))
    if not shown.sessions:
        say(told.NONE)
    while shown.sessions:
        for each in shown.sessions:
            say(*told.session(each, opens=not not_here))
        if not shown.more:
            break
        last = shown.sessions[-1]
        behind = {
            "after_acquirer": last.acquirer,
            "after_merchant_no": last.merchant_no,
            "after_terminal_no": last.terminal_no,
        }
        shown = await staff.ask(ListSessions(**wanted.slot, terminal_id=wanted.at, **behind))


def _tell_signed(view: SessionView, done: bool) -> None:
    say(*told.session(view))
    if not done:
        say(told.GOES_ON)


def _tell_echo(echo: LineEcho) -> None:
    """Exit code 1 where the bank is not there."""
    say(told.echo(echo))
    if echo.answer != "here":
        raise typer.Exit(1)


# ---- settlement


async def _settle(staff: Staff, wanted: Wanted) -> None:
    """The batch that is open now, or the one that is named."""
    if wanted.batch_no is not None:
        return await _settle_this(staff, wanted, wanted.batch_no)
    found = (await staff.ask(ListSessions(**wanted.slot))).sessions
    if not found:
        raise CannotStart(told.NONE)
    await _settle_this(staff, wanted, found[0].batch_no)


async def _settle_this(staff: Staff, wanted: Wanted, batch_no: int) -> None:
    message = SettleBatch(**wanted.slot, batch_no=batch_no, by_statement=wanted.by_statement)
    say(*told.batch(await staff.ask(message, key=uuid4().hex, timeout_s=_PATIENCE_S)))


# ---- reversals


async def _reversals(staff: Staff) -> None:
    shown = await staff.ask(ListReversals())
    for each in shown.reversals:
        say(*told.reversal(each))
    if not shown.reversals:
        say("Nothing is in doubt.")
    if shown.more:
        say("There are more behind these.")
