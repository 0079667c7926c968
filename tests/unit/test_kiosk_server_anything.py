"""Whatever is sent to whichever address of the kiosk: a page of ours comes back, and never an error of the server.

Addresses are those of the kiosk itself; fields are all that its pages are seen to read. A new one is tried by itself.
"""

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from kiosk_platform import page, paired, run

from yinyi.interface import journeys
from yinyi.interface.kiosk.addresses import ADDRESSES, Address
from yinyi.kernel.errors import NotFound

SOURCES = sorted(Path(next(iter(journeys.__path__))).rglob("*.py"))
READ = re.compile(r"""\b(?:form|query)(?:\.get\(|\[)"(\w+)"|^([A-Z_]+) = "(\w+)"$""", re.MULTILINE)
"""``form.get("number")``, ``query["at"]``, and names of fields that have a name themselves."""
FIELDS = sorted({found[1] or found[3] for source in SOURCES for found in READ.finditer(source.read_text("utf-8"))})
ANYTHING = [
    "<script>alert(1)</script>",
    "'; DROP TABLE payment; --",
    "{{ 7*7 }}",
    "../../etc/passwd",
    "-1",
    "0",
    "1e309",
    "９９９",
    "²",
    "2026-02-30",
    "0000-00-00",
    "9" * 400,
    "😀" * 40,
    "a.b.c:1:2 d",
    " ",
]
OTHER_METHODS = ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE")


class Nothing(dict[str, Any]):
    """A platform that knows of nothing but what the pages stand on."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> Any:
        return NotFound()


def test_fields_of_all_pages_are_found() -> None:
    assert {"number", "proof", "yuan", "chosen", "session", "stage"} <= set(FIELDS)


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.path)
def test_anything_is_answered(address: Address) -> None:
    async def work() -> None:
        browser = paired()
        browser.platform.answers = Nothing(browser.platform.answers)
        for text in ANYTHING:
            path = re.sub(r"{\w+(:\w+)?}", quote(text, safe=""), address.path)
            asked = dict.fromkeys(FIELDS, text)
            answers = [await browser.client.get("/kiosk" + path, params=asked)]
            if address.post:
                csrf = {"csrf": await browser.csrf(), "key": "k" * 22}
                few = dict(list({**asked, **csrf}.items())[-30:])
                answers.append(await browser.client.post("/kiosk" + path, data=few))
            for answer in answers:
                assert answer.status_code < 500, (text, answer.status_code, answer.text[:300])

    run(work())


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.path)
def test_only_what_browsers_do(address: Address) -> None:
    async def work() -> None:
        browser = paired()
        path = re.sub(r"{\w+(:\w+)?}", "X1", address.path)
        for method in OTHER_METHODS:
            answer = await browser.client.request(method, "/kiosk" + path)
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
        assert browser.platform.asked == []
        if address.post is None:
            answer = await browser.post(path)
            assert (answer.status_code, page(answer)["v"]["kind"]) == (404, "not_found")

    run(work())
