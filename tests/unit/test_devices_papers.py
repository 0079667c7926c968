"""The agent's papers: printed once whatever happens, and what became of them is told."""

import base64
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from agent_bench import agent, hands, job, platform, settings

from yinyi.wire.terminal_line import (
    DeviceState,
    Light,
    PrintResult,
)

Run = Callable[[Coroutine[Any, Any, None]], None]
DEVICES = {"id_reader", "scanner", "receipt_printer", "sheet_printer", "card_terminal"}
BLOCK = "张建䶮".encode("utf-16-le").ljust(256, b" ")
LAY = {"block": base64.b64encode(BLOCK).decode()}


def test_a_job_is_printed_once_whatever_the_connection_does(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path)
            async with agent(how):
                line = await there.connection()
                there.acknowledges = False
                await line.say(job("j1"))
                await line.say(job("j1"))
                assert (await line.heard(PrintResult)).ok
                await line.cut()
                line = await there.connection()
                await line.say(job("j1"))
                assert (await line.heard(PrintResult, lambda result: result.job_id == "j1")).ok
                await line.say(job("j2"))
                assert (await line.heard(PrintResult, lambda result: result.job_id == "j2")).ok
            async with agent(how):
                line = await there.connection()
                await line.say(job("j1"))
                assert (await line.heard(PrintResult)).ok
                async with hands(how) as client:
                    assert (await client.get("/printer/papers")).json() == {"papers": [2, 1]}
                    paper = await client.get("/printer/papers/2.png")
                    assert paper.headers["content-type"] == "image/png"

    run(story())


def test_an_interrupted_job_is_not_printed_again_and_says_so(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path)
            async with agent(how):
                line = await there.connection()
                async with hands(how) as client:
                    await client.post("/printer/state", json={"state": "ok", "delay_s": 60})
                    await line.heard(DeviceState)
                    await line.say(job("j1"))
                    await line.say(Light(device="id_reader", on=True))
                    while not (await client.get("/state")).json()["reader_light"]:
                        continue
            async with agent(how):
                line = await there.connection()
                await line.say(job("j1"))
                assert (await line.heard(PrintResult)).reason == "interrupted"
                async with hands(how) as client:
                    assert (await client.get("/printer/papers")).json() == {"papers": []}

    run(story())


@pytest.mark.parametrize("fault", ["paper_out", "jam", "offline"])
def test_a_printer_in_trouble_says_so_at_once(run: Run, tmp_path: Path, fault: str) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path)
            async with agent(how):
                line = await there.connection()
                async with hands(how) as client:
                    await client.post("/printer/state", json={"state": fault})
                    assert (await line.heard(DeviceState)).state == fault
                    await line.say(job("j1"))
                    assert (await line.heard(PrintResult)).reason == fault
                    await client.post("/printer/state", json={"state": "paper_low"})
                    assert (await line.heard(DeviceState)).state == "paper_low"
                    await line.say(job("j1"))
                    assert (await line.heard(PrintResult)).reason == fault
                    await line.say(job("j2"))
                    assert (await line.heard(PrintResult)).ok
                    await line.cut()
                    hello = (await there.connection()).hello
                    assert {report.device: report.state for report in hello.devices}["receipt_printer"] == "paper_low"

    run(story())


def test_a_slow_printer_times_out(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path, print_timeout_s=0.05)
            async with agent(how):
                line = await there.connection()
                async with hands(how) as client:
                    await client.post("/printer/state", json={"state": "ok", "delay_s": 60})
                await line.say(job("slow"))
                assert (await line.heard(PrintResult)).reason == "timeout"

    run(story())


def test_what_is_no_receipt_is_not_printed(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there, agent(settings(there, tmp_path)):
            line = await there.connection()
            await line.say(job("bad", b"hello"))
            assert (await line.heard(PrintResult)).reason == "bad_data"

    run(story())


def test_too_many_jobs_are_refused_one_by_one(run: Run, tmp_path: Path) -> None:
    async def story() -> None:
        async with platform() as there:
            how = settings(there, tmp_path)
            async with agent(how):
                line = await there.connection()
                async with hands(how) as client:
                    await client.post("/printer/state", json={"state": "ok", "delay_s": 60})
                for number in range(10):
                    await line.say(job(f"j{number}"))
                assert (await line.heard(PrintResult)).reason == "busy"

    run(story())
