"""``/callbacks``: bytes in, bytes out, nothing read on the way, and a retry whenever the platform did not take it."""

import asyncio
import base64
from typing import Any

import httpx
import msgspec
import pytest
from kiosk_platform import Platform
from starlette.applications import Starlette

from yinyi.bus.client import BusClient
from yinyi.business.payments.errors import CallbackForged
from yinyi.business.payments.messages import CallbackAnswer
from yinyi.interface.callbacks.errors import STATUS, status_of
from yinyi.interface.callbacks.server import Callbacks
from yinyi.interface.metrics import Metrics
from yinyi.kernel.errors import Busy, DeadlineExceeded, InternalError, Invalid, NotFound, YinyiError, every_error

TAKEN = CallbackAnswer(status=204, body=b"", content_type="application/json")


def call(platform: Platform, path: str = "/callbacks/wechatpay", method: str = "POST", **more: Any) -> httpx.Response:
    async def work() -> httpx.Response:
        callbacks = Callbacks(BusClient(platform, "callbacks", platform.clock), Metrics())
        transport = httpx.ASGITransport(Starlette(routes=callbacks.routes()))
        async with httpx.AsyncClient(transport=transport, base_url="http://platform.test") as client:
            return await client.request(method, path, **more)

    return asyncio.run(work())


def taken(platform: Platform) -> dict[str, Any]:
    return msgspec.to_builtins(platform.last("ReceiveCallback").message)


@pytest.mark.parametrize(
    ("path", "plugin"),
    [
        ("/callbacks/wechatpay", "wechatpay"),
        ("/callbacks/wechatpay/1900000109/refund", "wechatpay"),
        ("/callbacks/alipay/notify?a=%E4%BD%A0", "alipay"),
    ],
)
def test_a_callback_passes_unread(path: str, plugin: str) -> None:
    platform = Platform(answers={"ReceiveCallback": TAKEN})
    body = bytes(range(256))
    headers = {"Wechatpay-Signature": "s/+=", "X-Twice": "1", "Content-Type": "application/octet-stream"}
    answer = call(platform, path, content=body, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    passed = taken(platform)
    assert (passed["plugin"], passed["path"]) == (plugin, path)
    assert base64.b64decode(passed["body"]) == body
    assert (passed["headers"]["wechatpay-signature"], passed["headers"]["x-twice"]) == ("s/+=", "1")


def test_the_sender_gets_the_bytes_that_the_plugin_made() -> None:
    refused = CallbackAnswer(status=401, body=b'{"code":"FAIL"}', content_type="application/json")
    answer = call(Platform(answers={"ReceiveCallback": refused}), content=b"{}")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (
        401,
        b'{"code":"FAIL"}',
        "application/json",
    )


def test_a_header_sent_twice_is_one_list() -> None:
    platform = Platform(answers={"ReceiveCallback": TAKEN})
    call(platform, content=b"", headers=[("X-Twice", "1"), ("x-twice", "2")])
    assert taken(platform)["headers"]["x-twice"] == "1, 2"


@pytest.mark.parametrize(
    "more",
    [
        {"content": b"x" * 70_000},
        {"content": b"", "headers": {f"x-{n}": "1" for n in range(70)}},
        {"content": b"", "headers": {"x-long": "x" * 20_000}},
        {"content": b"", "path": "/callbacks/wechatpay/" + "x" * 600},
        {"content": b"", "path": "/callbacks/" + "x" * 41},
    ],
)
def test_what_is_too_large_is_not_passed_on(more: dict[str, Any]) -> None:
    platform = Platform()
    assert call(platform, **more).status_code == 413
    assert platform.asked == []


def test_a_header_that_is_not_text_is_refused() -> None:
    platform = Platform()
    assert call(platform, content=b"", headers=[(b"x-odd", b"\xff")]).status_code == 400
    assert platform.asked == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CallbackForged(), 401),
        (NotFound(), 404),
        (Invalid(), 400),
        (Busy(), 500),
        (DeadlineExceeded(), 500),
        (InternalError(), 500),
    ],
)
def test_what_the_platform_did_not_take_is_sent_again(error: YinyiError, status: int) -> None:
    answer = call(Platform(answers={"ReceiveCallback": error}), content=b"{}")
    assert (answer.status_code, answer.json()) == (status, {"code": "FAIL", "message": error.code()})


def test_without_the_platform_the_sender_tries_again() -> None:
    assert call(Platform(away=True), content=b"{}").status_code == 500


def test_our_own_mistakes_make_the_sender_try_again() -> None:
    def broken(_: Any) -> Any:
        raise RuntimeError("secret detail")

    answer = call(Platform(answers={"ReceiveCallback": broken}), content=b"{}")
    assert answer.status_code == 500
    assert b"secret" not in answer.content


def test_only_posts_are_callbacks() -> None:
    platform = Platform()
    answers = [call(platform, method=method) for method in ("GET", "PUT", "DELETE")]
    assert {(answer.status_code, answer.headers["allow"]) for answer in answers} == {(405, "POST")}
    assert platform.asked == []


def test_the_table_of_errors_is_closed() -> None:
    assert YinyiError in STATUS
    assert all(status_of(error()) >= 400 for error in every_error())
