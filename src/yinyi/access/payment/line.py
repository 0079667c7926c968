"""HTTP to a payment channel, one exchange at a time: what never left is told apart from what may have arrived."""

from collections.abc import Mapping
from dataclasses import dataclass

import httpx

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


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


class Line:
    """Below httpx's client: no redirects, cookies or proxies are wanted.

    keepalive_s: shorter than the other side's, so that no request meets a closing line.
    """

    def __init__(
        self,
        *,
        connections: int,
        keepalive_s: float,
        connect_timeout_s: float,
        read_timeout_s: float,
        reply_limit_bytes: int,
    ) -> None:
        self._reply_limit_bytes = reply_limit_bytes
        self._timeouts = {"timeout": httpx.Timeout(read_timeout_s, connect=connect_timeout_s).as_dict()}
        limits = httpx.Limits(
            max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=keepalive_s
        )
        self._transport = httpx.AsyncHTTPTransport(limits=limits)

    async def close(self) -> None:
        await self._transport.aclose()

    async def exchange(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Reply:
        """Sends once and waits for the answer.

        Raises:
            NothingSent: it surely did not leave.
            AnswerLost: it may have arrived; the text says what was wrong with the answer, never quoting it.
        """
        request = httpx.Request(method, url, content=body, headers=headers, extensions=self._timeouts)
        try:
            response = await self._transport.handle_async_request(request)
            try:
                return Reply(response.status_code, response.headers, await self._read(response))
            finally:
                await response.aclose()
        except _NEVER_LEFT as error:
            raise NothingSent(type(error).__name__) from error
        except httpx.TransportError as error:
            raise AnswerLost(type(error).__name__) from error

    async def _read(self, response: httpx.Response) -> bytes:
        content = bytearray()
        async for piece in response.aiter_raw():
            content += piece
            if len(content) > self._reply_limit_bytes:
                raise AnswerLost("the answer is too long")
        return bytes(content)
