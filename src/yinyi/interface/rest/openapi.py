"""OpenAPI 3.1 of everything that REST serves, from the operations' own declarations."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from yinyi.bus.operation import Caller, OperationSpec
from yinyi.business.subscriptions.model import Notification
from yinyi.interface.body import TooLarge, TooSlow
from yinyi.interface.examples import example_of
from yinyi.interface.rest.errors import AGAIN_AFTER_S, PLAIN, PROBLEM_TYPE, Problem, plain, problem_of
from yinyi.interface.rest.webhooks import webhooks
from yinyi.interface.schemas import REF, schemas
from yinyi.kernel import errors
from yinyi.kernel.errors import YinyiError

VERSION = "1"
PREFIXES: Mapping[Caller, str] = {Caller.HOSPITAL: "/api/v1/", Caller.INSTITUTION: "/institutions/v1/"}
"""Where each kind of caller asks."""
PREFIX = PREFIXES[Caller.HOSPITAL]
COMMON: tuple[type[YinyiError], ...] = (
    *(errors.Invalid, errors.InvalidField, errors.NotAllowed, errors.SignatureRefused, errors.NotGranted),
    *(errors.Busy, errors.AskedTooOften, errors.DeadlineExceeded, errors.PlatformUnavailable, errors.InternalError),
    *(TooLarge, TooSlow),
)
"""What any operation can end in."""

_WHOSE = {
    Caller.HOSPITAL: "What the hospital's own systems ask of the platform.",
    Caller.INSTITUTION: "What banks and vendors ask of the platform at their own terminals and in their apps.",
}
_INTRODUCTION = """Each is a POST with its fields as JSON.

Requests are signed by institution (HMAC with SHA-256 or SM3 over method, path, time, nonce and the body's hash). What
changes something carries an `Idempotency-Key`: the same request with the same key is answered again and not done again.
Errors are `application/problem+json`; `code` is stable, `title` is for people in English and `title_zh` in Chinese."""

_HEADERS = {
    "institution": ("X-Yinyi-Institution", "who asks"),
    "timestamp": ("X-Yinyi-Timestamp", "whole seconds since 1970, at most five minutes from the platform's clock"),
    "nonce": ("X-Yinyi-Nonce", "16 to 64 letters, digits, - or _; a request passes once"),
    "signature": ("X-Yinyi-Signature", "64 hexadecimal digits, lower case, over the five lines"),
}
_OPTIONAL = {
    "algorithm": ("X-Yinyi-Algorithm", "what the signature is made with", {"enum": ["HMAC-SHA256", "HMAC-SM3"]}),
    "language": ("Accept-Language", "en: texts in English; otherwise Chinese", {"type": "string"}),
    "correlation": (
        "X-Correlation-Id",
        "8 to 64 letters, digits, - or _: comes back and stands in the logs; anything else is replaced by one of ours",
        {"type": "string"},
    ),
}

_SESSION = (
    "the session of the patient for whom it is asked, as `IdentifyHolder` has answered it; it goes under the "
    "signature, behind the path and a #"
)
_KEY = "the same for a request that is sent again; it goes under the signature, behind a ;"


def document(served: Mapping[str, OperationSpec], caller: Caller = Caller.HOSPITAL) -> dict[str, Any]:
    """Plain JSON values. served: operations by the last part of their address."""
    prefix = PREFIXES[caller]
    travels = [each for spec in served.values() for each in (spec.request, spec.reply)] + [Notification]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Yinyi", "version": VERSION, "description": f"{_WHOSE[caller]} {_INTRODUCTION}"},
        "security": [{name: [] for name in _HEADERS}],
        "tags": [{"name": domain} for domain in sorted({spec.domain for spec in served.values()})],
        "paths": {prefix + name: {"post": _operation(spec)} for name, spec in sorted(served.items())},
        "webhooks": webhooks(_content(Notification)),
        "components": {
            "schemas": schemas([*travels, Problem]),
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": header, "description": said}
                for name, (header, said) in _HEADERS.items()
            },
            "parameters": _parameters(),
        },
    }


def _operation(spec: OperationSpec) -> dict[str, Any]:
    said = " ".join((spec.request.__doc__ or "").split()).replace("``", "`")
    first = re.split(r"(?<=[.?!])\s", said, maxsplit=1)[0]
    asked_for = ["patient"] if spec.needs_patient else []
    names = ["algorithm", "language", "correlation", *asked_for, *(["key"] if spec.changes else [])]
    return {
        "operationId": spec.name,
        "tags": [spec.domain],
        "summary": first.rstrip("."),
        "description": said,
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in names],
        "requestBody": {"required": True, "content": {"application/json": _content(spec.request)}},
        "responses": _responses(spec),
    }


def _responses(spec: OperationSpec) -> dict[str, Any]:
    conflict = (errors.IdempotencyConflict,) if spec.changes else ()
    ended = (errors.SessionEnded,) if spec.needs_patient else ()
    ends = sorted({*spec.errors, *COMMON, *conflict, *ended}, key=_code)
    by_status: dict[int, list[Problem]] = {}
    for each in (*(problem_of(error(), "59bc41cb") for error in ends), *map(plain, PLAIN)):
        by_status.setdefault(each.status, []).append(each)
    found = {str(status): _refusal(status, each) for status, each in sorted(by_status.items())}
    return {"200": {"description": "Done.", "content": {"application/json": _content(spec.reply)}}, **found}


def _refusal(status: int, ends: Sequence[Problem]) -> dict[str, Any]:
    examples = {each.code: {"value": msgspec.to_builtins(each)} for each in ends}
    answer: dict[str, Any] = {
        "description": " · ".join(f"`{each.code}`: {each.title}" for each in ends),
        "content": {PROBLEM_TYPE: {"schema": {"$ref": REF.format(name="Problem")}, "examples": examples}},
    }
    if status in AGAIN_AFTER_S:
        seconds = {"description": "seconds", "schema": {"type": "integer"}}
        answer["headers"] = {"Retry-After": seconds}
    return answer


def _content(struct: type[Any]) -> dict[str, Any]:
    return {"schema": {"$ref": REF.format(name=struct.__name__)}, "example": example_of(struct)}


def _parameters() -> dict[str, Any]:
    key = {"type": "string", "pattern": "^[!-~]{8,64}$"}
    session = {"type": "string", "pattern": "^[0-9A-Za-z_-]{16,64}$"}
    return {
        **{name: _header(header, said, schema) for name, (header, said, schema) in _OPTIONAL.items()},
        "patient": _header("X-Yinyi-Patient", _SESSION, session, required=True),
        "key": _header("Idempotency-Key", _KEY, key, required=True),
    }


def _header(name: str, said: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "header", "description": said, "required": required, "schema": schema}


def _code(error: type[YinyiError]) -> str:
    return error.code()
