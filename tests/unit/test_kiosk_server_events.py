"""Pushes to open pages: heard once per node, told to the pages they concern, never lost between page and stream."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from kiosk_platform import NOW, PAYMENT, SCREEN, TERMINAL, USUAL, FixedClock, Platform, run

from yinyi.bus.client import BusClient
from yinyi.interface.kiosk import events
from yinyi.interface.kiosk.events import Hub, Interest, watch_connection
from yinyi.interface.kiosk.streams import Streams
from yinyi.interface.kiosk.terminals import Terminals
from yinyi.kernel.errors import Busy

REFRESH = b"event: refresh\ndata: 1\n\n"
SCANNED = b"event: scanned\ndata: 1\n\n"
PATIENCE_S = 10


class House:
    """A hub with its platform, and pages that read their streams."""

    def __init__(self) -> None:
        self.platform = Platform(answers=dict(USUAL))
        self.terminals = Terminals(BusClient(self.platform, "kiosk", self.clock), self.clock)
        self.hub = Hub(self.terminals, self.clock)

    @property
    def clock(self) -> FixedClock:
        return self.platform.clock

    async def push(self, name: str, *, number: str = "K01", version: int = 1, terminal: str = "K01") -> None:
        body = msgspec.json.encode({"number": number, "version": version})
        await self.hub.heard(f"event.terminal.{terminal}.{name}", body)

    @asynccontextmanager
    async def page(self, query: Mapping[str, str], screen: str = SCREEN) -> AsyncGenerator["Reader"]:
        opened = self.hub.open(screen, Interest.of(query))
        reader = Reader(self.hub.stream(opened))
        try:
            yield reader
        finally:
            await reader.stop()
            self.hub.leave(opened)


class Reader:
    """Reads a stream in the background."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._task = asyncio.create_task(self._read(stream))

    async def _read(self, stream: AsyncIterator[bytes]) -> None:
        async for chunk in stream:
            self._chunks.put_nowait(chunk)
        self._chunks.put_nowait(None)

    async def next(self) -> bytes | None:
        async with asyncio.timeout(PATIENCE_S):
            return await self._chunks.get()

    async def attached(self) -> "Reader":
        """Past its greeting: it belongs to its terminal now."""
        assert await self.next() == b"retry: 1000\n\n"
        assert await self.next() == b": here\n\n"
        return self

    def nothing_more(self) -> bool:
        return self._chunks.empty()

    async def stop(self) -> None:
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


async def settled() -> None:
    """Everything that can run has run."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("query", "name", "turns"),
    [
        ({"card": "1"}, "CardLaid", True),
        ({"card": "1"}, "CardRemoved", True),
        ({"card": "1"}, "StaffCalled", False),
        ({"paper": "1"}, "PrintDone", True),
        ({"call": "1"}, "StaffComing", True),
        ({"terminal": "1"}, "LockChanged", True),
        ({"card": "1", "payment": PAYMENT}, "CodeScanned", False),
        ({"terminal": "1"}, "DeviceChanged", True),
        ({"payment": PAYMENT}, "CardLaid", False),
        ({}, "SomethingNew", False),
    ],
)
def test_a_page_hears_of_what_it_asked_for(query: dict[str, str], name: str, turns: bool) -> None:
    async def work() -> None:
        house = House()
        async with house.page(query) as page:
            await page.attached()
            await house.push(name)
            await settled()
            assert page.nothing_more() is not turns

    run(work())


@pytest.mark.parametrize(
    ("number", "version", "turns"), [(PAYMENT, 4, True), (PAYMENT, 3, False), (PAYMENT, 2, False), ("other", 9, False)]
)
def test_a_payment_page_hears_only_of_a_newer_version_of_its_own(number: str, version: int, turns: bool) -> None:
    async def work() -> None:
        house = House()
        async with house.page({"payment": PAYMENT, "version": "3"}) as page:
            await page.attached()
            await house.push("PaymentChanged", number=number, version=version)
            await settled()
            assert page.nothing_more() is not turns

    run(work())


def test_a_page_that_takes_codes_is_told_of_a_newer_scan_only() -> None:
    async def work() -> None:
        house = House()
        async with house.page({"code": "4", "payment": PAYMENT, "version": "3"}) as page:
            await page.attached()
            await house.push("CodeScanned", version=4)
            await settled()
            assert page.nothing_more()
            await house.push("CodeScanned", version=5)
            assert await page.next() == SCANNED
            await house.push("PaymentChanged", number=PAYMENT, version=4)
            assert await page.next() == REFRESH

    run(work())


def test_a_scan_is_not_missed_between_two_streams() -> None:
    """Neither what was heard before the stream was open, nor what may have happened while it was gone for longer."""

    async def work() -> None:
        house = House()
        house.clock.at = NOW + timedelta(seconds=1)
        await house.push("CodeScanned", version=5)
        since = f"{NOW.timestamp():.3f}"
        async with house.page({"code": "4", "since": since}) as page:
            await page.attached()
            assert await page.next() == SCANNED
        house.clock.at = NOW + timedelta(minutes=1)
        for query, told in ({"code": "5"}, SCANNED), ({"card": "1"}, REFRESH):
            async with house.page({**query, "since": since}) as page:
                await page.attached()
                assert await page.next() == told

    run(work())


def test_another_terminals_pushes_are_its_own() -> None:
    async def work() -> None:
        house = House()
        async with house.page({"card": "1"}) as page:
            await page.attached()
            await house.push("CardLaid", terminal="K02")
            await settled()
            assert page.nothing_more()

    run(work())


def test_many_pushes_draw_a_page_once() -> None:
    async def work() -> None:
        house = House()
        async with house.page({"card": "1"}) as page:
            await page.attached()
            for version in range(100):
                await house.push("CardLaid", version=version)
            assert await page.next() == REFRESH
            await settled()
            assert page.nothing_more()

    run(work())


def test_what_happened_between_page_and_stream_is_not_missed() -> None:
    async def work() -> None:
        house = House()
        house.clock.at = NOW + timedelta(seconds=1)
        await house.push("CardLaid")
        house.clock.at = NOW + timedelta(seconds=2)
        async with house.page({"card": "1", "since": f"{NOW.timestamp():.3f}"}) as page:
            await page.attached()
            assert await page.next() == REFRESH
        later = NOW + timedelta(seconds=1.5)
        async with house.page({"card": "1", "since": f"{later.timestamp():.3f}"}) as page:
            await page.attached()
            await settled()
            assert page.nothing_more()

    run(work())


def test_a_page_that_comes_back_asks_once() -> None:
    async def work() -> None:
        house = House()
        house.clock.at = NOW + timedelta(minutes=1)
        async with house.page({"since": f"{NOW.timestamp():.3f}"}) as page:
            await page.attached()
            assert await page.next() == REFRESH
            await settled()
            assert page.nothing_more()

    run(work())


def test_a_page_turns_at_the_instant_it_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        house = House()
        monkeypatch.setattr(events, "ALIVE_S", 0.01)
        async with house.page({"at": f"{(NOW + timedelta(seconds=30)).timestamp():.1f}"}) as page:
            await page.attached()
            assert await page.next() == b": alive\n\n"
            house.clock.at = NOW + timedelta(seconds=31)
            while (told := await page.next()) == b": alive\n\n":
                continue
            assert told == REFRESH

    run(work())


def test_a_card_makes_what_is_known_of_the_terminal_old() -> None:
    async def work() -> None:
        house = House()
        assert (await house.terminals.of(SCREEN)).card_in_reader is False
        house.platform.answers["GetTerminal"] = msgspec.structs.replace(TERMINAL, card_in_reader=True)
        assert (await house.terminals.of(SCREEN)).card_in_reader is False
        await house.push("CardLaid")
        assert (await house.terminals.of(SCREEN)).card_in_reader is True

    run(work())


def test_a_card_makes_old_what_is_just_being_told_of_the_terminal() -> None:
    async def work() -> None:
        house = House()
        answers = house.platform.answers

        def told_too_early(message: object) -> object:
            answers["GetTerminal"] = msgspec.structs.replace(TERMINAL, card_in_reader=True)
            house.terminals.changed("K01")
            return TERMINAL

        answers["GetTerminal"] = told_too_early
        assert (await house.terminals.of(SCREEN)).card_in_reader is False
        assert (await house.terminals.of(SCREEN)).card_in_reader is True

    run(work())


def test_pages_that_say_the_platform_is_away_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        monkeypatch.setattr(events, "LOOK_AGAIN_S", 0.01)
        house = House()
        house.platform.away = True
        async with house.page({"away": "1"}) as page:
            assert await page.next() == b"retry: 1000\n\n"
            assert await page.next() == b": here\n\n"
            house.platform.away = False
            while (told := await page.next()) == b": here\n\n":
                continue
            assert told == REFRESH

    run(work())


def test_after_the_bus_was_away_every_page_asks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        monkeypatch.setattr(events, "LOOK_AGAIN_S", 0.01)
        house = House()
        states = iter([True, False, False, True, True])
        watching = asyncio.create_task(watch_connection(lambda: next(states, True), house.hub.missed))
        async with house.page({}) as page:
            await page.attached()
            assert await page.next() == REFRESH
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching

    run(work())


def test_closing_ends_every_stream_and_opens_no_more() -> None:
    async def work() -> None:
        house = House()
        async with house.page({"card": "1"}) as page:
            await page.attached()
            house.hub.close()
            assert await page.next() is None
        with pytest.raises(Busy):
            house.hub.open(SCREEN, Interest())
        assert house.hub.count == 0

    run(work())


def test_streams_are_limited_per_screen_and_per_node(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = House().hub
    opened = [hub.open(SCREEN, Interest()) for _ in range(events.MOST_OF_ONE_SCREEN)]
    with pytest.raises(Busy):
        hub.open(SCREEN, Interest())
    monkeypatch.setattr(events, "MOST", len(opened) + 1)
    hub.open("another", Interest())
    with pytest.raises(Busy):
        hub.open("a third", Interest())
    for page in opened:
        hub.leave(page)
    assert hub.count == 1


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"number": []}'])
def test_a_push_that_cannot_be_read_harms_nobody(data: bytes) -> None:
    async def work() -> None:
        house = House()
        await house.hub.heard("event.terminal.K01.CardLaid", data)
        await house.hub.heard("event.terminal.K01.CardLaid.more", b"{}")

    run(work())


@pytest.mark.parametrize("value", ["x", "nan", "inf", "1e400", "-1e30", ""])
def test_an_instant_that_is_none_counts_as_absent(value: str) -> None:
    asked = Interest.of({"at": value, "since": value, "version": value})
    assert (asked.at, asked.since, asked.version) == (None, None, 0)


# ---- over HTTP


async def _stream(house: House, headers: list[tuple[bytes, bytes]], query: bytes = b"") -> "Wire":
    wire = Wire()
    scope = {"type": "http", "method": "GET", "headers": headers, "query_string": query}
    wire.task = asyncio.create_task(Streams(house.hub)(scope, wire.receive, wire.send))
    return wire


class Wire:
    """The server's side of one HTTP request."""

    task: asyncio.Task[None]

    def __init__(self) -> None:
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.gone = asyncio.Event()
        self.receive: Callable[[], Awaitable[dict[str, Any]]] = self._receive

    async def _receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        self.sent.put_nowait(message)

    async def next(self) -> Any:
        async with asyncio.timeout(PATIENCE_S):
            return await self.sent.get()


def test_a_stream_ends_when_the_browser_goes() -> None:
    async def work() -> None:
        house = House()
        wire = await _stream(house, [(b"cookie", b"yinyi_screen=" + SCREEN.encode())], b"card=1")
        start = await wire.next()
        assert start["status"] == 200
        assert (b"content-type", b"text/event-stream") in start["headers"]
        assert (await wire.next())["body"] == b"retry: 1000\n\n"
        assert house.hub.count == 1
        wire.gone.set()
        async with asyncio.timeout(PATIENCE_S):
            await wire.task
        assert house.hub.count == 0

    run(work())


def test_a_stream_ends_well_when_the_node_closes() -> None:
    async def work() -> None:
        house = House()
        wire = await _stream(house, [(b"cookie", b"yinyi_screen=" + SCREEN.encode())])
        await wire.next()
        house.hub.close()
        async with asyncio.timeout(PATIENCE_S):
            await wire.task
        messages = [wire.sent.get_nowait() for _ in range(wire.sent.qsize())]
        assert messages[-1] == {"type": "http.response.body", "body": b""}

    run(work())


@pytest.mark.parametrize(
    ("headers", "query", "status"),
    [([], b"", 403), ([(b"cookie", b"yinyi_screen=s")], b"a=%ff", 400)],
)
def test_a_stream_for_nobody_is_refused(headers: list[tuple[bytes, bytes]], query: bytes, status: int) -> None:
    async def work() -> None:
        wire = await _stream(House(), headers, query)
        assert (await wire.next())["status"] == status
        await wire.task

    run(work())


def test_one_stream_too_many_is_asked_to_wait() -> None:
    async def work() -> None:
        house = House()
        for _ in range(events.MOST_OF_ONE_SCREEN):
            house.hub.open(SCREEN, Interest())
        wire = await _stream(house, [(b"cookie", b"yinyi_screen=" + SCREEN.encode())])
        assert (await wire.next())["status"] == 503
        await wire.task

    run(work())
