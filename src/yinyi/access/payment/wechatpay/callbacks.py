"""Reads callbacks: the headers first, then, once the signature is found good, what is sealed inside.

Facts: https://pay.weixin.qq.com/doc/v3/merchant/4012791882 (payment), 4012791886 (refund).
"""

from collections.abc import Mapping, Sequence

import msgspec

from yinyi.access.payment.wechatpay import mapping
from yinyi.access.payment.wechatpay.keys import Merchant
from yinyi.access.payment.wechatpay.messages import Notification, Refund, SealedResource, Transaction
from yinyi.business.payments.model import CallbackRead
from yinyi.business.payments.ports import CallbackRefused
from yinyi.kernel.money import Fen
from yinyi.wire.signing import wechatpay
from yinyi.wire.signing.wechatpay import ReplySignature, Unreadable

_LONGEST_BODY = 65_536
_REFUND_EVENTS = frozenset({"REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED"})

_notification = msgspec.json.Decoder(Notification)
_transaction = msgspec.json.Decoder(Transaction)
_refund = msgspec.json.Decoder(Refund)


def signature_of(headers: Mapping[str, str], body: bytes) -> ReplySignature:
    """The signature that came with a callback; nothing is verified yet.

    Raises:
        CallbackRefused: a header is missing or out of form, or the body is too long.
    """
    if len(body) > _LONGEST_BODY:
        raise CallbackRefused("the callback is too long")
    try:
        return wechatpay.read_reply_signature(headers)
    except Unreadable as error:
        raise CallbackRefused(str(error)) from error


def read(body: bytes, merchants: Sequence[Merchant]) -> CallbackRead:
    """What a callback says. ``merchants``: those who found its signature good; one of their keys opens it.

    Raises:
        CallbackRefused: nobody's key opens it, or it says nothing that we know.
    """
    try:
        notification = _notification.decode(body)
        plaintext = _open(notification.resource, merchants)
        if notification.event_type == "TRANSACTION.SUCCESS":
            return _of_transaction(notification.id, _transaction.decode(plaintext), merchants)
        if notification.event_type in _REFUND_EVENTS:
            return _of_refund(notification.id, _refund.decode(plaintext), merchants)
    except msgspec.MsgspecError as error:
        raise CallbackRefused("the callback is not to be read") from error
    raise CallbackRefused("the callback is of a kind that we do not wait for")


def _open(resource: SealedResource, merchants: Sequence[Merchant]) -> bytes:
    if resource.algorithm != wechatpay.RESOURCE_ALGORITHM:
        raise CallbackRefused("the callback is sealed with another algorithm")
    for each in merchants:
        try:
            return wechatpay.unseal(each.api_key, resource.nonce, resource.associated_data, resource.ciphertext)
        except Unreadable:
            continue
    raise CallbackRefused("the callback is sealed with a key that is not ours")


def _of_transaction(event_id: str, told: Transaction, merchants: Sequence[Merchant]) -> CallbackRead:
    outcome = mapping.of_transaction(told)
    if outcome is None or told.amount is None or told.amount.currency != "CNY":
        raise CallbackRefused("the callback tells no final state of an order")
    return CallbackRead(
        event_id=event_id,
        about="take",
        reference=told.out_trade_no,
        merchant=_name_of(told.mchid, merchants),
        amount_fen=Fen(told.amount.total),
        outcome=outcome,
    )


def _of_refund(event_id: str, told: Refund, merchants: Sequence[Merchant]) -> CallbackRead:
    outcome = mapping.of_returned(told)
    if outcome is None:
        raise CallbackRefused("the callback tells no final state of a refund")
    return CallbackRead(
        event_id=event_id,
        about="refund",
        reference=told.out_refund_no,
        merchant=_name_of(told.mchid, merchants),
        amount_fen=Fen(told.amount.refund),
        order_reference=told.out_trade_no,
        outcome=outcome,
    )


def _name_of(mchid: str, merchants: Sequence[Merchant]) -> str:
    """Our name of the merchant; a strange number is passed on as it is, for the engine to see that it is not ours."""
    return next((each.name for each in merchants if each.mchid == mchid), mchid)
