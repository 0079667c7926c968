"""Calls of Alipay's gateway: signs the parameters it sends, believes only what Alipay signed."""

from urllib.parse import urlencode

import msgspec

from yinyi.access.payment.alipay.config import Settings
from yinyi.access.payment.alipay.keys import Merchant
from yinyi.access.payment.line import AnswerLost, Line
from yinyi.kernel.clock import Clock
from yinyi.kernel.plugin import RelayAddress
from yinyi.wire import beijing_time
from yinyi.wire.signing import alipay
from yinyi.wire.signing.alipay import Unreadable

_HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded;charset=utf-8",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "User-Agent": "yinyi",
}


class Client:
    """One line to Alipay for all merchants."""

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

    async def close(self) -> None:
        await self._line.close()

    async def call(self, merchant: Merchant, method: str, wanted: msgspec.Struct, notify_url: str = "") -> bytes:
        """Sends once and waits; the JSON of the reply, vouched for by Alipay.

        Raises:
            NothingSent: it surely did not leave.
            AnswerLost: it may have arrived; the text says what was wrong with the answer, never quoting it.
        """
        params = {
            "app_id": merchant.app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": alipay.SIGN_TYPE,
            "timestamp": beijing_time.write(self._clock.now()),
            "version": "1.0",
        }
        if notify_url:
            params["notify_url"] = notify_url
        content = msgspec.json.encode(wanted).decode()
        params["sign"] = alipay.sign(merchant.private_key, params | {"biz_content": content})
        # all but the content in the address: there the gateway looks for the charset before it reads the form
        url = f"{self._settings.gateway_url}?{urlencode(params)}"
        reply = await self._line.exchange("POST", url, _HEADERS, urlencode({"biz_content": content}).encode())
        if reply.status != 200:
            raise AnswerLost(f"HTTP {reply.status}")
        return self._believed(merchant, method, reply.body)

    def _believed(self, merchant: Merchant, method: str, body: bytes) -> bytes:
        try:
            reply = alipay.read_reply(body, method)
        except Unreadable as error:
            raise AnswerLost(str(error)) from error
        unsigned = reply.from_gateway and not reply.signature and self._settings.unsigned_errors
        if not unsigned and not alipay.reply_verifies(merchant.alipay_key, reply):
            raise AnswerLost("the signature is not Alipay's")
        return reply.content
