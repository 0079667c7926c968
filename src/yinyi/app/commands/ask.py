"""Operate: ask an operation as staff, for example ListAttention."""

import asyncio
import re
import sys
from typing import Annotated, Any
from uuid import uuid4

import msgspec
import typer

from yinyi.app.bus_account import connect_bus
from yinyi.app.business_start import staff_token
from yinyi.app.errors import CannotStart
from yinyi.app.logs import set_up_logs
from yinyi.app.operations import declared_operations
from yinyi.app.settings import Settings, settings_from
from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials
from yinyi.bus.operation import Caller, Operation
from yinyi.kernel.errors import YinyiError


def command(
    operation: Annotated[str, typer.Argument(help="its name")],
    body: Annotated[str, typer.Argument(help="its fields, as JSON")] = "{}",
) -> None:
    """Whoever may read the data folder's secrets may ask what the account `console` may. The answer is JSON."""
    set_up_logs("error")
    settings = settings_from()
    message = _message(operation, body)
    try:
        reply = asyncio.run(_ask(settings, message))
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


async def _ask(settings: Settings, message: Operation[Any]) -> Any:
    settings = msgspec.structs.replace(settings, nats_url=settings.nats_url or _embedded(settings))
    bus = await connect_bus(settings, Caller.STAFF.value)
    try:
        client = BusClient(bus, Caller.STAFF.value, settings.make_clock())
        credentials = Credentials(staff=staff_token(settings))
        return (await client.ask(message, credentials=credentials, key=uuid4().hex)).reply
    finally:
        await bus.close()


def _embedded(settings: Settings) -> str:
    """Where the bus of the `yinyi up` on this data folder listens."""
    try:
        config = (settings.folder.nats / "nats.conf").read_text(encoding="utf-8")
    except OSError:
        config = ""
    port = re.search(r"(?m)^port: (\d+)", config)
    if port is None:
        raise CannotStart(f"No Yinyi was started on {settings.data_dir}; name its folder with YINYI_DATA_DIR.")
    return f"nats://127.0.0.1:{port[1]}"
