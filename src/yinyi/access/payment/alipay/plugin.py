"""Alipay, face to face: the payer scans our code or shows his; query, close, cancel, refund, notices."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import TypeVar

import msgspec

from yinyi.access.payment.alipay import callbacks, mapping
from yinyi.access.payment.alipay.client import Client
from yinyi.access.payment.alipay.config import Settings
from yinyi.access.payment.alipay.keys import Merchant, load_merchant
from yinyi.access.payment.alipay.messages import (
    Cancelled,
    Number,
    Precreated,
    Refunded,
    RefundFound,
    RefundNumber,
    RefundRequest,
    Told,
    Trade,
)
from yinyi.access.payment.alipay.messages import Order as OrderMessage
from yinyi.access.payment.line import AnswerLost, NothingSent
from yinyi.access.payment.words import cut
from yinyi.business.payments.model import CallbackRead, CallbackReply, Order, RefundOrder
from yinyi.kernel.money import yuan
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Outcome, Refused, Show, Unknown, Waiting
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings
from yinyi.wire import beijing_time

PRECREATE = "alipay.trade.precreate"
PAY = "alipay.trade.pay"
QUERY = "alipay.trade.query"
CLOSE = "alipay.trade.close"
CANCEL = "alipay.trade.cancel"
REFUND = "alipay.trade.refund"
REFUND_QUERY = "alipay.trade.fastpay.refund.query"

_REFERENCE = re.compile(r"[0-9A-Za-z]{6,32}")
_PAYER_CODE = re.compile(r"(?:2[5-9]|30)[0-9]{14,22}")
_LONGEST_SUBJECT = 256
_LONGEST_REASON = 256
_MOST_REMEMBERED = 10_000
_MOST_MINUTES = 15 * 24 * 60

R = TypeVar("R", bound=Told)


class Alipay:
    """Implements ``TakesPayment``, ``ShowsCode``, ``ScansCode``, ``Refunds`` and ``ReceivesCallbacks``.

    Alipay makes a trade only when our code is scanned: until then it knows nothing of the order, which can be paid
    all the same. So "no such trade" of an order whose code is shown is never passed on as such, and closing one cancels
    it: after that nobody can scan it.
    """

    channel = "alipay"

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

    async def stop(self) -> None:
        await self._client.close()

    async def show_code(self, order: Order) -> Outcome:
        """A precreated order. Sending the same order again is the same order: it is paid once."""
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return _no_merchant(order.merchant)
        if not _in_form(order):
            return Refused(reason="bad_request", detail="reference or amount out of form")
        return await self._place(merchant, order, self._deadline())

    def knows_code(self, payer_code: str) -> bool:
        return _PAYER_CODE.fullmatch(payer_code) is not None

    async def take_by_code(self, order: Order, payer_code: str) -> Outcome:
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return _no_merchant(order.merchant)
        if not _in_form(order) or not self.knows_code(payer_code):
            return Refused(reason="bad_request", detail="reference, amount or payer's code out of form")
        wanted = self._order_message(merchant, order)
        wanted = msgspec.structs.replace(wanted, scene="bar_code", auth_code=payer_code)
        told = await self._send(merchant, PAY, wanted, Trade, self._deadline(), notify=True)
        return mapping.of_payment(order, told) if isinstance(told, Trade) else told

    async def ask(self, order: Order) -> Answer:
        """The state of the order; of a code that is shown and not scanned yet also the code, if its answer was lost."""
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return Unknown(detail=f"no merchant {order.merchant!r} is configured")
        deadline = self._deadline()
        answer = await self._state(merchant, order, deadline)
        if not isinstance(answer, NotFound) or order.scanned:
            return answer
        return await self._unscanned(merchant, order, deadline)

    async def close(self, order: Order) -> Answer:
        """A code that we show: closed, so that a paid one is not given back unseen; cancelled only while there is no
        trade to be closed. A payer's code that we scanned: cancelled, which gives back what was taken."""
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return Unknown(detail=f"no merchant {order.merchant!r} is configured")
        deadline = self._deadline()
        if not order.scanned:
            closed = await self._send(merchant, CLOSE, Number(order.reference), Told, deadline)
            if not isinstance(closed, Told):
                return Unknown(detail=closed.detail)
            if closed.code == mapping.OK and closed.out_trade_no == order.reference:
                return Done(evidence={"action": "close"})
            if not isinstance(mapping.unanswered(closed), NotFound):
                return await self._state_after_closing(merchant, order, deadline)
        told = await self._send(merchant, CANCEL, Number(order.reference), Cancelled, deadline)
        if not isinstance(told, Cancelled):
            return Unknown(detail=told.detail)
        return mapping.of_cancel(order, told) or await self._state_after_closing(merchant, order, deadline)

    async def refund(self, order: RefundOrder) -> Outcome:
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return _no_merchant(order.merchant)
        deadline = self._deadline()
        wanted = RefundRequest(
            out_trade_no=order.order_reference,
            refund_amount=yuan(order.amount_fen),
            out_request_no=order.reference,
            refund_reason=cut(order.reason, _LONGEST_REASON),
        )
        told = await self._send(merchant, REFUND, wanted, Refunded, deadline)
        if not isinstance(told, Refunded):
            return told
        outcome = mapping.of_refund(order, told)
        if outcome is None:
            return _as_outcome(await self._refund_state(merchant, order, deadline))
        if isinstance(outcome, Refused) and outcome.reason == "not_refundable":
            return await self._given_back_otherwise(merchant, order, deadline) or outcome
        return outcome

    async def ask_refund(self, order: RefundOrder) -> Answer:
        merchant = self._merchants.get(order.merchant)
        if merchant is None:
            return Unknown(detail=f"no merchant {order.merchant!r} is configured")
        return await self._refund_state(merchant, order, self._deadline())

    def read_callback(self, path: str, headers: Mapping[str, str], body: bytes) -> CallbackRead:
        """The merchant is told by the application and the seller that the notice names.

        Raises:
            CallbackRefused: see ``ReceivesCallbacks``.
        """
        merchants = list(self._merchants.values())
        return callbacks.read(body, merchants, self._clock.now(), self._settings.notice_window_s)

    def accepted(self) -> CallbackReply:
        return CallbackReply(status=200, body=b"success", content_type="text/plain")

    def rejected(self, why: str) -> CallbackReply:
        return CallbackReply(status=200, body=b"fail", content_type="text/plain")

    async def _place(self, merchant: Merchant, order: Order, deadline: float) -> Outcome:
        told = await self._send(
            merchant, PRECREATE, self._order_message(merchant, order), Precreated, deadline, notify=True
        )
        if not isinstance(told, Precreated):
            return told
        if told.code != mapping.OK:
            return mapping.refused("take", told)
        if not told.qr_code or told.out_trade_no != order.reference:
            return Unknown(detail="the answer to the order tells no code of it")
        self._remember_shown(order.reference)
        return Waiting(until=order.expires_at, show=Show(code_url=told.qr_code))

    def _order_message(self, merchant: Merchant, order: Order) -> OrderMessage:
        by_instant = self._settings.expiry == "time_expire"
        minutes = _minutes(order.expires_at - self._clock.now())
        return OrderMessage(
            out_trade_no=order.reference,
            total_amount=yuan(order.amount_fen),
            subject=cut(order.description, _LONGEST_SUBJECT),
            product_code="FACE_TO_FACE_PAYMENT",
            seller_id=merchant.seller_id,
            time_expire=beijing_time.write(order.expires_at) if by_instant else "",
            timeout_express="" if by_instant else f"{minutes}m",
        )

    async def _unscanned(self, merchant: Merchant, order: Order, deadline: float) -> Answer:
        """No trade: nobody has scanned the code, or there is none. Placing the order again tells which, and makes one.

        Whatever else comes of that, the order may be alive.
        """
        if order.reference in self._shown:
            return Waiting(until=order.expires_at)
        if self._clock.now() >= order.expires_at:
            return Unknown(detail="no trade; whether there was a code is not known")
        again = await self._place(merchant, order, deadline)
        return again if isinstance(again, Waiting) else Unknown(detail=f"no trade, and no code: {_detail(again)}")

    async def _state(self, merchant: Merchant, order: Order, deadline: float) -> Answer:
        told = await self._send(merchant, QUERY, Number(order.reference), Trade, deadline)
        return mapping.of_trade(order, told) if isinstance(told, Trade) else Unknown(detail=told.detail)

    async def _state_after_closing(self, merchant: Merchant, order: Order, deadline: float) -> Answer:
        answer = mapping.of_close(await self._state(merchant, order, deadline))
        if isinstance(answer, NotFound) and not order.scanned:
            return Unknown(detail="no trade, and the code may be alive")
        return answer

    async def _refund_state(self, merchant: Merchant, order: RefundOrder, deadline: float) -> Answer:
        number = RefundNumber(out_trade_no=order.order_reference, out_request_no=order.reference)
        told = await self._send(merchant, REFUND_QUERY, number, RefundFound, deadline)
        if not isinstance(told, RefundFound):
            return Unknown(detail=told.detail)
        return mapping.of_refund_found(order, told, self._settings.refund_status_told)

    async def _given_back_otherwise(self, merchant: Merchant, order: RefundOrder, deadline: float) -> Outcome | None:
        """What else a refusal may mean: that there is nothing left to give back. Unknown while that cannot be seen."""
        told = await self._send(merchant, QUERY, Number(order.order_reference), Trade, deadline)
        return mapping.given_back_otherwise(order, told) if isinstance(told, Trade) else Unknown(detail=told.detail)

    def _remember_shown(self, reference: str) -> None:
        self._shown[reference] = None
        if len(self._shown) > _MOST_REMEMBERED:
            del self._shown[next(iter(self._shown))]

    def _deadline(self) -> float:
        """Of a call of the engine, with all that it sends, in the time of the event loop."""
        return asyncio.get_running_loop().time() + self.call_timeout_s

    async def _send(
        self,
        merchant: Merchant,
        method: str,
        wanted: msgspec.Struct,
        kind: type[R],
        deadline: float,
        notify: bool = False,
    ) -> R | NotSent | Unknown:
        try:
            async with asyncio.timeout_at(deadline):
                content = await self._client.call(merchant, method, wanted, self._callback_url if notify else "")
            return msgspec.json.decode(content, type=kind)
        except TimeoutError:
            return Unknown(detail=f"no answer within {self.call_timeout_s:g} s")
        except NothingSent as error:
            return NotSent(detail=str(error))
        except AnswerLost as error:
            return Unknown(detail=str(error))
        except msgspec.MsgspecError:
            return Unknown(detail="the answer is not to be read")


def _in_form(order: Order) -> bool:
    return _REFERENCE.fullmatch(order.reference) is not None and order.amount_fen >= 1


def _no_merchant(name: str) -> Refused:
    return Refused(reason="not_permitted", detail=f"no merchant {name!r} is configured")


def _as_outcome(answer: Answer) -> Outcome:
    return Unknown(detail=answer.detail) if isinstance(answer, NotFound) else answer


def _detail(outcome: Outcome) -> str:
    return getattr(outcome, "detail", "")


def _minutes(time: timedelta) -> int:
    """Whole minutes within Alipay's bounds."""
    return max(1, min(time // timedelta(minutes=1), _MOST_MINUTES))


PLUGIN = Plugin(name="alipay", kind="payment", api=PLUGIN_API, config=Settings, build=Alipay)
