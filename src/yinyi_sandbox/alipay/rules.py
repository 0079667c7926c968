"""Alipay's rules: which trade may become what. No HTTP, no signatures; time comes from the clock."""

import re
import secrets
from datetime import UTC, datetime
from typing import Literal, TypeVar

import msgspec

from yinyi.kernel.clock import Clock
from yinyi.kernel.money import fen
from yinyi.wire import beijing_time
from yinyi_sandbox.alipay import views
from yinyi_sandbox.alipay.credentials import MerchantAccount
from yinyi_sandbox.alipay.model import NO_TRADE, Event, PayerCode, Refund, Refusal, Trade
from yinyi_sandbox.alipay.store import Store

CODE_LIFE_S = 2 * 3_600.0
PAYER_CODE_LIFE_S = 60.0
LONGEST_S = 15 * 86_400.0
CANCELLABLE_S = 86_400.0
MOST_FEN = 100_000_000
_MOST_CODES = 1_000

Action = Literal["", "close", "refund"]
Asked = TypeVar("Asked", bound=msgspec.Struct)

_NUMBER = re.compile(r"[0-9A-Za-z_]{1,64}")
_PAYER_CODE = re.compile(r"(?:2[5-9]|30)[0-9]{14,22}")
_MINUTES = re.compile(r"([0-9]{1,5})([mhd])")
_SECONDS = {"m": 60.0, "h": 3_600.0, "d": 86_400.0}


class _Order(msgspec.Struct, frozen=True, kw_only=True):
    out_trade_no: str
    total_amount: str
    subject: str
    seller_id: str = ""
    scene: str = ""
    auth_code: str = ""
    time_expire: str = ""
    timeout_express: str = ""


class _Number(msgspec.Struct, frozen=True, kw_only=True):
    out_trade_no: str = ""
    trade_no: str = ""
    out_request_no: str = ""


class _RefundAsked(_Number, frozen=True, kw_only=True):
    refund_amount: str


class Rules:
    """What the merchant's requests and the payer's taps do to trades and refunds.

    password_above_fen: the payer types his password for more. Raises ``Refusal`` for what Alipay would not do.
    """

    def __init__(
        self, store: Store, clock: Clock, merchants: dict[str, MerchantAccount], password_above_fen: int
    ) -> None:
        self._store = store
        self._clock = clock
        self._merchants = merchants
        self._password_above_fen = password_above_fen
        self._codes: dict[str, PayerCode] = {}

    def now(self) -> float:
        return self._clock.now().timestamp()

    # ---- what merchants ask

    def precreate(self, merchant: MerchantAccount, content: str, notify_url: str) -> Trade:
        """A code to be scanned. The same order again has the same code."""
        asked = _read(content, _Order)
        made = self._made(merchant, asked, notify_url)
        known = self._known(made)
        if known:
            _require(bool(known.qr_code), "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
            return known
        trade = msgspec.structs.replace(made, qr_code=f"https://qr.alipay.com/bax{secrets.token_hex(10)}")
        self._store.put_trade(trade)
        return trade

    def pay(self, merchant: MerchantAccount, content: str, notify_url: str) -> Trade:
        """By the payer's code: paid, or waiting for his password."""
        asked = _read(content, _Order)
        _require(asked.scene == "bar_code", "ACQ.INVALID_PARAMETER", "支付场景错误")
        _require(bool(_PAYER_CODE.fullmatch(asked.auth_code)), "ACQ.INVALID_PARAMETER", "支付授权码格式错误")
        made = self._made(merchant, asked, notify_url)
        known = self._known(made)
        if known:
            _require(not known.qr_code, "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
            return known
        now = self.now()
        code = self._codes.pop(asked.auth_code, None)
        _require(code is not None and now < code.until, "ACQ.PAYMENT_AUTH_CODE_INVALID", "支付授权码无效")
        assert code
        _require(code.behaviour != "no_money", "ACQ.BUYER_BALANCE_NOT_ENOUGH", "买家余额不足")
        trade = self._begun(msgspec.structs.replace(made, payer_url=code.code_url), now)
        if code.behaviour == "password" or trade.total > self._password_above_fen:
            self._store.put_trade(trade)
            return trade
        return self._paid(trade)

    def find(self, app_id: str, content: str) -> Trade:
        return _existing(self._named(app_id, _read(content, _Number)))

    def cancel(self, app_id: str, content: str) -> tuple[Trade | None, Action]:
        """Closes what is not paid, gives back what is; of a number without a trade it says that all is well."""
        trade = self._named(app_id, _read(content, _Number))
        if trade is None:
            return None, ""
        if trade.state in NO_TRADE:
            self._store.put_trade(msgspec.structs.replace(trade, state="WITHDRAWN"))
            return None, ""
        if trade.state == "TRADE_CLOSED":
            return trade, "refund" if trade.paid_at else "close"
        if trade.state == "WAIT_BUYER_PAY":
            return self._closed(trade), "close"
        _require(trade.state != "TRADE_FINISHED", "ACQ.TRADE_HAS_FINISHED", "交易已经完结")
        _require(not trade.refunded, "ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
        in_time = self.now() < trade.paid_at + CANCELLABLE_S
        _require(in_time, "ACQ.TRADE_CANCEL_TIME_OUT", "超过撤销时间范围")
        return self._given_back(trade, trade.out_trade_no, trade.total)[0], "refund"

    def close(self, app_id: str, content: str) -> Trade:
        trade = _existing(self._named(app_id, _read(content, _Number)))
        _require(trade.state == "WAIT_BUYER_PAY", "ACQ.REASON_TRADE_STATUS_INVALID", "交易状态异常")
        return self._closed(trade)

    def refund(self, app_id: str, content: str) -> tuple[Trade, Refund, bool]:
        """The trade, the refund, and whether money moved now. The same number again is the same refund."""
        asked = _read(content, _RefundAsked)
        amount = _fen(asked.refund_amount)
        trade = _existing(self._named(app_id, asked))
        number = asked.out_request_no or trade.out_trade_no
        known = self._store.refund(app_id, trade.out_trade_no, number)
        if known:
            _require(known.amount == amount, "ACQ.DISCORDANT_REPEAT_REQUEST", "请求信息不一致")
            return trade, known, False
        _require(trade.state != "TRADE_FINISHED", "ACQ.TRADE_HAS_FINISHED", "交易已完结")
        _require(trade.state != "TRADE_CLOSED", "ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        _require(trade.state == "TRADE_SUCCESS", "ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        named = bool(asked.out_request_no) or amount == trade.total
        _require(named, "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额与订单金额不一致")
        left = trade.total - trade.refunded
        _require(1 <= amount <= left, "ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")
        return *self._given_back(trade, number, amount), True

    def find_refund(self, app_id: str, content: str) -> tuple[Trade, Refund | None]:
        asked = _read(content, _Number)
        trade = _existing(self._named(app_id, asked))
        return trade, self._store.refund(app_id, trade.out_trade_no, asked.out_request_no)

    # ---- what the payer does

    def show(self, code: PayerCode) -> None:
        """A payer's code is on his phone."""
        _require(len(self._codes) < _MOST_CODES, "TOO_MANY", "付款码太多 Too many codes are shown")
        self._codes[code.code] = code

    def look(self, qr_code: str) -> Trade:
        """The order of a code, before anybody scans it; of a payer's own, once a merchant has."""
        trade = self._store.trade_by_code(qr_code) or self._by_payer(qr_code)
        if trade is None:
            raise Refusal("40004", "UNKNOWN_CODE", "二维码无效 This code is unknown")
        return trade.at(self.now())

    def _by_payer(self, url: str) -> Trade | None:
        return next((trade for trade in self._store.trades(_MOST_CODES) if url and trade.payer_url == url), None)

    def scan(self, qr_code: str) -> Trade:
        """The payer's phone reads a code: only now there is a trade."""
        trade = self.look(qr_code)
        if trade.state != "PRECREATED":
            return trade
        now = self.now()
        dead = now >= trade.code_until or (trade.expires_at and now >= trade.expires_at)
        _require(not dead, "EXPIRED", "二维码已过期 This code has expired")
        begun = self._begun(trade, now)
        self._store.put_trade(begun)
        return begun

    def confirm(self, trade: Trade, *, race: bool = False) -> Trade:
        """The payer pays. ``race``: his password was on its way before a closing arrived."""
        trade = trade.at(self.now())
        _require(not trade.paid_at, "PAID", "订单已支付 Already paid")
        _require(trade.state != "WITHDRAWN", "CANCELLED", "订单已撤销 This order is cancelled")
        _require(trade.state == "WAIT_BUYER_PAY" or race, "CLOSED", "订单已关闭 This order is closed")
        return self._paid(trade)

    # ---- what becomes of trades

    def _made(self, merchant: MerchantAccount, asked: _Order, notify_url: str) -> Trade:
        """The trade that is asked for, before anything of it exists."""
        total, now = _fen(asked.total_amount), self.now()
        _require(bool(_NUMBER.fullmatch(asked.out_trade_no)), "ACQ.INVALID_PARAMETER", "商户订单号格式错误")
        _require(asked.seller_id in ("", merchant.seller_id), "ACQ.INVALID_PARAMETER", "卖家不一致")
        _require(1 <= total <= MOST_FEN, "ACQ.TOTAL_FEE_EXCEED", "订单总金额超过限额")
        _require(1 <= len(asked.subject) <= 256, "ACQ.INVALID_PARAMETER", "订单标题错误")
        expires_at = _instant(asked.time_expire)
        _require(not expires_at or expires_at > now, "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR", "超过允许支付的时间")
        return Trade(
            app_id=merchant.app_id,
            out_trade_no=asked.out_trade_no,
            subject=asked.subject,
            total=total,
            notify_url=notify_url,
            created_at=now,
            code_until=now + CODE_LIFE_S,
            expires_at=expires_at,
            timeout_s=_duration_s(asked.timeout_express),
        )

    def _known(self, made: Trade) -> Trade | None:
        """The order of this number, if it can still be paid and is the same."""
        known = self._store.trade(made.app_id, made.out_trade_no)
        if known is None:
            return None
        known = known.at(self.now())
        same = (known.total, known.subject) == (made.total, made.subject)
        _require(same, "ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
        _require(known.state not in ("WITHDRAWN", "TRADE_CLOSED"), "ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        _require(not known.paid_at, "ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        return known

    def _begun(self, trade: Trade, now: float) -> Trade:
        day = beijing_time.write(datetime.fromtimestamp(now, UTC))[:10].replace("-", "")
        return msgspec.structs.replace(
            trade,
            state="WAIT_BUYER_PAY",
            trade_no=f"{day}22001{secrets.randbelow(10**15):015}",
            expires_at=trade.expires_at or now + trade.timeout_s,
        )

    def _paid(self, trade: Trade) -> Trade:
        paid = msgspec.structs.replace(trade, state="TRADE_SUCCESS", paid_at=self.now())
        self._store.put_trade(paid)
        self._announce(paid)
        return paid

    def _closed(self, trade: Trade) -> Trade:
        closed = msgspec.structs.replace(trade, state="TRADE_CLOSED")
        self._store.put_trade(closed)
        self._announce(closed)
        return closed

    def _given_back(self, trade: Trade, number: str, amount: int) -> tuple[Trade, Refund]:
        in_all = trade.refunded + amount
        after = msgspec.structs.replace(
            trade, refunded=in_all, state="TRADE_CLOSED" if in_all == trade.total else trade.state
        )
        refund = Refund(
            app_id=trade.app_id,
            out_trade_no=trade.out_trade_no,
            out_request_no=number,
            amount=amount,
            in_all=in_all,
            at=self.now(),
        )
        self._store.put_refund(refund)
        self._store.put_trade(after)
        self._announce(after, refund)
        return after, refund

    def _announce(self, trade: Trade, refund: Refund | None = None) -> None:
        if not trade.notify_url:
            return
        self._store.put_event(
            Event(
                id=secrets.token_hex(17),
                app_id=trade.app_id,
                fields=views.notice(trade, self._merchants[trade.app_id], refund),
                notify_url=trade.notify_url,
                due_at=self.now(),
            )
        )

    def _named(self, app_id: str, number: _Number) -> Trade | None:
        if number.trade_no:
            trade = self._store.trade_by_number(app_id, number.trade_no)
        else:
            _require(bool(number.out_trade_no), "ACQ.INVALID_PARAMETER", "参数无效")
            trade = self._store.trade(app_id, number.out_trade_no)
        return trade.at(self.now()) if trade else None


def _existing(trade: Trade | None) -> Trade:
    if trade is None or trade.state in NO_TRADE:
        raise Refusal("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在")
    return trade


def _require(holds: bool, sub_code: str, message: str) -> None:
    if not holds:
        raise Refusal("40004", sub_code, message)


def _read(content: str, kind: type[Asked]) -> Asked:
    try:
        return msgspec.json.decode(content, type=kind)
    except msgspec.MsgspecError as error:
        raise Refusal("40004", "ACQ.INVALID_PARAMETER", f"参数无效: {error}") from error


def _fen(text: str) -> int:
    try:
        return fen(text)
    except ValueError as error:
        raise Refusal("40004", "ACQ.INVALID_PARAMETER", "金额格式错误") from error


def _instant(text: str) -> float:
    """0 where nothing was asked for."""
    try:
        return beijing_time.read(text).timestamp() if text else 0.0
    except ValueError as error:
        raise Refusal("40004", "ACQ.INVALID_PARAMETER", "time_expire 格式错误") from error


def _duration_s(text: str) -> float:
    match = _MINUTES.fullmatch(text) if text else None
    _require(not text or match is not None, "ACQ.INVALID_PARAMETER", "timeout_express 格式错误")
    return min(int(match[1]) * _SECONDS[match[2]], LONGEST_S) if match else LONGEST_S
