"""A broker made of a list: what it was told, and what it delivers. It speaks as much STOMP as a client needs."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from yinyi.interface.queue.address import Address
from yinyi.wire.stomp import encoded


@dataclass(frozen=True)
class Heard:
    command: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class FakeBroker:
    """greeting: the command that answers CONNECT. beats: what it promises, and wants. refuses: destinations that it
    takes nothing for. on_send: called for each SEND, after it was heard and before it is confirmed."""

    greeting: str = "CONNECTED"
    beats: str = "0,0"
    refuses: tuple[str, ...] = ()
    on_send: Callable[["FakeBroker"], None] = lambda _: None
    heard: list[Heard] = field(default_factory=list[Heard])
    lines: list[asyncio.StreamWriter] = field(default_factory=list[asyncio.StreamWriter])
    port: int = 0
    beats_heard: int = 0
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def address(self) -> Address:
        return Address("127.0.0.1", self.port, tls=False, login="platform", passcode="secret")

    def all(self, command: str, to: str = "") -> list[Heard]:
        """What it was told by this command, about this destination."""
        return [each for each in self.heard if each.command == command and to in each.headers.get("destination", "")]

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(holds)

    async def deliver(self, headers: Mapping[str, str], body: bytes = b"{}", subscription: str = "") -> None:
        """A text, to whoever subscribed last."""
        await self.until(lambda: self.all("SUBSCRIBE"))
        name = subscription or self.all("SUBSCRIBE")[-1].headers["id"]
        told = {"subscription": name, "ack": f"ack-{headers.get('message-id', '')}", **headers}
        self.lines[-1].write(encoded("MESSAGE", told, body, length=False))

    def hang_up(self) -> None:
        self.lines[-1].close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lines.append(writer)
        held = b""
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                *whole, held = (held + data).split(b"\0")
                for each in whole:
                    await self._take(_frame(each), writer)
                if held.strip(b"\n") == b"" != held:
                    await self._beaten()

    async def _beaten(self) -> None:
        async with self._news:
            self.beats_heard += 1
            self._news.notify_all()

    async def _take(self, frame: Heard, writer: asyncio.StreamWriter) -> None:
        async with self._news:
            self.heard.append(frame)
            self._news.notify_all()
        if frame.command == "CONNECT":
            writer.write(encoded(self.greeting, {"version": "1.2", "heart-beat": self.beats, "message": "no"}))
        if frame.command == "SEND":
            self.on_send(self)
        receipt = frame.headers.get("receipt")
        if receipt and frame.headers.get("destination") in self.refuses:
            writer.write(encoded("ERROR", {"receipt-id": receipt, "message": "not permitted"}))
        elif receipt:
            writer.write(encoded("RECEIPT", {"receipt-id": receipt}))


def _frame(data: bytes) -> Heard:
    head, _, body = data.lstrip(b"\n").partition(b"\n\n")
    command, *lines = head.decode().split("\n")
    pairs = (line.partition(":") for line in lines)
    return Heard(command, {name: value.replace("\\c", ":") for name, _, value in pairs}, body)


@asynccontextmanager
async def fake_broker(broker: FakeBroker) -> AsyncGenerator[FakeBroker]:
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        yield broker
    finally:
        server.close()
        for line in broker.lines:
            line.close()
