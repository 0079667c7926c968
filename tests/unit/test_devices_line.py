"""The agent on its line: enrolment, events until acknowledged, papers once, and whatever a connection does."""

import asyncio
import base64
import socket
import stat
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from agent_bench import CLOCK, agent, hands, job, known_terminal, platform, running, settings

from yinyi.devices.agent import Agent
from yinyi.devices.agent import run as run_agent
from yinyi.devices.credential import CredentialDamaged
from yinyi.devices.device import Changed, Report
from yinyi.devices.drivers import UnknownDriver, build_devices
from yinyi.devices.settings import AgentSettings, DeviceEntry
from yinyi.devices.virtual.scanner import VirtualScanner
from yinyi.wire.terminal_line import (
    AskPairing,
    Bye,
    CardLaid,
    CardRemoved,
    DeviceKind,
    DeviceState,
    FromPlatform,
    Heartbeat,
    Hello,
    Light,
    Pairing,
    PrintResult,
    ResidentCard,
    Scanned,
    Welcome,
)

Run = Callable[[Coroutine[Any, Any, None]], None]
DEVICES = {"id_reader", "scanner", "receipt_printer", "sheet_printer", "card_terminal", "camera", "door"}
BLOCK = "张建䶮".encode("utf-16-le").ljust(256, b" ")
LAY = {"block": base64.b64encode(BLOCK).decode()}


def test_enrols_once_and_keeps_the_credential_to_itself(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path)
            async with agent(how):
                first = await there.connection()
                assert first.hello.enrolment_code == "E-1"
                assert first.hello.terminal_token == ""
                assert {report.device for report in first.hello.devices} == DEVICES
                await first.cut()
                second = await there.connection()
            assert second.hello.terminal_token == "secret"
            assert second.hello.enrolment_code == ""
            assert second.hello.installation_id == first.hello.installation_id
            for name in ("terminal.json", "control.json", "print_jobs.jsonl"):
                assert stat.S_IMODE((how.data_dir / name).stat().st_mode) == 0o600, name

    run(story())


def test_enrolment_code_may_come_later_in_a_file(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            file = tmp_path / "code"
            async with agent(settings(there, tmp_path, enrolment_code="", enrolment_file=file)):
                assert there.connections.empty()
                file.write_text("E-2\n")
                connection = await there.connection()
                assert connection.hello.enrolment_code == "E-2"

    run(story())


def test_a_refused_token_is_replaced_by_a_new_enrolment(run: Run, tmp_path: Path) -> None:
    def only_enrolments(hello: Hello, epoch: int) -> FromPlatform:
        return Bye(reason="unauthorised") if hello.terminal_token else known_terminal(hello, epoch)

    async def story() -> None:
        async with platform(only_enrolments) as there, agent(settings(there, tmp_path)):
            await (await there.connection()).cut()
            assert (await there.connection()).hello.terminal_token == "secret"
            assert (await there.connection()).hello.enrolment_code == "E-1"

    run(story())


def test_cards_and_scans_go_up_and_the_light_comes_down(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path)
            async with agent(how):
                line = await there.connection()
                async with hands(how) as client:
                    assert (await client.post("/reader/lay", json=LAY)).status_code == 200
                    laid = await line.heard(CardLaid)
                    assert laid.credential == ResidentCard(block=BLOCK)
                    assert (await client.post("/reader/lay", json=LAY)).status_code == 409
                    assert (await client.post("/reader/remove")).json() == {"removed": True}
                    assert (await client.post("/reader/remove")).json() == {"removed": False}
                    assert (await line.heard(CardRemoved)).at >= laid.at
                    await client.post("/scanner/scan", json={"text": "补打 26112309"})
                    assert (await line.heard(Scanned)).text == "补打 26112309"
                    await line.say(Light(device="id_reader", on=True))
                    await line.say(Light(device="nobody", on=True))
                    await line.say(job("after-the-light"))
                    await line.heard(PrintResult)
                    state = (await client.get("/state")).json()
            assert state["reader_light"] is True
            assert state["connected"] is True
            assert state["pairing_code"] == "4711"

    run(story())


def test_events_are_sent_again_until_acknowledged(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            there.acknowledges = False
            how = settings(there, tmp_path)
            async with agent(how):
                line = await there.connection()
                async with hands(how) as client:
                    await client.post("/reader/lay", json=LAY)
                    first = await line.heard(CardLaid)
                    await line.cut()
                    await client.post("/reader/remove")
                    line = await there.connection()
                    assert await line.heard(CardLaid) == first
                    removed = await line.heard(CardRemoved)
                    there.acknowledges = True
                    await line.cut()
                    line = await there.connection()
                    assert await line.heard(CardLaid) == first
                    assert await line.heard(CardRemoved) == removed
                    await client.post("/scanner/scan", json={"text": "flush"})
                    await line.heard(Scanned)
                    await line.cut()
                    line = await there.connection()
                    await client.post("/scanner/scan", json={"text": "last"})
                    frames = [await line.frames.get()]
                    while not (isinstance(frames[-1], Scanned) and frames[-1].text == "last"):
                        frames.append(await line.frames.get())
            assert not [frame for frame in frames if isinstance(frame, CardLaid | CardRemoved)]

    run(story())


def test_events_are_sent_again_on_the_same_connection_when_nobody_answers(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            there.acknowledges = False
            how = settings(there, tmp_path, resend_after_s=0.05)
            async with agent(how):
                line = await there.connection()
                async with hands(how) as client:
                    await client.post("/scanner/scan", json={"text": "x"})
                assert await line.heard(Scanned) == await line.heard(Scanned)

    run(story())


def test_what_cannot_be_sent_does_not_stop_what_can(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path)
            how.data_dir.mkdir()
            scanner = VirtualScanner("scanner")
            async with running(Agent(how, CLOCK, [scanner]).run()):
                line = await there.connection()
                for text in ("", "x" * 3000, "fine"):
                    scanner.scan(text)
                assert (await line.heard(Scanned)).text == "fine"

    run(story())


class FaultyPrinter:
    """A driver with a mistake in it."""

    name = "receipt_printer"
    kind: DeviceKind = "receipt_printer"

    def __init__(self) -> None:
        self.fail = asyncio.Event()

    def condition(self) -> Changed:
        return Changed("ok")

    async def run(self, report: Report) -> None:
        await self.fail.wait()
        self.fail.clear()
        raise ZeroDivisionError

    async def print_receipt(self, data: bytes) -> None:
        raise ZeroDivisionError


def test_a_faulty_driver_harms_nobody_else(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path)
            how.data_dir.mkdir()
            printer = FaultyPrinter()
            async with running(Agent(how, CLOCK, [printer]).run()):
                line = await there.connection()
                printer.fail.set()
                assert (await line.heard(DeviceState)).state == "offline"
                assert (await line.heard(DeviceState)).state == "ok"
                await line.say(job("j1"))
                assert (await line.heard(PrintResult)).reason == "interrupted"

    run(story())


def test_a_taken_port_is_said_at_once(run: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        how = AgentSettings(line_url="ws://127.0.0.1:1/", data_dir=tmp_path, control_port=port)
        with pytest.raises(OSError, match="in use"):
            run(run_agent(how, CLOCK))


def test_a_fresh_pairing_code_is_asked_for(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path)
            async with agent(how):
                line = await there.connection()
                async with hands(how) as client:
                    asking = asyncio.create_task(client.post("/pairing"))
                    await line.heard(AskPairing)
                    await line.say(Pairing(pairing_code="0815"))
                    assert (await asking).json() == {"pairing_code": "0815"}
                    assert (await client.get("/state")).json()["pairing_code"] == "0815"

    run(story())


def test_nothing_is_lost_while_the_cable_is_out(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path)
            async with agent(how):
                line = await there.connection()
                async with hands(how) as client:
                    await client.post("/line/unplug", json={"for_s": 3600})
                    await line.ended()
                    await client.post("/scanner/scan", json={"text": "while it was out"})
                    assert (await client.post("/pairing")).status_code == 503
                    assert there.connections.empty()
                    await client.post("/line/unplug", json={"for_s": 0})
                    assert (await (await there.connection()).heard(Scanned)).text == "while it was out"

    run(story())


def test_replaced_waits_and_comes_back(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            async with agent(settings(there, tmp_path)):
                line = await there.connection()
                await line.say(Bye(reason="replaced"))
                await line.ended()
                again = await there.connection()
            assert again.hello.terminal_token == "secret"

    run(story())


def test_what_is_no_frame_ends_the_connection(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there, agent(settings(there, tmp_path)):
            line = await there.connection()
            await line.socket.send('{"type":"open_the_safe"}')
            assert (await line.heard(Bye)).reason == "protocol"
            await there.connection()

    run(story())


@pytest.mark.parametrize("greeting", ["silence", "light"])
def test_a_platform_that_does_not_welcome_is_tried_again(run: Run, tmp_path: Path, greeting: str) -> None:
    def odd_at_first(hello: Hello, epoch: int) -> FromPlatform | None:
        if epoch > 1:
            return known_terminal(hello, epoch)
        return None if greeting == "silence" else Light(device="id_reader", on=True)

    async def story() -> None:
        async with platform(odd_at_first) as there, agent(settings(there, tmp_path, connect_timeout_s=0.2)):
            await there.connection()
            assert (await there.connection()).hello.enrolment_code == "E-1"

    run(story())


def test_the_agent_beats(run: Run, tmp_path: Path) -> None:
    def quick(hello: Hello, epoch: int) -> FromPlatform:
        return Welcome(terminal_id="T03", epoch=epoch, heartbeat_s=0.01)

    async def story() -> None:
        async with platform(quick) as there, agent(settings(there, tmp_path)):
            line = await there.connection()
            assert (await line.heard(Heartbeat)).waiting == 0

    run(story())


def test_no_platform_is_no_reason_to_die(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path)
        async with agent(how), platform(port=urlsplit(how.line_url).port or 0) as there:
            await (await there.connection()).cut()
            await there.connection()

    run(story())


def test_an_unknown_driver_is_one_sentence(tmp_path: Path) -> None:
    odd = DeviceEntry(name="id_reader", kind="id_reader", driver="brand_x")
    how = AgentSettings(line_url="ws://127.0.0.1:1/", data_dir=tmp_path, devices=(odd,))
    with pytest.raises(UnknownDriver, match="no driver 'brand_x' for a id_reader; there is: virtual"):
        build_devices(how)


def test_a_damaged_credential_is_one_sentence_and_stays(run: Run, tmp_path: Path) -> None:
    how = AgentSettings(line_url="ws://127.0.0.1:1/", data_dir=tmp_path, enrolment_code="E-1")
    (tmp_path / "terminal.json").write_text("{")
    with pytest.raises(CredentialDamaged, match="enrol this machine again"):
        run(run_agent(how, CLOCK))
    assert (tmp_path / "terminal.json").read_text() == "{"
