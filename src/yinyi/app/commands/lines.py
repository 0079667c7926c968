"""Operate: sessions with banks: list, sign on and off, echo, settle; reversals that are in doubt or stuck."""

import asyncio
import sys
from collections.abc import Coroutine
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple
from uuid import uuid4

import typer

from yinyi.app.demo_hospital import ZONE
from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import settings_from
from yinyi.app.staff import Staff, as_staff
from yinyi.business.lines.messages_sessions import (
    BatchView,
    EchoLine,
    LineEcho,
    ListReversals,
    ListSessions,
    PutSession,
    ReversalView,
    ReverseNow,
    SessionView,
    SettleBatch,
    SignOff,
    SignOn,
)
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.money import yuan

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
                _tell(await staff.ask(SignOn(**wanted.slot), key=uuid4().hex, timeout_s=_PATIENCE_S))
            case Action.SIGN_OFF:
                _tell(await staff.ask(SignOff(**wanted.slot), key=uuid4().hex, timeout_s=_PATIENCE_S))
            case Action.SETTLE:
                await _settle(staff, wanted)
            case Action.REVERSALS:
                await _reversals(staff)
            case Action.REVERSE:
                message = ReverseNow(reference=reference)
                _tell_reversal(await staff.ask(message, key=uuid4().hex, timeout_s=_PATIENCE_S))
            case Action.PUT:
                owner: dict[str, Any] = {"terminal_id": wanted.at, "scope": wanted.scope}
                _tell(await staff.ask(PutSession(**wanted.slot, **owner, merchant_name=wanted.merchant_name)))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


# ---- sessions


async def _list(staff: Staff, wanted: Wanted) -> None:
    """All, page by page."""
    shown = await staff.ask(ListSessions(**wanted.slot, terminal_id=wanted.at))
    for line in shown.lines:
        why = f": {line.why}" if line.why else ""
        say(f"line {line.acquirer}: up in {line.up} business processes, down in {line.down}{why}")
    while shown.sessions:
        for each in shown.sessions:
            _tell(each)
        if not shown.more:
            break
        last = shown.sessions[-1]
        behind = {
            "after_acquirer": last.acquirer,
            "after_merchant_no": last.merchant_no,
            "after_terminal_no": last.terminal_no,
        }
        shown = await staff.ask(ListSessions(**wanted.slot, terminal_id=wanted.at, **behind))


def _tell(view: SessionView) -> None:
    say(f"{view.acquirer}/{view.merchant_no}/{view.terminal_no}  {view.terminal_id} {view.scope}  {view.merchant_name}")
    signed = "must sign on" if view.must_sign_on else "signed on"
    if view.signed_off_at is not None:
        signed = f"SIGNED OFF{_at(view.signed_off_at, ' since ')}"
    say(f"  {signed}{_at(view.signed_on_at, ', last ')}{'' if view.has_key else ', has NO TMK'}")
    heard = f"heard {_at(view.heard_at) or 'never'}, last code {view.last_code or '–'}"
    busy = _at(view.busy_until, "; busy until ")
    say(f"  batch {view.batch_no:06} trace {view.trace_no:06} gaps {view.gaps}; {heard}{busy}")
    overdue = ", OVERDUE" if view.is_overdue else ""
    say(f"  money since {_at(view.open_since) or '–'}{overdue}; settled last {_at(view.settled_at) or 'never'}")
    for batch_no in view.left_batches:
        say(f"  batch {batch_no:06} LEFT UNSETTLED: yinyi lines settle --batch {batch_no}")
    if view.host_batch_no is not None:
        say(f"  THE BANK is at batch {view.host_batch_no:06}")
    if view.in_doubt or view.stuck:
        say(f"  {view.in_doubt} in doubt, {view.stuck} STUCK: yinyi lines reversals")
    if view.retired:
        say(f"  {view.terminal_id} IS RETIRED: {_leaves(view)}")


def _leaves(view: SessionView) -> str:
    """What a session whose terminal is gone still waits for."""
    if view.stuck:
        return "signs off once people have settled what is stuck"
    if view.in_doubt:
        return "signs off once what is in doubt is reversed, which it does by itself"
    if view.left_batches:
        return "signs off once the batch that was left is settled"
    if view.open_since is not None:
        return "signs off once its batch is settled: by itself after the cut-over, or now with yinyi lines settle"
    return "signs on no more, but for refunds; yinyi lines put gives the session to another kiosk"


def _tell_echo(echo: LineEcho) -> None:
    """Exit code 1 where the bank is not there."""
    say(" ".join(filter(None, (echo.answer, echo.code, echo.detail))))
    if echo.answer != "here":
        raise typer.Exit(1)


# ---- settlement


async def _settle(staff: Staff, wanted: Wanted) -> None:
    """The batch that is open now, or the one that is named."""
    if wanted.batch_no is not None:
        return await _settle_this(staff, wanted, wanted.batch_no)
    found = (await staff.ask(ListSessions(**wanted.slot))).sessions
    if not found:
        raise CannotStart("There is no such session: yinyi lines list.")
    await _settle_this(staff, wanted, found[0].batch_no)


async def _settle_this(staff: Staff, wanted: Wanted, batch_no: int) -> None:
    message = SettleBatch(**wanted.slot, batch_no=batch_no, by_statement=wanted.by_statement)
    _tell_batch(await staff.ask(message, key=uuid4().hex, timeout_s=_PATIENCE_S))


def _tell_batch(batch: BatchView) -> None:
    say(f"batch {batch.batch_no:06} is {batch.state.replace('_', ' ')}")
    say(f"  {batch.debits} purchases {yuan(batch.debit_fen)}")
    say(f"  {batch.credits} refunds and voids {yuan(batch.credit_fen)}")
    if batch.state == "settled":
        say("  the bank had the same totals" if batch.balanced else f"  UNBALANCED: {batch.uploaded} details were sent")
    elif batch.state == "under_way":
        say("  it goes on; ask again, or see yinyi lines list")


# ---- reversals


async def _reversals(staff: Staff) -> None:
    shown = await staff.ask(ListReversals())
    for each in shown.reversals:
        _tell_reversal(each)
    if not shown.reversals:
        say("Nothing is in doubt.")
    if shown.more:
        say("There are more behind these.")


def _tell_reversal(view: ReversalView) -> None:
    say(f"{view.reference}  {view.kind} {yuan(view.amount_fen)} {view.card_masked}  is {view.state}")
    where = f"{view.acquirer}/{view.merchant_no}/{view.terminal_no} {view.batch_no:06} {view.trace_no:06}"
    say(f"  {where}, sent {_at(view.sent_at)} at {view.terminal_id}")
    why = view.reason.replace("_", " ") or "no answer yet"
    say(f"  {why}; reversal tried {view.tries} times{_at(view.tried_at, ', last ')}, code {view.code or '–'}")


def _at(at: datetime | None, before: str = "") -> str:
    return f"{before}{at.astimezone(ZONE):%Y-%m-%d %H:%M}" if at is not None else ""
