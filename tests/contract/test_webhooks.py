"""What leaves for an institution's server, on a real socket: taken, refused, sent elsewhere, or not answered at all."""

import asyncio
import importlib.util
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from web_line import serving

from yinyi.access.notification.webhooks.config import WebhooksConfig
from yinyi.access.notification.webhooks.plugin import PLUGIN, Webhooks
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.ids import token
from yinyi.kernel.plugin import Surroundings
from yinyi.wire.notification import headers_of

SECRET, CONTENT = "a secret of the HIS", '{"topic":"payment","description":"挂号费"}'.encode()
Answer = Callable[[Request], Awaitable[Response]]


def page() -> ModuleType:
    """What integrators are shown."""
    path = Path(__file__).parents[2] / "docs" / "integrate" / "check_notification.py"
    spec = importlib.util.spec_from_file_location("check_notification", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(answer: Answer, *, path: str = "/told?by=yinyi", call_timeout_s: float = 10.0) -> str:
    """How it went."""

    async def story() -> str:
        webhooks: Webhooks = PLUGIN.build(
            WebhooksConfig(call_timeout_s=call_timeout_s), Surroundings(clock=ShiftedClock(), callback_url="")
        )
        async with serving(Starlette(routes=[Route("/told", answer, methods=["POST"])])) as port:
            endpoint = f"http://127.0.0.1:{port}{path}"
            signing = headers_of("his", endpoint, [("HMAC-SHA256", SECRET)], ShiftedClock().now(), token(), CONTENT)
            try:
                return await webhooks.notify(endpoint, signing, CONTENT)
            finally:
                await webhooks.stop()

    return asyncio.run(story())


def answers(status: int, **headers: str) -> Answer:
    async def answer(_: Request) -> Response:
        return Response(status_code=status, headers=headers)

    return answer


def test_the_page_for_integrators_finds_it_genuine_and_what_was_changed_not() -> None:
    check, found = page(), list[bool]()

    async def answer(request: Request) -> Response:
        body, path = await request.body(), f"{request.url.path}?{request.url.query}"
        said = {name.title(): value for name, value in request.headers.items()}
        found.append(check.is_genuine(SECRET, path, said, body, time.time()))
        found.append(check.is_genuine(SECRET, path, said, body + b" ", time.time()))
        found.append(check.is_genuine(SECRET, "/elsewhere", said, body, time.time()))
        found.append(check.is_genuine(SECRET, path, said, body, time.time() + 301))
        return Response(status_code=204)

    assert told(answer) == ""
    assert found == [True, False, False, False]


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
def test_anything_else_has_not_taken_it(status: int) -> None:
    problem = told(answers(status, location="/elsewhere"))
    assert problem == f"status {status}"


def test_whoever_does_not_answer_in_time_has_not_taken_it() -> None:
    async def never(_: Request) -> Response:
        await asyncio.Event().wait()
        return Response()

    assert told(never, call_timeout_s=0.2) == "no answer in time"


def test_whoever_is_not_there_is_named_by_what_happened_and_nothing_else() -> None:
    async def story() -> str:
        webhooks: Webhooks = PLUGIN.build(WebhooksConfig(), Surroundings(clock=ShiftedClock(), callback_url=""))
        try:
            return await webhooks.notify("http://127.0.0.1:1/secret-path", {}, CONTENT)
        finally:
            await webhooks.stop()

    problem = asyncio.run(story())
    assert problem == "ClientConnectorError"


def test_authorities_that_cannot_be_read_are_said_at_the_start() -> None:
    with pytest.raises(ValueError, match="ca_file"):
        PLUGIN.build(WebhooksConfig(ca_file="/nowhere.pem"), Surroundings(clock=ShiftedClock(), callback_url=""))
