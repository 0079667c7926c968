"""The platform's end of the lines on a real socket, and agents: the real one, and one made by hand."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from starlette.applications import Starlette
from terminal_hall import HALL, PATIENCE_S, Hall, hall, publishing
from web_line import serving
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from yinyi.bus.operation import Caller
from yinyi.devices.agent import Agent
from yinyi.devices.credential import CredentialFile
from yinyi.devices.drivers import build_devices
from yinyi.devices.settings import AgentSettings
from yinyi.devices.virtual.printer import VirtualPrinter
from yinyi.devices.virtual.reader import VirtualReader
from yinyi.devices.virtual.scanner import VirtualScanner
from yinyi.interface.terminal.server import PATH, TerminalLines
from yinyi.wire.terminal_line import (
    Bye,
    DeviceReport,
    FromAgent,
    FromPlatform,
    Hello,
    Welcome,
    decode_from_platform,
    encode,
)

F = TypeVar("F")

DEVICES = [
    DeviceReport(device="id_reader", kind="id_reader", state="ok"),
    DeviceReport(device="receipt_printer", kind="receipt_printer", state="ok"),
]


@dataclass
class Line:
    """What a test holds in its hand: the hall, and the address of its lines."""

    hall: Hall
    server: TerminalLines
    url: str


@asynccontextmanager
async def lines(database: str) -> AsyncGenerator[Line]:
    async with hall(database) as place, publishing(place):
        server = TerminalLines(place.client(Caller.TERMINAL), place.pushes.listen)
        await server.start()
        async with serving(Starlette(routes=server.routes())) as port:
            yield Line(place, server, f"ws://127.0.0.1:{port}{PATH}")
            await server.close()


class HandAgent:
    """Says exactly what it is told to say."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, frame: FromAgent) -> None:
        await self.socket.send(encode(frame))

    async def hears(self, kind: type[F]) -> F:
        """The very next frame, which is of this kind."""
        async with asyncio.timeout(PATIENCE_S):
            frame: FromPlatform = decode_from_platform(await self.socket.recv())
        assert isinstance(frame, kind), frame
        return frame

    async def hears_bye(self) -> Bye:
        """The last frame, whatever came before it."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = decode_from_platform(await self.socket.recv())
                if isinstance(frame, Bye):
                    break
            with suppress(ConnectionClosed):
                pytest.fail(f"something after the last frame: {await self.socket.recv()!r}")
        return frame


@asynccontextmanager
async def by_hand(there: Line) -> AsyncGenerator[HandAgent]:
    """A connection that has not said hello yet."""
    async with connect(there.url, proxy=None, max_size=1 << 20) as socket:
        yield HandAgent(socket)


@asynccontextmanager
async def welcomed(there: Line, token: str) -> AsyncGenerator[tuple[HandAgent, Welcome]]:
    async with by_hand(there) as agent:
        await agent.say(hello(terminal_token=token))
        yield agent, await agent.hears(Welcome)


def hello(**more: Any) -> Hello:
    fields: dict[str, Any] = {"version": 1, "installation_id": "machine-1", "agent_version": "1", "devices": DEVICES}
    return Hello(**{**fields, **more})


@dataclass
class RealAgent:
    """The product's agent with its virtual devices."""

    agent: Agent
    reader: VirtualReader
    scanner: VirtualScanner
    printer: VirtualPrinter
    settings: AgentSettings
    ended: asyncio.Event

    def token(self) -> str:
        """What the agent was given at its enrolment."""
        return CredentialFile(self.settings.data_dir).read().terminal_token


@asynccontextmanager
async def real_agent(there: Line, folder: Path, terminal_id: str = HALL) -> AsyncGenerator[RealAgent]:
    settings = AgentSettings(
        line_url=there.url,
        data_dir=folder,
        enrolment_code=there.hall.codes[terminal_id],
        retry_after_s=0.01,
        retry_at_most_s=0.2,
        resend_after_s=0.5,
    )
    devices = build_devices(settings)
    reader, scanner, printer, *_ = devices
    assert isinstance(reader, VirtualReader)
    assert isinstance(scanner, VirtualScanner)
    assert isinstance(printer, VirtualPrinter)
    agent = Agent(settings, there.hall.clock, devices)
    ended = asyncio.Event()
    task = asyncio.create_task(agent.run())
    task.add_done_callback(lambda _: ended.set())
    try:
        yield RealAgent(agent, reader, scanner, printer, settings, ended)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
