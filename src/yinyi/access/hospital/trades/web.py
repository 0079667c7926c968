"""A bounded line to a hospital's web server: time-outs, a limit on answers, and whether a call has left."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

import httpx

from yinyi.access.hospital.trades.failures import NotReached, Unanswered

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.InvalidURL)


class WebLimits(Protocol):
    """What the settings of every such connector say."""

    @property
    def calls_at_once(self) -> int: ...

    @property
    def call_timeout_s(self) -> float: ...

    @property
    def connect_timeout_s(self) -> float: ...

    @property
    def idle_s(self) -> float: ...

    @property
    def longest_answer(self) -> int: ...


class WebLine:
    """``start()`` it in the event loop it is used in; it does not connect yet."""

    def __init__(self, limits: WebLimits) -> None:
        self._limits = limits
        self._http: httpx.AsyncClient | None = None

    async def start(self) -> None:
        limits = self._limits
        pool = httpx.Limits(max_connections=limits.calls_at_once, keepalive_expiry=limits.idle_s)
        timeout = httpx.Timeout(limits.call_timeout_s, connect=limits.connect_timeout_s)
        plain = {"accept-encoding": "identity"}  # what is small on the line stays small here
        self._http = httpx.AsyncClient(limits=pool, timeout=timeout, headers=plain, trust_env=False)

    async def stop(self) -> None:
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    async def asked(self, method: str, address: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """The answer's status, and all of it.

        Raises:
            NotReached, Unanswered
        """
        assert self._http is not None, "start() comes first"
        answer = b""
        try:
            async with (
                asyncio.timeout(self._limits.connect_timeout_s + self._limits.call_timeout_s),
                self._http.stream(method, address, content=body, headers=dict(headers)) as response,
            ):
                async for chunk in response.aiter_raw():
                    answer += chunk
                    if len(answer) > self._limits.longest_answer:
                        raise Unanswered("the answer is too long")
        except _NEVER_LEFT as error:
            raise NotReached(f"no connection: {type(error).__name__}") from error
        except (httpx.HTTPError, TimeoutError) as error:
            raise Unanswered(type(error).__name__) from error
        return response.status_code, answer
