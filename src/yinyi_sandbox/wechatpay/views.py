"""Orders and refunds as WeChat Pay writes them into replies and callbacks."""

from typing import Any

from yinyi_sandbox.wechatpay.model import Order, Refund, RefundStatus, State, rfc3339

_DESCRIPTIONS: dict[State, str] = {
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
    "USERPAYING": "用户支付中，需要输入密码",
    "ACCEPT": "已接收，等待扣款",
    "REVOKED": "订单已撤销",
    "PAYERROR": "支付失败，请撤销订单",
}


def transaction(order: Order) -> dict[str, Any]:
    """An order. What comes of paying is there only once it is paid."""
    told: dict[str, Any] = {
        "appid": order.appid,
        "mchid": order.mchid,
        "out_trade_no": order.out_trade_no,
        "trade_state": order.state,
        "trade_state_desc": _DESCRIPTIONS[order.state],
        "amount": {"total": order.total, "currency": "CNY"},
        "payer": {},
    }
    if order.transaction_id:
        told["amount"] |= {"payer_total": order.total, "payer_currency": "CNY"}
        told |= {
            "transaction_id": order.transaction_id,
            "trade_type": "MICROPAY" if order.scanned else "NATIVE",
            "bank_type": "OTHERS",
            "attach": "",
            "success_time": rfc3339(order.paid_at),
            "payer": {"openid": "oSandbox0000000000000000000"},
        }
    return told


def refund(told: Refund, now: float) -> dict[str, Any]:
    """A refund, in a reply."""
    status = told.status(now)
    view: dict[str, Any] = _common(told, status) | {
        "status": status,
        "channel": "ORIGINAL",
        "create_time": rfc3339(told.created_at),
        "funds_account": "UNSETTLED",
    }
    view["amount"] |= {"currency": "CNY", "settlement_refund": told.refund, "settlement_total": told.total}
    return view


def refund_notice(told: Refund, now: float) -> dict[str, Any]:
    """A refund, in a callback."""
    status = told.status(now)
    return _common(told, status) | {"mchid": told.mchid, "refund_status": status}


def _common(told: Refund, status: RefundStatus) -> dict[str, Any]:
    view: dict[str, Any] = {
        "refund_id": told.refund_id,
        "out_refund_no": told.out_refund_no,
        "transaction_id": told.transaction_id,
        "out_trade_no": told.out_trade_no,
        "user_received_account": "支付用户零钱",
        "amount": {
            "total": told.total,
            "refund": told.refund,
            "payer_total": told.total,
            "payer_refund": told.refund,
        },
    }
    if status == "SUCCESS":
        view["success_time"] = rfc3339(told.settles_at)
    return view
