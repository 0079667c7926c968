"""Sends callbacks until they are accepted, on WeChat Pay's ladder, with the faults that were asked for."""

from typing import Any

import msgspec

from yinyi.kernel.clock import Clock
from yinyi_sandbox.channel.sending import Sender
from yinyi_sandbox.wechatpay import views
from yinyi_sandbox.wechatpay.credentials import Credentials
from yinyi_sandbox.wechatpay.faults import Faults
from yinyi_sandbox.wechatpay.model import Event, rfc3339
from yinyi_sandbox.wechatpay.seals import STALE_S, Seals
from yinyi_sandbox.wechatpay.store import Store

LADDER_S = (15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600)
"""Waits between attempts. https://pay.weixin.qq.com/docs/partner/apis/partner-native-payment/payment-notice.html"""


class Callbacks(Sender[Event]):
    """Callbacks wait in the store. ladder_scale: the ladder's waits are multiplied by it."""

    def __init__(
        self, store: Store, credentials: Credentials, seals: Seals, faults: Faults, clock: Clock, ladder_scale: float
    ) -> None:
        waits = tuple(wait_s * ladder_scale for wait_s in LADDER_S)
        super().__init__(store, lambda: faults.take("callback"), clock, waits)
        self._store = store
        self._credentials = credentials
        self._seals = seals

    async def _post(self, event: Event, fault: str) -> bool:
        """Whether it was accepted."""
        body = msgspec.json.encode(self._notification(event, fault))
        age_s = STALE_S if fault == "stale" else 0
        headers = self._seals.sign(event.signer, body, forged=fault == "forged", age_s=age_s)
        headers["Content-Type"] = "application/json"
        reply = await self._answer_to(event, body, headers)
        return reply is not None and reply.is_success

    def _notification(self, event: Event, fault: str) -> dict[str, Any]:
        merchant = self._credentials.merchants[event.mchid]
        if event.kind == "take":
            event_type, kind, content = "TRANSACTION.SUCCESS", "transaction", self._paid(event)
            field = "total"
        else:
            kind, content = "refund", self._returned(event)
            event_type, field = f"REFUND.{content['refund_status']}", "refund"
        if fault == "wrong_amount":
            content["amount"][field] += 1
        if fault == "wrong_merchant":
            content["mchid"] = "9999999999"
        return {
            "id": event.id,
            "create_time": rfc3339(self._now()),
            "resource_type": "encrypt-resource",
            "event_type": event_type,
            "summary": "支付成功" if event.kind == "take" else "退款",
            "resource": self._seals.resource(merchant, kind, content),
        }

    def _paid(self, event: Event) -> dict[str, Any]:
        order = self._store.order(event.mchid, event.number)
        assert order, "an event is about an order that exists"
        return views.transaction(msgspec.structs.replace(order, state="SUCCESS"))

    def _returned(self, event: Event) -> dict[str, Any]:
        refund = self._store.refund(event.mchid, event.number)
        assert refund, "an event is about a refund that exists"
        return views.refund_notice(refund, max(self._now(), refund.settles_at))
