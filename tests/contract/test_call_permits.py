"""Permits for calls to the hospital, in real processes on a real database: it never sees one call more than it allows,

all that it allows are used, and those of a killed process come back."""

import asyncio
import multiprocessing
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from multiprocessing.process import BaseProcess
from typing import NamedTuple, Protocol

import msgspec
from hospital_stage import DATABASE, ROLE, make_database
from starlette.applications import Starlette

from yinyi.access.hospital.fhir.config import FhirConfig
from yinyi.access.hospital.fhir.plugin import PLUGIN
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.database import open_database
from yinyi.bus.permits import Permits
from yinyi.conformance.place import serving
from yinyi.kernel.clock import Clock, ShiftedClock
from yinyi.kernel.listening import listening
from yinyi.kernel.plugin import Surroundings
from yinyi.kernel.turns import TurnRules, Turns
from yinyi_sandbox.channel.hanging_up import with_line
from yinyi_sandbox.hospital.database import local_date
from yinyi_sandbox.hospital.faults import FOR_EVER, Fault
from yinyi_sandbox.hospital.fhir.server import routes
from yinyi_sandbox.hospital.hospital import Hospital, HospitalSettings, start_hospital
from yinyi_sandbox.hospital.services import Services

_FORK = multiprocessing.get_context("fork")
ALLOWED = 20
CALLERS = 30
"""At each process."""
SLOW_MS = 500


class Line(Protocol):
    """One end of a pipe."""

    def send(self, obj: str, /) -> None: ...

    def recv(self) -> str: ...

    def poll(self) -> bool: ...

    def close(self) -> None: ...


def business(platform_url: str, given: Line) -> None:
    asyncio.run(_business(platform_url, given))


async def _business(platform_url: str, given: Line) -> None:
    """Is told where the hospital is; says ``ready`` at its first answer, and everything that goes wrong."""
    permits, database = Permits(1), await open_database(platform_url, size=2)

    def turns(rules: TurnRules, clock: Clock) -> Turns:
        """On a busy machine too everybody waits until it is his turn."""
        return permits.turns(msgspec.structs.replace(rules, patience_s=60), clock)

    around = Surroundings(clock=ShiftedClock(), callback_url="", turns=turns)
    settings = FhirConfig(url=f"{given.recv()}/fhir", calls_at_once=ALLOWED, connect_timeout_s=9, call_timeout_s=9)
    hospital = PLUGIN.build(settings, around)
    await hospital.start()
    await permits.start(database)
    said, today = False, local_date(ShiftedClock().now())

    async def caller() -> None:
        nonlocal said
        while True:
            await hospital.schedules("0101", today, today)
            if not said:
                given.send("ready")
            said = True

    try:
        await asyncio.gather(permits.run(database), *(caller() for _ in range(CALLERS)))
    except Exception as error:
        given.send(repr(error))
        raise


class Process(NamedTuple):
    runs: BaseProcess
    line: Line

    @classmethod
    def of(cls, platform_url: str) -> "Process":
        """Forked before any loop runs here."""
        ours, its = _FORK.Pipe()
        runs = _FORK.Process(target=business, args=(platform_url, its), daemon=True)
        runs.start()
        return cls(runs, ours)

    def end(self) -> None:
        self.runs.kill()
        self.runs.join(20)
        self.line.close()


@asynccontextmanager
async def slow_hospital(postgres: EmbeddedPostgres) -> AsyncGenerator[tuple[Hospital, str]]:
    settings = HospitalSettings(database_url=postgres.url(DATABASE, "hospital"), platform_role=ROLE)
    hospital = await start_hospital(settings, ShiftedClock())
    await hospital.arm(Fault(procedure="query_schedule", fault="slow", ms=SLOW_MS, times=FOR_EVER))
    listener = listening()
    try:
        async with serving(with_line(Starlette(routes=routes(Services(hospital)))), listener):
            yield hospital, f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await hospital.stop()


async def until(is_so: Callable[[], bool], within_s: float = 90) -> None:
    async with asyncio.timeout(within_s):
        while not is_so():
            await asyncio.to_thread(threading.Event().wait, 0.02)


def test_two_processes_use_all_that_is_allowed_and_never_more_and_one_that_is_killed_gives_its_permits_back(
    postgres: EmbeddedPostgres, platform_url: str
) -> None:
    make_database(postgres)
    first, second = Process.of(platform_url), Process.of(platform_url)

    async def scene() -> None:
        async with slow_hospital(postgres) as (hospital, url):
            calls = hospital.under_way
            for each in (first, second):
                each.line.send(url)
            await until(lambda: first.line.poll() and second.line.poll())
            assert (first.line.recv(), second.line.recv()) == ("ready", "ready")
            await until(lambda: calls.now == ALLOWED and calls.made > 2 * ALLOWED)
            first.runs.kill()
            await until(lambda: calls.now <= ALLOWED // 2)
            begun = calls.made
            await until(lambda: calls.now == ALLOWED and calls.made > begun + ALLOWED)
            assert calls.most == ALLOWED
            assert not second.line.poll(), second.line.recv()
            second.runs.kill()

    try:
        asyncio.run(scene())
    finally:
        first.end()
        second.end()
