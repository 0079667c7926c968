"""Hanging up on a client without an answer, as a network does that breaks."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_LINE = "yinyi_sandbox.line"


class Silence(Response):
    """Answers nothing until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue


class HangUp(Silence):
    """Answers nothing: cuts the line if the server lets us, else stays silent until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        line: Any = scope.get(_LINE)
        if line is not None:
            line.abort()
        await super().__call__(scope, receive, send)


def hang_up(request: Request) -> Response:
    return HangUp()


def with_line(app: ASGIApp) -> ASGIApp:
    """Lets ``HangUp`` reach the transport under the server's ``send`` (uvicorn keeps it in its request cycle)."""

    async def outermost(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _LINE not in scope:
            scope[_LINE] = getattr(getattr(send, "__self__", None), "transport", None)
        await app(scope, receive, send)

    return outermost
