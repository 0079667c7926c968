"""Kiosk pages at fifty kiosks at once, against a bare Starlette page with one indexed read in as many processes.

``requests_ratio`` and ``p99_ratio`` are of registration. The pages of each other journey are measured in their turn
against the same reference; ``worst_…`` is the worst of them. There is one patient at each kiosk, who looks again and
again, so that what the hospital said of him a moment ago is at hand. In a hall hardly anybody does so:
``…_anew_ratio`` is the same with patients enough that nobody looks twice within that moment, so that each page asks the
hospital, and looks up whose session it is.
"""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import uvloop

from bench.bare_page import ROWS, SET_UP, URL
from bench.figures import Figures, Target, options, report
from bench.house import House, Screen, environment_of, house
from bench.http_load import Load, Visitor, load
from yinyi.business.scheduling.messages import ListDepartments
from yinyi.interface.kiosk.cookies import SCREEN, VISIT

KIOSKS = 50
PROCESSES = 2
"""Python processes that serve a kiosk page: an interface and a business process."""

OTHERS = ("booking", "check_in", "bills", "account", "inpatient", "reports")
"""Journeys whose pages are measured one after the other, each for a share of the time."""

IN_LINE = b'class="scr lined"'
"""The page of whoever waits for the hospital: no page that anybody has asked for."""
QUEUE = 15
"""Patients of each kiosk for ``…_anew_ratio``."""

TARGETS = {
    "requests_ratio": Target(">=", 0.4),
    "p99_ratio": Target("<=", 2.5),
    "worst_ratio": Target(">=", 0.4),
    "worst_p99_ratio": Target("<=", 2.5),
    "errors": Target("==", 0),
    "errors_beside": Target("==", 0),
}


async def measure(quick: bool) -> Figures:
    """The two in turn, several times; ratios of the best of each."""
    seconds, rounds = (2.0, 1) if quick else (6.0, 3)
    async with house() as it:
        screens = await it.screens(KIOSKS)
        clinics = await _clinics(it, screens[0])
        alone = [[screen] for screen in screens]
        crowd = await it.crowd(screens, QUEUE)
        kiosks = _walking(alone, _registering(clinics))
        database_url = environment_of(it.pids()["business"])["YINYI_DATABASE_URL"]
        async with _bare(database_url) as bare_port:
            strangers = [Visitor((), tuple(f"/{(n * 97 + i) % ROWS + 1}" for i in range(20))) for n in range(KIOSKS)]
            await load(it.port, kiosks, 1.0)
            await load(bare_port, strangers, 1.0)
            ours: list[Load] = []
            bare: list[Load] = []
            for _ in range(rounds):
                bare.append(await load(bare_port, strangers, seconds))
                ours.append(await load(it.port, kiosks, seconds))
            beside: dict[str, list[Load]] = {}
            others: dict[str, list[Load]] = {}
            anew: dict[str, list[Load]] = {}
            for name in OTHERS:
                paths = _paths(name, clinics)
                beside[name] = [await load(bare_port, strangers, seconds / 2) for _ in range(rounds)]
                others[name] = await _other(it, _walking(alone, paths), seconds / 2, rounds)
                anew[name] = await _other(it, _walking(crowd, paths), seconds / 2, 1)
    return {**_compared(ours, bare), **_beside(others, anew, beside)}


async def _other(it: House, kiosks: list[Visitor], seconds: float, rounds: int) -> list[Load]:
    """Warm first, as whatever it is compared with was."""
    await load(it.port, kiosks, seconds / 4)
    return [await load(it.port, kiosks, seconds) for _ in range(rounds)]


def _beside(others: dict[str, list[Load]], anew: dict[str, list[Load]], bare: dict[str, list[Load]]) -> Figures:
    """``bare``: the reference, each time just before."""
    figures: dict[str, float | int | str] = {}
    rates: list[float] = []
    p99s: list[float] = []
    for name, loads in others.items():
        (rate, p99), (bare_rate, bare_p99) = _best(loads), _best(bare[name])
        rates.append(rate / bare_rate)
        p99s.append(p99 / bare_p99)
        figures[f"{name}_per_second"] = round(rate)
        figures[f"{name}_ratio"] = round(rates[-1], 3)
        figures[f"{name}_p99_ratio"] = round(p99s[-1], 2)
        figures[f"{name}_anew_ratio"] = round(_best(anew[name])[0] / bare_rate, 3)
    errors = sum(each.errors for loads in (*others.values(), *anew.values()) for each in loads)
    worst = {"worst_ratio": round(min(rates), 3), "worst_p99_ratio": round(max(p99s), 2)}
    return {**figures, **worst, "errors_beside": errors}


def _best(loads: list[Load]) -> tuple[float, float]:
    """Requests a second, and the p99 in ms."""
    return max(each.per_second for each in loads), min(each.percentile_ms(0.99) for each in loads)


def _compared(ours: list[Load], bare: list[Load]) -> Figures:
    (our_rate, our_p99), (bare_rate, bare_p99) = _best(ours), _best(bare)
    return {
        "kiosks": KIOSKS,
        "processes_each": PROCESSES,
        "pages_per_second": round(our_rate),
        "bare_per_second": round(bare_rate),
        "requests_ratio": round(our_rate / bare_rate, 3),
        "p99_ms": round(our_p99, 1),
        "bare_p99_ms": round(bare_p99, 1),
        "p99_ratio": round(our_p99 / bare_p99, 2),
        "errors": sum(each.errors for each in ours),
    }


async def _clinics(it: House, screen: Screen) -> list[str]:
    asked = await it.kiosk.ask(ListDepartments(), credentials=screen.credentials)
    return [each.department_id for each in asked.reply.departments if each.common_rank][:4]


def _registering(clinics: list[str]) -> list[str]:
    """Home, departments (three ways) and the doctors of a few clinics."""
    departments = ["/kiosk/register/departments" + way for way in ("", "?by=floor", "?by=initial")]
    return ["/kiosk/", *departments, *(f"/kiosk/register/doctors/{clinic}" for clinic in clinics)]


def _paths(journey: str, clinics: list[str]) -> list[str]:
    """The pages of a journey on which people choose and look; none changes anything."""
    days = [datetime.now(UTC).date() + timedelta(days=n) for n in (1, 2)]
    pages = {
        "booking": ["/book/departments", *(f"/book/{one}" for one in clinics)]
        + [f"/book/{one}/{on}" for one in clinics for on in days],
        "check_in": ["/check-in"],
        "bills": ["/bills", "/fees"],
        "account": ["/account", "/account/top-up"],
        "inpatient": ["/inpatient", "/inpatient?all=1"],
        "reports": ["/reports"],
    }
    return [f"/kiosk{path}" for path in pages[journey]]


def _walking(queues: list[list[Screen]], paths: list[str]) -> list[Visitor]:
    """Each kiosk walks all of them, as the patients before it do; no two begin with the same one."""
    turned = [tuple(paths[n % len(paths) :] + paths[: n % len(paths)]) for n in range(len(queues))]
    return [Visitor(tuple(map(_cookie, queue)), walk, IN_LINE) for queue, walk in zip(queues, turned, strict=True)]


def _cookie(screen: Screen) -> str:
    shown = screen.credentials
    return f"{SCREEN}={shown.terminal}; {VISIT}=register.session.{shown.session}"


@asynccontextmanager
async def _bare(database_url: str) -> AsyncGenerator[int]:
    """The reference in as many processes, on one port."""
    connection = await asyncpg.connect(database_url)
    await connection.execute(SET_UP)
    await connection.close()
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    listener.set_inheritable(True)
    descriptor = listener.fileno()
    command = [sys.executable, "-m", "bench.bare_page", str(descriptor)]
    env = os.environ | {URL: database_url}
    starting = (asyncio.create_subprocess_exec(*command, env=env, pass_fds=[descriptor]) for _ in range(PROCESSES))
    servers = await asyncio.gather(*starting)
    try:
        await asyncio.sleep(2)
        yield listener.getsockname()[1]
    finally:
        for server in servers:
            server.send_signal(signal.SIGTERM)
        for server in servers:
            await server.wait()
        listener.close()


def main() -> int:
    given = options(__doc__)
    return report("pages", uvloop.run(measure(given.quick)), TARGETS, given.as_json)


if __name__ == "__main__":
    sys.exit(main())
