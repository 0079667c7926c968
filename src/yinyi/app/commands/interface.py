"""Processes: interfaces (kiosk, terminal, callbacks, rest, soap, queue, socket, hl7, verify) as one web server."""

import asyncio
from typing import Annotated

import typer

from yinyi.app.serving import serve, settle_memory
from yinyi.app.settings import Settings, settings_from
from yinyi.kernel.ready import tell_ready


def command(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="all of them where none is named")
    ] = None,
) -> None:
    """Serves the named interfaces at YINYI_HTTP_HOST and YINYI_HTTP_PORT. Needs YINYI_NATS_URL; knows no database."""
    settings = settings_from()
    serve(lambda stopping: _run(settings, names or [], stopping), settings.log_level)


async def _run(settings: Settings, names: list[str], stopping: asyncio.Event) -> None:
    from yinyi.app.bus_account import connect_bus
    from yinyi.app.interfaces import answers, checked, served, web_server
    from yinyi.interface.server import account_of

    buses = {name: await connect_bus(settings, account_of(name)) for name in checked(names, settings)}
    server = web_server(settings, buses)
    serving = asyncio.create_task(served(server))
    await answers(server, serving)
    settle_memory()
    tell_ready()
    await stopping.wait()
    server.should_exit = True
    await serving
    for bus in buses.values():
        await bus.close()
