"""WeChat Pay, API v3: the payer scans our code, or we scan his; query, close, reverse, refund, callbacks."""

import asyncio
import contextlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

import msgspec

from yinyi.access.payment.line import AnswerLost, NothingSent, Reply
from yinyi.access.payment.wechatpay import callbacks, mapping
from yinyi.access.payment.wechatpay.client import Client
from yinyi.access.payment.wechatpay.config import Settings
from yinyi.access.payment.wechatpay.keys import Merchant, load_merchant
from yinyi.access.payment.wechatpay.messages import (
    Amount,
    Close,
    Code,
    CodeOrder,
    NativeOrder,
    Payer,
    Refund,
    RefundAmount,
    RefundRequest,
    Reverse,
    Scene,
    Store,
    Transaction,
)
from yinyi.business.payments.model import CallbackRead, CallbackReply, Order, RefundOrder
from yinyi.business.payments.ports import CallbackRefused
from yinyi.kernel.outcome import Answer, NotSent, Outcome, Refused, Show, Unknown, Waiting
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings

NATIVE = "/v3/pay/transactions/native"
CODEPAY = "/v3/pay/transactions/codepay"
ORDERS = "/v3/pay/transactions/out-trade-no"
REFUNDS = "/v3/refund/domestic/refunds"

_BEIJING = timezone(timedelta(hours=8))
_REFERENCE = re.compile(r"[0-9A-Za-z]{6,32}")
_PAYER_CODE = re.compile(r"[0-9]{18}")
_LONGEST_DESCRIPTION = 127
_LONGEST_REASON = 80
_RETRY_CERTIFICATES_S = 60.0
_MOST_REMEMBERED = 10_000

_encode = msgspec.json.Encoder().encode
_code = msgspec.json.Decoder(Code)
_transaction = msgspec.json.Decoder(Transaction)
_refund = msgspec.json.Decoder(Refund)


class WeChatPay:
    """Implements ``TakesPayment``, ``ShowsCode``, ``ScansCode``, ``Refunds`` and ``ReceivesCallbacks``."""

    channel = "wechatpay"

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        """Reads the keys from their files; touches no network.

        Raises:
            ValueError: a key file is missing or wrong; the text names it.
        """
        self.settles_after = timedelta(seconds=settings.settles_after_s)
        self.call_timeout_s = settings.call_timeout_s
        self.pace = settings.pace
        self._settings = settings
        self._clock = surroundings.clock
        self._callback_url = surroundings.callback_url
        self._merchants = {name: load_merchant(name, each) for name, each in settings.merchants.items()}
        self._client = Client(settings, surroundings.clock, surroundings.relay)
        self._shown: dict[str, None] = {}
        self._stranger_seen = asyncio.Event()
        self._refresher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to fetch platform certificates, for the merchants that go by them."""
        merchants = [each for each in self._merchants.values() if each.takes_certificates]
        if merchants:
            self._refresher = asyncio.create_task(self._keep_certificates(merchants), name="wechatpay certificates")

    async def stop(self) -> None:
        if self._refresher is not None:
            self._refresher.cancel()
            await asyncio.gather(self._refresher, return_exceptions=True)
        await self._client.close()

    async def show_code(self, order: Order) -> Outcome:
        """A native order. Sending the same order again shows the same code again."""
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return Refused(reason="not_permitted", detail=f"no merchant {order.merchant!r} is configured")
        if not _REFERENCE.fullmatch(order.reference) or order.amount_fen < 1:
            return Refused(reason="bad_request", detail="reference or amount out of form")
        return await self._place(merchant, order, self._deadline())

    def knows_code(self, payer_code: str) -> bool:
        """18 digits that begin as WeChat's do."""
        return bool(_PAYER_CODE.fullmatch(payer_code)) and payer_code.startswith(self._settings.code_prefixes)

    async def take_by_code(self, order: Order, payer_code: str) -> Outcome:
        """Sends once; no outcome quotes the code. WeChat Pay sends no callback for such an order and revokes it by
        itself 45 s after it was made."""
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return Refused(reason="not_permitted", detail=f"no merchant {order.merchant!r} is configured")
        if not _REFERENCE.fullmatch(order.reference) or order.amount_fen < 1:
            return Refused(reason="bad_request", detail="reference or amount out of form")
        if not self.knows_code(payer_code):
            return Refused(reason="bad_request", detail="not a payer's code of WeChat Pay")
        body = _encode(self._code_order(merchant, order, payer_code))
        reply = await self._send(merchant, "POST", CODEPAY, body, self._deadline())
        if not isinstance(reply, Reply):
            return reply
        told = reply.body.replace(payer_code.encode(), b"(code)")
        return mapping.of_code_payment(order, merchant.mchid, reply.status, told)

    async def ask(self, order: Order) -> Answer:
        """The state of the order; while it waits for its payer also our code, if its answer was lost on the way."""
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return Unknown(detail=f"no merchant {order.merchant!r} is configured")
        deadline = self._deadline()
        answer = await self._state(merchant, order, deadline)
        if isinstance(answer, Waiting) and not order.scanned and order.reference not in self._shown:
            again = await self._place(merchant, order, deadline)
            return again if isinstance(again, Waiting) else answer
        return answer

    async def close(self, order: Order) -> Answer:
        """Closes or reverses, and asks whatever the answer was: WeChat Pay says "closed" and "reversed" of numbers it
        has never seen, too (https://developers.weixin.qq.com/community/pay/doc/000a04965342889c925846c7f56400)."""
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return Unknown(detail=f"no merchant {order.merchant!r} is configured")
        deadline = self._deadline()
        if order.scanned:
            return await self._reverse(merchant, order, deadline)
        target = f"{ORDERS}/{order.reference}/close"
        reply = await self._send(merchant, "POST", target, _encode(Close(mchid=merchant.mchid)), deadline)
        if not isinstance(reply, Reply):
            return Unknown(detail=reply.detail)
        return mapping.of_close(await self._state(merchant, order, deadline))

    async def refund(self, order: RefundOrder) -> Outcome:
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return Refused(reason="not_permitted", detail=f"no merchant {order.merchant!r} is configured")
        wanted = RefundRequest(
            out_trade_no=order.order_reference,
            out_refund_no=order.reference,
            reason=_cut(order.reason, _LONGEST_REASON),
            notify_url=self._callback_url,
            amount=RefundAmount(refund=order.amount_fen, total=order.order_amount_fen),
        )
        reply = await self._send(merchant, "POST", REFUNDS, _encode(wanted), self._deadline())
        if not isinstance(reply, Reply):
            return reply
        if reply.status != 200:
            return mapping.refused("refund", reply.status, reply.body)
        return self._of_refund(order, reply.body)

    async def ask_refund(self, order: RefundOrder) -> Answer:
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return Unknown(detail=f"no merchant {order.merchant!r} is configured")
        reply = await self._send(merchant, "GET", f"{REFUNDS}/{order.reference}", b"", self._deadline())
        if not isinstance(reply, Reply):
            return Unknown(detail=reply.detail)
        if reply.status != 200:
            return mapping.unanswered(reply.status, reply.body)
        return self._of_refund(order, reply.body)

    def read_callback(self, path: str, headers: Mapping[str, str], body: bytes) -> CallbackRead:
        """The merchant is told by the key that opens the callback, not by its path.

        Raises:
            CallbackRefused: see ``ReceivesCallbacks``.
        """
        signature = callbacks.signature_of(headers, body)
        now = self._clock.now()
        if not self._client.is_recent(signature):
            raise CallbackRefused("the signature is of another time")
        if not any(each.knows(signature.serial, now) for each in self._merchants.values()):
            self._stranger_seen.set()
            raise CallbackRefused("signed with a key that we do not know (yet)")
        knowing = [each for each in self._merchants.values() if each.recognises(signature, body, now)]
        if not knowing:
            raise CallbackRefused("the signature is not WeChat Pay's")
        return callbacks.read(body, knowing)

    def accepted(self) -> CallbackReply:
        return CallbackReply(status=204)

    def rejected(self, why: str) -> CallbackReply:
        return CallbackReply(status=401, body=_encode({"code": "FAIL", "message": why}))

    async def _place(self, merchant: Merchant, order: Order, deadline: float) -> Outcome:
        wanted = NativeOrder(
            appid=merchant.appid,
            mchid=merchant.mchid,
            description=_cut(order.description, _LONGEST_DESCRIPTION),
            out_trade_no=order.reference,
            time_expire=order.expires_at.astimezone(_BEIJING).isoformat(timespec="seconds"),
            notify_url=self._callback_url,
            amount=Amount(total=order.amount_fen),
        )
        reply = await self._send(merchant, "POST", NATIVE, _encode(wanted), deadline)
        if not isinstance(reply, Reply):
            return reply
        if reply.status != 200:
            return mapping.refused("take", reply.status, reply.body)
        try:
            code_url = _code.decode(reply.body).code_url
        except msgspec.MsgspecError:
            return Unknown(detail="the answer to the order is not to be read")
        self._remember_shown(order.reference)
        return Waiting(until=order.expires_at, show=Show(code_url=code_url))

    def _code_order(self, merchant: Merchant, order: Order, payer_code: str) -> CodeOrder:
        scene = self._settings.scene
        return CodeOrder(
            appid=merchant.appid,
            mchid=merchant.mchid,
            description=_cut(order.description, _LONGEST_DESCRIPTION),
            out_trade_no=order.reference,
            payer=Payer(auth_code=payer_code),
            amount=Amount(total=order.amount_fen),
            scene_info=Scene(
                store_info=Store(id=scene.store_id, out_id=scene.store_no),
                device_id=scene.device_id,
                device_ip=scene.device_ip,
            ),
        )

    async def _reverse(self, merchant: Merchant, order: Order, deadline: float) -> Answer:
        body = _encode(Reverse(appid=merchant.appid, mchid=merchant.mchid))
        reply = await self._send(merchant, "POST", f"{ORDERS}/{order.reference}/reverse", body, deadline)
        if not isinstance(reply, Reply):
            return Unknown(detail=reply.detail)
        said = mapping.of_reversal(order, merchant.mchid, reply.status, reply.body)
        return mapping.of_reversed(said, await self._state(merchant, order, deadline))

    async def _state(self, merchant: Merchant, order: Order, deadline: float) -> Answer:
        target = f"{ORDERS}/{order.reference}?mchid={merchant.mchid}"
        reply = await self._send(merchant, "GET", target, b"", deadline)
        if not isinstance(reply, Reply):
            return Unknown(detail=reply.detail)
        if reply.status != 200:
            return mapping.unanswered(reply.status, reply.body)
        try:
            told = _transaction.decode(reply.body)
        except msgspec.MsgspecError:
            return Unknown(detail="the state of the order is not to be read")
        return mapping.of_order(order, merchant.mchid, told)

    def _remember_shown(self, reference: str) -> None:
        self._shown[reference] = None
        if len(self._shown) > _MOST_REMEMBERED:
            del self._shown[next(iter(self._shown))]

    def _of_refund(self, order: RefundOrder, body: bytes) -> Outcome:
        try:
            told = _refund.decode(body)
        except msgspec.MsgspecError:
            return Unknown(detail="the state of the refund is not to be read")
        begun = _instant(told.create_time) or self._clock.now()
        return mapping.of_refund(order, told, begun + timedelta(seconds=self._settings.refund_patience_s))

    def _deadline(self) -> float:
        """Of a call of the engine, with all that it sends, in the time of the event loop."""
        return asyncio.get_running_loop().time() + self.call_timeout_s

    async def _send(
        self, merchant: Merchant, method: str, target: str, body: bytes, deadline: float
    ) -> Reply | NotSent | Unknown:
        try:
            async with asyncio.timeout_at(deadline):
                return await self._client.call(merchant, method, target, body)
        except TimeoutError:
            return Unknown(detail=f"no answer within {self.call_timeout_s:g} s")
        except NothingSent as error:
            return NotSent(detail=str(error))
        except AnswerLost as error:
            return Unknown(detail=str(error))

    async def _keep_certificates(self, merchants: list[Merchant]) -> None:
        """Refreshes at once, then now and then, and soon after a signature by a key that is not known."""
        while True:
            self._stranger_seen.clear()
            fresh = [await self._client.refresh(each) for each in merchants]
            wait_s = self._settings.certificates_refresh_s if all(fresh) else _RETRY_CERTIFICATES_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._stranger_seen.wait()


def _cut(text: str, longest_bytes: int) -> str:
    """The text, cut to so many bytes of UTF-8 without breaking a character: whether the limit counts characters or
    bytes is (m)."""
    return text.encode()[:longest_bytes].decode(errors="ignore")


def _instant(text: str) -> datetime | None:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else None


PLUGIN = Plugin(name="wechatpay", kind="payment", api=PLUGIN_API, config=Settings, build=WeChatPay)
