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

from yinyi.conformance.relay import Relay
from yinyi.kernel.clock import Clock, ShiftedClock
from yinyi.kernel.far_side import Application, FarDatabase

PATIENCE_S = 20.0
Databases = Callable[[], Awaitable[FarDatabase]]


@dataclass
class MovingClock:
    """The time, moved by an offset that a behaviour may change."""

    offset: timedelta = timedelta()
    real: Clock = field(default_factory=ShiftedClock)

    def now(self) -> datetime:
        return self.real.now().astimezone(UTC) + self.offset


class Ground:
    """Implements ``Place``."""

    def __init__(self, folder: Path, databases: Databases, ends: contextlib.AsyncExitStack) -> None:
        self.folder = folder
        self.clock = MovingClock()
        self.callback_url = ""
        self._databases = databases
        self._ends = ends

    async def serve(self, application: Application) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
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
        yield Ground(folder, databases, ends)


class _Server(uvicorn.Server):
    """One that leaves signals to whoever runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def serving(application: Any, listener: socket.socket) -> AsyncGenerator[None]:
    """Serves a web application on a bound socket, as the product does: uvicorn with httptools."""
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
