"""WeChat Pay's rules: which order may become what. No HTTP, no signatures; time comes from the clock."""

import re
import secrets
from datetime import datetime
from typing import Literal

import msgspec

from yinyi.kernel.clock import Clock
from yinyi_sandbox.wechatpay.codes import Codes, paid
from yinyi_sandbox.wechatpay.credentials import MerchantAccount
from yinyi_sandbox.wechatpay.model import Event, Order, Refund, RefundStatus, Refusal
from yinyi_sandbox.wechatpay.reading import Amount, read, require, require_merchant, require_order
from yinyi_sandbox.wechatpay.store import Store

CODE_LIFE_S = 2 * 3_600.0

_REFUND_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")


class _Native(msgspec.Struct, frozen=True, kw_only=True):
    appid: str
    mchid: str
    description: str
    out_trade_no: str
    notify_url: str
    amount: Amount
    time_expire: str = ""


class _RefundAmount(msgspec.Struct, frozen=True, kw_only=True):
    refund: int
    total: int
    currency: str


class _RefundAsked(msgspec.Struct, frozen=True, kw_only=True):
    out_refund_no: str
    amount: _RefundAmount
    out_trade_no: str = ""
    transaction_id: str = ""
    notify_url: str = ""


class _Closing(msgspec.Struct, frozen=True):
    mchid: str


class Rules:
    """What the merchant's requests and the payer's taps do to orders and refunds.

    refund_takes_s: how long a refund stays PROCESSING. Raises ``Refusal`` for what WeChat Pay would not do.
    """

    def __init__(self, store: Store, clock: Clock, refund_takes_s: float) -> None:
        self._store = store
        self._clock = clock
        self._refund_takes_s = refund_takes_s
        self.codes = Codes(store, clock)

    def now(self) -> float:
        return self._clock.now().timestamp()

    def place(self, merchant: MerchantAccount, signer: str, body: bytes) -> Order:
        """A native order. The same request again finds the same order, another one with its number is refused."""
        asked = read(body, _Native)
        require_merchant(merchant, asked.mchid, asked.appid)
        require_order(asked.out_trade_no, asked.amount, asked.description)
        require(_is_notify_url(asked.notify_url), "PARAM_ERROR", "notify_url格式错误")
        canonical = msgspec.json.encode(asked, order="sorted").decode()
        now = self.now()
        known = self._store.order(merchant.mchid, asked.out_trade_no)
        if known:
            return _again(known, canonical, now)
        latest = now + CODE_LIFE_S
        expires_at = min(_instant(asked.time_expire), latest) if asked.time_expire else latest
        require(expires_at > now, "PARAM_ERROR", "time_expire 时间过期")
        order = Order(
            mchid=merchant.mchid,
            out_trade_no=asked.out_trade_no,
            appid=asked.appid,
            description=asked.description,
            total=asked.amount.total,
            notify_url=asked.notify_url,
            expires_at=expires_at,
            created_at=now,
            signer=signer,
            asked=canonical,
            code_url=f"weixin://wxpay/bizpayurl?pr={secrets.token_urlsafe(9)}",
        )
        self._store.put_order(order)
        return order

    def find(self, mchid: str, out_trade_no: str) -> Order:
        return self.codes.as_of_now(_existing(self._store.order(mchid, out_trade_no)))

    def find_transaction(self, mchid: str, transaction_id: str) -> Order:
        return _existing(self._store.order_by_transaction(mchid, transaction_id))

    def close(self, merchant: MerchantAccount, out_trade_no: str, body: bytes) -> None:
        """Closes what is not paid. An unknown number is "closed" as well, as merchants have found out."""
        require(read(body, _Closing).mchid == merchant.mchid, "PARAM_ERROR", "商户号与签名不一致")
        order = self._store.order(merchant.mchid, out_trade_no)
        if order is None:
            return
        require(not order.scanned, "INVALID_REQUEST", "付款码支付订单请调用撤销接口")
        if order.state in ("SUCCESS", "REFUND"):
            raise Refusal(400, "ORDERPAID", "该订单已支付")
        if order.state == "CLOSED":
            raise Refusal(400, "ORDER_CLOSED", "该订单已关闭")
        self._store.put_order(msgspec.structs.replace(order, state="CLOSED"))

    def pay(self, code_url: str, *, race: bool = False) -> Order:
        """The payer pays, or types the password that his phone asks for. ``race``: it was on its way before a closing
        or a reversal arrived."""
        order = self.scan(code_url)
        if order.state in ("SUCCESS", "REFUND"):
            raise Refusal(409, "ORDERPAID", "订单已支付 Already paid")
        if order.state in ("CLOSED", "REVOKED", "PAYERROR") and (order.transaction_id or not race):
            raise Refusal(409, "ORDER_CLOSED", "订单已关闭 This order is closed")
        now = self.now()
        if now >= order.expires_at and not race:
            raise Refusal(409, "EXPIRED", "订单已超过支付期限 This order has expired")
        done = paid(order, now)
        self._store.put_order(done)
        if done.notify_url:
            self._announce("take", done.mchid, done.out_trade_no, done.notify_url, done.signer, now)
        return done

    def scan(self, code_url: str) -> Order:
        order = self._store.order_by_code(code_url)
        if order is None:
            raise Refusal(404, "UNKNOWN_CODE", "二维码无效 This code is unknown")
        return self.codes.as_of_now(order)

    def give_back(
        self, mchid: str, signer: str, body: bytes, *, later_s: float = 0.0, ends: RefundStatus = "SUCCESS"
    ) -> Refund:
        """A refund. The same number again is the same refund; the sum of all stays within the order."""
        asked = read(body, _RefundAsked)
        require(bool(_REFUND_NUMBER.fullmatch(asked.out_refund_no)), "PARAM_ERROR", "商户退款单号格式错误")
        require(asked.amount.currency == "CNY" and asked.amount.refund >= 1, "PARAM_ERROR", "退款金额错误")
        if asked.transaction_id:
            order = self._store.order_by_transaction(mchid, asked.transaction_id)
        else:
            order = self._store.order(mchid, asked.out_trade_no)
        if order is None or not order.transaction_id:
            raise Refusal(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        amounts = (asked.amount.refund, asked.amount.total)
        known = self._store.refund(mchid, asked.out_refund_no)
        if known:
            same = (known.out_trade_no, known.refund, known.total) == (order.out_trade_no, *amounts)
            require(same, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致,请核实后再试")
            return known
        require(amounts[1] == order.total, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致,请核实后再试")
        require(order.refunded < order.total, "INVALID_REQUEST", "订单已全额退款")
        require(order.refunded + amounts[0] <= order.total, "INVALID_REQUEST", "申请退款金额大于订单可退金额")
        now = self.now()
        refund = Refund(
            mchid=mchid,
            out_refund_no=asked.out_refund_no,
            out_trade_no=order.out_trade_no,
            transaction_id=order.transaction_id,
            refund_id=f"5030{secrets.randbelow(10**24):024}",
            refund=amounts[0],
            total=order.total,
            notify_url=asked.notify_url,
            created_at=now,
            settles_at=now + self._refund_takes_s + later_s,
            ends=ends,
        )
        self._accept(order, refund, signer)
        return refund

    def find_refund(self, mchid: str, out_refund_no: str) -> Refund:
        refund = self._store.refund(mchid, out_refund_no)
        if refund is None:
            raise Refusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        return refund

    def _accept(self, order: Order, refund: Refund, signer: str) -> None:
        self._store.put_refund(refund)
        refunded = order.refunded + refund.refund
        self._store.put_order(msgspec.structs.replace(order, state="REFUND", refunded=refunded))
        if refund.notify_url:
            url, due_at = refund.notify_url, refund.settles_at
            self._announce("refund", refund.mchid, refund.out_refund_no, url, signer, due_at)

    def _announce(
        self, kind: Literal["take", "refund"], mchid: str, number: str, url: str, signer: str, due_at: float
    ) -> None:
        self._store.put_event(
            Event(
                id=f"EV-{secrets.token_hex(16)}",
                kind=kind,
                mchid=mchid,
                number=number,
                notify_url=url,
                signer=signer,
                due_at=due_at,
            )
        )


def _again(known: Order, asked: str, now: float) -> Order:
    require(asked == known.asked, "INVALID_REQUEST", "201 商户订单号重复")
    if known.state == "CLOSED":
        raise Refusal(400, "ORDER_CLOSED", "该订单已关闭")
    if known.state != "NOTPAY":
        raise Refusal(400, "ORDERPAID", "该订单已支付")
    require(now < known.expires_at, "INVALID_REQUEST", "201 商户订单号重复")
    return known


def _existing(order: Order | None) -> Order:
    if order is None:
        raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在")
    return order


def _instant(text: str) -> float:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refusal(400, "PARAM_ERROR", "time_expire 格式错误") from error
    require(instant.tzinfo is not None, "PARAM_ERROR", "time_expire 格式错误")
    return instant.timestamp()


def _is_notify_url(url: str) -> bool:
    return url.startswith(("https://", "http://")) and "?" not in url and len(url) <= 256
