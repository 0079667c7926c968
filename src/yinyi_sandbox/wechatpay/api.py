"""The merchants' side on HTTP: the paths of WeChat Pay API v3 that the hospital uses, with the faults asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi_sandbox.wechatpay import views
from yinyi_sandbox.wechatpay.codes import Ending
from yinyi_sandbox.wechatpay.credentials import MerchantAccount
from yinyi_sandbox.wechatpay.faults import Fault, Place
from yinyi_sandbox.wechatpay.hanging_up import hang_up
from yinyi_sandbox.wechatpay.model import Order, Refusal
from yinyi_sandbox.wechatpay.sandbox import Sandbox
from yinyi_sandbox.wechatpay.seals import STALE_S

LONGEST_BODY = 65_536
_HUGE = b" " * 1_000_000
_ENDINGS: dict[str, Ending] = {"accepted": "ACCEPT", "pay_error": "PAYERROR"}
_UNDER_WAY = frozenset({"USERPAYING", "ACCEPT"})

Told = dict[str, Any] | None
"""The JSON of an answer; None: 204 without a body."""
Handler = Callable[[Sandbox, Request, "Call"], Awaitable[Told]]


class Call(msgspec.Struct, frozen=True):
    """A request whose signature was found good. ``signer``: the serial by which its merchant wants his answers."""

    merchant: MerchantAccount
    signer: str
    body: bytes
    fault: Fault | None

    def suffers(self, kind: str) -> bool:
        return self.fault is not None and self.fault.kind == kind


async def native(sandbox: Sandbox, request: Request, call: Call) -> Told:
    order = sandbox.rules.place(call.merchant, call.signer, call.body)
    if call.suffers("early"):
        sandbox.rules.pay(order.code_url)
        await sandbox.callbacks.send_now()
    return {"code_url": order.code_url}


async def codepay(sandbox: Sandbox, request: Request, call: Call) -> Told:
    ends = _ENDINGS.get(call.fault.kind if call.fault else "", "")
    return _told(sandbox.rules.codes.take(call.merchant, call.signer, call.body, ends), call)


async def query(sandbox: Sandbox, request: Request, call: Call) -> Told:
    if request.query_params.get("mchid") != call.merchant.mchid:
        raise Refusal(400, "PARAM_ERROR", "商户号与签名不一致")
    if call.suffers("not_found"):
        raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在")
    number, mchid = request.path_params["number"], call.merchant.mchid
    by_transaction = "/transactions/id/" in request.url.path
    order = sandbox.rules.find_transaction(mchid, number) if by_transaction else sandbox.rules.find(mchid, number)
    return _told(order, call)


async def close(sandbox: Sandbox, request: Request, call: Call) -> Told:
    sandbox.rules.close(call.merchant, request.path_params["number"], call.body)
    return None


async def reverse(sandbox: Sandbox, request: Request, call: Call) -> Told:
    number = request.path_params["number"]
    if not call.suffers("pretended"):
        sandbox.rules.codes.reverse(call.merchant, number, call.body)
    return {"appid": call.merchant.appid, "mchid": call.merchant.mchid, "out_trade_no": number}


async def refund(sandbox: Sandbox, request: Request, call: Call) -> Told:
    later_s = call.fault.ms / 1_000 if call.fault and call.fault.kind == "processing" else 0.0
    ends = "ABNORMAL" if call.suffers("abnormal") else "SUCCESS"
    accepted = sandbox.rules.give_back(call.merchant.mchid, call.signer, call.body, later_s=later_s, ends=ends)
    sandbox.callbacks.wake()
    return views.refund(accepted, accepted.created_at)


async def query_refund(sandbox: Sandbox, request: Request, call: Call) -> Told:
    if call.suffers("not_found"):
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    told = sandbox.rules.find_refund(call.merchant.mchid, request.path_params["number"])
    view = views.refund(told, sandbox.rules.now())
    if call.suffers("wrong_amount"):
        view["amount"]["refund"] += 1
    return view


async def certificates(sandbox: Sandbox, request: Request, call: Call) -> Told:
    return sandbox.seals.certificates(call.merchant)


def _told(order: Order, call: Call) -> dict[str, Any]:
    told = views.transaction(order)
    if call.suffers("wrong_amount"):
        told["amount"]["total"] += 1
    if call.suffers("wrong_merchant"):
        told["mchid"] = "9999999999"
    return told


def routes(sandbox: Sandbox) -> list[Route]:
    """The paths, each answering for one place at which faults can be asked for."""

    def route(path: str, method: str, place: Place, handler: Handler) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _answer(sandbox, request, place, handler)

        return Route(path, endpoint, methods=[method])

    orders, refunds = "/v3/pay/transactions", "/v3/refund/domestic/refunds"
    return [
        route(f"{orders}/native", "POST", "native", native),
        route(f"{orders}/codepay", "POST", "codepay", codepay),
        route(f"{orders}/out-trade-no/{{number}}", "GET", "query", query),
        route(f"{orders}/id/{{number}}", "GET", "query", query),
        route(f"{orders}/out-trade-no/{{number}}/close", "POST", "close", close),
        route(f"{orders}/out-trade-no/{{number}}/reverse", "POST", "reverse", reverse),
        route(refunds, "POST", "refund", refund),
        route(f"{refunds}/{{number}}", "GET", "refund_query", query_refund),
        route("/v3/certificates", "GET", "certificates", certificates),
    ]


async def _answer(sandbox: Sandbox, request: Request, place: Place, handler: Handler) -> Response:
    fault = sandbox.faults.take(place)
    kind = fault.kind if fault else ""
    signer = sandbox.seals.signer_for(request.headers.get("wechatpay-serial", ""))
    if fault and kind == "slow":
        await asyncio.sleep(fault.ms / 1_000)
    if kind == "down":
        return hang_up(request)
    try:
        body = await read_body(request)
        target = request_target(request)
        authorization = request.headers.get("authorization", "")
        merchant = sandbox.seals.merchant_of(authorization, request.method, target, body)
        if fault and kind == "error":
            raise Refusal(fault.status, fault.code, "沙箱按要求出错")
        told = await handler(sandbox, request, Call(merchant, signer, body, fault))
        status = _status(place, told)
    except Refusal as refusal:
        status, told = refusal.status, {"code": refusal.code, "message": refusal.message}
    if kind == "lost":
        return hang_up(request)
    content = b"" if told is None else msgspec.json.encode(told)
    return _signed(sandbox, signer, status, content, kind)


def _status(place: Place, told: Told) -> int:
    """202: a code payment whose payer has to type his password (https://github.com/binarywang/WxJava/issues/4050)."""
    if told is None:
        return 204
    return 202 if place == "codepay" and told["trade_state"] in _UNDER_WAY else 200


def _signed(sandbox: Sandbox, signer: str, status: int, content: bytes, fault: str) -> Response:
    if fault == "garbage":
        content = b"<html>502</html>"
    if fault == "huge":
        content += _HUGE
    if content and status == 204:
        status = 200
    age_s = STALE_S if fault == "stale" else 0
    headers = sandbox.seals.sign(signer, content, forged=fault == "bad_signature", age_s=age_s)
    if fault == "unsigned":
        headers = {}
    return Response(content, status, headers, media_type="application/json; charset=utf-8" if content else None)


def request_target(request: Request) -> str:
    """Path and query as the merchant wrote them, below the place where we are mounted."""
    path = request.scope["raw_path"].decode("latin-1").removeprefix(request.scope.get("root_path", ""))
    query = request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


async def read_body(request: Request) -> bytes:
    """The body, if it is not too long.

    Raises:
        Refusal: 413.
    """
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > LONGEST_BODY:
            raise Refusal(413, "PARAM_ERROR", "请求包体过大")
    return bytes(content)
