"""A nats-server with the configuration that Yinyi gives it, and connections that end with the test."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, MutableMapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
import structlog

from yinyi.app.embedded.nats import EmbeddedNats
from yinyi.app.nats_config import account_names, nats_config
from yinyi.bus.permissions import BUSINESS
from yinyi.bus.transport import STREAM, NatsTransport, connect

PATIENCE_S = 30.0
connect_nats: Any = vars(nats)["connect"]


@dataclass
class Bus:
    """One server. ``said``: what our side logs, as it happens: ``(event, account)``."""

    folder: Path
    port: int
    said: "asyncio.Queue[tuple[str, str]]" = field(default_factory=asyncio.Queue[tuple[str, str]])
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _server: EmbeddedNats | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        passwords = {account: password_of(account) for account in account_names()}
        config = nats_config(passwords, self.folder / "store", self.port)
        self._server = EmbeddedNats(self.folder, config, self.port).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    async def join(self, account: str) -> NatsTransport:
        """As the product does."""
        transport = await connect(self.url, account, password_of(account))
        self._stack.push_async_callback(transport.close)
        return transport

    async def intrude(self, account: str) -> "tuple[Any, asyncio.Queue[str]]":
        """A client that may try what ours never would, and what the server says to it."""
        refusals: asyncio.Queue[str] = asyncio.Queue()

        async def refused(error: Exception) -> None:
            refusals.put_nowait(str(error).lower())

        client: Any = await connect_nats(
            self.url,
            user=account,
            password=password_of(account),
            error_cb=refused,
            inbox_prefix=f"_INBOX.{account}".encode(),
        )
        self._stack.push_async_callback(client.close)
        return client, refusals

    async def stored(self) -> list[tuple[str, bytes]]:
        """Every event that the stream holds, in order."""
        client, _ = await self.intrude(BUSINESS)
        jetstream: Any = client.jetstream()
        state: Any = (await jetstream.stream_info(STREAM)).state
        places = range(state.first_seq, state.last_seq + 1) if state.messages else ()
        messages = [await jetstream.get_msg(STREAM, place) for place in places]
        return [(message.subject, message.data) for message in messages]

    async def hear_of(self, *events: tuple[str, str]) -> None:
        """Returns when our side has logged all of these, in whatever order."""
        missing = set(events)
        while missing:
            missing.discard(await self.said.get())

    def play(self, story: Callable[[], Awaitable[None]]) -> None:
        """The story, with an end whatever happens."""

        async def on_stage() -> None:
            async with self._stack, asyncio.timeout(PATIENCE_S):
                await story()

        with _overheard(self.said):
            asyncio.run(on_stage())


def password_of(account: str) -> str:
    return f"password-of-{account}"


async def echo(subject: str, data: bytes) -> bytes:
    """What a business process answers that has nothing to say of its own."""
    return subject.encode() + b" " + data


async def end(task: "asyncio.Task[None]") -> None:
    """Cancel it until it has ended: Python 3.11's ``wait_for`` loses a cancellation that comes with its result."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.5)


@contextmanager
def _overheard(said: "asyncio.Queue[tuple[str, str]]") -> Generator[None]:
    """Log lines come here instead; changed in place, as loggers may be cached."""

    def keep(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        said.put_nowait((event["event"], event.get("account", "")))
        raise structlog.DropEvent

    processors: list[Any] = structlog.get_config()["processors"]
    before = processors.copy()
    processors[:] = [keep]
    try:
        yield
    finally:
        processors[:] = before
