"""From an error of the platform to ``application/problem+json`` (RFC 9457): one table, closed at the top."""

from http import HTTPStatus

import msgspec

from yinyi.interface.body import TooLarge, TooSlow
from yinyi.kernel.errors import (
    AskedTooOften,
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
    TooSlow: 408,
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
AGREED_AGAIN_AFTER_S = 60
"""Whoever has asked as often as was agreed for a minute has to let it pass."""
PROBLEM_TYPE = "application/problem+json"

PLAIN = {
    HTTPStatus.NOT_FOUND: ("OperationUnknown", "There is no such operation here.", "没有这项操作。"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("MethodNotAllowed", "This takes POST only.", "只接受 POST 请求。"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
        "UnsupportedMediaType",
        "The body has to be application/json.",
        "请求体须为 application/json。",
    ),
}
"""What is wrong with HTTP itself: code, and the sentence in both languages."""


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


def problem_headers(status: int, error: YinyiError | None = None) -> list[tuple[bytes, bytes]]:
    """Of the reply that carries a problem."""
    again = AGREED_AGAIN_AFTER_S if isinstance(error, AskedTooOften) else AGAIN_AFTER_S.get(status)
    headers = [(b"content-type", PROBLEM_TYPE.encode())]
    return headers if again is None else [*headers, (b"retry-after", str(again).encode())]


def plain(status: HTTPStatus) -> Problem:
    """One of ``PLAIN``."""
    code, title, title_zh = PLAIN[status]
    return Problem(status=status.value, code=code, title=title, title_zh=title_zh)
