"""The bytes around a journey: one address of the kiosk as a small ASGI application.

Cookies are parsed once, forms are limited before they are read, every answer carries the same headers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from yinyi.interface.body import body_of
from yinyi.interface.journeys.visitor import StalePage
from yinyi.kernel.errors import Invalid

PLACE = b"yinyi-place"
_PLACE = re.compile(rb"[0-9.]{1,20}")
FORM_LIMIT = 16 * 1024
FIELDS_LIMIT = 32

Headers = list[tuple[bytes, bytes]]

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "media-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    ]
)
SAFE: Headers = [
    (b"cache-control", b"no-store"),
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]
"""Of every answer."""
WIPE = (b"clear-site-data", b'"cache", "storage"')


@dataclass
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: Headers | None = None

    async def send(self, send: Send) -> None:
        headers = [*SAFE, *(self.headers or ())]
        headers.append((b"content-length", str(len(self.body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


HTML: Headers = [(b"content-type", b"text/html; charset=utf-8"), (b"vary", b"HX-Request")]


def page(status: int, html: bytes) -> Answer:
    headers = [*HTML, (b"retry-after", b"2")] if status == 503 else HTML
    return Answer(status, html, headers)


def file(content: bytes, kind: str) -> Answer:
    return Answer(200, content, [(b"content-type", kind.encode("ascii"))])


def redirect(to: str) -> Answer:
    return Answer(303, headers=[(b"location", to.encode("latin-1"))])


def place_of(told: bytes) -> str:
    """In the line before the hospital, as the page before this one was told it; empty: it was not."""
    return told.decode("ascii") if _PLACE.fullmatch(told) else ""


def query_of(scope: Scope) -> Mapping[str, str]:
    """
    Raises:
        Invalid: not to be read.
    """
    raw: bytes = scope["query_string"]
    return fields(raw) if raw else {}


async def form_of(scope: Scope, receive: Receive) -> Mapping[str, str]:
    """
    Raises:
        TooLarge: more than 16 KiB; nothing of it is parsed.
        Invalid: not a form.
    """
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    if kind.partition(b";")[0].strip().lower() != b"application/x-www-form-urlencoded":
        raise StalePage("not a form")
    return fields(await body_of(scope, receive, FORM_LIMIT))


def fields(raw: bytes) -> dict[str, str]:
    """
    Raises:
        Invalid: too many, not UTF-8, or with control characters.
    """
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=FIELDS_LIMIT)
    except ValueError:
        raise Invalid("not a form") from None
    if not all(is_text(name) and is_text(value) for name, value in pairs):
        raise Invalid("control characters")
    return dict(pairs)


def is_text(value: str) -> bool:
    """Without control characters: nothing that a keyboard, a scanner or our own pages would send."""
    return value.isprintable() or not any(ord(each) < 32 or ord(each) == 127 for each in value)
