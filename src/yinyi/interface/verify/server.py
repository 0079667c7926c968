"""``GET /verify/{what a paper's code says}``: genuine or not, and nothing else. No cookie, no script, no name."""

import base64
import hashlib
import time
from pathlib import Path

import structlog
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from yinyi.bus.client import BusClient
from yinyi.business.documents.messages import VerifyDocument
from yinyi.interface.metrics import Metrics
from yinyi.interface.text.catalogue import LANGUAGES, catalogue
from yinyi.kernel.errors import YinyiError

log = structlog.get_logger()

NAME = "verify"
LONGEST = 64
_FOLDER = Path(__file__).parent
_STYLE = (_FOLDER / "page.css").read_text(encoding="utf-8")
_PAGE = (_FOLDER / "page.html").read_text(encoding="utf-8")


class Verify:
    """One ASGI application."""

    def __init__(self, bus: BusClient, metrics: Metrics) -> None:
        self._bus = bus
        self._metrics = metrics
        style = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
        self._headers = [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"content-security-policy", f"default-src 'none'; style-src 'sha256-{style}'".encode()),
            (b"referrer-policy", b"no-referrer"),
            (b"x-content-type-options", b"nosniff"),
            (b"x-robots-tag", b"noindex"),
        ]

    def routes(self) -> list[BaseRoute]:
        return [Route("/verify/{said}", self, methods=["GET", "HEAD"])]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status, body = await self._answer(scope)
        headers = [*self._headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        self._metrics.answered(NAME, "/verify/{said}", status, time.perf_counter() - started)

    async def _answer(self, scope: Scope) -> tuple[int, bytes]:
        said: str = scope["path_params"]["said"]
        if len(said) > LONGEST or not said.isascii() or not said.isprintable():
            return 404, _told("not")
        try:
            genuine = (await self._bus.ask(VerifyDocument(said=said))).reply.genuine
        except YinyiError as error:
            self._metrics.failed(NAME, error)
            return 503, _told("away")
        except Exception:
            log.exception("verify.failed")
            return 500, _told("away")
        return (200, _told("genuine")) if genuine else (404, _told("not"))


def _told(verdict: str) -> bytes:
    """In both languages: whoever holds the paper may read either."""
    said = [_said(language, verdict) for language in LANGUAGES]
    words = "".join(
        f'<div lang="{language}"><h1>{title}</h1><p>{text}</p></div>'
        for language, (title, text) in zip(LANGUAGES, said, strict=True)
    )
    title = " · ".join(title for title, _ in said)
    filled = {"{{style}}": _STYLE, "{{title}}": title, "{{verdict}}": verdict, "{{words}}": words}
    page = _PAGE
    for name, text in filled.items():
        page = page.replace(name, text)
    return page.encode()


def _said(language: str, verdict: str) -> tuple[str, str]:
    _ = catalogue(language).say
    if verdict == "genuine":
        return _("This paper is genuine"), _("It was printed by this hospital.")
    if verdict == "not":
        return _("This paper is not genuine"), _("This hospital has printed no such paper. Please ask at its window.")
    return _("This cannot be checked just now"), _("Please scan the code again in a few minutes.")
