"""Reads notices: the form first, then, once the signature is found good, what it tells.

Facts: opendocs.alipay.com, 异步通知说明. A notice tells the state of a trade; what happened to it (paid, given back in
part, closed) has to be made out of the fields that are there.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from yinyi.access.payment.alipay import mapping
from yinyi.access.payment.alipay.keys import Merchant
from yinyi.access.payment.alipay.messages import Notice
from yinyi.business.payments.model import IN_ALL, CallbackRead
from yinyi.business.payments.ports import CallbackRefused
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, Refused
from yinyi.wire import beijing_time
from yinyi.wire.signing import alipay
from yinyi.wire.signing.alipay import Unreadable


def read(body: bytes, merchants: Sequence[Merchant], now: datetime, window_s: int) -> CallbackRead:
    """What a notice says. ``window_s``: how old it may be.

    Raises:
        CallbackRefused: out of form, too old, for no merchant of ours, not signed by Alipay, or of no state we know.
    """
    try:
        fields = alipay.read_notice(body)
    except Unreadable as error:
        raise CallbackRefused(str(error)) from error
    merchant = next((each for each in merchants if each.recognises(fields)), None)
    if merchant is None:
        raise CallbackRefused("it is for no merchant of ours, or the signature is not Alipay's")
    notice = _understood(fields)
    age_s = (now - _instant(notice.notify_time)).total_seconds()
    if not -300 <= age_s <= window_s:
        raise CallbackRefused("the notice is of another time")
    return _of_refund(notice, merchant) if _is_of_refund(notice) else _of_trade(notice, merchant)


def _understood(fields: Mapping[str, str]) -> Notice:
    try:
        notice = msgspec.convert(fields, Notice)
    except msgspec.ValidationError as error:
        raise CallbackRefused("the notice lacks a field") from error
    if notice.charset.lower().replace("-", "") != "utf8" or not (notice.notify_id and notice.out_trade_no):
        raise CallbackRefused("the notice is in another charset, or without a number")
    return notice


def _instant(text: str) -> datetime:
    try:
        return beijing_time.read(text)
    except ValueError as error:
        raise CallbackRefused("the notice has no time") from error


def _is_of_refund(notice: Notice) -> bool:
    """After a refund in part the state is ``TRADE_SUCCESS`` still: it must not be taken for a payment."""
    return bool(notice.gmt_refund or mapping.amount(notice.refund_fee))


def _of_refund(notice: Notice, merchant: Merchant) -> CallbackRead:
    """``refund_fee`` is of all refunds of the trade so far: it is the amount of ours only where ours is the first. All
    that went back under no number is as if the trade had been closed; so is what a cancellation of ours gives back."""
    has_number = notice.out_biz_no not in ("", notice.out_trade_no)
    if notice.trade_status == "TRADE_CLOSED" and not has_number:
        return _closed(notice, merchant)
    in_all_fen = _amount(notice.refund_fee)
    return CallbackRead(
        event_id=notice.notify_id,
        about="refund",
        reference=notice.out_biz_no if has_number else f"{notice.trade_no or notice.notify_id} {notice.refund_fee}",
        merchant=merchant.name,
        amount_fen=in_all_fen,
        order_reference=notice.out_trade_no,
        outcome=Done(
            evidence={
                "trade_no": notice.trade_no,
                IN_ALL: in_all_fen,
                "success_time": mapping.moment(notice.gmt_refund.partition(".")[0]),
            }
        ),
    )


def _of_trade(notice: Notice, merchant: Merchant) -> CallbackRead:
    if notice.trade_status == "TRADE_CLOSED":
        return _closed(notice, merchant)
    if notice.trade_status not in mapping.PAID or not notice.trade_no:
        raise CallbackRefused("the notice tells no final state of a trade")
    amount_fen = _amount(notice.total_amount)
    return CallbackRead(
        event_id=notice.notify_id,
        about="take",
        reference=notice.out_trade_no,
        merchant=merchant.name,
        amount_fen=amount_fen,
        outcome=mapping.taken(notice.trade_no, amount_fen, notice.gmt_payment, notice.trade_status),
    )


def _closed(notice: Notice, merchant: Merchant) -> CallbackRead:
    """Nobody can pay it any more, and nothing of it is kept."""
    return CallbackRead(
        event_id=notice.notify_id,
        about="take",
        reference=notice.out_trade_no,
        merchant=merchant.name,
        amount_fen=_amount(notice.total_amount),
        outcome=Refused(reason="expired", detail=notice.trade_status),
    )


def _amount(text: str) -> Fen:
    found = mapping.amount(text)
    if found is None:
        raise CallbackRefused("the notice has no amount")
    return found
