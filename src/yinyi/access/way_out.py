"""The only place from which connectors dial banks, wallets, insurance and institutions: straight, or through the relay.

Through the relay everything is a tunnel (CONNECT), and TLS inside it is between us and the far end.
"""

import asyncio
import base64
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any

import aiohttp
from multidict import CIMultiDict

from yinyi.kernel.plugin import RELAY_USER, RelayAddress

NEVER_LEFT = (
    *(aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL),
    aiohttp.ClientHttpProxyError,
)
"""What aiohttp raises where no byte of the request has left for the far end."""
_LONGEST_ANSWER = 2048


def web_session(
    relay: RelayAddress | None,
    *,
    connections: int,
    timeout: aiohttp.ClientTimeout,
    keepalive_s: float = 15.0,
    trusted: ssl.SSLContext | None = None,
    middlewares: tuple[aiohttp.ClientMiddlewareType, ...] = (),
) -> aiohttp.ClientSession:
    """Without cookies, decoding or the environment's proxies. It belongs to the loop that it is opened in. Through the
    relay only https leaves: anything else is an ``InvalidURL`` and has not left."""
    through: dict[str, Any] = {}
    if relay is not None:
        through = {"proxy": f"http://{relay.host}:{relay.port}"}
        middlewares = (_by_tunnel(relay), *middlewares)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, keepalive_timeout=keepalive_s, ssl=trusted or True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        auto_decompress=False,
        middlewares=middlewares,
        trust_env=False,
        **through,
    )


def _by_tunnel(relay: RelayAddress) -> aiohttp.ClientMiddlewareType:
    shown = CIMultiDict({"Proxy-Authorization": _password(relay)})

    async def by_tunnel(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        if request.url.scheme != "https":
            raise aiohttp.InvalidURL(request.url, "only https leaves through the relay")
        request.proxy_headers = shown
        return await send(request)

    return by_tunnel


def _password(relay: RelayAddress) -> str:
    return f"Basic {base64.b64encode(f'{RELAY_USER}:{relay.password}'.encode()).decode()}"


async def connected(
    relay: RelayAddress | None,
    protocol: Callable[[], asyncio.Protocol],
    host: str,
    port: int,
    *,
    secured: ssl.SSLContext | None,
    server_hostname: str | None,
) -> asyncio.Transport:
    """A line that is not the web's.

    Raises:
        OSError: nobody answers; through the relay also: it does not let us there, or does not reach it.
    """
    loop = asyncio.get_running_loop()
    if relay is None:
        transport, _ = await loop.create_connection(protocol, host, port, ssl=secured, server_hostname=server_hostname)
        return transport
    tunnel = await _tunnel(relay, host, port)
    try:
        transport, _ = await loop.create_connection(
            protocol, sock=tunnel, ssl=secured, server_hostname=(server_hostname or host) if secured else None
        )
    except BaseException:
        tunnel.close()
        raise
    return transport


async def _tunnel(relay: RelayAddress, host: str, port: int) -> socket.socket:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(relay.host, relay.port, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = found[0]
    end = socket.socket(family, kind, protocol)
    with contextlib.ExitStack() as unless_done:
        unless_done.callback(end.close)
        end.setblocking(False)
        await loop.sock_connect(end, address)
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        asked = f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\nProxy-Authorization: {_password(relay)}\r\n\r\n"
        await loop.sock_sendall(end, asked.encode("ascii"))
        status = (await _answer(end)).split(b" ", 2)[1:2]
        if status != [b"200"]:
            said = status[0].decode("ascii", "replace") if status else "nothing that is understood"
            raise ConnectionRefusedError(f"the relay answers {said}")
        unless_done.pop_all()
    return end


async def _answer(end: socket.socket) -> bytes:
    """Byte by byte: what follows belongs to whoever is at the far end."""
    loop, answer = asyncio.get_running_loop(), b""
    while not answer.endswith(b"\r\n\r\n"):
        piece = await loop.sock_recv(end, 1)
        answer += piece
        if not piece or len(answer) > _LONGEST_ANSWER:
            raise ConnectionRefusedError("the relay answers nothing that is understood")
    return answer
