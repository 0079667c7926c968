"""Operate: ask an operation as staff, for example ListAttention."""

import asyncio
import sys
from typing import Annotated, Any

import msgspec
import typer

from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.operations import declared_operations
from yinyi.app.person import who_asks
from yinyi.app.settings import settings_from
from yinyi.app.staff import ask_as_staff
from yinyi.bus.operation import Caller, Operation
from yinyi.kernel.errors import YinyiError


def command(
    operation: Annotated[str, typer.Argument(help="its name")],
    body: Annotated[str, typer.Argument(help="its fields, as JSON")] = "{}",
    staff: Annotated[
        str,
        typer.Option(
            help="the staff number of who asks, where a person has to; the PIN of his staff card is asked for"
        ),
    ] = "",
    name: Annotated[str, typer.Option("--as", help="by which account: operator or supervisor")] = "operator",
) -> None:
    """Whoever may read the data folder's secrets may ask what the account `console` may. The answer is JSON.
    What two people decide is asked by a person: docs/operate/people.md."""
    set_up_logs("error")
    settings = settings_from()
    message = _message(operation, body)
    try:
        reply = asyncio.run(ask_as_staff(settings, message, name, who_asks(type(message), staff)))
    except YinyiError as error:
        raise CannotStart(f"{error.code()}: {error.sentence('en')} {error.detail}".strip()) from error
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(reply), indent=2).decode() + "\n")


def _message(name: str, body: str) -> Operation[Any]:
    may = {spec.name: spec for spec in declared_operations() if Caller.STAFF in spec.callers}
    if name not in may:
        raise CannotStart(f"Staff cannot ask {name}; they can ask {', '.join(sorted(may))}.")
    try:
        return msgspec.json.decode(body, type=may[name].request)
    except msgspec.MsgspecError as error:
        raise CannotStart(f"The fields of {name} cannot be understood: {error}.") from error
