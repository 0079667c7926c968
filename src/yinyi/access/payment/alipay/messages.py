"""The JSON of Alipay's open platform, as far as we write or read it; what is personal (buyer ids) is not even read.

Amounts are yuan with two decimals, as text; times are Beijing's, ``yyyy-MM-dd HH:mm:ss``. Facts: opendocs.alipay.com,
the page of each method; PyPI python-alipay-sdk 3.4.0.
"""

import msgspec


class Order(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``alipay.trade.precreate``; with ``scene`` and ``auth_code`` (the payer's code) ``alipay.trade.pay``."""

    out_trade_no: str
    total_amount: str
    subject: str
    product_code: str
    seller_id: str
    scene: str = ""
    auth_code: str = ""
    time_expire: str = ""
    timeout_express: str = ""


class Number(msgspec.Struct, frozen=True):
    """Names an order: ``alipay.trade.query``, ``.cancel``, ``.close``."""

    out_trade_no: str


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True):
    out_trade_no: str
    refund_amount: str
    out_request_no: str
    refund_reason: str


class RefundNumber(msgspec.Struct, frozen=True, kw_only=True):
    out_trade_no: str
    out_request_no: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What every reply says. ``code``: of the gateway; ``sub_code``: of the business, where it refuses."""

    code: str
    sub_code: str = ""
    sub_msg: str = ""
    out_trade_no: str | None = None


class Precreated(Told, frozen=True, kw_only=True):
    qr_code: str = ""


class Trade(Told, frozen=True, kw_only=True):
    """A trade as a query or a payment by code tells it. ``trade_status`` comes with a query only.

    send_pay_date, gmt_payment: when it was paid; the first in a query, the second in a payment's answer.
    """

    trade_no: str = ""
    trade_status: str = ""
    total_amount: str | None = None
    send_pay_date: str = ""
    gmt_payment: str = ""


class Cancelled(Told, frozen=True, kw_only=True):
    """``retry_flag``: Y, it has to be sent again. ``action``: ``close`` or ``refund``; empty: there was no trade."""

    retry_flag: str = ""
    action: str = ""


class Refunded(Told, frozen=True, kw_only=True):
    """``fund_change``: Y, money moved by this very call. ``refund_fee``: of all refunds of this trade so far."""

    trade_no: str = ""
    fund_change: str = ""
    refund_fee: str = ""
    gmt_refund_pay: str = ""


class RefundFound(Told, frozen=True, kw_only=True):
    """What a query tells of a refund; without ``refund_status`` it tells of none."""

    trade_no: str = ""
    out_request_no: str | None = None
    refund_amount: str | None = None
    total_amount: str | None = None
    refund_status: str = ""
    gmt_refund_pay: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of a notice. ``out_biz_no``: of a refund, our number of it; ``refund_fee``: of all refunds so far."""

    notify_id: str
    notify_time: str
    app_id: str
    seller_id: str
    out_trade_no: str
    trade_no: str
    trade_status: str
    total_amount: str
    charset: str = "utf-8"
    gmt_payment: str = ""
    gmt_refund: str = ""
    refund_fee: str = ""
    out_biz_no: str = ""
