"""The decoder of insurance codes against the sandbox's, on a real socket; and against answers nothing follows from."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from wechatpay_lab import serving

from yinyi.access.insurance.certificates.config import CertificatesConfig
from yinyi.access.insurance.certificates.plugin import PLUGIN, Certificates
from yinyi.business.identity.errors import DecoderUnavailable
from yinyi.business.identity.model import CertificateHolder
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.listening import listening
from yinyi.kernel.plugin import Surroundings
from yinyi_sandbox.insurance.routes import routes
from yinyi_sandbox.insurance.rules import Certificates as Phones
from yinyi_sandbox.people.people import person

LIN = person("sun-xiaomei")
Story = Callable[[Certificates, Phones], Awaitable[None]]


def play(story: Story, answer: Any = None, **settings: Any) -> None:
    """answer: what is said in place of the sandbox; an integer: a status."""

    async def other(_: Request) -> Response:
        return Response(b"", answer) if isinstance(answer, int) else PlainTextResponse(answer)

    async def whole() -> None:
        phones = Phones(ShiftedClock())
        mounted = routes(phones) if answer is None else [Route("/ec", other, methods=["POST"])]
        app = Starlette(routes=[Mount("/insurance", routes=mounted)])
        listener = listening()
        port = listener.getsockname()[1]
        config = CertificatesConfig(decoder_url=f"http://127.0.0.1:{port}/insurance/ec", **settings)
        plugin: Certificates = PLUGIN.build(config, Surroundings(clock=ShiftedClock(), callback_url=""))
        async with serving(app, listener):
            try:
                await story(plugin, phones)
            finally:
                await plugin.stop()

    asyncio.run(whole())


def test_nothing_of_a_code_or_of_its_holder_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def story(plugin: Certificates, phones: Phones) -> None:
        code = phones.show(LIN).code
        found = await plugin.decode(code)
        assert found == CertificateHolder(number=LIN.card.number, name=LIN.name)
        assert LIN.name not in repr(found)
        assert code not in caplog.text
        assert LIN.card.number not in caplog.text

    play(story)


@pytest.mark.parametrize(
    "answer",
    [
        500,
        302,
        "",
        "<html>",
        "[]",
        '{"code": 0}',
        '{"code": 0, "data": {"idNo": 5, "userName": "王芳"}}',
        '{"code": 0, "data": {"idNo": "", "userName": ""}}',
        '{"code": 99, "data": {"idNo": "1", "userName": "王芳"}}',
        '{"code": 0, "data": {"idNo": "1", "userName": "' + "x" * 9_000 + '"}}',
    ],
)
def test_nothing_follows_from_nonsense(answer: Any) -> None:
    async def story(plugin: Certificates, phones: Phones) -> None:
        with pytest.raises(DecoderUnavailable):
            await plugin.decode("31" + "0" * 26)

    play(story, answer)


def test_a_code_that_nobody_has_shown_is_not_called_an_outage() -> None:
    async def story(plugin: Certificates, phones: Phones) -> None:
        assert await plugin.decode("31" + "0" * 26) == "unreadable"

    play(story)


def test_what_is_not_settled_is_a_setting() -> None:
    async def story(plugin: Certificates, phones: Phones) -> None:
        assert await plugin.decode("31" + "0" * 26) == "expired"

    play(story, '{"code": "EC0042", "data": null}', refusals={"EC0042": "expired"})


def test_an_address_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="decoder_url"):
        PLUGIN.build(CertificatesConfig(decoder_url="ftp://decoder"), Surroundings(ShiftedClock(), ""))
