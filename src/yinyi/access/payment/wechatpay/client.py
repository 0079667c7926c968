"""HTTP to WeChat Pay API v3: signs the exact bytes it sends, believes only bytes that WeChat Pay signed."""

import asyncio
import secrets
from datetime import datetime, timedelta

from yinyi.access.payment.line import AnswerLost, Line, NothingSent, Reply
from yinyi.access.payment.wechatpay.config import Settings
from yinyi.access.payment.wechatpay.keys import Merchant
from yinyi.kernel.clock import Clock
from yinyi.kernel.plugin import RelayAddress
from yinyi.wire.signing import wechatpay
from yinyi.wire.signing.rsa import sign
from yinyi.wire.signing.wechatpay import Authorization, ReplySignature, Unreadable

CERTIFICATES = "/v3/certificates"
_LEAST_BETWEEN_REFRESHES = timedelta(seconds=30)


class Client:
    """One line to WeChat Pay for all merchants."""

    def __init__(self, settings: Settings, clock: Clock, relay: RelayAddress | None) -> None:
        self._settings = settings
        self._clock = clock
        self._line = Line(
            connections=settings.connections,
            keepalive_s=settings.keepalive_s,
            connect_timeout_s=settings.connect_timeout_s,
            read_timeout_s=settings.read_timeout_s,
            reply_limit_bytes=settings.reply_limit_bytes,
            relay=relay,
        )
        self._base_url = settings.base_url.rstrip("/")
        self._refreshing = asyncio.Lock()
        self._refreshed_at: dict[str, datetime] = {}

    async def close(self) -> None:
        await self._line.close()

    async def call(self, merchant: Merchant, method: str, target: str, body: bytes = b"") -> Reply:
        """Sends once and waits for the answer. ``target``: path and query.

        Raises:
            NothingSent: it surely did not leave.
            AnswerLost: it may have arrived; the text says what was wrong with the answer, never quoting it.
        """
        if not merchant.can_verify(self._clock.now()):
            await self.refresh(merchant)
            if not merchant.can_verify(self._clock.now()):
                raise NothingSent("no platform certificate to verify an answer with")
        reply = await self._exchange(merchant, method, target, body)
        await self._believe(merchant, reply)
        return reply

    async def refresh(self, merchant: Merchant) -> bool:
        """Fetches the platform certificates anew, unless that was just done; tells whether they are fresh."""
        async with self._refreshing:
            now = self._clock.now()
            last = self._refreshed_at.get(merchant.mchid)
            if last is not None and timedelta() <= now - last < _LEAST_BETWEEN_REFRESHES:
                return True
            try:
                reply = await self._exchange(merchant, "GET", CERTIFICATES, b"")
                if reply.status != 200:
                    return False
                merchant.learn(wechatpay.read_reply_signature(reply.headers), reply.body, now)
            except (NothingSent, AnswerLost, Unreadable):
                return False
            self._refreshed_at[merchant.mchid] = now
            return True

    def is_recent(self, signature: ReplySignature) -> bool:
        """Whether a signature was made within the window around our clock."""
        return abs(self._clock.now().timestamp() - signature.timestamp) <= self._settings.window_s

    async def _exchange(self, merchant: Merchant, method: str, target: str, body: bytes) -> Reply:
        headers = self._headers(merchant, method, target, body)
        return await self._line.exchange(method, self._base_url + target, headers, body)

    def _headers(self, merchant: Merchant, method: str, target: str, body: bytes) -> dict[str, str]:
        timestamp = int(self._clock.now().timestamp())
        nonce = secrets.token_hex(16)
        message = wechatpay.request_message(method, target, timestamp, nonce, body)
        authorization = Authorization(
            mchid=merchant.mchid,
            nonce=nonce,
            signature=sign(merchant.private_key, message),
            timestamp=timestamp,
            serial_no=merchant.serial_no,
        )
        headers = {
            "Authorization": wechatpay.write_authorization(authorization),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            "User-Agent": "yinyi",
        }
        if merchant.public_key_id:
            headers["Wechatpay-Serial"] = merchant.public_key_id
        return headers

    async def _believe(self, merchant: Merchant, reply: Reply) -> None:
        if reply.status >= 400 and "wechatpay-signature" not in reply.headers and self._settings.unsigned_errors:
            return
        try:
            signature = wechatpay.read_reply_signature(reply.headers)
        except Unreadable as error:
            raise AnswerLost(f"HTTP {reply.status}: {error}") from error
        if not self.is_recent(signature):
            raise AnswerLost(f"HTTP {reply.status}: the signature is of another time")
        if merchant.takes_certificates and not merchant.knows(signature.serial, self._clock.now()):
            await self.refresh(merchant)
        if not merchant.recognises(signature, reply.body, self._clock.now()):
            raise AnswerLost(f"HTTP {reply.status}: the signature is not WeChat Pay's")
