"""``POST /callbacks/{plugin}/…``: path, headers and body go to the business layer unread; its bytes come back."""

import time

import msgspec
import structlog
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from yinyi.bus.client import BusClient
from yinyi.business.payments.messages import ReceiveCallback
from yinyi.interface.body import TooLarge, body_of
from yinyi.interface.callbacks.errors import status_of
from yinyi.interface.metrics import Metrics
from yinyi.kernel.errors import Invalid, YinyiError

log = structlog.get_logger()

NAME = "callbacks"
BODY_LIMIT = 64 * 1024
HEADERS_LIMIT = 64
HEADER_BYTES_LIMIT = 16 * 1024
PATH_LIMIT = 500


class Callbacks:
    """One ASGI application for the callbacks of every plugin."""

    def __init__(self, bus: BusClient, metrics: Metrics) -> None:
        self._bus = bus
        self._metrics = metrics

    def routes(self) -> list[BaseRoute]:
        return [Route("/callbacks/{plugin}", self), Route("/callbacks/{plugin}/{rest:path}", self)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status, body, kind = await self._answer(scope, receive)
        headers = [(b"content-type", kind.encode("latin-1")), (b"content-length", str(len(body)).encode())]
        if status == 405:
            headers.append((b"allow", b"POST"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        self._metrics.answered(NAME, "/callbacks/{plugin}", status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, str]:
        if scope["method"] != "POST":
            return 405, b"", "text/plain"
        try:
            answer = (await self._bus.ask(await _callback(scope, receive))).reply
            return answer.status, answer.body, answer.content_type
        except YinyiError as error:
            self._metrics.failed(NAME, error)
            log.warning("callbacks.not_taken", plugin=scope["path_params"]["plugin"][:40], error=error.code())
            return status_of(error), msgspec.json.encode({"code": "FAIL", "message": error.code()}), "application/json"
        except Exception:
            log.exception("callbacks.failed")
            return 500, b"", "text/plain"


async def _callback(scope: Scope, receive: Receive) -> ReceiveCallback:
    """
    Raises:
        TooLarge: path, headers or body.
        Invalid: a header is not text.
    """
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    address = path + (b"?" + query if query else b"")
    if len(address) > PATH_LIMIT or len(scope["path_params"]["plugin"]) > 40:
        raise TooLarge
    return ReceiveCallback(
        plugin=scope["path_params"]["plugin"],
        path=address.decode("latin-1"),
        headers=_headers(scope["headers"]),
        body=await body_of(scope, receive, BODY_LIMIT),
    )


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; of a header sent twice the values joined by a comma, as HTTP has it (RFC 9110, 5.3)."""
    if len(raw) > HEADERS_LIMIT or sum(len(name) + len(value) for name, value in raw) > HEADER_BYTES_LIMIT:
        raise TooLarge
    headers: dict[str, str] = {}
    try:
        for name, value in raw:
            key, text = name.decode("ascii").lower(), value.decode("utf-8")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
    except UnicodeDecodeError:
        raise Invalid("a header is not text") from None
    return headers
