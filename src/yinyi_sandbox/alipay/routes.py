"""The sandbox by HTTP, mounted under ``/alipay`` or at the root of a port of its own.

``/gateway.do`` for merchants, ``/phone/…`` for the payer, ``/faults`` for whoever tries things. JSON both ways.
"""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi_sandbox.alipay import api
from yinyi_sandbox.alipay.faults import Fault
from yinyi_sandbox.alipay.model import Behaviour, Refusal
from yinyi_sandbox.alipay.sandbox import Sandbox
from yinyi_sandbox.channel.hands import Endpoint, answer, fault_routes, polite, read

MOST_SHOWN = 100


class _Scanned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code_url: str
    after_s: float = 0.0


class _Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    behaviour: Behaviour = "pays"


class _Confirmed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reference: str


def routes(sandbox: Sandbox) -> list[Route]:
    """All of it. Whoever serves it starts and stops the sandbox, and wraps the outermost application in
    ``hanging_up.with_line``: without that, a fault that hangs up is silent until the client loses patience."""
    return [*api.routes(sandbox), *hands(sandbox)]


def hands(sandbox: Sandbox) -> list[Route]:
    """What people do, without what merchants' programs ask."""
    phone = sandbox.phone

    async def scan(request: Request) -> Response:
        return answer(phone.scan((await read(request, _Scanned)).code_url))

    async def pay(request: Request) -> Response:
        wanted = await read(request, _Scanned)
        return answer(
            phone.pay_later(wanted.code_url, wanted.after_s) if wanted.after_s else phone.pay(wanted.code_url)
        )

    async def refuse(request: Request) -> Response:
        return answer(phone.refuse((await read(request, _Scanned)).code_url))

    async def show(request: Request) -> Response:
        return answer(phone.show((await read(request, _Shown)).behaviour))

    async def waiting(_: Request) -> Response:
        return answer(phone.waiting())

    async def confirm(request: Request) -> Response:
        return answer(phone.confirm((await read(request, _Confirmed)).reference))

    async def orders(_: Request) -> Response:
        return answer(phone.orders(MOST_SHOWN))

    posts = {"scan": scan, "pay": pay, "refuse": refuse, "show-code": show, "confirm": confirm}
    gets = {"orders": orders, "waiting": waiting}
    return [
        *(Route(f"/phone/{name}", polite(_refusing(each)), methods=["POST"]) for name, each in posts.items()),
        *(Route(f"/phone/{name}", polite(_refusing(each)), methods=["GET"]) for name, each in gets.items()),
        *fault_routes(sandbox.faults, Fault),
    ]


def _refusing(handler: Endpoint) -> Endpoint:
    """Answers 404 of a code that does not exist, 409 of what cannot be done with one."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except Refusal as refusal:
            status = 404 if refusal.sub_code == "UNKNOWN_CODE" else 409
            return answer({"code": refusal.sub_code, "message": refusal.message}, status)

    return endpoint
