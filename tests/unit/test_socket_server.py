"""Lines of institutions as the platform's own loop serves them: what is no request is said to be none."""

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import uvloop
from kiosk_platform import Platform

from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.interface.metrics import Metrics
from yinyi.interface.socket import server
from yinyi.interface.socket.server import Socket

SEAL = b"FRAME-HMAC-SM3 " + b"0" * 64 + b"\n"
ODD = {
    "no frame": (b"\x00\x05hello", "Invalid"),
    "an empty one": (b"0000" + b"00000000", "TooLarge"),
    "a length of letters": (b"00x9", "TooLarge"),
    "no document": (b"0080" + SEAL, "Invalid"),
    "no such operation": (
        b"%04d" % (len(SEAL) + 64) + SEAL + b'{"head":{"institution":"a","operation":"b","time":""}}'.ljust(64),
        "OperationUnknown",
    ),
}


def a_socket() -> Socket:
    platform = Platform(answers={})
    bus = BusClient(platform, Caller.INSTITUTION.value, platform.clock)
    return Socket(bus, Metrics(), platform.clock, Caller.INSTITUTION)


@pytest.mark.parametrize("what", ODD)
def test_what_is_no_request_is_answered_without_a_seal(what: str) -> None:
    sent, code = ODD[what]

    async def story() -> None:
        socket = a_socket()
        port = await socket.listen("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        size = await reader.readexactly(2 if sent[:1] == b"\0" else 8 if sent[:4] == b"0000" else 4)
        length = int.from_bytes(size, "big") if len(size) == 2 else int(size)
        seal, _, document = (await reader.readexactly(length)).partition(b"\n")
        assert (seal, json.loads(document)["head"]["code"]) == (b"NONE -", code)
        await socket.close()
        assert await reader.read() == b"", "whoever was on a line is let go"
        writer.close()
        await writer.wait_closed()

    uvloop.run(story())


def test_whoever_sends_too_much_is_heard_out_so_that_he_can_read_the_answer() -> None:
    async def story() -> None:
        socket = a_socket()
        reader, writer = await asyncio.open_connection("127.0.0.1", await socket.listen("127.0.0.1", 0))
        writer.write(ODD["a length of letters"][0])
        try:
            async with asyncio.timeout(20):
                for _ in range(128):
                    writer.write(bytes(65_536))
                    await writer.drain()
            assert await _codes(reader) == ["TooLarge"]
        finally:
            writer.close()
            await socket.close()

    uvloop.run(story())


async def _codes(reader: asyncio.StreamReader) -> list[str]:
    """Of all that is said until it is hung up."""
    async with asyncio.timeout(20):
        said = await reader.read()
    return re.findall(r'"code":"(\w+)"', said.decode("latin-1"))


def test_whoever_does_not_sign_on_is_let_go_although_he_goes_on_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "SIGN_ON_S", 0.2)

    async def story() -> None:
        socket = a_socket()
        reader, writer = await asyncio.open_connection("127.0.0.1", await socket.listen("127.0.0.1", 0))
        writer.write(ODD["no such operation"][0])
        assert (await _codes(reader))[-1] == "TooSlow"
        await socket.close()
        writer.close()

    uvloop.run(story())


def test_one_address_holds_few_connections_without_signing_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MOST_STRANGERS", 2)

    async def story() -> None:
        socket = a_socket()
        port = await socket.listen("127.0.0.1", 0)
        lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert await _codes(lines[2][0]) == ["Busy"]
        lines[0][1].write(ODD["no document"][0])
        assert await lines[0][0].readexactly(4)
        await socket.close()
        for _, writer in lines:
            writer.close()

    uvloop.run(story())


class Unread:
    """A transport whose other side reads nothing."""

    def __init__(self) -> None:
        self.closed, self.aborted = False, asyncio.Event()

    def get_extra_info(self, name: str) -> None: ...

    def set_write_buffer_limits(self, high: int) -> None: ...

    def write(self, data: bytes) -> None: ...

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.aborted.set()


def test_whoever_does_not_read_to_the_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLOSED_WITHIN_S", 0.01)
    made: list[Callable[[], Any]] = []

    class Loop(asyncio.SelectorEventLoop):
        async def create_server(self, protocol_factory: Any, *at: Any, **more: Any) -> asyncio.Server:
            made.append(protocol_factory)
            return await super().create_server(protocol_factory, *at, **more)

    async def story() -> None:
        socket, transport = a_socket(), Unread()
        await socket.listen("127.0.0.1", 0)
        made[0]().connection_made(transport)
        await socket.close()
        async with asyncio.timeout(20):
            await transport.aborted.wait()
        assert transport.closed

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(story())
