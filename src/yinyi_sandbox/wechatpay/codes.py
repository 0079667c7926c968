"""Payers' codes (付款码): shown on a phone, scanned once by a merchant, confirmed by a password, reversed, revoked."""

import re
import secrets
from datetime import UTC, datetime
from typing import Literal

import msgspec

from yinyi.kernel.clock import Clock
from yinyi_sandbox.wechatpay.credentials import MerchantAccount
from yinyi_sandbox.wechatpay.model import BEIJING, Behaviour, Order, PayerCode, Refusal, State
from yinyi_sandbox.wechatpay.reading import Amount, read, require, require_merchant, require_order
from yinyi_sandbox.wechatpay.store import Store

CODE_LIFE_S = 60.0
REVOKED_AFTER_S = 45.0
"""https://pay.weixin.qq.com/wiki/doc/api/wxpay/en/guide/pos/Closed-loop_Transactions.shtml"""
PASSWORD_ABOVE_FEN = 100_000
"""https://pay.weixin.qq.com/wiki/doc/api/wxpay/ch/pay/QuickPay/chapter3_3.shtml"""
PREFIXES = ("10", "11", "12", "13", "14", "15")

Ending = Literal["", "ACCEPT", "PAYERROR"]
"""What becomes of a code payment if not what its payer and its amount say."""

_PAYER_CODE = re.compile(r"1[0-5][0-9]{16}")
_UNPAID: frozenset[State] = frozenset({"USERPAYING", "ACCEPT"})


class _Payer(msgspec.Struct, frozen=True):
    auth_code: str


class _Place(msgspec.Struct, frozen=True):
    id: str = ""
    out_id: str = ""


class _Scene(msgspec.Struct, frozen=True):
    store_info: _Place
    device_id: str = ""
    device_ip: str = ""


class _CodePay(msgspec.Struct, frozen=True, kw_only=True):
    appid: str
    mchid: str
    description: str
    out_trade_no: str
    payer: _Payer
    amount: Amount
    scene_info: _Scene


class _Reversing(msgspec.Struct, frozen=True):
    appid: str
    mchid: str


class Codes:
    """What merchants and payers do with payers' codes. Raises ``Refusal`` for what WeChat Pay would not do."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def show(self, behaviour: Behaviour) -> PayerCode:
        """A fresh code on the payer's phone."""
        digits = f"{secrets.choice(PREFIXES)}{secrets.randbelow(10**16):016}"
        made = PayerCode(digits=digits, behaviour=behaviour, valid_until=self._now() + CODE_LIFE_S)
        self._store.put_payer_code(made)
        return made

    def take(self, merchant: MerchantAccount, signer: str, body: bytes, ends: Ending = "") -> Order:
        """A code payment. Neither its number nor its code is ever taken again."""
        asked = read(body, _CodePay)
        require_merchant(merchant, asked.mchid, asked.appid)
        require_order(asked.out_trade_no, asked.amount, asked.description)
        known = self._store.order(merchant.mchid, asked.out_trade_no)
        if known:
            raise _number_used(self.as_of_now(known))
        code = self._spent(asked.payer.auth_code)
        if code.behaviour == "empty":
            raise Refusal(403, "NOT_ENOUGH", "用户的零钱余额不足")
        now = self._now()
        order = Order(
            mchid=merchant.mchid,
            out_trade_no=asked.out_trade_no,
            appid=asked.appid,
            description=asked.description,
            total=asked.amount.total,
            notify_url="",
            expires_at=now + REVOKED_AFTER_S,
            created_at=now,
            signer=signer,
            asked="",
            code_url=code.code_url,
            scanned=True,
            state=ends or "USERPAYING",
        )
        at_once = code.behaviour == "pays" and asked.amount.total <= PASSWORD_ABOVE_FEN
        order = paid(order, now) if at_once and not ends else order
        self._store.put_order(order)
        return order

    def reverse(self, merchant: MerchantAccount, out_trade_no: str, body: bytes) -> None:
        """Nobody can pay it any more, and what was paid goes back. A number that was never seen is "reversed" as well
        (https://developers.weixin.qq.com/community/pay/doc/000a04965342889c925846c7f56400)."""
        asked = read(body, _Reversing)
        require_merchant(merchant, asked.mchid, asked.appid)
        order = self._store.order(merchant.mchid, out_trade_no)
        if order is None:
            return
        require(order.scanned, "INVALID_REQUEST", "支付场景不适用")
        require(order.state != "REFUND", "TRADE_ERROR", "订单已转入退款")
        back = order.total if order.transaction_id else 0
        self._store.put_order(msgspec.structs.replace(order, state="REVOKED", refunded=back))

    def refuse(self, order: Order) -> Order:
        """The payer does not type his password."""
        if order.state not in _UNPAID:
            return order
        refused = msgspec.structs.replace(order, state="PAYERROR")
        self._store.put_order(refused)
        return refused

    def as_of_now(self, order: Order) -> Order:
        """The order, revoked if its payer has had his time."""
        if order.state not in _UNPAID or self._now() < order.expires_at:
            return order
        revoked = msgspec.structs.replace(order, state="REVOKED")
        self._store.put_order(revoked)
        return revoked

    def _spent(self, digits: str) -> PayerCode:
        """The code, which nobody can use after this."""
        require(bool(_PAYER_CODE.fullmatch(digits)), "PARAM_ERROR", "auth_code 格式错误")
        code = self._store.payer_code(digits)
        if code is None:
            raise Refusal(400, "AUTH_CODE_INVALID", "101 付款码无效，请重新扫码")
        require(not code.used, "AUTH_CODE_INVALID", "101 每个二维码仅限使用一次，请刷新再试")
        require(self._now() < code.valid_until, "AUTH_CODE_INVALID", "101 付款码已过期，请退出重试")
        self._store.put_payer_code(msgspec.structs.replace(code, used=True))
        return code

    def _now(self) -> float:
        return self._clock.now().timestamp()


def paid(order: Order, now: float) -> Order:
    """The order with the payer's money in it."""
    day = datetime.fromtimestamp(now, UTC).astimezone(BEIJING)
    number = f"4200{day:%Y%m%d}{secrets.randbelow(10**16):016}"
    return msgspec.structs.replace(order, state="SUCCESS", transaction_id=number, paid_at=now)


def _number_used(order: Order) -> Refusal:
    if order.state in ("SUCCESS", "REFUND"):
        return Refusal(400, "ORDERPAID", "该订单已支付")
    if order.state in ("CLOSED", "REVOKED"):
        return Refusal(400, "ORDER_CLOSED", "该订单已关闭")
    return Refusal(400, "INVALID_REQUEST", "201 商户订单号重复")
