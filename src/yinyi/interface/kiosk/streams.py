"""GET EVENTS: the event stream of one open page."""

import asyncio
import contextlib

from starlette.types import Receive, Scope, Send

from yinyi.interface.kiosk import cookies, page
from yinyi.interface.kiosk.events import Hub, Interest, Page
from yinyi.kernel.errors import Busy, Invalid

HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"x-content-type-options", b"nosniff"),
]


class Streams:
    """One ASGI application for all of them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            return await page.Answer(405, headers=[(b"allow", b"GET")]).send(send)
        screen = cookies.read(dict(scope["headers"]).get(b"cookie", b"")).screen
        if not screen:
            return await page.Answer(403).send(send)
        try:
            opened = self._hub.open(screen, Interest.of(page.query_of(scope)))
        except Busy:
            return await page.Answer(503, headers=[(b"retry-after", b"5")]).send(send)
        except Invalid:
            return await page.Answer(400).send(send)
        try:
            await self._pour(opened, receive, send)
        finally:
            self._hub.leave(opened)

    async def _pour(self, opened: Page, receive: Receive, send: Send) -> None:
        """Until the browser has gone or the node closes."""
        pouring = asyncio.create_task(self._send(opened, send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({pouring, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (pouring, leaving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await task

    async def _send(self, opened: Page, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        async for chunk in self._hub.stream(opened):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
