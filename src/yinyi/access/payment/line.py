"""HTTP to a payment channel, one exchange at a time: what never left is told apart from what may have arrived."""

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from yinyi.access.way_out import NEVER_LEFT, web_session
from yinyi.kernel.plugin import RelayAddress


class NothingSent(Exception):
    """No byte of the request left."""


class AnswerLost(Exception):
    """The request may have arrived, and no answer came back that can be believed."""


@dataclass(frozen=True)
class Reply:
    """An answer, its body byte for byte; nobody has vouched for it yet."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """By itself aiohttp would repeat a GET whose line was cut; here whoever asked decides."""
    try:
        return await send(request)
    except NEVER_LEFT:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise AnswerLost(type(error).__name__) from error


class Line:
    """A session without redirects, cookies or decoding; through the relay where there is one.

    keepalive_s: shorter than the other side's, so that no request meets a closing line.
    """

    def __init__(
        self,
        *,
        connections: int = 16,
        keepalive_s: float,
        connect_timeout_s: float,
        read_timeout_s: float,
        reply_limit_bytes: int = 65_536,
        relay: RelayAddress | None,
    ) -> None:
        self._connections = connections
        self._keepalive_s = keepalive_s
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_timeout_s, sock_read=read_timeout_s)
        self._reply_limit_bytes = reply_limit_bytes
        self._relay = relay
        self._opened: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def exchange(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:
        """Sends once and waits for the answer.

        Raises:
            NothingSent: it surely did not leave.
            AnswerLost: it may have arrived; the text says what was wrong with the answer, never quoting it.
        """
        asked = self._session().request(method, url, data=body or None, headers=headers, allow_redirects=False)
        try:
            async with asked as response:
                return Reply(response.status, response.headers, await self._read(response))
        except NEVER_LEFT as error:
            raise NothingSent(type(error).__name__) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AnswerLost(type(error).__name__) from error

    def _session(self) -> aiohttp.ClientSession:
        """Opened with the first exchange: it belongs to the loop that it runs in."""
        if self._opened is None:
            self._opened = web_session(
                self._relay,
                connections=self._connections,
                keepalive_s=self._keepalive_s,
                timeout=self._timeout,
                middlewares=(_once,),
            )
        return self._opened

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        content = bytearray()
        async for piece in response.content.iter_any():
            content += piece
            if len(content) > self._reply_limit_bytes:
                raise AnswerLost("the answer is too long")
        return bytes(content)
