"""Trades and refunds as Alipay writes them into replies and notices."""

from typing import Any

from yinyi.kernel.money import yuan
from yinyi_sandbox.alipay.credentials import MerchantAccount
from yinyi_sandbox.alipay.model import Refund, Trade, time_text

_BUYER = {"buyer_user_id": "2088000000000000", "buyer_logon_id": "138****0000"}


def named(trade: Trade) -> dict[str, Any]:
    """Its numbers, which stand in every reply."""
    return {"out_trade_no": trade.out_trade_no} | ({"trade_no": trade.trade_no} if trade.trade_no else {})


def found(trade: Trade) -> dict[str, Any]:
    """The reply to a query."""
    told = named(trade) | {"trade_status": trade.state, "total_amount": yuan(trade.total)} | _BUYER
    return told | ({"send_pay_date": time_text(trade.paid_at)} if trade.paid_at else {})


def paid(trade: Trade) -> dict[str, Any]:
    """The reply to a payment by code that was paid at once."""
    amounts = {"total_amount": yuan(trade.total), "receipt_amount": yuan(trade.total)}
    return named(trade) | amounts | {"gmt_payment": time_text(trade.paid_at)} | _BUYER


def refunded(trade: Trade, refund: Refund, fund_change: bool) -> dict[str, Any]:
    return named(trade) | {
        "fund_change": "Y" if fund_change else "N",
        "refund_fee": yuan(trade.refunded),
        "send_back_fee": yuan(refund.amount) if fund_change else "0.00",
        "gmt_refund_pay": time_text(refund.at),
    }


def refund_found(trade: Trade, refund: Refund) -> dict[str, Any]:
    return named(trade) | {
        "out_request_no": refund.out_request_no,
        "refund_amount": yuan(refund.amount),
        "total_amount": yuan(trade.total),
        "refund_status": "REFUND_SUCCESS",
        "gmt_refund_pay": time_text(refund.at),
    }


def notice(trade: Trade, merchant: MerchantAccount, refund: Refund | None) -> dict[str, str]:
    """The fields of a notice about what a trade has become; ``refund``: the one that it is about."""
    told = {
        "notify_type": "trade_status_sync",
        "charset": "utf-8",
        "version": "1.0",
        "app_id": merchant.app_id,
        "seller_id": merchant.seller_id,
        "out_trade_no": trade.out_trade_no,
        "trade_no": trade.trade_no,
        "trade_status": trade.state,
        "subject": trade.subject,
        "total_amount": yuan(trade.total),
        "gmt_create": time_text(trade.created_at),
        "buyer_id": _BUYER["buyer_user_id"],
    }
    if trade.paid_at:
        told |= {"gmt_payment": time_text(trade.paid_at), "receipt_amount": yuan(trade.total)}
    if refund:
        told |= {
            "refund_fee": yuan(refund.in_all),
            "gmt_refund": f"{time_text(refund.at)}.000",
            "out_biz_no": refund.out_request_no,
        }
    return told
