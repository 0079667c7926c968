"""Where a sandbox stands while its connector is checked. Everything that is used here ends with it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import Receive, Scope, Send

from yinyi.conformance.relay import Relay
from yinyi.kernel.clock import Clock, ShiftedClock
from yinyi.kernel.far_side import Application, FarDatabase
from yinyi.kernel.listening import listening, send_at_once

PATIENCE_S = 20.0
Databases = Callable[[], Awaitable[FarDatabase]]


@dataclass
class MovingClock:
    """The time, moved by an offset that a behaviour may change."""

    offset: timedelta = timedelta()
    real: Clock = field(default_factory=ShiftedClock)

    def now(self) -> datetime:
        return self.real.now().astimezone(UTC) + self.offset


@dataclass(frozen=True)
class Callback:
    """Names of headers are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


class Mailbox:
    """Receives callbacks. ``answers``: the status and the bytes that each is answered by."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[Callback] = asyncio.Queue()
        self.answers: Callable[[Callback], tuple[int, bytes]] = lambda _: (500, b"")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        callback = Callback(scope["path"], headers, body)
        status, word = self.answers(callback)
        self.received.put_nowait(callback)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": word})


class Ground:
    """Implements ``Place``."""

    def __init__(self, folder: Path, databases: Databases, ends: contextlib.AsyncExitStack) -> None:
        self.folder = folder
        self.clock = MovingClock()
        self.mailbox = Mailbox()
        self.callback_url = ""
        self._databases = databases
        self._ends = ends

    async def serve(self, application: Application) -> int:
        listener = listening()
        await self._ends.enter_async_context(serving(application, listener))
        return listener.getsockname()[1]

    async def line(self, port: int) -> Relay:
        relay = Relay(port)
        await relay.start()
        self._ends.push_async_callback(relay.stop)
        return relay

    async def database(self) -> FarDatabase:
        return await self._databases()


@asynccontextmanager
async def ground(folder: Path, databases: Databases) -> AsyncGenerator[Ground]:
    async with contextlib.AsyncExitStack() as ends:
        place = Ground(folder, databases, ends)
        place.callback_url = f"http://127.0.0.1:{await place.serve(place.mailbox)}/callbacks/connector"
        yield place


class _Server(uvicorn.Server):
    """One that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serving(application: Any, listener: socket.socket) -> AsyncGenerator[None]:
    """Serves a web application on a bound socket, as the product does: uvicorn with httptools."""
    send_at_once(listener)
    server = _Server(uvicorn.Config(application, http="httptools", log_config=None, timeout_graceful_shutdown=1))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    async with asyncio.timeout(PATIENCE_S):
        while not server.started:
            if task.done():
                raise OSError("the server did not start")
            await asyncio.sleep(0)
    try:
        yield
    finally:
        server.should_exit = True
        await task
