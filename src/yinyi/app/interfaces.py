"""One interface process, wired: accounts on the bus, pages, the demo's door."""

import asyncio
import logging
import ssl
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
from yinyi.interface.server import ACCOUNTS, QUEUES, WITHIN_TLS, Interfaces, Surroundings, server_for
from yinyi.interface.within_tls import Papers

PROJECT = Path(yinyi.__file__).parents[2]
SKIN = Path(next(iter(kiosk.__path__)))


def checked(names: Sequence[str], settings: Settings) -> list[str]:
    """All interfaces where none is named; without the queue where there is no broker, and without those within TLS
    where there is no certificate.

    Raises:
        CannotStart: there is no such interface, or it has not what it needs.
    """
    for name in names:
        if name not in (*ACCOUNTS, *WITHIN_TLS):
            raise CannotStart(f"There is no interface {name}; there are {', '.join((*ACCOUNTS, *WITHIN_TLS))}.")
    queues = [name for name in names if name in QUEUES]
    if queues and not settings.has_queues:
        raise CannotStart(f"The interface {queues[0]} needs a broker: YINYI_QUEUE_URL, or YINYI_QUEUE_NATS_URL.")
    within = [name for name in names if name in WITHIN_TLS]
    if within and not settings.tls_certificate:
        raise CannotStart(f"The interface {within[0]} needs a certificate: YINYI_TLS_CERTIFICATE.")
    if names:
        return list(names)
    plain = [name for name in ACCOUNTS if name not in QUEUES or settings.has_queues]
    return [*plain, *(name for name in WITHIN_TLS if _listens(name, settings))]


def _listens(name: str, settings: Settings) -> bool:
    if not settings.tls_certificate:
        return False
    return name in settings.sockets if name.startswith("socket") else settings.https_port > 0


def papers_of(settings: Settings) -> Papers | None:
    """
    Raises:
        CannotStart: a file is not there, or not what it should be.
    """
    files = settings.tls_files
    if files is None:
        return None
    try:
        return Papers(files)
    except ssl.SSLError as error:
        raise CannotStart(f"TLS does not take {', '.join(files.names())}: {error.reason or 'not PEM'}.") from error
    except OSError as error:
        raise CannotStart(f"A file of TLS cannot be read: {error.filename or files.certificate}.") from error


def kiosk_pages() -> tuple[Assets, Pages]:
    """Files and pages of the kiosk. The first time takes seconds; what was made stays in ``build``."""
    assets = gather(PROJECT, {"kiosk": SKIN / "static"})
    return assets, Pages(SKIN / "templates", "/kiosk", assets, ZONE, PROJECT / "build" / "pages")


def web_server(settings: Settings, buses: Mapping[str, NatsTransport]) -> uvicorn.Server:
    """The interfaces behind these accounts, as one server."""
    declared_operations()  # what is served is derived from all that there are
    routes: list[BaseRoute] = []
    pages, icons = None, ""
    if "kiosk" in buses:
        assets, pages = kiosk_pages()
        routes.append(assets.route())
        icons = assets.icons.sprite
    if settings.sandbox_port:
        routes += demo_routes(f"http://127.0.0.1:{settings.sandbox_port}", icons)

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
        papers=papers_of(settings),
        tls_at=(settings.http_host, settings.https_port),
    )
    return server_for(Interfaces(buses, around), settings.http_host, settings.http_port)


async def _institutions_nats(url: str) -> NatsTransport:
    """Not the bus: the platform's own account on the server that institutions reach."""
    parts = urlsplit(url)
    server = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return await connect(server, unquote(parts.username or ""), unquote(parts.password or ""))


async def served(server: uvicorn.Server) -> None:
    """Until it is told to stop.

    Raises:
        CannotStart: it has not begun to; uvicorn would end the process with a line in its log.
    """
    told = _FirstError(logging.ERROR)
    logging.getLogger("uvicorn.error").addHandler(told)
    try:
        await server.serve()
    except SystemExit:
        raise CannotStart(f"The web server cannot start: {told.text}") from None
    finally:
        logging.getLogger("uvicorn.error").removeHandler(told)


class _FirstError(logging.Handler):
    """What follows it is only that the server ends."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = self.text or record.getMessage().strip().rpartition("\n")[2]


async def answers(server: uvicorn.Server, serving: "asyncio.Task[None]") -> None:
    """Returns when the server listens.

    Raises:
        CannotStart: it cannot.
    """
    while not server.started:
        if serving.done():
            return await serving
        await asyncio.sleep(0.01)
