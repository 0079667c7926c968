"""One interface process, wired: accounts on the bus, pages, the demo's door."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import uvicorn
from starlette.routing import BaseRoute

import yinyi
from yinyi.app.demo_hospital import ZONE
from yinyi.app.errors import CannotStart
from yinyi.app.operations import declared_operations
from yinyi.app.settings import Settings
from yinyi.app.status import read_status
from yinyi.bus.transport import NatsTransport
from yinyi.interface import kiosk
from yinyi.interface.assets.assets import Assets, gather
from yinyi.interface.demo.server import demo_routes
from yinyi.interface.journeys.pages import Pages
from yinyi.interface.server import ACCOUNTS, Interfaces, Surroundings, server_for

PROJECT = Path(yinyi.__file__).parents[2]
SKIN = Path(next(iter(kiosk.__path__)))


def checked(names: Sequence[str], settings: Settings) -> list[str]:
    """All interfaces where none is named; without the queue where there is no broker.

    Raises:
        CannotStart: there is no such interface, or it has not what it needs.
    """
    for name in names:
        if name not in ACCOUNTS:
            raise CannotStart(f"There is no interface {name}; there are {', '.join(ACCOUNTS)}.")
    if "queue" in names and not settings.queue_url:
        raise CannotStart("The interface queue needs the address of a broker: YINYI_QUEUE_URL.")
    return list(names) or [name for name in ACCOUNTS if name != "queue" or settings.queue_url]


def kiosk_pages() -> tuple[Assets, Pages]:
    """Files and pages of the kiosk. The first time takes seconds; what was made stays in ``build``."""
    assets = gather(PROJECT, {"kiosk": SKIN / "static"})
    return assets, Pages(SKIN / "templates", "/kiosk", assets, ZONE, PROJECT / "build" / "pages")


def web_server(settings: Settings, buses: Mapping[str, NatsTransport]) -> uvicorn.Server:
    """The interfaces behind these accounts, as one server."""
    declared_operations()  # what is served is derived from all that there are
    routes: list[BaseRoute] = []
    pages = None
    if "kiosk" in buses:
        assets, pages = kiosk_pages()
        routes.append(assets.route())
    if settings.sandbox_port:
        routes += demo_routes(f"http://127.0.0.1:{settings.sandbox_port}")

    def parts() -> Mapping[str, str]:
        status = read_status(settings.folder.status)
        return {part.name: part.state for part in status.parts} if status else {}

    around = Surroundings(
        clock=settings.make_clock(),
        zone=ZONE,
        pages=pages,
        parts=parts,
        more=routes,
        brokers=settings.brokers,
        queue_name=settings.queue_name,
        hl7_at=(settings.http_host, settings.hl7_port),
        sockets=settings.sockets,
    )
    return server_for(Interfaces(buses, around), settings.http_host, settings.http_port)


async def answers(server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    """Returns when the server listens.

    Raises:
        CannotStart: it cannot.
    """
    while not server.started:
        if serving.done():
            raise CannotStart("The web server cannot start; its log says why.")
        await asyncio.sleep(0.01)
