"""Operate: prepaid accounts with money: list all of them, give all of them back."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated

import typer

from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.settings import settings_from
from yinyi.app.staff import Staff, as_staff
from yinyi.business.prepaid.messages import AccountLeft, BalancesReport, ClearBalances, ListBalances
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.money import Fen, yuan


class Action(StrEnum):
    """What can be done about them."""

    LIST = "list"
    CLEAR = "clear"


def command(
    action: Annotated[Action, typer.Argument(help="list · clear")] = Action.LIST,
    total_fen: Annotated[
        int | None, typer.Option(help="for clear: of all accounts, as the list has said", min=0)
    ] = None,
    name: Annotated[str, typer.Option("--as", help="who says so: operator or supervisor")] = "operator",
) -> None:
    """Exit code 1: there is money on some."""
    set_up_logs("error")
    if action is Action.CLEAR and total_fen is None:
        raise CannotStart(
            "How much is on all of them? `yinyi prepaid` says so; then `yinyi prepaid clear --total-fen FEN`."
        )
    wanted = Fen(total_fen) if action is Action.CLEAR and total_fen is not None else None
    try:
        left = asyncio.run(_done(wanted, name))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    raise typer.Exit(1 if left else 0)


async def _done(total_fen: Fen | None, name: str) -> int:
    """How many accounts have money then. ``total_fen``: they are cleared first."""
    async with as_staff(settings_from(), name) as staff:
        if total_fen is not None:
            given_fen = await _clear(staff, total_fen)
            _say(f"{yuan(given_fen)} go back to where they came from; channels take up to some days for that.")
        report = await _list(staff)
    if total_fen is not None and report.accounts:
        _say("What is left goes over the counter: yinyi ask WithdrawAtWindow (docs/operate/prepaid.md).")
    _say(f"{report.accounts} accounts, {yuan(report.total_fen)} on all of them: --total-fen {report.total_fen}")
    return report.accounts


async def _clear(staff: Staff, total_fen: Fen) -> Fen:
    """Until nothing more can go back by itself, and how much did: of one account not all top-ups are given back at a
    time."""
    left_fen, before_fen = total_fen, None
    while left_fen != before_fen:
        before_fen, left_fen = left_fen, await _clear_once(staff, left_fen)
    return Fen(total_fen - left_fen)


async def _clear_once(staff: Staff, total_fen: Fen) -> Fen:
    """Page by page, each by the total that the one before has left; what all have left."""
    report = await staff.ask(ClearBalances(total_fen=total_fen))
    while report.next_after:
        report = await staff.ask(ClearBalances(total_fen=report.total_fen, after=report.next_after))
    return report.total_fen


async def _list(staff: Staff) -> BalancesReport:
    """Each account; the last page, whose sums are those of all."""
    report = await staff.ask(ListBalances())
    _say(*map(_account, report.items))
    while report.next_after:
        report = await staff.ask(ListBalances(after=report.next_after))
        _say(*map(_account, report.items))
    return report


def _account(each: AccountLeft) -> str:
    who = each.patient_no or f"patient {each.patient_id} in the index"
    return f"{who}  {yuan(each.balance_fen)}, to where it came from {yuan(each.to_origin_fen)}"


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
