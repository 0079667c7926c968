"""One question to the decoder and its answer. Neither the code nor what it stands for is ever logged or quoted."""

import asyncio

import aiohttp

from yinyi.access.insurance.certificates.config import CertificatesConfig
from yinyi.business.identity.errors import DecoderUnavailable

_HEADERS = {"Content-Type": "application/json;charset=utf-8", "Accept-Encoding": "identity", "User-Agent": "yinyi"}


class Client:
    """The session is opened with the first question: it belongs to the loop that it runs in."""

    def __init__(self, config: CertificatesConfig) -> None:
        self._config = config
        self._opened: aiohttp.ClientSession | None = None

    async def stop(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def ask(self, question: bytes) -> bytes:
        """
        Raises:
            DecoderUnavailable: it cannot be reached, says nothing in time, or too much.
        """
        try:
            async with asyncio.timeout(self._config.call_timeout_s):
                return await self._asked(question)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise DecoderUnavailable(type(error).__name__) from None

    async def _asked(self, question: bytes) -> bytes:
        url = self._config.decoder_url
        async with self._session().post(url, data=question, headers=_HEADERS, allow_redirects=False) as response:
            answer = await response.content.read(self._config.reply_limit_bytes + 1)
            while len(answer) <= self._config.reply_limit_bytes and not response.content.at_eof():
                answer += await response.content.read(self._config.reply_limit_bytes + 1)
        if response.status != 200 or len(answer) > self._config.reply_limit_bytes:
            raise DecoderUnavailable(f"status {response.status}")
        return answer

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            timeout = aiohttp.ClientTimeout(total=None, connect=self._config.connect_timeout_s)
            self._opened = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout, auto_decompress=False
            )
        return self._opened
