"""Lines of institutions as the platform's own loop serves them: what is no request is said to be none."""

import asyncio
import json

import pytest
import uvloop
from kiosk_platform import Platform

from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.interface.metrics import Metrics
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


@pytest.mark.parametrize("what", ODD)
def test_what_is_no_request_is_answered_without_a_seal(what: str) -> None:
    sent, code = ODD[what]

    async def story() -> None:
        platform = Platform(answers={})
        bus = BusClient(platform, Caller.INSTITUTION.value, platform.clock)
        socket = Socket(bus, Metrics(), platform.clock, Caller.INSTITUTION)
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
