"""The decoder by HTTP, mounted under ``/insurance``: ``/ec`` for hospitals, ``/phone/code`` and ``/away`` for whoever
tries things. JSON both ways."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yinyi_sandbox.insurance.rules import FOREIGN, NO_SUCH, OK, Behaviour, Certificates
from yinyi_sandbox.people.people import person

CODE_FIELD = "ecQrCode"
SILENT_S = 30.0
_LONGEST = 8_192
_SAID = {OK: "成功", NO_SUCH: "二维码无效", FOREIGN: "非本地参保"}


class _Question(msgspec.Struct, frozen=True, kw_only=True):
    trans_type: str = msgspec.field(name="transType")
    org_id: str = msgspec.field(name="orgId")
    data: dict[str, Any]


class _Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """key: whose phone."""

    key: str
    behaviour: Behaviour = "valid"


class _Away(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    away: bool


def routes(certificates: Certificates) -> list[Route]:
    async def decode(request: Request) -> Response:
        asked = msgspec.json.decode(await _body(request), type=_Question)
        if certificates.away:
            await asyncio.sleep(SILENT_S)
        if asked.trans_type != "ec.query":
            return _json({"code": -9, "message": "transType", "data": None})
        code, found = certificates.read(str(asked.data.get(CODE_FIELD, "")))
        data = None
        if found is not None:
            data = {"idNo": found.card.number, "idType": "01", "userName": found.name, "ecToken": secrets.token_hex(32)}
        return _json({"code": int(code), "message": _SAID.get(code, "二维码已失效"), "data": data})

    async def show(request: Request) -> Response:
        wanted = msgspec.json.decode(await _body(request), type=_Wanted)
        return _json(certificates.show(person(wanted.key), wanted.behaviour))

    async def away(request: Request) -> Response:
        certificates.away = msgspec.json.decode(await _body(request), type=_Away).away
        return _json({"away": certificates.away})

    table = (("/ec", decode), ("/phone/code", show), ("/away", away))
    return [Route(path, _polite(endpoint), methods=["POST"]) for path, endpoint in table]


def _polite(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except msgspec.MsgspecError as error:
            return _json({"code": -9, "message": str(error), "data": None}, 400)
        except KeyError:
            return _json({"code": -9, "message": "nobody of this key", "data": None}, 404)

    return endpoint


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST:
            raise msgspec.DecodeError("too long")
    return body


def _json(told: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")
