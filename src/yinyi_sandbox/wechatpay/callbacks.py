"""Sends callbacks until they are accepted, on WeChat Pay's ladder, with the faults that were asked for."""

import asyncio
import contextlib
from typing import Any

import httpx
import msgspec
import structlog

from yinyi.kernel.clock import Clock
from yinyi_sandbox.wechatpay import views
from yinyi_sandbox.wechatpay.credentials import Credentials
from yinyi_sandbox.wechatpay.faults import Fault, Faults
from yinyi_sandbox.wechatpay.model import Event, rfc3339
from yinyi_sandbox.wechatpay.seals import STALE_S, Seals
from yinyi_sandbox.wechatpay.store import Store

LADDER_S = (15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600)
"""Waits between attempts. https://pay.weixin.qq.com/docs/partner/apis/partner-native-payment/payment-notice.html"""
ANSWER_WITHIN_S = 5.0
_AT_ONCE = 32

_log = structlog.get_logger()


class Callbacks:
    """Callbacks wait in the store; at most ``_AT_ONCE`` are under way.

    ladder_scale: the ladder's waits are multiplied by it.
    """

    def __init__(
        self, store: Store, credentials: Credentials, seals: Seals, faults: Faults, clock: Clock, ladder_scale: float
    ) -> None:
        self._store = store
        self._credentials = credentials
        self._seals = seals
        self._faults = faults
        self._clock = clock
        self._ladder_scale = ladder_scale
        self._woken = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()
        self._line = httpx.AsyncClient(timeout=ANSWER_WITHIN_S, trust_env=False, follow_redirects=False)
        self._runner: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._runner = asyncio.create_task(self._run(), name="wechatpay callbacks")

    async def stop(self) -> None:
        tasks = [task for task in (self._runner, *self._sending) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._line.aclose()

    def wake(self) -> None:
        """Something new may be due."""
        self._woken.set()

    async def send_now(self) -> None:
        """Sends what is due, and waits until it was tried."""
        self._begin_due()
        await asyncio.gather(*self._sending, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            self._begin_due()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._until_next_s()):
                    await self._woken.wait()

    def _until_next_s(self) -> float | None:
        """Until something is due; None while nothing waits, or all who send are busy: whoever ends wakes us."""
        due_at = self._store.next_event_at()
        if due_at is None or len(self._sending) >= _AT_ONCE:
            return None
        return max(due_at - self._now(), 0.0)

    def _begin_due(self) -> None:
        """What is begun is put off in the store at once, so that a crash repeats it and nothing else does."""
        now = self._now()
        for event in self._store.events_due(now, _AT_ONCE - len(self._sending)):
            self._store.put_event(msgspec.structs.replace(event, due_at=now + 2 * ANSWER_WITHIN_S))
            task = asyncio.create_task(self._attempt(event, self._faults.take("callback")))
            self._sending.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._woken.set()
        if not task.cancelled() and (error := task.exception()):
            _log.error("callback_broke", error=repr(error))

    async def _attempt(self, event: Event, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind == "withheld":
            self._store.drop_event(event.id)
        elif fault and kind == "delayed":
            self._store.put_event(msgspec.structs.replace(event, due_at=self._now() + fault.ms / 1_000))
        elif await self._post(event, kind):
            if kind == "duplicated":
                await self._post(event, "")
            self._store.drop_event(event.id)
        elif event.tries < len(LADDER_S):
            due_at = self._now() + LADDER_S[event.tries] * self._ladder_scale
            self._store.put_event(msgspec.structs.replace(event, due_at=due_at, tries=event.tries + 1))
        else:
            self._store.drop_event(event.id)

    async def _post(self, event: Event, fault: str) -> bool:
        """Whether it was accepted."""
        body = msgspec.json.encode(self._notification(event, fault))
        age_s = STALE_S if fault == "stale" else 0
        headers = self._seals.sign(event.signer, body, forged=fault == "forged", age_s=age_s)
        headers["Content-Type"] = "application/json"
        try:
            reply = await self._line.post(event.notify_url, content=body, headers=headers)
        except httpx.HTTPError as error:
            _log.info("callback_failed", event_id=event.id, error=type(error).__name__)
            return False
        return reply.is_success

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

    def _now(self) -> float:
        return self._clock.now().timestamp()
