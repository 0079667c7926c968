"""Where a connection's replies come in: one place that nobody can guess, and in it a number for each request.

The client has the same, at twice the cost: a page is a request.
"""

import asyncio
from itertools import count
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg

from yinyi.kernel.errors import DeadlineExceeded, PlatformUnavailable

_NOBODY_THERE = "503"
"""The server's own answer where nobody listens (NATS protocol, no responders)."""


class Inbox:
    """One subscription for all of them; it is there again after a reconnection."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client  # nats-py leaves parts of its signatures untyped
        self._place = f"{client.new_inbox()}."
        self._numbers = count(1)
        self._waiting: dict[str, asyncio.Future[bytes]] = {}

    async def open(self) -> None:
        """Before the first request."""
        await self._client.subscribe(f"{self._place}*", cb=self._came)

    async def ask(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        """
        Raises:
            PlatformUnavailable: nobody listens there.
            DeadlineExceeded: nothing has come within ``timeout_s``.
            nats.errors.Error: it could not be sent.
        """
        loop = asyncio.get_running_loop()
        reply, reply_to = loop.create_future(), f"{self._place}{next(self._numbers)}"
        timer = loop.call_later(timeout_s, _too_late, reply, subject)
        self._waiting[reply_to] = reply
        try:
            await self._client.publish(subject, data, reply=reply_to)
            return await reply
        finally:
            timer.cancel()
            del self._waiting[reply_to]

    async def _came(self, message: Msg) -> None:
        reply = self._waiting.get(message.subject)
        if reply is None or reply.done():
            return
        if message.headers and message.headers.get("Status") == _NOBODY_THERE:
            reply.set_exception(PlatformUnavailable("no business process answers"))
        else:
            reply.set_result(message.data)


def _too_late(reply: "asyncio.Future[bytes]", subject: str) -> None:
    if not reply.done():
        reply.set_exception(DeadlineExceeded(subject))
