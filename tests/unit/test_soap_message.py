"""Codes and strings of XML, without a bus: what an answer says of itself."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from lxml import etree

from yinyi.interface.soap.asking import Asking, Wanted
from yinyi.interface.soap.envelope import SOAP_11, Opened
from yinyi.interface.soap.message import Messages
from yinyi.kernel.errors import InternalError, NotAllowed

REQUEST = "<Request><Header><MessageID>M1</MessageID></Header><Body/></Request>"


class Answers:
    """Whoever asks is answered with one field, or is not allowed to."""

    def __init__(self, *, allowed: bool) -> None:
        self.allowed = allowed

    def spec(self, _: str) -> Any:
        return SimpleNamespace(changes=False)

    async def ask(self, wanted: Wanted, correlation_id: str) -> Any:
        if not self.allowed:
            raise NotAllowed
        return {"payment_no": "P1"}

    def known(self, error: Exception, correlation_id: str) -> Any:
        return error if isinstance(error, NotAllowed) else InternalError()


@pytest.mark.parametrize(
    ("language", "allowed", "says"),
    [
        ("zh-CN", True, "成功"),
        ("en", True, "Success"),
        ("zh-CN", False, NotAllowed.zh),
        ("en", False, NotAllowed.sentence("en")),
    ],
)
def test_it_says_in_the_language_that_was_asked_for_how_it_went(language: str, says: str, *, allowed: bool) -> None:
    call = etree.Element("{urn:x}process")
    for name, text in (("code", "GetPayment"), ("xml", REQUEST)):
        etree.SubElement(call, f"{{urn:x}}{name}").text = text
    opened = Opened(edition=SOAP_11, call=call, token=None)
    messages = Messages(cast(Asking, Answers(allowed=allowed)), "urn:x", "process", ("code", "xml"))
    answered = etree.fromstring(asyncio.run(messages.answer(opened, "c1", language)))
    told = etree.fromstring(answered.findtext("{*}processResult") or "")
    assert told.findtext("Body/ResultCode") == ("0" if allowed else "1")
    assert told.findtext("Body/ResultContent") == says
