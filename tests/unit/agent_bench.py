"""An agent with virtual devices, and the platform's end of its line, in one event loop."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
from PIL import Image
from websockets.asyncio.server import ServerConnection, serve

from yinyi.devices.agent import run
from yinyi.devices.settings import AgentSettings
from yinyi.kernel.clock import ShiftedClock
from yinyi.wire.receipt import encode_receipt
from yinyi.wire.terminal_line import (
    Ack,
    Bye,
    Event,
    FromAgent,
    FromPlatform,
    Hello,
    PrintJob,
    Welcome,
    decode_from_agent,
    encode,
)

PATIENCE_S = 20
CLOCK = ShiftedClock()
RECEIPT = encode_receipt(Image.new("1", (576, 80), 0))
_F = TypeVar("_F")


def job(job_id: str, data: bytes = RECEIPT) -> PrintJob:
    return PrintJob(job_id=job_id, kind="receipt", data=data)


@dataclass
class Connection:
    """One connection of the agent, after its hello."""

    socket: ServerConnection
    hello: Hello
    frames: asyncio.Queue[FromAgent] = field(default_factory=lambda: asyncio.Queue[FromAgent]())

    async def say(self, frame: FromPlatform) -> None:
        await self.socket.send(encode(frame))

    async def heard(self, kind: type[_F], where: Callable[[_F], bool] = lambda _: True) -> _F:
        """The next frame of this kind; others before it are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = await self.frames.get()
                if isinstance(frame, kind) and where(frame):
                    return frame

    async def cut(self) -> None:
        """As a broken cable: no closing handshake."""
        self.socket.transport.abort()
        await self.socket.wait_closed()

    async def ended(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.wait_closed()


@dataclass
class Platform:
    """Welcomes every agent under one rule and keeps its connections."""

    welcome: Callable[[Hello, int], FromPlatform | None]
    acknowledges: bool = True
    connections: asyncio.Queue[Connection] = field(default_factory=lambda: asyncio.Queue[Connection]())
    epoch: int = 0
    url: str = ""

    async def connection(self) -> Connection:
        async with asyncio.timeout(PATIENCE_S):
            return await self.connections.get()

    async def answer(self, socket: ServerConnection) -> None:
        hello = decode_from_agent(await socket.recv())
        assert isinstance(hello, Hello)
        self.epoch += 1
        connection = Connection(socket, hello)
        greeting = self.welcome(hello, self.epoch)
        if greeting is not None:
            await connection.say(greeting)
        self.connections.put_nowait(connection)
        if isinstance(greeting, Bye):
            return
        async for text in socket:
            frame = decode_from_agent(text)
            connection.frames.put_nowait(frame)
            if self.acknowledges and isinstance(frame, Event):
                await connection.say(Ack(event_id=frame.event_id))


def known_terminal(hello: Hello, epoch: int) -> FromPlatform:
    return Welcome(terminal_id="T03", epoch=epoch, heartbeat_s=30, pairing_code="4711", terminal_token="secret")


@asynccontextmanager
async def platform(
    welcome: Callable[[Hello, int], FromPlatform | None] = known_terminal, port: int = 0
) -> AsyncGenerator[Platform]:
    there = Platform(welcome)
    async with serve(there.answer, "127.0.0.1", port) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        there.url = f"ws://127.0.0.1:{port}/terminal/line"
        yield there


def settings(there: Platform, folder: Path, **changes: Any) -> AgentSettings:
    quick = AgentSettings(
        line_url=there.url,
        data_dir=folder / "agent",
        enrolment_code="E-1",
        retry_after_s=0.01,
        retry_at_most_s=0.05,
    )
    return msgspec.structs.replace(quick, **changes)


@asynccontextmanager
async def running(what: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Runs beside the block and is cancelled at its end."""
    task = asyncio.create_task(what)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def agent(how: AgentSettings) -> AbstractAsyncContextManager[None]:
    return running(run(how, CLOCK))


@asynccontextmanager
async def hands(how: AgentSettings) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of the agent's control; the agent has to be connected already."""
    control = msgspec.json.decode((how.data_dir / "control.json").read_bytes())
    headers = {"authorization": f"Bearer {control['token']}"}
    client = httpx.AsyncClient(base_url=control["url"], headers=headers, trust_env=False, timeout=PATIENCE_S)
    async with client:
        yield client
