"""The event stream of one page over HTTP: it ends with the browser and with the node; nobody's screen is refused."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from kiosk_hub import PATIENCE_S, House
from kiosk_platform import SCREEN, run

from yinyi.interface.kiosk import events
from yinyi.interface.kiosk.events import Interest
from yinyi.interface.kiosk.streams import Streams


async def _stream(house: House, headers: list[tuple[bytes, bytes]], query: bytes = b"", method: str = "GET") -> "Wire":
    wire = Wire()
    scope = {"type": "http", "method": method, "headers": headers, "query_string": query}
    wire.task = asyncio.create_task(Streams(house.hub)(scope, wire.receive, wire.send))
    return wire


class Wire:
    """The server's side of one HTTP request."""

    task: asyncio.Task[None]

    def __init__(self) -> None:
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.receive: Callable[[], Awaitable[dict[str, Any]]] = self._receive

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.put_nowait(message)

    async def next(self) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await self.sent.get()


def test_a_stream_ends_when_the_browser_goes() -> None:
    async def work() -> None:
        house = House()
        wire = await _stream(house, [(b"cookie", b"yinyi_screen=" + SCREEN.encode())], b"card=1")
        start = await wire.next()
        assert start["status"] == 200
        assert (b"content-type", b"text/event-stream") in start["headers"]
        assert (await wire.next())["body"] == b"retry: 1000\n\n"
        assert house.hub.count == 1
        wire.gone.set()
        async with asyncio.timeout(PATIENCE_S):
            await wire.task
        assert house.hub.count == 0

    run(work())


def test_a_stream_ends_well_when_the_node_closes() -> None:
    async def work() -> None:
        house = House()
        wire = await _stream(house, [(b"cookie", b"yinyi_screen=" + SCREEN.encode())])
        await wire.next()
        house.hub.close()
        async with asyncio.timeout(PATIENCE_S):
            await wire.task
        messages = [wire.sent.get_nowait() for _ in range(wire.sent.qsize())]
        assert messages[-1] == {"type": "http.response.body", "body": b""}

    run(work())


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [([], b"", 403), ([(b"cookie", b"yinyi_screen=s")], b"a=%ff", 400)],
)
def test_a_stream_for_nobody_is_refused(headers: list[tuple[bytes, bytes]], query: bytes, status: int) -> None:
    async def work() -> None:
        wire = await _stream(House(), headers, query)
        assert (await wire.next())["status"] == status
        await wire.task

    run(work())


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_a_stream_is_only_read(method: str) -> None:
    async def work() -> None:
        house = House()
        wire = await _stream(house, [(b"cookie", b"yinyi_screen=" + SCREEN.encode())], method=method)
        start = await wire.next()
        assert start["status"] == 405
        assert (b"allow", b"GET") in start["headers"]
        assert house.hub.count == 0
        await wire.task

    run(work())


def test_one_stream_too_many_is_asked_to_wait() -> None:
    async def work() -> None:
        house = House()
        for _ in range(events.MOST_OF_ONE_SCREEN):
            house.hub.open(SCREEN, Interest())
        wire = await _stream(house, [(b"cookie", b"yinyi_screen=" + SCREEN.encode())])
        assert (await wire.next())["status"] == 503
        await wire.task

    run(work())
