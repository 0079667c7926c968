"""The kiosk's pages: every address is one journey between a request and a page. No state is kept between two.

Who is at the screen travels in cookies, where he is in the address; both are checked by the business layer, which
issued them.
"""

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials, SessionView
from yinyi.business.terminals.errors import PairingRefused
from yinyi.business.terminals.messages import GetTerminal, PairBrowser
from yinyi.business.terminals.model import SERVICES, TerminalView
from yinyi.interface.body import TooLarge
from yinyi.interface.journeys import (
    changed_visits,
    errors,
    left_card,
    maintenance,
    newcomer,
    paper,
    payment_news,
    typed,
    views,
    views_ends,
)
from yinyi.interface.journeys.paths import Paths
from yinyi.interface.journeys.purposes.known import KnownPurposes
from yinyi.interface.journeys.visitor import ALONE, File, Go, Next, Show, StalePage, Visit, Visitor
from yinyi.interface.kiosk import cookies, page
from yinyi.interface.kiosk.addresses import ADDRESSES, BASE, Address
from yinyi.interface.kiosk.chrome import NOWHERE, chrome_of, mode_of
from yinyi.interface.kiosk.cookies import Cookies, Jar, Look
from yinyi.interface.kiosk.events import Hub
from yinyi.interface.kiosk.finding import Found
from yinyi.interface.kiosk.streams import Streams
from yinyi.interface.kiosk.terminals import Terminals
from yinyi.interface.metrics import Metrics
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import (
    InLine,
    InternalError,
    InvalidField,
    NotFound,
    TerminalNotEnrolled,
    Unavailable,
    YinyiError,
)

log = structlog.get_logger()

NAME = "kiosk"
_ALWAYS = ("find_payment",)
"""A payment is looked for at every terminal: all that is paid leads over its pages."""
_QUOTED = re.compile(r"[^0-9A-Za-z_.-]").search
"""Most of what a page listens for is a number or a version: it may stand in an address as it is."""
BUSY_AGAIN = timedelta(seconds=5)
"""A page that met too many people tries again by itself."""
SHUT_IDLE_S = 60
"""Whoever is known leaves a page on which nothing can be done: once something can again, another may stand there."""


class Renders(Protocol):
    """Turns a view into a page. ``swap``: only what changes within the page that is there."""

    def render(self, view: views.View, chrome: views.Chrome, *, swap: bool = False) -> bytes: ...


@dataclass
class Asked:
    """One request, read once. ``here``: its address, with the query of a GET."""

    address: Address
    cookies: Cookies
    jar: Jar
    now: datetime
    here: str
    posted: bool
    swap: bool
    look: Look
    place: str = ""
    visitor: Visitor | None = None
    headers: page.Headers = field(default_factory=list[tuple[bytes, bytes]])


class Kiosk:
    """All addresses under ``/kiosk``."""

    def __init__(self, bus: BusClient, pages: Renders, clock: Clock, zone: ZoneInfo, metrics: Metrics) -> None:
        self._bus = bus
        self._pages = pages
        self._clock = clock
        self._zone = zone
        self._metrics = metrics
        self._paths = Paths(BASE)
        self._purposes = KnownPurposes()
        self.terminals = Terminals(bus, clock)
        self.hub = Hub(self.terminals, clock)
        metrics.count_streams(lambda: self.hub.count)

    def routes(self) -> list[BaseRoute]:
        served = [Route(BASE + address.path, _Endpoint(self, address)) for address in ADDRESSES]
        nothing = Address("/{anything:path}", get=_nothing_here, post=_nothing_here)
        return [
            Found(BASE, served),
            Route(self._paths.events, Streams(self.hub)),
            Route(BASE, _to_home),
            Route(BASE + nothing.path, _Endpoint(self, nothing)),
        ]

    async def answer(self, address: Address, scope: Scope, receive: Receive) -> page.Answer:
        """Never raises."""
        asked = self._read(address, scope)
        try:
            return await self._journey(asked, scope, receive)
        except YinyiError as error:
            self._metrics.failed(NAME, error)
            return await self._failed(asked, error)
        except Exception:
            log.exception("kiosk.failed", address=address.path)
            return await self._failed(asked, InternalError())

    # -- in

    def _read(self, address: Address, scope: Scope) -> Asked:
        heads: dict[bytes, bytes] = dict(scope["headers"])
        found = cookies.read(heads.get(b"cookie", b""))
        posted = scope["method"] == "POST"
        query: bytes = scope["query_string"]
        path: bytes = scope.get("raw_path") or scope["path"].encode()
        return Asked(
            address=address,
            cookies=found,
            jar=Jar(BASE, secure=scope["scheme"] == "https"),
            now=self._clock.now().astimezone(self._zone),
            here=(path if posted or not query else path + b"?" + query).decode("ascii", "replace"),
            posted=posted,
            swap=b"hx-request" in heads and b"hx-history-restore-request" not in heads,
            look=found.look,
            place=page.place_of(heads.get(page.PLACE, b"")),
        )

    async def _journey(self, asked: Asked, scope: Scope, receive: Receive) -> page.Answer:
        query = page.query_of(scope)
        if asked.address.pairs and "pair" in query:
            return await self._pair(asked, query["pair"])
        handler = asked.address.post if asked.posted else asked.address.get
        if not asked.cookies.screen:
            raise TerminalNotEnrolled
        visitor = asked.visitor = await self._visitor(asked, scope["path_params"], query)
        if asked.posted:
            visitor.form = await page.form_of(scope, receive)
            self._check_csrf(asked, visitor.form)
            if asked.address.settings:
                self._settle_look(asked, visitor.form)
        if handler is None:
            raise NotFound
        if paper.WITHOUT in query:
            asked.headers.append(asked.jar.visit(visitor.visit))
        if not (asked.address.staff or asked.address.for_anybody):
            staff = await maintenance.first(visitor)
            if staff is not None:
                return self._answered(asked, visitor, staff)
        if newcomer.has_come(visitor) and not (asked.address.for_anybody or asked.address.lays):
            came = await newcomer.looked_at(visitor)
            if isinstance(came, Go):
                return self._answered(asked, visitor, await _told_first(visitor, came))
            visitor.visit = came
            asked.headers.append(asked.jar.visit(came))
        if _is_shut(asked.address, visitor):
            return self._finished(asked, page.redirect(self._paths.home))
        if asked.address.paper and not asked.posted and typed.TYPED not in query:
            first = await paper.asked_about(visitor, asked.here)
            if first is not None:
                return self._answered(asked, visitor, first)
        then = await handler(visitor)
        if isinstance(then, Go):
            then = await _told_first(visitor, then)
        elif isinstance(then, Show) and visitor.known and visitor.session is None and not asked.address.for_anybody:
            await visitor.ask(GetTerminal())  # a page that asks nothing also says whose it is, or that his time is over
        return self._answered(asked, visitor, then)

    async def _visitor(self, asked: Asked, at: Mapping[str, str], query: Mapping[str, str]) -> Visitor:
        if not all(map(page.is_text, at.values())):
            raise NotFound("control characters")
        screen, visit = asked.cookies.screen, asked.cookies.visit
        if visit.wants in ALONE and visit.wants not in asked.address.alone:
            visit = Visit(wants=asked.address.wants or "home")
        try:
            terminal = await self.terminals.of(screen)
        except Unavailable:
            if not asked.address.ends:
                raise
            terminal = self._last_terminal(asked)
        return Visitor(
            bus=self._bus,
            credentials=Credentials(terminal=screen, session=visit.session),
            paths=self._paths,
            terminal=terminal,
            now=asked.now,
            visit=replace(visit, without_paper=True) if paper.WITHOUT in query else visit,
            language=asked.look.language,
            mode=mode_of(None, asked.look),
            at=at,
            query=query,
            place=asked.place,
            purposes=self._purposes,
        )

    def _check_csrf(self, asked: Asked, form: Mapping[str, str]) -> None:
        if not cookies.csrf_matches(asked.cookies, form.get("csrf", ""), any_person=asked.address.for_anybody):
            raise StalePage("csrf")

    def _settle_look(self, asked: Asked, form: Mapping[str, str]) -> None:
        asked.look = cookies.look_from(form, asked.look)
        asked.headers.append(asked.jar.look(asked.look))

    async def _pair(self, asked: Asked, code: str) -> page.Answer:
        """A screen becomes the screen of the terminal whose agent shows this code."""
        try:
            paired = (await self._bus.ask(PairBrowser(pairing_code=code.strip()))).reply
        except (PairingRefused, InvalidField):
            return self._closed(asked, views_ends.ClosedView(reason="not_paired", pairing_code=code), 403)
        asked.headers += [asked.jar.screen(paired.screen_token), asked.jar.visit(Visit())]
        return self._finished(asked, page.redirect(self._paths.home))

    # -- out

    def _answered(self, asked: Asked, visitor: Visitor, then: Next) -> page.Answer:
        if isinstance(then, Show):
            return self._show(asked, visitor.terminal, visitor.session, then)
        if isinstance(then, File):
            return self._finished(asked, page.file(then.content, then.kind))
        if then.visit is not None:
            asked.headers.append(asked.jar.visit(visitor.goes_on_as(then.visit, then.wipe)))
        if then.wipe:
            asked.headers += [asked.jar.look(Look()), page.WIPE]
        return self._finished(asked, self._redirect(asked, then))

    def _redirect(self, asked: Asked, then: Go) -> page.Answer:
        """Where another person begins, the whole page is new, not only the middle of it."""
        if asked.swap and then.visit is not None:
            return page.Answer(200, headers=[(b"hx-redirect", then.to.encode("ascii"))])
        return page.redirect(then.to)

    def _show(self, asked: Asked, terminal: TerminalView, session: SessionView | None, shown: Show) -> page.Answer:
        chrome = chrome_of(
            terminal,
            session,
            asked.look,
            now=asked.now,
            here=asked.here,
            csrf=cookies.csrf_of(asked.cookies),
            steps=shown.steps,
            can_time_out=shown.can_time_out,
            events=self._events(asked, terminal, shown),
            idle_s=shown.idle_s,
            is_old=shown.is_old,
        )
        html = self._pages.render(shown.view, chrome, swap=asked.swap)
        return self._finished(asked, page.page(shown.status, html))

    def _events(self, asked: Asked, terminal: TerminalView, shown: Show) -> str:
        """Wherever somebody is known the page also hears when a card is laid: it may be the next person's."""
        visit, listens = asked.cookies.visit, shown.listens
        if visit.session or visit.ticket:
            listens = {**(listens or {}), "laid": str(terminal.card_version)}
        if not asked.posted and left_card.in_slot(terminal):  # what was typed so far would be lost
            listens = {**(listens or {}), **left_card.in_slot(terminal)}
        if listens is None or not asked.cookies.screen:
            return ""
        told = urlencode(listens) if any(map(_QUOTED, listens.values())) else "&".join(map("=".join, listens.items()))
        return f"{self._paths.events}?{told}{'&' if told else ''}since={asked.now.timestamp():.3f}"

    def _finished(self, asked: Asked, answer: page.Answer) -> page.Answer:
        answer.headers = [*(answer.headers or ()), *asked.headers]
        return answer

    # -- failures

    async def _failed(self, asked: Asked, error: YinyiError) -> page.Answer:
        if isinstance(error, InLine) and asked.visitor is not None:
            return await self._in_line(asked, asked.visitor, error)
        closed = errors.closed_of(error)
        if closed is not None:
            reason, status = closed
            because = self._last_terminal(asked).locked_for if reason == "locked" else ""
            return self._closed(asked, views_ends.ClosedView(reason=reason, because=because), status)
        if isinstance(error, TooLarge):
            return self._finished(asked, page.Answer(413))
        kind, status = errors.said_of(error)
        if status == 500:
            log.error("kiosk.error_page", address=asked.address.path, error=error.code(), detail=error.detail)
        back = asked.visitor.back if asked.visitor else ""
        if kind == "session_over":
            self._start_over(asked)
            back = self._paths.identify
        elif not back and not asked.posted and status >= 500:
            back = asked.here
        opens_at = errors.opening_of(error)
        view = views_ends.ErrorView(kind=kind, back="" if kind == "service_closed" else back, opens_at=opens_at)
        listens = {"at": f"{(asked.now + BUSY_AGAIN).timestamp():.1f}"} if kind == "too_busy" else None
        session = await self._person(asked, error)
        terminal = asked.visitor.terminal if asked.visitor else self._last_terminal(asked)
        return self._show(asked, terminal, session, Show(view, listens=listens, status=status))

    async def _in_line(self, asked: Asked, visitor: Visitor, error: InLine) -> page.Answer:
        """No failure: he is told where he stands, and the page comes again and shows that he has been here."""
        told = error.told
        view = views_ends.InLineView(
            place=told.before + 1,
            about_s=told.about_s,
            ticket=told.ticket,
            again=asked.here,
            again_ms=round(told.again_s * 1000),
            form=visitor.form if asked.posted else None,
        )
        return self._show(asked, visitor.terminal, await self._person(asked, error), Show(view))

    def _closed(self, asked: Asked, view: views_ends.ClosedView, status: int) -> page.Answer:
        listens = {"platform_down": {"away": "1"}, "locked": {"terminal": "1", "card": "1"}}.get(view.reason)
        terminal, visit = self._last_terminal(asked), asked.cookies.visit
        somebody = visit.session or visit.ticket
        shut = Show(view, listens=listens, status=status, idle_s=SHUT_IDLE_S if somebody else None)
        return self._show(asked, terminal, None, shut)

    def _start_over(self, asked: Asked) -> None:
        """The session is over: what it was needed for is remembered, nothing else."""
        wants = asked.address.wants or asked.cookies.visit.wants
        fresh = Visit(wants=wants)
        asked.headers.append(asked.jar.visit(fresh))
        asked.cookies = Cookies(screen=asked.cookies.screen, visit=fresh, look=asked.cookies.look)

    async def _person(self, asked: Asked, error: YinyiError) -> SessionView | None:
        """Whose session it is, for the page that tells of the failure."""
        visitor = asked.visitor
        if visitor is None or visitor.session or not visitor.known or not errors.tells_who(error):
            return visitor.session if visitor else None
        with suppress(YinyiError):
            await visitor.ask(GetTerminal())
        return visitor.session

    def _last_terminal(self, asked: Asked) -> TerminalView:
        return self.terminals.last(asked.cookies.screen) or NOWHERE

    def count(self, address: Address, status: int, started: float) -> None:
        self._metrics.answered(NAME, BASE + address.path, status, time.perf_counter() - started)


class _Endpoint:
    """One address as an ASGI application."""

    def __init__(self, kiosk: Kiosk, address: Address) -> None:
        self._kiosk = kiosk
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return await page.Answer(405, headers=[(b"allow", b"GET, HEAD, POST")]).send(send)
        answer = await self._kiosk.answer(self._address, scope, receive)
        await answer.send(send)
        self._kiosk.count(self._address, answer.status, started)


def _is_shut(address: Address, visitor: Visitor) -> bool:
    """Its service is not to be had here now; home says when. Whoever is paying already goes on."""
    if address.wants not in SERVICES or address.wants in _ALWAYS:
        return False
    return all(each.service != address.wants or each.shut for each in visitor.terminal.offers)


async def _told_first(visitor: Visitor, then: Go) -> Go:
    """What somebody who has just become known has to know before he goes on."""
    told = await changed_visits.first(visitor, then)
    return told if told is not then else await payment_news.first(visitor, then)


async def _nothing_here(visitor: Visitor) -> Next:
    raise NotFound


async def _to_home(request: Request) -> RedirectResponse:
    return RedirectResponse(f"{BASE}/{'?' if request.url.query else ''}{request.url.query}", status_code=303)
