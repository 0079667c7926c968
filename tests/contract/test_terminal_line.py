"""The terminal line on real sockets: one agent at a time, every event once, every paper once, whatever breaks."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from terminal_hall import HALL, HOSPITAL, PATIENT, Hall
from terminal_lines import Line, by_hand, hello, lines, real_agent, welcomed

from yinyi.bus.operation import Caller
from yinyi.business.documents.messages import DocumentView, PrintSlip, ReprintSlip
from yinyi.business.terminals import line as business_line
from yinyi.business.terminals.errors import PairingRefused
from yinyi.business.terminals.messages import GetTerminal, LockTerminal, MakePairingCode, PairBrowser
from yinyi.devices.virtual.reader import VirtualReader
from yinyi.interface.terminal import line as interface_line
from yinyi.interface.terminal import server
from yinyi.wire.terminal_line import (
    Ack,
    AskPairing,
    Bye,
    CardLaid,
    CardRemoved,
    DeviceState,
    Heartbeat,
    Pairing,
    PrintJob,
    PrintResult,
    ResidentCard,
    Scanned,
    Welcome,
)

Run = Callable[[Coroutine[Any, Any, None]], None]
Test = Callable[[Line], Coroutine[Any, Any, None]]
Within = Callable[[Test], None]

BLOCK = bytes(range(256))
PAID = "26112309260500ABCDEFGH"
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture
def within(run: Run, database: str) -> Within:
    """Runs a test where terminals can connect."""

    def enter(test: Test) -> None:
        async def entered() -> None:
            async with lines(database) as there:
                await test(there)

        run(entered())

    return enter


async def _card(place: Hall) -> bytes | None:
    async with place.database.read() as tx:
        return await place.terminals.presented.card_on_reader(tx, HOSPITAL, HALL)


async def _screen(place: Hall, agent_token: str) -> str:
    """The token of a screen that is paired beside this agent."""
    code = await place.ask(Caller.TERMINAL, MakePairingCode(), terminal=agent_token)
    return (await place.ask(Caller.KIOSK, PairBrowser(pairing_code=code.pairing_code))).screen_token


async def _print(place: Hall, screen: str) -> DocumentView:
    shown = {"terminal": screen, "session": f"patient:{PATIENT}"}
    return await place.ask(Caller.KIOSK, PrintSlip(payment_no=PAID), **shown)


def _lay(reader: VirtualReader) -> None:
    reader.lay(ResidentCard(block=BLOCK))


# -- the real agent


def test_an_agent_enrols_and_what_happens_on_its_devices_is_known(within: Within, tmp_path: Path) -> None:
    async def test(there: Line) -> None:
        pushes = there.hall.pushes
        async with real_agent(there, tmp_path) as kiosk:
            await pushes.heard("LineUp")
            _lay(kiosk.reader)
            await pushes.heard("CardLaid")
            assert await _card(there.hall) == BLOCK
            kiosk.reader.remove()
            await pushes.heard("CardRemoved")
            assert await _card(there.hall) is None
            kiosk.scanner.scan("6923450657713")
            await pushes.heard("CodeScanned")
            kiosk.printer.change("paper_low", 0)
            await pushes.heard("DeviceChanged")
        await pushes.heard("LineDown")
        assert pushes.whats() == [
            "LineUp",
            "CardLaid",
            "CardRemoved",
            "CodeScanned",
            "DeviceChanged",
            "LineDown",
        ]
        bodies = [body for _, body in pushes.said]
        assert all(set(body) == {"number", "version"} for body in bodies)

    within(test)


def test_an_agent_that_comes_back_shows_its_token(within: Within, tmp_path: Path) -> None:
    async def test(there: Line) -> None:
        async with real_agent(there, tmp_path):
            await there.hall.pushes.heard("LineUp")
        await there.hall.pushes.heard("LineDown")
        async with real_agent(there, tmp_path):
            await there.hall.pushes.heard("LineUp", 2)
        assert there.hall.bus.asked.count("EnrolTerminal") == 1

    within(test)


def test_a_paper_comes_out_and_is_reported(within: Within, tmp_path: Path) -> None:
    async def test(there: Line) -> None:
        place = there.hall
        place.slips.put(PAID)
        async with real_agent(there, tmp_path) as kiosk:
            await place.pushes.heard("LineUp")
            screen = await _screen(place, kiosk.token())
            paper = await _print(place, screen)
            assert paper.state == "queued"
            await place.pushes.heard("PrintDone")
            assert len(kiosk.printer.papers()) == 1
        assert await place.one("SELECT state FROM print_job") == "printed"

    within(test)


def test_a_line_cut_while_printing_prints_once(within: Within, tmp_path: Path) -> None:
    async def test(there: Line) -> None:
        place = there.hall
        place.slips.put(PAID)
        async with real_agent(there, tmp_path) as kiosk:
            await place.pushes.heard("LineUp")
            screen = await _screen(place, kiosk.token())
            kiosk.printer.change("ok", 0.3)
            await _print(place, screen)
            async with welcomed(there, kiosk.token()):
                await place.pushes.heard("LineUp", 2)
            await place.pushes.heard("PrintDone")
            assert len(kiosk.printer.papers()) == 1
        assert await place.one("SELECT state FROM print_job") == "printed"
        assert await place.one("SELECT count(*) FROM print_job") == 1

    within(test)


def test_a_printer_without_paper_is_seen_and_the_next_try_prints(within: Within, tmp_path: Path) -> None:
    async def test(there: Line) -> None:
        place = there.hall
        place.slips.put(PAID)
        async with real_agent(there, tmp_path) as kiosk:
            await place.pushes.heard("LineUp")
            screen = await _screen(place, kiosk.token())
            kiosk.printer.change("paper_out", 0)
            paper = await _print(place, screen)
            await place.pushes.heard("PrintDone")
            view = await place.ask(Caller.KIOSK, GetTerminal(), terminal=screen)
            assert {one.device: one.state for one in view.devices}["receipt_printer"] == "paper_out"
            kiosk.printer.change("ok", 0)
            shown = {"terminal": screen, "session": f"patient:{PATIENT}"}
            await place.ask(Caller.KIOSK, ReprintSlip(document_no=paper.document_no), **shown)
            await place.pushes.heard("PrintDone", 2)
            assert len(kiosk.printer.papers()) == 1
        assert await place.one("SELECT string_agg(state, ' ' ORDER BY nth) FROM print_job") == "paper_out printed"

    within(test)


def test_a_line_outlives_a_bus_that_is_away_and_events_are_told_later(within: Within, tmp_path: Path) -> None:
    async def test(there: Line) -> None:
        place = there.hall
        async with real_agent(there, tmp_path) as kiosk:
            await place.pushes.heard("LineUp")
            place.bus.away = True
            _lay(kiosk.reader)
            await place.bus.refused_to("PresentCard", 4)
            place.bus.away = False
            await place.pushes.heard("CardLaid")
            assert await _card(place) == BLOCK
            assert kiosk.agent.line.state.epoch == 1
        assert place.pushes.whats().count("CardLaid") == 1

    within(test)


# -- an agent by hand


def test_an_enrolment_whose_answer_was_lost_is_answered_again_to_the_same_machine_only(within: Within) -> None:
    async def test(there: Line) -> None:
        code = there.hall.codes[HALL]
        async with by_hand(there) as first:
            await first.say(hello(enrolment_code=code))
            lost = (await first.hears(Welcome)).terminal_token
        async with by_hand(there) as again:
            await again.say(hello(enrolment_code=code))
            kept = (await again.hears(Welcome)).terminal_token
        assert lost != kept
        for refused in (hello(enrolment_code=code, installation_id="machine-2"), hello(terminal_token=lost)):
            async with by_hand(there) as agent:
                await agent.say(refused)
                assert (await agent.hears_bye()).reason == "unauthorised"
        async with welcomed(there, kept) as (_, welcome):
            assert (welcome.terminal_id, welcome.epoch, welcome.terminal_token) == (HALL, 3, "")

    within(test)


def test_a_fresh_pairing_code_is_given_on_the_line(within: Within) -> None:
    async def test(there: Line) -> None:
        async with welcomed(there, await there.hall.enrolled()) as (agent, welcome):
            await agent.say(AskPairing())
            fresh = (await agent.hears(Pairing)).pairing_code
            with pytest.raises(PairingRefused):
                await there.hall.ask(Caller.KIOSK, PairBrowser(pairing_code=welcome.pairing_code))
            assert (await there.hall.ask(Caller.KIOSK, PairBrowser(pairing_code=fresh))).terminal_id == HALL

    within(test)


def test_the_newest_connection_wins_and_the_older_is_told(within: Within) -> None:
    async def test(there: Line) -> None:
        token = await there.hall.enrolled()
        async with welcomed(there, token) as (older, first), welcomed(there, token) as (newer, second):
            assert second.epoch == first.epoch + 1
            assert (await older.hears_bye()).reason == "replaced"
            await newer.say(Scanned(event_id="e1", device="scanner", at=NOW, text="6923450657713"))
            assert (await newer.hears(Ack)).event_id == "e1"
        await there.hall.pushes.heard("LineDown")
        assert there.hall.pushes.whats() == ["LineUp", "LineUp", "CodeScanned", "LineDown"]

    within(test)


def test_a_paper_that_was_not_reported_is_handed_over_again_after_a_reconnection(within: Within) -> None:
    async def test(there: Line) -> None:
        place = there.hall
        place.slips.put(PAID)
        token = await place.enrolled()
        async with welcomed(there, token) as (agent, welcome):
            paired = await place.ask(Caller.KIOSK, PairBrowser(pairing_code=welcome.pairing_code))
            await _print(place, paired.screen_token)
            first = await agent.hears(PrintJob)
        async with welcomed(there, token) as (agent, _):
            assert await agent.hears(PrintJob) == first
            await agent.say(PrintResult(event_id="e1", job_id=first.job_id))
            assert (await agent.hears(Ack)).event_id == "e1"
        async with welcomed(there, token) as (agent, _):
            await agent.say(PrintResult(event_id="e2", job_id=first.job_id, reason="jam"))
            assert (await agent.hears(Ack)).event_id == "e2"
        assert await place.one("SELECT state FROM print_job") == "printed"

    within(test)


def test_an_event_sent_again_happens_once_and_is_acknowledged_each_time(within: Within) -> None:
    async def test(there: Line) -> None:
        async with welcomed(there, await there.hall.enrolled()) as (agent, _):
            laid = CardLaid(event_id="e1", device="id_reader", at=NOW, credential=ResidentCard(block=BLOCK))
            for _again in range(2):
                await agent.say(laid)
                assert (await agent.hears(Ack)).event_id == "e1"
            await agent.say(CardRemoved(event_id="e2", device="id_reader", at=NOW))
            assert (await agent.hears(Ack)).event_id == "e2"
        await there.hall.pushes.heard("LineDown")
        assert there.hall.pushes.whats() == ["LineUp", "CardLaid", "CardRemoved", "LineDown"]

    within(test)


def test_nothing_is_acknowledged_before_the_business_layer_has_it(within: Within) -> None:
    async def test(there: Line) -> None:
        place = there.hall
        async with welcomed(there, await place.enrolled()) as (agent, _):
            place.bus.away = True
            for number in range(3):
                await agent.say(Scanned(event_id=f"e{number}", device="scanner", at=NOW, text="abc"))
                await agent.say(Scanned(event_id=f"e{number}", device="scanner", at=NOW, text="abc"))
            await place.bus.refused_to("PresentCode", 2)
            place.bus.away = False
            assert [(await agent.hears(Ack)).event_id for _ in range(3)] == ["e0", "e1", "e2"]
        assert place.bus.asked.count("PresentCode") == 3

    within(test)


def test_an_event_that_the_platform_always_fails_on_does_not_stop_the_others(
    within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(interface_line, "TRIES", 2)

    async def test(there: Line) -> None:
        place = there.hall
        async with welcomed(there, await place.enrolled()) as (agent, _):
            async with place.database.read() as tx:
                await tx.execute("ALTER TABLE presented RENAME TO elsewhere")
            await agent.say(Scanned(event_id="e1", device="scanner", at=NOW, text="abc"))
            await agent.say(DeviceState(event_id="e2", device="scanner", at=NOW, state="offline"))
            assert [(await agent.hears(Ack)).event_id for _ in range(2)] == ["e1", "e2"]
        assert place.bus.asked.count("PresentCode") == 2

    within(test)


def test_a_locked_terminal_keeps_its_line(within: Within) -> None:
    async def test(there: Line) -> None:
        place = there.hall
        async with welcomed(there, await place.enrolled()) as (agent, _):
            await place.ask(Caller.STAFF, LockTerminal(terminal_id=HALL, locked=True), staff="007")
            await agent.say(DeviceState(event_id="e1", device="receipt_printer", at=NOW, state="paper_out"))
            assert (await agent.hears(Ack)).event_id == "e1"
        assert await place.one("SELECT state FROM terminal_device WHERE device = 'receipt_printer'") == "paper_out"
        assert await place.one("SELECT kind FROM terminal_device WHERE device = 'receipt_printer'") == "receipt_printer"

    within(test)


def test_a_revoked_agent_is_told_to_go(within: Within) -> None:
    async def test(there: Line) -> None:
        async with welcomed(there, await there.hall.enrolled()) as (agent, _):
            await there.hall.enrolled()
            await agent.say(Heartbeat(waiting=0))
            assert (await agent.hears_bye()).reason == "unauthorised"

    within(test)


def test_an_agent_that_comes_while_the_bus_is_away_waits_for_it(within: Within) -> None:
    async def test(there: Line) -> None:
        token = await there.hall.enrolled()
        there.hall.bus.away = True
        async with by_hand(there) as agent:
            await agent.say(hello(terminal_token=token))
            await there.hall.bus.refused_to("ConnectTerminal")
            there.hall.bus.away = False
            assert (await agent.hears(Welcome)).terminal_id == HALL

    within(test)


def test_an_agent_is_told_to_come_again_when_the_platform_does_not_answer(
    within: Within, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "WELCOME_WITHIN_S", 0.05)

    async def test(there: Line) -> None:
        token = await there.hall.enrolled()
        there.hall.bus.away = True
        async with by_hand(there) as agent:
            await agent.say(hello(terminal_token=token))
            assert (await agent.hears_bye()).reason == "overloaded"

    within(test)


FIRST: list[str | bytes] = [
    "",
    "{}",
    "nonsense",
    b"\x00\x01",
    '{"type":"heartbeat","waiting":0}',
    '{"type":"hello","version":2}',
    msgspec.json.encode(hello()).decode(),
    msgspec.json.encode(hello(terminal_token="7.abcdefgh", enrolment_code="7-ABCD-EFGH")).decode(),
    '{"type":"scanned","event_id":"e","text":"' + "x" * 5000 + '"}',
]


@pytest.mark.parametrize("said", FIRST, ids=range(len(FIRST)))
def test_whoever_does_not_begin_with_hello_is_told_so(said: str | bytes, within: Within) -> None:
    async def test(there: Line) -> None:
        async with by_hand(there) as agent:
            await agent.socket.send(said)
            assert (await agent.hears_bye()).reason == "protocol"

    within(test)


@pytest.mark.parametrize("said", ["{}", b"\x00", '{"type":"ack","event_id":"e"}', '{"type":"heartbeat","waiting":-1}'])
def test_whoever_stops_speaking_frames_is_told_so(said: str | bytes, within: Within) -> None:
    async def test(there: Line) -> None:
        async with welcomed(there, await there.hall.enrolled()) as (agent, _):
            await agent.socket.send(said)
            assert (await agent.hears_bye()).reason == "protocol"
        await there.hall.pushes.heard("LineDown")

    within(test)


def test_whoever_says_nothing_is_not_waited_for(within: Within, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HELLO_WITHIN_S", 0.05)
    monkeypatch.setattr(business_line, "HEARTBEAT_S", 0.05)

    async def test(there: Line) -> None:
        async with by_hand(there) as silent:
            assert await silent.hears(Bye) == Bye(reason="protocol", detail="no hello")
        async with welcomed(there, await there.hall.enrolled()) as (agent, _):
            assert await agent.hears(Bye) == Bye(reason="protocol", detail="no heartbeat")
        await there.hall.pushes.heard("LineDown")

    within(test)


def test_agents_are_told_when_the_platform_shuts_down(within: Within) -> None:
    async def test(there: Line) -> None:
        token = await there.hall.enrolled()
        async with welcomed(there, token) as (agent, _):
            closing = asyncio.create_task(there.server.close())
            assert (await agent.hears_bye()).reason == "shutting_down"
            await closing
            assert there.server.open_lines == 0
        async with by_hand(there) as late:
            assert (await late.hears_bye()).reason == "shutting_down"
        await there.hall.pushes.heard("LineDown")

    within(test)


def test_there_are_only_so_many_lines(within: Within, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LINES_AT_MOST", 1)

    async def test(there: Line) -> None:
        async with welcomed(there, await there.hall.enrolled()), by_hand(there) as one_more:
            assert (await one_more.hears_bye()).reason == "overloaded"

    within(test)
