"""Operate: payments that wait for people: list, show, resolve."""

import asyncio
import sys
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import msgspec
import typer

from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.person import who_asks
from yinyi.app.settings import settings_from
from yinyi.app.staff import ask_as_staff
from yinyi.bus.operation import Operation
from yinyi.business.payments.messages_queue import (
    AskAgain,
    GetCase,
    GiveBack,
    ListAttention,
    PayOut,
    PostAgain,
    SettleByHand,
    SettleNotice,
)
from yinyi.business.payments.model import Ruling
from yinyi.kernel.errors import YinyiError


class Action(StrEnum):
    """What can be asked of the queue."""

    LIST = "list"
    SHOW = "show"
    RESOLVE = "resolve"


class How(StrEnum):
    """How a payment is resolved. ``rightly``, ``wrongly``, ``as-channel-says``: what was found out about a notice of a
    channel. The last two say what became of one call, and need two people. These five are said by a person."""

    ASK_AGAIN = "ask-again"
    POST_AGAIN = "post-again"
    GIVE_BACK = "give-back"
    PAY_OUT = "pay-out"
    RIGHTLY = "rightly"
    WRONGLY = "wrongly"
    AS_CHANNEL_SAYS = "as-channel-says"
    HAPPENED = "happened"
    DID_NOT_HAPPEN = "did-not-happen"


def command(
    action: Annotated[Action, typer.Argument(help="list · show NUMBER · resolve NUMBER HOW")] = Action.LIST,
    number: Annotated[str, typer.Argument(help="of the payment, or the short one from the slip")] = "",
    how: Annotated[How | None, typer.Argument(help="for resolve")] = None,
    reference: Annotated[str, typer.Option(help="of the call that is settled by hand: `show` lists them")] = "",
    notice: Annotated[str, typer.Option(help="what a channel told, as `show` lists it")] = "",
    note: Annotated[str, typer.Option(help="how it was found out")] = "",
    staff: Annotated[
        str, typer.Option(help="who says so, by his staff number; the PIN of his staff card is asked for")
    ] = "",
    name: Annotated[str, typer.Option("--as", help="by which account: operator or supervisor")] = "operator",
) -> None:
    """The engine goes on by itself all the time; people decide what it cannot find out. The answer is JSON."""
    set_up_logs("error")
    settings = settings_from()
    try:
        message = _message(action, number, how, About(reference, notice, note))
        reply = asyncio.run(ask_as_staff(settings, message, name, who_asks(type(message), staff)))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(reply), indent=2).decode() + "\n")


class About(NamedTuple):
    """What was found out, and of what."""

    reference: str
    notice: str
    note: str


def _message(action: Action, number: str, how: How | None, about: About) -> Operation[Any]:
    if action is Action.LIST:
        return ListAttention()
    if not number:
        raise CannotStart(f"Which payment? Its number comes after {action.value}.")
    if action is Action.SHOW:
        return GetCase(number=number)
    match how:
        case How.ASK_AGAIN:
            return AskAgain(payment_no=number)
        case How.POST_AGAIN:
            return PostAgain(payment_no=number)
        case How.GIVE_BACK:
            return GiveBack(payment_no=number)
        case How.RIGHTLY | How.WRONGLY | How.AS_CHANNEL_SAYS if about.notice and about.note:
            ruling: Ruling = "rightly" if how is How.RIGHTLY else "wrongly" if how is How.WRONGLY else "as_channel_says"
            return SettleNotice(payment_no=number, notice=about.notice, ruling=ruling, note=about.note)
        case How.PAY_OUT if about.reference and about.note:
            return PayOut(payment_no=number, reference=about.reference, note=about.note)
        case How.HAPPENED | How.DID_NOT_HAPPEN if about.reference and about.note:
            outcome = "happened" if how is How.HAPPENED else "did_not_happen"
            return SettleByHand(payment_no=number, reference=about.reference, outcome=outcome, note=about.note)
        case None:
            raise CannotStart(f"How is it resolved? {', '.join(How)}.")
        case _:
            raise CannotStart(
                "What became of a call needs its --reference, what became of a notice needs its --notice, and each a "
                "--note on how it was found out."
            )
