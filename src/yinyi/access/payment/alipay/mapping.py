"""From Alipay's words to the engine's: one table of codes, and what each state of a trade or a refund means."""

from dataclasses import dataclass
from typing import Any, Literal

from yinyi.access.payment.alipay.messages import Cancelled, Refunded, RefundFound, Told, Trade
from yinyi.access.payment.words import difference
from yinyi.business.payments.model import IN_ALL, Order, RefundOrder
from yinyi.kernel.money import Fen, fen
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Outcome, Refused, RefusedReason, Unknown, Waiting
from yinyi.wire import beijing_time

OK = "10000"
PAYER_ASKED = "10003"
"""The payer has to type his password; only a payment by code answers so."""
PAID = frozenset({"TRADE_SUCCESS", "TRADE_FINISHED"})

Meaning = RefusedReason | Literal["unknown", "not_sent"]


@dataclass(frozen=True)
class Row:
    """What a code means as the answer to an order, to a refund, and to a question about either.

    A question never ends in a refusal: that we asked wrongly says nothing of the money.
    """

    take: Meaning = "unknown"
    refund: Meaning = "unknown"
    asked: Literal["unknown", "not_found"] = "unknown"


_UNKNOWN = Row()
_WRONG = Row(take="bad_request", refund="bad_request")
_OUR_FAULT = Row(take="not_permitted", refund="not_permitted")
_NUMBER_LIVES = Row(refund="not_refundable")  # a trade of this number exists: only asking tells how it is
_NO_SUCH_TRADE = Row(refund="not_sent", asked="not_found")  # of a refund it is seen to be untrue for a while
_PAYER = Row(take="declined")
_LIMIT = Row(take="limit_exceeded")
_NO_MONEY = Row(take="insufficient_funds")
_NO_REFUND = Row(refund="not_refundable")

CODES: dict[str, Row] = {
    # of the gateway: nothing has reached the business
    "20001": _OUR_FAULT,
    "40001": _WRONG,
    "40002": _WRONG,
    "40006": _OUR_FAULT,
    "isv.invalid-signature": _OUR_FAULT,
    "isv.invalid-app-id": _OUR_FAULT,
    "isv.insufficient-isv-permissions": _OUR_FAULT,
    # of the business
    "ACQ.INVALID_PARAMETER": _WRONG,
    "ACQ.EXIST_FORBIDDEN_WORD": _WRONG,
    "ACQ.ACCESS_FORBIDDEN": _OUR_FAULT,
    "ACQ.PARTNER_ERROR": _OUR_FAULT,
    "ACQ.SELLER_BEEN_BLOCKED": _OUR_FAULT,
    "ACQ.TRADE_HAS_SUCCESS": _NUMBER_LIVES,
    "ACQ.CONTEXT_INCONSISTENT": _NUMBER_LIVES,
    "ACQ.TRADE_BUYER_NOT_MATCH": _NUMBER_LIVES,
    "ACQ.TRADE_STATUS_ERROR": _NUMBER_LIVES,
    "ACQ.REASON_TRADE_STATUS_INVALID": _NUMBER_LIVES,
    "ACQ.REASON_ILLEGAL_STATUS": _NUMBER_LIVES,
    "ACQ.TRADE_HAS_CLOSE": Row(take="expired", refund="not_refundable"),
    "ACQ.TRADE_NOT_EXIST": _NO_SUCH_TRADE,
    "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR": Row(take="expired"),
    "ACQ.PAYMENT_AUTH_CODE_INVALID": Row(take="expired"),
    "ACQ.TOTAL_FEE_EXCEED": _LIMIT,
    "ACQ.BEYOND_PAY_RESTRICTION": _LIMIT,
    "ACQ.BEYOND_PER_RECEIPT_RESTRICTION": _LIMIT,
    "ACQ.BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR": _LIMIT,
    "ACQ.BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR": _LIMIT,
    "ACQ.BUYER_BALANCE_NOT_ENOUGH": _NO_MONEY,
    "ACQ.BUYER_BANKCARD_BALANCE_NOT_ENOUGH": _NO_MONEY,
    "ACQ.PAYMENT_FAIL": _PAYER,
    "ACQ.PULL_MOBILE_CASHIER_FAIL": _PAYER,
    "ACQ.BUYER_SELLER_EQUAL": _PAYER,
    "ACQ.BUYER_ENABLE_STATUS_FORBID": _PAYER,
    "ACQ.ERROR_BALANCE_PAYMENT_DISABLE": _PAYER,
    "ACQ.ERROR_BUYER_CERTIFY_LEVEL_LIMIT": _PAYER,
    "ACQ.MOBILE_PAYMENT_SWITCH_OFF": _PAYER,
    "ACQ.NO_PAYMENT_INSTRUMENTS_AVAILABLE": _PAYER,
    "ACQ.PAYMENT_REQUEST_HAS_RISK": _PAYER,
    "ACQ.SELLER_BALANCE_NOT_ENOUGH": Row(refund="insufficient_funds"),
    "ACQ.BUYER_ERROR": _NO_REFUND,
    "ACQ.DISCORDANT_REPEAT_REQUEST": _NO_REFUND,
    "ACQ.ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND": _NO_REFUND,
    "ACQ.REASON_TRADE_BEEN_FREEZEN": _NO_REFUND,
    "ACQ.REASON_TRADE_REFUND_FEE_ERR": _NO_REFUND,
    "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL": _NO_REFUND,
    "ACQ.REFUND_FEE_ERROR": _NO_REFUND,
    "ACQ.TRADE_HAS_FINISHED": _NO_REFUND,
    "ACQ.TRADE_NOT_ALLOW_REFUND": _NO_REFUND,
}
"""Any other code is unknown, and so is every answer of the gateway 20000 (its system failed, the business's may not
have). Sources: the error tables of the methods named in ``messages.py``."""


def refused(call: Literal["take", "refund"], told: Told) -> Outcome:
    """What an error reply to an order or a refund means."""
    row, detail = _look_up(told)
    meaning = row.take if call == "take" else row.refund
    if meaning == "unknown":
        return Unknown(detail=detail)
    if meaning == "not_sent":
        return NotSent(detail=detail)
    return Refused(reason=meaning, detail=detail)


def unanswered(told: Told) -> Answer:
    """What an error reply to a question means."""
    row, detail = _look_up(told)
    return NotFound(detail=detail) if row.asked == "not_found" else Unknown(detail=detail)


def of_payment(order: Order, told: Trade) -> Outcome:
    """What the answer to a payment by the payer's code means."""
    if told.code not in (OK, PAYER_ASKED):
        return refused("take", told)
    if unlike := _unlike(order, told):
        return unlike
    if told.code == PAYER_ASKED:
        return Waiting(until=order.expires_at)
    return _taken(told) or Unknown(detail="paid, but the answer says too little to be believed")


def of_trade(order: Order, told: Trade) -> Answer:
    """What a trade's state means, once it is surely ours, over our amount.

    A trade that is closed is for ever: nobody can pay it, and if somebody had, all of it has gone back.
    """
    if told.code != OK:
        return unanswered(told)
    if unlike := _unlike(order, told):
        return unlike
    if told.trade_status == "WAIT_BUYER_PAY":
        return Waiting(until=order.expires_at)
    if told.trade_status == "TRADE_CLOSED":
        return Refused(reason="expired", detail="TRADE_CLOSED, given back" if told.send_pay_date else "TRADE_CLOSED")
    taken = _taken(told) if told.trade_status in PAID else None
    return taken or Unknown(detail=f"trade_status {told.trade_status}")


def of_close(asked: Answer) -> Answer:
    """What the trade's state means after we wanted it closed."""
    match asked:
        case Done():
            return Refused(reason="already_paid", detail=str(asked.evidence.get("trade_no", "")))
        case Refused():
            return Done(evidence={"trade_status": asked.detail})
        case Waiting():
            return Unknown(detail="not closed yet")
        case _:
            return asked


def of_cancel(order: Order, told: Cancelled) -> Done | Unknown | None:
    """What the answer to a cancellation means; None: it has to be asked what became of the trade.

    Where there is no trade, none was made of a code that we show, and none will be. A payer's code that we sent may
    still be on its way.
    """
    if told.code != OK:
        return None
    if told.retry_flag == "Y":
        return Unknown(detail="not cancelled yet; to be sent again")
    if told.action in ("close", "refund") and told.out_trade_no == order.reference:
        return Done(evidence={"action": told.action})
    no_trade = not told.action and told.out_trade_no in (None, order.reference)
    return Done(evidence={"action": ""}) if no_trade and not order.scanned else None


def of_refund(order: RefundOrder, told: Refunded) -> Outcome | None:
    """What the answer to a refund means; None: no money moved by this call, so it has to be asked about."""
    if told.code != OK:
        return refused("refund", told)
    if told.out_trade_no != order.order_reference:
        return Unknown(detail="the answer is about another order")
    if told.fund_change != "Y":
        return None
    in_all = amount(told.refund_fee)
    if in_all is None or not order.amount_fen <= in_all <= order.order_amount_fen:
        return Unknown(detail=f"refund_fee is {told.refund_fee!r}, ours {order.amount_fen} fen")
    done = _returned(order, told.trade_no, told.gmt_refund_pay)
    return Done(evidence=done.evidence | {IN_ALL: in_all})


def of_refund_found(order: RefundOrder, told: RefundFound, status_told: bool) -> Answer:
    """What a query for a refund means. ``status_told``: a refund is done only where its status says so."""
    if told.code != OK:
        return unanswered(told)
    done = told.refund_status == "REFUND_SUCCESS" or (not status_told and amount(told.refund_amount or ""))
    if not done:
        return NotFound(detail=f"refund_status {told.refund_status}".rstrip())
    unlike = difference(
        number=(told.out_request_no or "", order.reference),
        order=(told.out_trade_no or "", order.order_reference),
        total=(_fen(told.total_amount), order.order_amount_fen),
    )
    if unlike:
        return Unknown(detail=unlike)
    other = _of_another_amount(told.refund_amount, order.amount_fen)
    return other or _returned(order, told.trade_no, told.gmt_refund_pay)


def given_back_otherwise(order: RefundOrder, told: Trade) -> Done | None:
    """Done, where this refund is of all that a trade took, and all of that went back already: by a cancellation, or by
    people in Alipay's own console."""
    whole = order.amount_fen == order.order_amount_fen == _fen(told.total_amount)
    ours = told.code == OK and told.out_trade_no == order.order_reference
    if not (whole and ours and told.trade_status == "TRADE_CLOSED" and told.send_pay_date):
        return None
    return Done(evidence={"trade_no": told.trade_no, "amount_fen": order.amount_fen, "by": "TRADE_CLOSED"})


def amount(text: str) -> Fen | None:
    """Yuan as fen; None if it is not an amount."""
    try:
        return fen(text)
    except ValueError:
        return None


def moment(text: str) -> str:
    """A time of Alipay's with its zone, as evidence is kept; empty if it is none."""
    try:
        return beijing_time.read(text).isoformat()
    except ValueError:
        return ""


def taken(trade_no: str, amount_fen: Fen, paid_at: str, trade_status: str) -> Done:
    """The evidence that an order was paid."""
    evidence: dict[str, Any] = {
        "trade_no": trade_no,
        "amount_fen": amount_fen,
        "success_time": moment(paid_at),
        "trade_status": trade_status,
    }
    return Done(evidence=evidence)


def _taken(told: Trade) -> Done | None:
    amount_fen = _fen(told.total_amount)
    if not told.trade_no or not amount_fen:
        return None
    status = told.trade_status or "TRADE_SUCCESS"
    return taken(told.trade_no, Fen(amount_fen), told.send_pay_date or told.gmt_payment, status)


def _returned(order: RefundOrder, trade_no: str, at: str) -> Done:
    evidence = {"trade_no": trade_no, "amount_fen": order.amount_fen, "success_time": moment(at)}
    return Done(evidence=evidence)


def _unlike(order: Order, told: Trade) -> Unknown | None:
    """Where the trade is not our order. Before it is paid, the amount may be missing."""
    unlike = difference(number=(told.out_trade_no or "", order.reference))
    return Unknown(detail=unlike) if unlike else _of_another_amount(told.total_amount, order.amount_fen)


def _of_another_amount(theirs: str | None, ours: Fen) -> Unknown | None:
    """Ours in everything but the amount: it is not believed to be what we have asked about, and theirs is passed on if
    it is an amount at all."""
    fen = _fen(theirs)
    unlike = difference(amount=(fen, ours))
    return Unknown(detail=unlike, evidence={"amount_fen": fen} if fen and fen > 0 else {}) if unlike else None


def _fen(text: str | None) -> int | None:
    """Fen; None where it was left out, -1 where it is no amount, which is like none of ours."""
    if text is None:
        return None
    found = amount(text)
    return -1 if found is None else found


def _look_up(told: Told) -> tuple[Row, str]:
    row = CODES.get(told.sub_code) or (CODES.get(told.code) if told.code != "40004" else None) or _UNKNOWN
    detail = " ".join(filter(None, (told.code, told.sub_code, told.sub_msg[:200])))
    return (_UNKNOWN if told.code == "20000" else row), detail
