"""From WeChat Pay's words to the engine's: one table of codes, and what each state of an order or a refund means."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec

from yinyi.access.payment.wechatpay.messages import Failure, Refund, Reversed, Transaction
from yinyi.business.payments.model import GIVEN_BACK, Order, RefundOrder
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Outcome, Refused, RefusedReason, Unknown, Waiting

Meaning = RefusedReason | Literal["unknown", "not_sent"]
Reversal = Literal["done", "refused", "unknown"]
"""What the answer to a reversal says: it was made, it surely will not be, or it has to be sent again."""


@dataclass(frozen=True)
class Row:
    """What a code means as the answer to an order, to a code payment, to its reversal, to a refund, and to a question
    about any of them.

    A code payment is never ``not_sent``: its code is good for one use, so that sending it again is no repetition.
    A question never ends in a refusal: that we asked wrongly says nothing of the money.
    """

    take: Meaning = "unknown"
    scan: RefusedReason | Literal["unknown", "waiting"] = "unknown"
    reverse: Reversal = "unknown"
    refund: Meaning = "unknown"
    asked: Literal["unknown", "not_found"] = "unknown"


_UNKNOWN = Row()
_OUR_FAULT = Row(take="not_permitted", scan="not_permitted", refund="not_permitted")
_NUMBER_LIVES = Row()  # an order of this number exists: only asking tells how it is
_NO_SUCH_ORDER = Row(refund="not_sent", asked="not_found")  # of a refund it is seen to be untrue for a while
_TOO_FAST = Row(take="not_sent")  # of a refund it may mean that it is accepted already
_LIMIT = Row(take="limit_exceeded", scan="limit_exceeded")
_ACCOUNT = Row(take="declined", scan="declined", refund="not_refundable")
_POOR = Row(scan="insufficient_funds", refund="insufficient_funds")  # the payer, or the merchant who gives back
_CODE_IS_OVER = Row(scan="expired")  # run out, used before, or not a payer's code: he has to show a fresh one
_ORDER_IS_OVER = Row(take="expired", scan="expired")
_TOO_LATE_TO_REVERSE = Row(reverse="refused")

CODES: dict[str, Row] = {
    "PARAM_ERROR": Row(take="bad_request", scan="bad_request", reverse="refused", refund="bad_request"),
    "INVALID_REQUEST": Row(reverse="refused", refund="not_refundable"),  # of an order: its number may live
    "SIGN_ERROR": _OUR_FAULT,
    "NO_AUTH": _OUR_FAULT,
    "NOAUTH": _OUR_FAULT,
    "MCH_NOT_EXISTS": _OUR_FAULT,
    "APPID_MCHID_NOT_MATCH": _OUR_FAULT,
    "OUT_TRADE_NO_USED": _NUMBER_LIVES,
    "ORDERPAID": _NUMBER_LIVES,
    "ORDER_PAID": _NUMBER_LIVES,
    "ORDER_CLOSED": _ORDER_IS_OVER,
    "ORDERCLOSED": _ORDER_IS_OVER,
    "ORDERREVERSED": _ORDER_IS_OVER,
    "ORDER_REVERSED": _ORDER_IS_OVER,
    "ORDER_NOT_EXIST": _NO_SUCH_ORDER,
    "ORDERNOTEXIST": _NO_SUCH_ORDER,
    "RESOURCE_NOT_EXISTS": _NO_SUCH_ORDER,
    "RULE_LIMIT": _LIMIT,
    "RULELIMIT": _LIMIT,
    "TRADE_ERROR": Row(take="declined", scan="declined", reverse="refused", refund="not_refundable"),
    "ACCOUNT_ERROR": _ACCOUNT,
    "ACCOUNTERROR": _ACCOUNT,
    "USER_ACCOUNT_ABNORMAL": Row(scan="declined", refund="not_refundable"),
    "REQUEST_BLOCKED": Row(refund="not_refundable"),
    "NOT_ENOUGH": _POOR,
    "NOTENOUGH": _POOR,
    "NOTSUPORTCARD": Row(scan="declined"),
    "NOT_SUPPORT_CARD": Row(scan="declined"),
    "AUTH_CODE_ERROR": _CODE_IS_OVER,
    "AUTH_CODE_INVALID": _CODE_IS_OVER,
    "AUTH_CODE_EXPIRED": _CODE_IS_OVER,
    "AUTHCODEEXPIRE": _CODE_IS_OVER,
    "USERPAYING": Row(scan="waiting"),  # of a reversal: not while he types
    "REVERSE_EXPIRE": _TOO_LATE_TO_REVERSE,
    "REVERSE_EXPIRED": _TOO_LATE_TO_REVERSE,
    "FREQUENCY_LIMITED": _TOO_FAST,
    "RATELIMIT_EXCEEDED": _TOO_FAST,
}
"""Any other code, and every 5xx, is unknown. Sources: the error tables of the pages named in ``messages.py``. How API
v3 spells the codes of code payments is (m), so that they are here as API v2 spells them, too
(https://pay.weixin.qq.com/doc/v2/merchant/4011937125, 4011937361)."""


def refused(call: Literal["take", "refund"], status: int, body: bytes) -> Outcome:
    """What an error reply to an order or a refund means."""
    row, detail = _look_up(status, body)
    meaning = row.take if call == "take" else row.refund
    if meaning == "unknown":
        return Unknown(detail=detail)
    if meaning == "not_sent":
        return NotSent(detail=detail)
    return Refused(reason=meaning, detail=detail)


def of_code_payment(order: Order, mchid: str, status: int, body: bytes) -> Outcome:
    """What the answer to a code payment means. 202: the payer has to type his password
    (https://github.com/binarywang/WxJava/issues/4050)."""
    if status in (200, 202):
        try:
            return of_order(order, mchid, msgspec.json.decode(body, type=Transaction))
        except msgspec.MsgspecError:
            return Unknown(detail="the answer to the code payment is not to be read")
    row, detail = _look_up(status, body)
    if row.scan == "unknown":
        return Unknown(detail=detail)
    if row.scan == "waiting":
        return Waiting(until=order.expires_at)
    return Refused(reason=row.scan, detail=detail)


def of_reversal(order: Order, mchid: str, status: int, body: bytes) -> Reversal:
    """What the answer to a reversal says; the order's state has the last word."""
    if status != 200:
        return _look_up(status, body)[0].reverse
    try:
        told = msgspec.json.decode(body, type=Reversed)
    except msgspec.MsgspecError:
        return "unknown"
    return "done" if (told.mchid, told.out_trade_no) == (mchid, order.reference) else "unknown"


def unanswered(status: int, body: bytes) -> Answer:
    """What an error reply to a question means."""
    row, detail = _look_up(status, body)
    return NotFound(detail=detail) if row.asked == "not_found" else Unknown(detail=detail)


def of_order(order: Order, mchid: str, told: Transaction) -> Outcome:
    """What an order's state means, once it is surely our order, of our merchant, over our amount."""
    difference = _difference(
        number=(told.out_trade_no, order.reference),
        merchant=(told.mchid, mchid),
        currency=(told.amount.currency if told.amount else None, "CNY"),
    )
    if difference:
        return Unknown(detail=difference)
    if told.amount and (other := _of_another_amount(told.amount.total, order.amount_fen)):
        return other
    if told.trade_state in _NOT_FINAL:
        return Waiting(until=order.expires_at)
    return of_transaction(told) or Unknown(detail=f"trade_state {told.trade_state}")


def of_transaction(told: Transaction) -> Done | Refused | None:
    """What a final state of an order means; None when it is not final, or says too little to be believed."""
    if told.trade_state in _TAKEN and told.transaction_id and told.amount:
        return Done(
            evidence={
                "transaction_id": told.transaction_id,
                "success_time": told.success_time,
                "amount_fen": told.amount.total,
                "payer_total_fen": told.amount.payer_total,
                "trade_type": told.trade_type,
                "bank_type": told.bank_type,
            }
            | ({GIVEN_BACK: True} if told.trade_state == "REFUND" else {})
        )
    if reason := _NOT_TAKEN.get(told.trade_state):
        return Refused(reason=reason, detail=f"{told.trade_state} {told.trade_state_desc}".rstrip())
    return None


def of_close(asked: Answer) -> Answer:
    """What the order's state means after we closed it."""
    match asked:
        case Done():
            return _already_paid(asked)
        case Refused():
            return Done(evidence={"trade_state": asked.detail})
        case Waiting():
            return Unknown(detail="closed, but its state does not say so yet")
        case _:
            return asked


def _already_paid(asked: Done) -> Refused:
    back = {name: asked.evidence[name] for name in (GIVEN_BACK,) if name in asked.evidence}
    return Refused(reason="already_paid", detail=str(asked.evidence.get("transaction_id", "")), evidence=back)


def of_reversed(said: Reversal, asked: Answer) -> Answer:
    """What the order's state means after we reversed it. What was taken is on its way back as soon as the reversal
    was made, so that only a refused one leaves money to give back. REFUND after it is the reversal's own doing (m)."""
    match asked:
        case Done() if said == "refused":
            return _already_paid(asked)
        case Done() if said == "done" and asked.evidence.get(GIVEN_BACK):
            return Done(evidence={"trade_state": "REFUND"})
        case Refused():
            return Done(evidence={"trade_state": asked.detail})
        case Done() | Waiting():
            return Unknown(detail="its state does not say yet that it is reversed")
        case _:
            return asked


def of_refund(order: RefundOrder, told: Refund, until: datetime) -> Outcome:
    """What a refund's state means, once it is surely our refund of our order over our amounts."""
    difference = _difference(
        number=(told.out_refund_no, order.reference),
        order=(told.out_trade_no, order.order_reference),
        total=(told.amount.total, order.order_amount_fen),
        currency=(told.amount.currency, "CNY"),
    )
    if difference:
        return Unknown(detail=difference)
    if other := _of_another_amount(told.amount.refund, order.amount_fen):
        return other
    if told.status == "PROCESSING":
        return Waiting(until=until, evidence={"refund_id": told.refund_id})
    return of_returned(told) or Unknown(detail=f"refund status {told.status}")


def of_returned(told: Refund) -> Done | Refused | None:
    """What a final state of a refund means; None when it is not final, or says too little to be believed."""
    state = told.status or told.refund_status
    if state == "SUCCESS" and told.refund_id:
        return Done(
            evidence={
                "refund_id": told.refund_id,
                "success_time": told.success_time,
                "amount_fen": told.amount.refund,
                "channel": told.channel,
            }
        )
    if state in ("CLOSED", "ABNORMAL"):
        return Refused(reason="not_refundable", detail=f"{state} {told.refund_id}".rstrip())
    return None


_NOT_FINAL = frozenset({"NOTPAY", "USERPAYING", "ACCEPT"})
_TAKEN = frozenset({"SUCCESS", "REFUND"})
_NOT_TAKEN: dict[str, RefusedReason] = {"CLOSED": "expired", "REVOKED": "expired", "PAYERROR": "declined"}


def _difference(**pairs: tuple[object, object]) -> str:
    """Says where their word is not ours; a word they left out (None) is no difference."""
    return "; ".join(
        f"{name} is {theirs!r}, ours {ours!r}"
        for name, (theirs, ours) in pairs.items()
        if theirs is not None and theirs != ours
    )


def _of_another_amount(theirs: int | None, ours: int) -> Unknown | None:
    """Ours in everything but the amount: it is not believed to be what we have asked about, and theirs is passed on."""
    difference = _difference(amount=(theirs, ours))
    return Unknown(detail=difference, evidence={"amount_fen": theirs}) if difference else None


def _look_up(status: int, body: bytes) -> tuple[Row, str]:
    try:
        failure = msgspec.json.decode(body, type=Failure)
    except msgspec.MsgspecError:
        return _UNKNOWN, f"HTTP {status}"
    row = CODES.get(failure.code, _UNKNOWN) if 400 <= status < 500 else _UNKNOWN
    return row, f"HTTP {status} {failure.code} {failure.message[:200]}"
