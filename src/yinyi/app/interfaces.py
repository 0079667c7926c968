"""One interface process, wired: accounts on the bus, pages, the demo's door."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

import uvicorn
from starlette.routing import BaseRoute

import yinyi
from yinyi.app.demo_hospital import ZONE
from yinyi.app.errors import CannotStart
from yinyi.app.operations import declared_operations
from yinyi.app.settings import Settings
from yinyi.app.status import read_status
from yinyi.bus.transport import NatsTransport, connect
from yinyi.interface import kiosk
from yinyi.interface.assets.assets import Assets, gather
from yinyi.interface.demo.server import demo_routes
from yinyi.interface.journeys.pages import Pages
from yinyi.interface.server import ACCOUNTS, QUEUES, Interfaces, Surroundings, server_for

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
    queues = [name for name in names if name in QUEUES]
    if queues and not settings.has_queues:
        raise CannotStart(f"The interface {queues[0]} needs a broker: YINYI_QUEUE_URL, or YINYI_QUEUE_NATS_URL.")
    return list(names) or [name for name in ACCOUNTS if name not in QUEUES or settings.has_queues]


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
        letters=partial(_institutions_nats, settings.queue_nats_url) if settings.queue_nats_url else None,
        hl7_at=(settings.http_host, settings.hl7_port),
        sockets=settings.sockets,
    )
    return server_for(Interfaces(buses, around), settings.http_host, settings.http_port)


async def _institutions_nats(url: str) -> NatsTransport:
    """Not the bus: the platform's own account on the server that institutions reach."""
    parts = urlsplit(url)
    server = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return await connect(server, unquote(parts.username or ""), unquote(parts.password or ""))


async def answers(server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    """Returns when the server listens.

    Raises:
        CannotStart: it cannot.
    """
    while not server.started:
        if serving.done():
            raise CannotStart("The web server cannot start; its log says why.")
        await asyncio.sleep(0.01)
