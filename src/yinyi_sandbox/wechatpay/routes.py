"""The sandbox by HTTP, mounted under ``/wechatpay`` or at the root of a port of its own.

``/v3/…`` for merchants, ``/phone/…`` for the payer, ``/faults`` for whoever tries things. JSON both ways.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi_sandbox.wechatpay import api
from yinyi_sandbox.wechatpay.faults import Fault
from yinyi_sandbox.wechatpay.model import Behaviour, Refusal
from yinyi_sandbox.wechatpay.sandbox import Sandbox

MOST_SHOWN = 100

T = TypeVar("T")


class _Scanned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code_url: str
    after_s: float = 0.0


class _Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    behaviour: Behaviour = "pays"


def routes(sandbox: Sandbox) -> list[Route]:
    """All of it. Whoever serves it starts and stops the sandbox, and wraps the outermost application in
    ``hanging_up.with_line``: without that, a fault that hangs up is silent until the client loses patience."""
    return [*api.routes(sandbox), *hands(sandbox)]


def hands(sandbox: Sandbox) -> list[Route]:
    """What people do, without what merchants' programs ask."""
    return [*_phone_routes(sandbox), *_fault_routes(sandbox)]


def _phone_routes(sandbox: Sandbox) -> list[Route]:
    phone = sandbox.phone

    async def show_code(request: Request) -> Response:
        return _json(phone.show_code((await _read(request, _Wanted)).behaviour))

    async def scan(request: Request) -> Response:
        return _json(phone.scan((await _read(request, _Scanned)).code_url))

    async def pay(request: Request) -> Response:
        wanted = await _read(request, _Scanned)
        if wanted.after_s:
            return _json(phone.pay_later(wanted.code_url, wanted.after_s))
        return _json(phone.pay(wanted.code_url))

    async def refuse(request: Request) -> Response:
        return _json(phone.refuse((await _read(request, _Scanned)).code_url))

    async def orders(_: Request) -> Response:
        return _json([phone.scan(order.code_url) for order in sandbox.store.orders(MOST_SHOWN)])

    return [
        Route("/phone/code", _polite(show_code), methods=["POST"]),
        Route("/phone/scan", _polite(scan), methods=["POST"]),
        Route("/phone/pay", _polite(pay), methods=["POST"]),
        Route("/phone/refuse", _polite(refuse), methods=["POST"]),
        Route("/phone/orders", _polite(orders), methods=["GET"]),
    ]


def _fault_routes(sandbox: Sandbox) -> list[Route]:
    async def waiting(_: Request) -> Response:
        return _json(sandbox.faults.waiting())

    async def add(request: Request) -> Response:
        sandbox.faults.add(await _read(request, Fault))
        return _json(sandbox.faults.waiting())

    async def clear(_: Request) -> Response:
        sandbox.faults.clear()
        return _json([])

    return [
        Route("/faults", _polite(waiting), methods=["GET"]),
        Route("/faults", _polite(add), methods=["POST"]),
        Route("/faults", _polite(clear), methods=["DELETE"]),
    ]


def _polite(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            return _json({"code": refusal.code, "message": refusal.message}, refusal.status)

    return endpoint


async def _read(request: Request, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(await api.read_body(request), type=kind)
    except ValueError as error:
        raise Refusal(400, "PARAM_ERROR", str(error)) from error


def _json(told: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")
