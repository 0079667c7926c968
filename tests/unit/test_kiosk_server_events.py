"""Pushes to open pages: heard once per node, told to the pages they concern, never lost between page and stream."""

import asyncio
import contextlib
from datetime import timedelta

import msgspec
import pytest
from kiosk_hub import REFRESH, SCANNED, House, settled
from kiosk_platform import NOW, PAYMENT, SCREEN, TERMINAL, run

from yinyi.interface.kiosk import events
from yinyi.interface.kiosk.events import Interest, watch_connection
from yinyi.kernel.errors import Busy


@pytest.mark.parametrize(
    ("query", "name", "turns"),
    [
        ({"card": "1"}, "CardLaid", True),
        ({"card": "1"}, "CardRemoved", True),
        ({"laid": "0"}, "CardLaid", True),
        ({"laid": "0"}, "CardRemoved", False),
        ({"laid": "99"}, "CardLaid", False),
        ({"card": "1"}, "StaffCalled", False),
        ({"paper": "1"}, "PrintDone", True),
        ({"call": "1"}, "StaffComing", True),
        ({"terminal": "1"}, "LockChanged", True),
        ({"card": "1", "payment": PAYMENT}, "CodeScanned", False),
        ({"terminal": "1"}, "DeviceChanged", True),
        ({"terminal": "1"}, "NameChanged", True),
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
