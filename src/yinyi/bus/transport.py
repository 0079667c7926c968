"""NATS: requests and replies, events, pushes. With ``inbox`` the only file that knows nats-py."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import nats
import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from yinyi.bus.inbox import Inbox
from yinyi.kernel.errors import PlatformUnavailable

log = structlog.get_logger()

STREAM = "EVENTS"
EVENT_SUBJECTS = "event.>"


class NatsTransport:
    """One connection under one account; reconnects for ever, and says so."""

    def __init__(self, client: Client, inbox: Inbox) -> None:
        self._inbox = inbox
        self._client: Any = client  # nats-py leaves parts of its signatures untyped
        self._tasks: set[asyncio.Task[None]] = set()
        self._saying: set[asyncio.Future[None]] = set()
        self._serving: Subscription | None = None

    @property
    def connected(self) -> bool:
        return self._client.is_connected

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        """See ``bus.client.Requests``."""
        if not self.connected:
            raise PlatformUnavailable("the bus is away")
        try:
            return await self._inbox.ask(subject, data, timeout_s)
        except nats.errors.Error as error:
            raise PlatformUnavailable(type(error).__name__) from None

    async def serve(self, answer: Callable[[str, bytes], Awaitable[bytes]]) -> None:
        """Answer all operations, sharing the work with every other business process. Requests come once this returns.

        Who asks could have his answer sent anywhere that we may publish: only his own inbox is answered.
        """

        async def one(message: Msg) -> None:
            account = message.subject.split(".")[1]
            if not message.reply.startswith(f"_INBOX.{account}."):
                log.warning("bus.foreign_inbox", account=account, reply=message.reply[:200])
                return
            reply = await answer(message.subject, message.data)
            try:
                await self._client.publish(message.reply, reply)
            except nats.errors.Error as error:
                log.error("bus.unanswered", subject=message.subject, why=type(error).__name__)

        async def received(message: Msg) -> None:
            task = asyncio.create_task(one(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        self._serving = await self._client.subscribe("op.>", queue="business", cb=received)
        await self._subscribed()

    async def listen(self, subject: str, heard: Callable[[str, bytes], Awaitable[None]]) -> Subscription:
        """Hear pushes as they happen, from when this returns on; what was said while away is not repeated."""

        async def received(message: Msg) -> None:
            await heard(message.subject, message.data)

        subscription = await self._client.subscribe(subject, cb=received)
        await self._subscribed()
        return subscription

    async def share(
        self, subject: str, group: str, heard: Callable[[str, str, Mapping[str, str], bytes], Awaitable[None]]
    ) -> None:
        """Hear each message or let another one of this group hear it: its subject, where the answer should go (empty:
        nowhere), its headers and its body."""

        async def received(message: Msg) -> None:
            await heard(message.subject, message.reply, message.headers or {}, message.data)

        await self._client.subscribe(subject, queue=group, cb=received)
        await self._subscribed()

    async def send(self, subject: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Publish and forget, with headers."""
        await self._client.publish(subject, body, headers=dict(headers))

    async def _subscribed(self) -> None:
        """Returns when the server knows; the client's first ping overtakes what it has not written yet."""
        for _ in range(2):
            await self._client.flush(timeout=5)

    async def tell(self, subject: str, data: bytes) -> None:
        """Publish and forget."""
        await self._client.publish(subject, data)

    def say(self, subject: str, data: bytes) -> None:
        """The same without waiting. What cannot be said now is not said later."""
        if self.connected:
            saying = asyncio.ensure_future(self._client.publish(subject, data))
            self._saying.add(saying)
            saying.add_done_callback(self._said)

    def _said(self, saying: "asyncio.Future[None]") -> None:
        self._saying.discard(saying)
        if not saying.cancelled() and (error := saying.exception()) is not None:
            log.info("bus.unsaid", why=type(error).__name__)

    async def publish_event(self, subject: str, body: bytes, message_id: str) -> None:
        """Returns when the stream has stored it; a repeat within two minutes is dropped by the stream.

        Raises:
            PlatformUnavailable: the bus is away.
        """
        if not self.connected:
            raise PlatformUnavailable("the bus is away")
        await self._client.jetstream().publish(subject, body, timeout=5, headers={"Nats-Msg-Id": message_id})

    async def make_stream(self) -> None:
        """The stream of events exists: a week, at most a gigabyte."""
        jetstream = self._client.jetstream()
        await jetstream.add_stream(
            name=STREAM, subjects=[EVENT_SUBJECTS], max_age=7 * 86400, max_bytes=1 << 30, duplicate_window=120
        )

    async def drain(self) -> None:
        """Take no more requests, and finish what is being answered (at most 5 s)."""
        if self._serving is not None:
            await self._serving.unsubscribe()
            self._serving = None
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    async def close(self) -> None:
        await self._client.close()


async def connect(url: str, account: str, password: str) -> NatsTransport:
    """Connect as one account. Its replies come to an inbox that nobody else may read."""

    async def told(what: str, **more: Any) -> None:
        log.warning(f"bus.{what}", account=account, **more)

    async def lost() -> None:
        await told("lost")

    async def back() -> None:
        await told("back")

    async def failed(error: Exception) -> None:
        if not isinstance(error, (nats.errors.StaleConnectionError, ConnectionError, OSError)):
            await told("error", why=str(error)[:200])

    connect_nats: Any = vars(nats)["connect"]
    client: Client = await connect_nats(
        url,
        user=account,
        password=password,
        name=account,
        inbox_prefix=f"_INBOX.{account}".encode(),
        allow_reconnect=True,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.2,
        ping_interval=5,
        max_outstanding_pings=2,
        connect_timeout=5,
        pending_size=8 * 1024 * 1024,
        disconnected_cb=lost,
        reconnected_cb=back,
        error_cb=failed,
    )
    inbox = Inbox(client)
    await inbox.open()
    return NatsTransport(client, inbox)
