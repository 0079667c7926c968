"""Operate: the books: how they stand, now or at an instant, and whether they agree with the payments."""

import asyncio
import sys
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from yinyi.app.demo_hospital import ZONE
from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import settings_from
from yinyi.app.staff import ask_as_staff
from yinyi.business.ledger.messages import Balances, LedgerReport, TrialBalance, VerifyLedger
from yinyi.kernel.clock import FIRST_YEAR, LAST_YEAR, is_in_reach
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.money import yuan


class Action(StrEnum):
    """What can be asked of the ledger."""

    BALANCE = "balance"
    VERIFY = "verify"


_HEAD = ("account", "debit", "credit", "balance")


def command(
    action: Annotated[Action, typer.Argument(help="balance · verify")] = Action.BALANCE,
    at: Annotated[str, typer.Option(help="as it was then, for example 2026-11-23T17:30, in the hospital's time")] = "",
) -> None:
    """Exit code 1: ledger and payments do not agree."""
    set_up_logs("error")
    if at and action is Action.VERIFY:
        raise CannotStart("verify compares the books as they are now: --at is for the balance.")
    settings = settings_from()
    message = VerifyLedger() if action is Action.VERIFY else TrialBalance(at=_instant(at))
    try:
        reply: Balances | LedgerReport = asyncio.run(ask_as_staff(settings, message))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    lines = _balance(reply) if isinstance(reply, Balances) else _report(reply)
    sys.stdout.write("\n".join(lines) + "\n")
    raise typer.Exit(1 if isinstance(reply, LedgerReport) and reply.differences else 0)


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise CannotStart(f"{text} is no instant; one looks like 2026-11-23T17:30.") from error
    if not is_in_reach(at):
        raise CannotStart(f"{text} is out of reach: the books have instants from {FIRST_YEAR} to {LAST_YEAR}.")
    return at if at.tzinfo else at.replace(tzinfo=ZONE)


def _balance(balances: Balances) -> list[str]:
    """Debits, credits and what remains, in yuan, an account a line."""
    width = max((len(each.account) for each in balances.accounts), default=0)
    amounts = ((each.account, each.debit_fen, each.credit_fen, each.balance_fen) for each in balances.accounts)
    rows = [(account, *map(yuan, each)) for account, *each in amounts]
    return [f"{name:<{width}}" + "".join(f"  {cell:>14}" for cell in cells) for name, *cells in [_HEAD, *rows]]


def _report(report: LedgerReport) -> list[str]:
    said = report.differences or ["ledger and payments agree"]
    return [f"{report.entries} entries, {report.postings} postings", *said]
