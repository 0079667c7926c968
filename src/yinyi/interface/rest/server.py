"""``POST /api/v1/{Operation}``: what the hospital's own systems may ask, and ``POST /institutions/v1/{Operation}``:
what banks and vendors may, derived from the operations.

The body is the operation as JSON, the reply is its reply. The institution signs; nothing is verified here, the
signature travels with the request to the business layer.
"""

import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, get_args
from uuid import uuid4

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials, Signed
from yinyi.bus.operation import Caller, OperationSpec
from yinyi.interface.body import body_of
from yinyi.interface.metrics import Metrics
from yinyi.interface.rest.errors import plain, problem_headers, problem_of
from yinyi.interface.rest.openapi import PREFIXES, document
from yinyi.interface.served import served_operations
from yinyi.interface.within_tls import certificate_of
from yinyi.kernel.errors import InternalError, Invalid, InvalidField, SignatureRefused, YinyiError
from yinyi.wire import client_certificate
from yinyi.wire.institution import Algorithm, path_of_request

log = structlog.get_logger()

NAME = "rest"
DOCUMENT = "openapi.json"
BODY_LIMIT = 64 * 1024
ALGORITHMS = get_args(Algorithm)
"""The first one where none is named."""
ALGORITHM_HEADER = "x-yinyi-algorithm"
SESSION_HEADER = "x-yinyi-patient"
SIGNATURE_HEADERS = ("x-yinyi-institution", "x-yinyi-timestamp", "x-yinyi-nonce", "x-yinyi-signature")

_CORRELATION = re.compile(r"[0-9A-Za-z_-]{8,64}")
_KEY = re.compile(r"[!-~]{8,64}")
_SESSION = re.compile(r"[0-9A-Za-z_-]{16,64}")

Reply = tuple[int, bytes, list[tuple[bytes, bytes]]]


class Rest:
    """One ASGI application for all operations of one kind of caller."""

    def __init__(self, bus: BusClient, metrics: Metrics, caller: Caller = Caller.HOSPITAL) -> None:
        self._bus = bus
        self._metrics = metrics
        self._caller = caller
        self._prefix = PREFIXES[caller]
        self._served = served_operations(caller)
        self._described: bytes | None = None

    def routes(self) -> list[BaseRoute]:
        return [Route(self._prefix + DOCUMENT, self._document), Route(self._prefix + "{operation}", self)]

    async def _document(self, request: Request) -> Response:
        """Made when somebody asks for the first time."""
        if self._described is None:
            self._described = msgspec.json.encode(document(self._served, self._caller))
        return Response(self._described, media_type="application/json", headers={"cache-control": "max-age=300"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        correlation_id = headers.get("x-correlation-id", "")
        if not _CORRELATION.fullmatch(correlation_id):
            correlation_id = uuid4().hex
        status, body, more = await self._answer(scope, receive, headers, correlation_id)
        sent = [
            *more,
            (b"x-correlation-id", correlation_id.encode()),
            (b"cache-control", b"no-store"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": body})
        name = scope["path_params"]["operation"]
        route = self._prefix + (name if name in self._served else "{operation}")
        self._metrics.answered(NAME, route, status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, headers: Mapping[str, str], correlation_id: str) -> Reply:
        spec = self._served.get(scope["path_params"]["operation"])
        if spec is None:
            return _plain(HTTPStatus.NOT_FOUND)
        if scope["method"] != "POST":
            return _plain(HTTPStatus.METHOD_NOT_ALLOWED, (b"allow", b"POST"))
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return _plain(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            body = await body_of(scope, receive, BODY_LIMIT)
            return await self._ask(spec, scope, headers, body, correlation_id)
        except YinyiError as error:
            self._metrics.failed(NAME, error)
            return _problem(error, correlation_id)
        except Exception:
            log.exception("rest.failed", operation=spec.path, correlation_id=correlation_id)
            return _problem(InternalError(), correlation_id)

    async def _ask(
        self, spec: OperationSpec, scope: Scope, headers: Mapping[str, str], body: bytes, correlation_id: str
    ) -> Reply:
        session = headers.get(SESSION_HEADER, "")
        if session and not _SESSION.fullmatch(session):
            raise SignatureRefused(SESSION_HEADER)
        key = headers.get("idempotency-key", "")
        if key and not _KEY.fullmatch(key):
            raise InvalidField("Idempotency-Key: 8 to 64 visible ASCII characters")
        certificate = certificate_of(scope)
        signature = signed(path_of_request(_path(scope), session, key), headers, body, certificate)
        answered = await self._bus.ask(
            _decoded(spec, body),
            credentials=Credentials(signed=signature, session=session, certificate=certificate),
            key=key,
            language="en" if headers.get("accept-language", "").startswith("en") else "zh-CN",
            correlation_id=correlation_id,
        )
        return 200, msgspec.json.encode(answered.reply), [(b"content-type", b"application/json")]


def signed(path: str, headers: Mapping[str, str], body: bytes, certificate: str = "") -> Signed:
    """The signature as it came, over the exact bytes that came; without one, what goes with a certificate.

    Raises:
        SignatureRefused: there is neither.
    """
    institution, timestamp, nonce, signature = (headers.get(name, "") for name in SIGNATURE_HEADERS)
    if institution and timestamp and nonce and certificate and not signature:
        return Signed(
            institution_id=institution,
            algorithm=client_certificate.NAME,
            timestamp=timestamp,
            nonce=nonce,
            signature="",
            method="POST",
            path=path,
            body=b"",
        )
    if not (institution and timestamp and nonce and signature):
        raise SignatureRefused("needs " + ", ".join(SIGNATURE_HEADERS))
    algorithm = headers.get(ALGORITHM_HEADER, ALGORITHMS[0])
    if algorithm not in ALGORITHMS:
        raise SignatureRefused(f"{ALGORITHM_HEADER}: {' or '.join(ALGORITHMS)}")
    return Signed(
        institution_id=institution,
        algorithm=algorithm,
        timestamp=timestamp,
        nonce=nonce,
        signature=signature,
        method="POST",
        path=path,
        body=body,
    )


def _decoded(spec: OperationSpec, body: bytes) -> Any:
    try:
        return msgspec.json.decode(body, type=spec.request)
    except msgspec.ValidationError as error:
        raise InvalidField(str(error)) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Invalid("the body is not JSON") from None


def _path(scope: Scope) -> str:
    """As it was sent: that is what was signed. With a query it is no operation's."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def _plain(status: HTTPStatus, *headers: tuple[bytes, bytes]) -> Reply:
    return status.value, msgspec.json.encode(plain(status)), [*problem_headers(status.value), *headers]


def _problem(error: YinyiError, correlation_id: str) -> Reply:
    problem = problem_of(error, correlation_id)
    return problem.status, msgspec.json.encode(problem), problem_headers(problem.status, error)
