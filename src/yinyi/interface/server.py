"""The interfaces of one process as one web application. The only place that knows more than one interface."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import uvicorn
from starlette.routing import BaseRoute, Router

from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller, spec_of, vouching
from yinyi.business.terminals.messages import GetHealth
from yinyi.interface.callbacks.server import Callbacks
from yinyi.interface.figures import PlatformFigures
from yinyi.interface.health import Health, Parts
from yinyi.interface.hl7.server import Hl7Lines
from yinyi.interface.kiosk.events import SUBJECTS, watch_connection
from yinyi.interface.kiosk.server import Kiosk, Renders
from yinyi.interface.metrics import Metrics
from yinyi.interface.queue.address import Address
from yinyi.interface.queue.asking import Asking as QueueAsking
from yinyi.interface.queue.server import Queue
from yinyi.interface.queue.subjects import Connects, Subjects
from yinyi.interface.rest.server import Rest
from yinyi.interface.served import served_operations
from yinyi.interface.soap.server import Soap
from yinyi.interface.socket.server import Socket
from yinyi.interface.terminal.server import TerminalLines
from yinyi.interface.verify.server import Verify
from yinyi.interface.whole_heads import SILENT_S, WholeHeads
from yinyi.interface.within_tls import HANDSHAKE_S, SHUTDOWN_S, Certified, Papers
from yinyi.kernel.clock import Clock, ShiftedClock

SOCKET, HOSPITAL_SOCKET = "socket", "socket-hospital"
"""For banks, and for the hospital's own systems: each at an address of its own."""
ACCOUNTS: Mapping[str, Caller] = {
    "kiosk": Caller.KIOSK,
    "terminal": Caller.TERMINAL,
    "callbacks": Caller.CALLBACKS,
    "rest": Caller.HOSPITAL,
    "rest-institution": Caller.INSTITUTION,
    "soap": Caller.HOSPITAL,
    SOCKET: Caller.INSTITUTION,
    HOSPITAL_SOCKET: Caller.HOSPITAL,
    "queue": Caller.HOSPITAL,
    "queue-institution": Caller.INSTITUTION,
    "hl7": Caller.NEWS,
    "verify": Caller.ANYBODY,
}
"""Every interface and the bus account under which it asks."""
QUEUES = ("queue", "queue-institution")
WITHIN_TLS: Mapping[str, str] = {
    "rest-tls": "rest",
    "rest-institution-tls": "rest-institution",
    "soap-tls": "soap",
    "socket-tls": SOCKET,
    "socket-hospital-tls": HOSPITAL_SOCKET,
}
"""The same interfaces at addresses where TLS ends here. Their accounts may say whose certificate was shown."""

GRACE_S = 3
KEEPALIVE_S = int(SILENT_S)
"""Longer than browsers, proxies and callers keep an idle line: they hang up, so that no request meets a closing one."""


class Bus(Protocol):
    """One account's connection, as ``NatsTransport``."""

    @property
    def connected(self) -> bool: ...

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes: ...

    async def listen(self, subject: str, heard: Callable[[str, bytes], Awaitable[None]]) -> Any: ...


@dataclass(frozen=True)
class Surroundings:
    """What interfaces are given. pages: only the kiosk needs them. parts: see ``Health``. more: routes of others.
    sockets: where interfaces with lines listen, host and port; one that is not here does not. papers: of all that ends
    TLS; tls_at: where it does for the web interfaces.
    brokers: of the queues, whose names begin with ``queue_name``. letters: the way to the institutions' NATS. hl7_at:
    where lines of HL7 are taken."""

    clock: Clock
    zone: ZoneInfo
    pages: Renders | None = None
    parts: Parts = dict
    more: Sequence[BaseRoute] = ()
    sockets: Mapping[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    brokers: Sequence[Address] = ()
    queue_name: str = "yinyi"
    letters: Connects | None = None
    hl7_at: tuple[str, int] = ("127.0.0.1", 0)
    papers: Papers | None = None
    tls_at: tuple[str, int] = ("127.0.0.1", 0)


def caller_at(name: str) -> Caller:
    """Who comes by this interface."""
    return ACCOUNTS[WITHIN_TLS.get(name, name)]


def account_of(name: str) -> str:
    """The bus account under which this interface asks."""
    return vouching(caller_at(name)) if name in WITHIN_TLS else caller_at(name).value


class Interfaces:
    """The named interfaces. ``app`` serves them; ``close`` before the server stops, so that no open line keeps it."""

    def __init__(self, buses: Mapping[str, Bus], around: Surroundings) -> None:
        """``buses``: by interface name, each connected under its own account (``account_of``)."""
        self._buses = buses
        self.metrics = Metrics()
        self._clients = {name: BusClient(bus, account_of(name), around.clock) for name, bus in buses.items()}
        self._kiosk = self._make_kiosk(around)
        self._lines = self._make_lines()
        self._sockets = self._make_sockets(around)
        self._queues = self._make_queues(around)
        self.hl7 = self._make_hl7(around)
        self._hl7_at = around.hl7_at
        self.app = Router(routes=self._routes(around), lifespan=self._lifespan)
        """Without Starlette's handlers of errors: interfaces answer for their own, and the server for the rest."""
        self.papers = around.papers
        self.tls_at = around.tls_at
        self.within_tls = Router(routes=self._routes_within_tls())

    def _make_kiosk(self, around: Surroundings) -> Kiosk | None:
        bus = self._clients.get("kiosk")
        if bus is None:
            return None
        if around.pages is None:
            raise ValueError("the kiosk needs its pages")
        return Kiosk(bus, around.pages, around.clock, around.zone, self.metrics)

    def _make_lines(self) -> TerminalLines | None:
        bus = self._clients.get("terminal")
        return TerminalLines(bus, self._buses["terminal"].listen) if bus else None

    def _make_sockets(self, around: Surroundings) -> list[tuple[Socket, str, int, bool]]:
        return [
            (Socket(self._clients[name], self.metrics, around.clock, caller_at(name)), *at, name in WITHIN_TLS)
            for name, at in around.sockets.items()
            if name in self._clients
        ]

    def _make_queues(self, around: Surroundings) -> list[Queue | Subjects]:
        """Of each kind of caller who may ask anything."""
        queues: list[Queue | Subjects] = []
        for interface in QUEUES:
            account = ACCOUNTS[interface]
            served, name = served_operations(account), f"{around.queue_name}.{account.value}"
            if interface not in self._clients or not served:
                continue
            asking = QueueAsking(self._clients[interface], self.metrics, served)
            if around.brokers:
                queues.append(Queue(asking, around.brokers, name, ShiftedClock()))
            if around.letters:
                queues.append(Subjects(asking, around.letters, name))
        for queue in queues:
            way = f"{type(queue).__name__.lower()} {queue.name}"
            self.metrics.watch_queue(way, lambda queue=queue: queue.connected)
        return queues

    def _make_hl7(self, around: Surroundings) -> Hl7Lines | None:
        bus = self._clients.get("hl7")
        return Hl7Lines(bus, self.metrics, around.clock, around.zone) if bus else None

    def _routes(self, around: Surroundings) -> list[BaseRoute]:
        asking = {name: bus for name, bus in self._clients.items() if caller_at(name) in spec_of(GetHealth).callers}
        self.metrics.ask_first(PlatformFigures(asking, around.clock))
        health = Health(asking, self.connected, around.parts, around.clock)
        routes = self._kiosk.routes() if self._kiosk else []
        routes += [*health.routes(), *self.metrics.routes(), *around.more]
        if self._lines:
            routes += self._lines.routes()
        if "callbacks" in self._clients:
            routes += Callbacks(self._clients["callbacks"], self.metrics).routes()
        routes += self._institutions_routes("rest", "rest-institution", "soap")
        if "verify" in self._clients:
            routes += Verify(self._clients["verify"], self.metrics).routes()
        return routes

    def _routes_within_tls(self) -> list[BaseRoute]:
        return self._institutions_routes("rest-tls", "rest-institution-tls", "soap-tls")

    def _institutions_routes(self, rest: str, institution: str, soap: str) -> list[BaseRoute]:
        routes: list[BaseRoute] = []
        for name in (rest, institution):
            if name in self._clients:
                routes += Rest(self._clients[name], self.metrics, caller_at(name)).routes()
        if soap in self._clients:
            routes += Soap(self._clients[soap], self.metrics, served_operations(caller_at(soap))).routes()
        return routes

    def connected(self) -> bool:
        return all(bus.connected for bus in self._buses.values())

    @asynccontextmanager
    async def _lifespan(self, app: Router) -> AsyncGenerator[None]:
        tasks: list[asyncio.Task[None]] = []
        if self._kiosk:
            bus, hub = self._buses["kiosk"], self._kiosk.hub
            for subject in SUBJECTS:
                await bus.listen(subject, hub.heard)
            tasks.append(asyncio.create_task(watch_connection(lambda: bus.connected, hub.missed)))
        if self._lines:
            await self._lines.start()
        for socket, host, port, within_tls in self._sockets:
            await socket.listen(host, port, self.papers.context if self.papers and within_tls else None)
        for queue in self._queues:
            queue.start()
        if self.hl7:
            await self.hl7.start(*self._hl7_at)
        try:
            yield
        finally:
            await self.close()
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def close(self) -> None:
        """Ends every open stream and line; asking twice is fine."""
        if self._kiosk:
            self._kiosk.hub.close()
        if self._lines:
            await self._lines.close()
        for socket, *_ in self._sockets:
            await socket.close()
        for queue in self._queues:
            await queue.close()
        if self.hl7:
            await self.hl7.close()


class Server(uvicorn.Server):
    """Tells pages and agents before it waits for their connections to end. What ends TLS listens beside the rest."""

    def __init__(self, config: uvicorn.Config, interfaces: Interfaces) -> None:
        super().__init__(config)
        self._interfaces = interfaces
        self.tls_port = 0

    async def startup(self, sockets: Any = None) -> None:
        papers = self._interfaces.papers
        listening = await self._within_tls(papers) if papers and self._interfaces.within_tls.routes else None
        await super().startup(sockets)
        if listening is not None:
            self.servers.append(listening)

    async def _within_tls(self, papers: Papers) -> asyncio.Server:
        config = _config(self._interfaces.within_tls, *self._interfaces.tls_at, http=Certified)
        config.load()

        def connection() -> asyncio.Protocol:
            return Certified(config, self.server_state, self.lifespan.state)

        listening = await asyncio.get_running_loop().create_server(
            connection,
            config.host,
            config.port,
            ssl=papers.context,
            ssl_handshake_timeout=HANDSHAKE_S,
            ssl_shutdown_timeout=SHUTDOWN_S,
        )
        self.tls_port = listening.sockets[0].getsockname()[1]
        return listening

    async def shutdown(self, sockets: Any = None) -> None:
        await self._interfaces.close()
        await super().shutdown(sockets)


def server_for(interfaces: Interfaces, host: str, port: int) -> Server:
    """A server for one process; ``await server.serve()`` runs it until a signal comes."""
    return Server(_config(interfaces.app, host, port), interfaces)


def _config(app: Router, host: str, port: int, http: type[WholeHeads] = WholeHeads) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=http,
        ws="websockets-sansio",
        lifespan="on",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_S,
        timeout_keep_alive=KEEPALIVE_S,
        limit_concurrency=4000,
        h11_max_incomplete_event_size=64 * 1024,
    )
