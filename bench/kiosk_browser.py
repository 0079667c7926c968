"""A kiosk's browser without a picture: pages over one connection, forms sent as they stand, redirects and places in the
waiting line followed as a page follows them. As light as Python allows."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from bench.house import Screen
from yinyi.interface.kiosk.cookies import SCREEN, VISIT

BASE = "/kiosk"
_LINED = re.compile(r'hx-trigger="load delay:(\d+)ms.*?yinyi-place":"([0-9.]+)"')
_PLACE = re.compile(r'class="askno num">(\d+)<')
_TITLE = re.compile(r"<title>([^<]*)<")
_COOKIE = re.compile(r"(?im)^set-cookie: ([^=\r\n]+)=([^;\r\n]*)")
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_FAILED = ('class="scr failed', 'class="scr shut')
_MOST_REDIRECTS = 5


@dataclass(frozen=True)
class Page:
    """What came in the end. ``at``: below /kiosk."""

    at: str
    status: int
    text: str

    @property
    def title(self) -> str:
        found = _TITLE.search(self.text)
        return " ".join(found[1].split()) if found else ""

    @property
    def failed(self) -> bool:
        return self.status != 200 or any(each in self.text for each in _FAILED)

    def form(self, to: str) -> str:
        """The form that goes there; empty: there is none."""
        found = re.search(rf'<form[^>]* action="{BASE}{to}".*?</form>', self.text, re.DOTALL)
        return found[0] if found else ""


@dataclass
class Seen:
    """What all kiosks saw together."""

    pages: int = 0
    error_pages: int = 0
    told: int = 0
    furthest: int = 0
    failed: list[str] = field(default_factory=list[str])


def fields_of(form: str) -> dict[str, str]:
    """What the page itself has written into it, its token among them."""
    return {unescape(name): unescape(value) for name, value in _HIDDEN.findall(form)}


def buttons_of(form: str, name: str) -> list[str]:
    return [unescape(value) for value in re.findall(rf'<button[^>]* name="{name}" value="([^"]*)"', form)]


class Browser:
    """In front of one screen; its person is known already. ``expected``: pages that say no and are no failure, by what
    their titles say."""

    def __init__(self, port: int, screen: Screen, seen: Seen, expected: tuple[str, ...] = ()) -> None:
        self._port = port
        self._seen = seen
        self._expected = expected
        shown = screen.credentials
        self._cookies = {SCREEN: shown.terminal, VISIT: f"register.session.{shown.session}"}

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def get(self, path: str) -> Page:
        return await self._in_turn("GET", path, {})

    async def post(self, path: str, form: Mapping[str, str]) -> Page:
        return await self._in_turn("POST", path, form)

    async def _in_turn(self, method: str, path: str, form: Mapping[str, str]) -> Page:
        """The page, once it is there: whoever is told his place comes again by himself, with what he has sent."""
        ticket = ""
        while True:
            page = await self._followed(method, path, form, ticket)
            self._looked_at(page)
            line = _LINED.search(page.text)
            if line is None:
                return page
            place = _PLACE.search(page.text)
            self._seen.told += 1
            self._seen.furthest = max(self._seen.furthest, int(place[1]) if place else 0)
            method, path, form = _again(page, form)
            ticket = line[2]
            await asyncio.sleep(int(line[1]) / 1000)

    async def _followed(self, method: str, path: str, form: Mapping[str, str], ticket: str) -> Page:
        for _ in range(_MOST_REDIRECTS):
            page, location = await self._asked(method, path, form, ticket)
            if not location:
                return page
            method, path, form, ticket = "GET", location.removeprefix(BASE), {}, ""
        raise RuntimeError(f"{path} leads round and round")

    async def _asked(self, method: str, path: str, form: Mapping[str, str], ticket: str) -> tuple[Page, str]:
        """One answer, and where it sends on to."""
        body = urlencode(form).encode() if method == "POST" else b""
        heads = [f"{method} {BASE}{path} HTTP/1.1", "Host: 127.0.0.1"]
        heads.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in self._cookies.items()))
        if method == "POST":
            heads += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        if ticket:
            heads.append(f"yinyi-place: {ticket}")
        self._writer.write("\r\n".join([*heads, "", ""]).encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"(?im)^content-length: (\d+)", head)
        text = (await self._reader.readexactly(int(length[1]) if length else 0)).decode()
        self._cookies.update(_COOKIE.findall(head))
        location = re.search(r"(?im)^location: ([^\r\n]+)", head)
        return Page(path, int(head.split(" ", 2)[1]), text), location[1] if location else ""

    def _looked_at(self, page: Page) -> None:
        self._seen.pages += 1
        if page.failed and not any(words in page.title for words in self._expected):
            self._seen.error_pages += 1
            self._seen.failed.append(f"{page.at}: {page.status} {page.title}")


def _again(page: Page, form: Mapping[str, str]) -> tuple[str, str, dict[str, str]]:
    """How the page of somebody in line asks again: by what it says itself."""
    asks = re.search(rf'<div hx-(get|post)="{BASE}([^"]*)"[^>]*hx-trigger="load delay.*?</div>', page.text, re.DOTALL)
    if asks is None:
        raise RuntimeError(f"{page.at} does not say how it goes on")
    sent = fields_of(asks[0])
    if asks[1] == "post" and sent != dict(form):
        raise RuntimeError(f"{page.at} would not send again what was sent")
    return asks[1].upper(), unescape(asks[2]), sent
