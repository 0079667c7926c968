"""One notification to an institution's server. Nothing of it, of its answer or of the address is ever logged."""

import asyncio
import ssl

import aiohttp

from yinyi.access.notification.webhooks.config import WebhooksConfig
from yinyi.access.way_out import web_session
from yinyi.business.subscriptions.model import Headers
from yinyi.kernel.plugin import RelayAddress

_SAME_FOR_ALL = {"Accept-Encoding": "identity", "User-Agent": "yinyi"}


class Client:
    """The session is opened with the first notification: it belongs to the loop that it runs in."""

    def __init__(self, config: WebhooksConfig, trusted: ssl.SSLContext, relay: RelayAddress | None) -> None:
        self._config = config
        self._trusted = trusted
        self._relay = relay
        self._opened: aiohttp.ClientSession | None = None

    async def stop(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def post(self, endpoint: str, headers: Headers, content: bytes) -> int:
        """The status of the answer. Its body is not read: the connection is given up with it.

        Raises:
            aiohttp.ClientError, OSError, TimeoutError
        """
        sent = {**_SAME_FOR_ALL, **headers}
        async with (
            asyncio.timeout(self._config.call_timeout_s),
            self._session().post(endpoint, data=content, headers=sent, allow_redirects=False) as response,
        ):
            return response.status

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            timeout = aiohttp.ClientTimeout(total=None, connect=self._config.connect_timeout_s)
            connections = self._config.connections
            self._opened = web_session(self._relay, connections=connections, timeout=timeout, trusted=self._trusted)
        return self._opened
