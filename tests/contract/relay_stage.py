"""A relay on a real socket, and those behind it."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tls_papers import Authority
from web_line import serving

from yinyi.app.relay.allowed import allowed_from
from yinyi.app.relay.server import Limits, Relay, listening
from yinyi.kernel.plugin import RelayAddress

PASSWORD = "a word that both know"
HOST = "localhost"


@asynccontextmanager
async def relaying(allows: str, limits: Limits | None = None) -> AsyncGenerator[RelayAddress]:
    """Its address."""
    relay = Relay(allowed_from(allows), PASSWORD, limits)
    server = await listening(relay, "127.0.0.1", 0)
    try:
        yield RelayAddress("127.0.0.1", server.sockets[0].getsockname()[1], PASSWORD)
    finally:
        server.close()
        await relay.close()


@asynccontextmanager
async def wallet(folder: Path) -> AsyncGenerator[tuple[int, ssl.SSLContext, str]]:
    """A web server with TLS: its port, who vouches for it, and the file of that."""

    async def paid(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"paid {(await request.body()).decode()}")

    authority = Authority(folder, "authority")
    app = Starlette(routes=[Route("/pay", paid, methods=["POST"])])
    async with serving(app, ssl_certfile=authority.papers(HOST)) as port:
        yield port, ssl.create_default_context(cafile=authority.ca_file), authority.ca_file


@asynccontextmanager
async def listener(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncGenerator[int]:
    """Somebody without TLS: his port."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def asked(relay: RelayAddress, head: str) -> bytes:
    """What the relay answers to this, until it hangs up."""
    reader, writer = await asyncio.open_connection(relay.host, relay.port)
    writer.write(head.encode())
    try:
        return await reader.read()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
