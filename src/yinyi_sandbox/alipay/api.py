"""The merchants' side on HTTP: the one address of Alipay's gateway, with the faults asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi.kernel.money import fen, yuan
from yinyi.wire.signing import alipay
from yinyi_sandbox.alipay import views
from yinyi_sandbox.alipay.credentials import MerchantAccount
from yinyi_sandbox.alipay.faults import Fault, Place
from yinyi_sandbox.alipay.model import Refusal
from yinyi_sandbox.alipay.sandbox import Sandbox
from yinyi_sandbox.channel.hands import polite, read_body
from yinyi_sandbox.channel.hanging_up import hang_up

_HUGE = b" " * 1_000_000
_UNKNOWN = {
    "code": "20000",
    "msg": "Service Currently Unavailable",
    "sub_code": "isp.unknow-error",
    "sub_msg": "系统繁忙",
}

Told = dict[str, Any]
"""The JSON of an answer; without a ``code`` all went well."""


class Call(msgspec.Struct, frozen=True):
    """A request whose signature was found good. ``content``: its ``biz_content``."""

    merchant: MerchantAccount
    content: str
    notify_url: str
    fault: Fault | None

    def suffers(self, kind: str) -> bool:
        return self.fault is not None and self.fault.kind == kind


Handler = Callable[[Sandbox, Call], Awaitable[Told]]


async def precreate(sandbox: Sandbox, call: Call) -> Told:
    trade = sandbox.rules.precreate(call.merchant, call.content, call.notify_url)
    if call.suffers("early"):
        sandbox.phone.pay(trade.qr_code)
        await sandbox.callbacks.send_now()
    return {"out_trade_no": trade.out_trade_no, "qr_code": trade.qr_code}


async def pay(sandbox: Sandbox, call: Call) -> Told:
    trade = sandbox.rules.pay(call.merchant, call.content, call.notify_url)
    if not trade.paid_at:
        return {"code": "10003", "msg": "order success pay inprocess"} | views.named(trade)
    return _falsified(call, views.paid(trade), "total_amount")


async def query(sandbox: Sandbox, call: Call) -> Told:
    if call.suffers("not_found"):
        raise Refusal("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在")
    told = _falsified(call, views.found(sandbox.rules.find(call.merchant.app_id, call.content)), "total_amount")
    return told | ({"out_trade_no": "9999999999"} if call.suffers("wrong_number") else {})


async def cancel(sandbox: Sandbox, call: Call) -> Told:
    if call.suffers("retry"):
        return {"retry_flag": "Y"}
    trade, action = sandbox.rules.cancel(call.merchant.app_id, call.content)
    told: Told = {"retry_flag": "N"} | (views.named(trade) if trade else {})
    return told | ({"action": action} if action else {})


async def close(sandbox: Sandbox, call: Call) -> Told:
    return views.named(sandbox.rules.close(call.merchant.app_id, call.content))


async def refund(sandbox: Sandbox, call: Call) -> Told:
    trade, made, moved = sandbox.rules.refund(call.merchant.app_id, call.content)
    return views.refunded(trade, made, moved and not call.suffers("no_change"))


async def query_refund(sandbox: Sandbox, call: Call) -> Told:
    trade, found = sandbox.rules.find_refund(call.merchant.app_id, call.content)
    if found is None or call.suffers("not_found"):
        return {}
    return _falsified(call, views.refund_found(trade, found), "refund_amount")


METHODS: dict[str, tuple[Place, Handler]] = {
    "alipay.trade.precreate": ("precreate", precreate),
    "alipay.trade.pay": ("pay", pay),
    "alipay.trade.query": ("query", query),
    "alipay.trade.cancel": ("cancel", cancel),
    "alipay.trade.close": ("close", close),
    "alipay.trade.refund": ("refund", refund),
    "alipay.trade.fastpay.refund.query": ("refund_query", query_refund),
}
"""Each method, and the place at which faults can be asked for."""


def routes(sandbox: Sandbox) -> list[Route]:
    async def gateway(request: Request) -> Response:
        return await _answer(sandbox, request)

    return [Route("/gateway.do", polite(gateway), methods=["GET", "POST"])]


async def _answer(sandbox: Sandbox, request: Request) -> Response:
    params = await _params(request)
    method = params.get("method", "")
    place, handler = METHODS.get(method, (None, None))
    fault = sandbox.faults.take(place) if place else None
    kind = fault.kind if fault else ""
    if fault and kind == "slow":
        await asyncio.sleep(fault.ms / 1_000)
    if kind == "down":
        return hang_up(request)
    name = alipay.response_name(method)
    try:
        merchant = sandbox.seals.merchant_of(params)
    except Refusal as refusal:
        return _signed(sandbox, "error_response", _refused(refusal), kind)
    try:
        if handler is None:
            raise Refusal("40002", "isv.invalid-method", "不存在的方法名")
        if fault and kind == "error":
            raise Refusal(fault.code, fault.sub_code, "沙箱按要求出错")
        told = await handler(sandbox, Call(merchant, params["biz_content"], params.get("notify_url", ""), fault))
    except Refusal as refusal:
        told = _refused(refusal)
    sandbox.callbacks.wake()
    if kind == "lost":
        return hang_up(request)
    return _signed(sandbox, name, _UNKNOWN if kind == "unknown" else {"code": "10000", "msg": "Success"} | told, kind)


def _signed(sandbox: Sandbox, name: str, told: Told, fault: str) -> Response:
    """Slashes are escaped, as Alipay's writer does: what is signed is the text, not its meaning."""
    content = msgspec.json.encode(told).replace(b"/", b"\\/")
    body = sandbox.seals.reply(name, content, forged=fault == "bad_signature", unsigned=fault == "unsigned")
    if fault == "garbage":
        body = b"<html>502</html>"
    if fault == "huge":
        body += _HUGE
    return Response(body, media_type="text/html;charset=utf-8")


def _refused(refusal: Refusal) -> Told:
    msg = "Business Failed" if refusal.code == "40004" else "Invalid Arguments"
    return {"code": refusal.code, "msg": msg, "sub_code": refusal.sub_code, "sub_msg": refusal.message}


def _falsified(call: Call, told: Told, amount: str) -> Told:
    return told | {amount: yuan(fen(told[amount]) + 1)} if call.suffers("wrong_amount") else told


async def _params(request: Request) -> dict[str, str]:
    """Of the address and of the form."""
    body = await read_body(request)
    query = request.scope["query_string"]
    try:
        return dict(parse_qsl(query.decode()) + parse_qsl(body.decode()))
    except UnicodeDecodeError:
        return {}
