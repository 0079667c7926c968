"""Every address of the kiosk is found as the patterns one after another would find it."""

import re
from typing import Any

import pytest
from starlette.routing import Match, Route

from yinyi.interface.kiosk.addresses import ADDRESSES, BASE
from yinyi.interface.kiosk.finding import Found


class Page:
    """As an address is served: an ASGI application."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...


ROUTES = [Route(BASE + each.path, Page()) for each in ADDRESSES]
FOUND = Found(BASE, ROUTES)


def _scope(path: str, kind: str = "http") -> dict[str, Any]:
    return {"type": kind, "method": "GET", "path": path, "headers": []}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_each_address_is_found(route: Route) -> None:
    path = re.sub(r"{[^}]+}", "x1", route.path)
    first = next(each for each in ROUTES if each.matches(_scope(path))[0] is Match.FULL)
    match, found = FOUND.matches(_scope(path))
    assert match is Match.FULL
    assert found["endpoint"] is first.endpoint
    assert found["path_params"] == first.matches(_scope(path))[1]["path_params"]


@pytest.mark.parametrize("path", ["/kiosk/nowhere", "/kiosk/bills/a/b/c", "/kiosk/bills\n", "/other", "/kiosk"])
def test_nothing_else_is(path: str) -> None:
    assert FOUND.matches(_scope(path))[0] is Match.NONE


def test_no_line_of_a_browser_is_a_page() -> None:
    assert FOUND.matches(_scope("/kiosk/bills", "websocket"))[0] is Match.NONE
