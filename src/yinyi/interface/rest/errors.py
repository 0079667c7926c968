"""From an error of the platform to ``application/problem+json`` (RFC 9457): one table, closed at the top."""

from http import HTTPStatus
from typing import Any

import msgspec

from yinyi.interface.body import TooLarge
from yinyi.kernel.errors import (
    Busy,
    Conflict,
    DeadlineExceeded,
    IdempotencyConflict,
    Invalid,
    InvalidField,
    NotAllowed,
    NotFound,
    NotYours,
    SessionEnded,
    SignatureRefused,
    Unavailable,
    YinyiError,
)

STATUS: dict[type[YinyiError], int] = {
    TooLarge: 413,
    InvalidField: 422,
    Invalid: 400,
    SignatureRefused: 401,
    SessionEnded: 401,
    NotYours: 404,
    NotAllowed: 403,
    NotFound: 404,
    IdempotencyConflict: 409,
    Conflict: 409,
    Busy: 429,
    DeadlineExceeded: 504,
    Unavailable: 503,
    YinyiError: 500,
}
"""The nearest ancestor counts."""
AGAIN_AFTER_S = {429: 1, 503: 5, 504: 5}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``code``: the error's name, stable. ``title``, ``title_zh``: the sentence for people. ``detail``: for
    integrators. ``type`` is about:blank: the code says it all."""

    type: str = "about:blank"
    status: int
    code: str
    title: str
    title_zh: str
    detail: str = ""
    correlation_id: str = ""


def status_of(error: YinyiError) -> int:
    return next(STATUS[ancestor] for ancestor in type(error).__mro__ if ancestor in STATUS)


def problem_of(error: YinyiError, correlation_id: str) -> Problem:
    return Problem(
        status=status_of(error),
        code=error.code(),
        title=error.sentence("en"),
        title_zh=error.sentence("zh-CN"),
        detail=error.detail,
        correlation_id=correlation_id,
    )


def problem_headers(status: int) -> list[tuple[bytes, bytes]]:
    """Of the reply that carries a problem."""
    again = AGAIN_AFTER_S.get(status)
    headers = [(b"content-type", b"application/problem+json")]
    return headers if again is None else [*headers, (b"retry-after", str(again).encode())]


def plain(status: HTTPStatus) -> dict[str, Any]:
    """For what is wrong with HTTP itself."""
    return {"type": "about:blank", "status": status.value, "title": status.phrase}
