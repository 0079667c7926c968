"""Kiosk pages at fifty kiosks at once, against a bare Starlette page with one indexed read in as many processes.

The ratios with a target are of registration, as ever; the pages of each other journey stand beside them, against the
same reference.
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

TARGETS = {
    "requests_ratio": Target(">=", 0.4),
    "p99_ratio": Target("<=", 2.5),
    "errors": Target("==", 0),
    "errors_beside": Target("==", 0),
}


async def measure(quick: bool) -> Figures:
    """The two in turn, several times; ratios of the best of each."""
    seconds, rounds = (2.0, 1) if quick else (6.0, 3)
    async with house() as it:
        screens = await it.screens(KIOSKS)
        clinics = await _clinics(it, screens[0])
        kiosks = _walking(screens, _registering(clinics))
        database_url = environment_of(it.pids()["business"])["YINYI_DATABASE_URL"]
        async with _bare(database_url) as bare_port:
            strangers = [Visitor("", tuple(f"/{(n * 97 + i) % ROWS + 1}" for i in range(20))) for n in range(KIOSKS)]
            await load(it.port, kiosks, 1.0)
            await load(bare_port, strangers, 1.0)
            ours: list[Load] = []
            bare: list[Load] = []
            for _ in range(rounds):
                bare.append(await load(bare_port, strangers, seconds))
                ours.append(await load(it.port, kiosks, seconds))
            others = {name: await _other(it, _walking(screens, _paths(name, clinics)), seconds / 2) for name in OTHERS}
    return {**_compared(ours, bare), **_beside(others, max(each.per_second for each in bare))}


async def _other(it: House, kiosks: list[Visitor], seconds: float) -> Load:
    """Warm first, as whatever it is compared with was."""
    await load(it.port, kiosks, seconds / 4)
    return await load(it.port, kiosks, seconds)


def _beside(others: dict[str, Load], bare_rate: float) -> Figures:
    figures: dict[str, float | int | str] = {}
    for name, each in others.items():
        figures[f"{name}_per_second"] = round(each.per_second)
        figures[f"{name}_ratio"] = round(each.per_second / bare_rate, 3)
        figures[f"{name}_p99_ms"] = round(each.percentile_ms(0.99), 1)
    return {**figures, "errors_beside": sum(each.errors for each in others.values())}


def _compared(ours: list[Load], bare: list[Load]) -> Figures:
    our_rate, bare_rate = (max(each.per_second for each in loads) for loads in (ours, bare))
    our_p99, bare_p99 = (min(each.percentile_ms(0.99) for each in loads) for loads in (ours, bare))
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


def _walking(screens: list[Screen], paths: list[str]) -> list[Visitor]:
    """Each kiosk walks all of them, as signed-in patients do; no two begin with the same one."""
    turned = [tuple(paths[n % len(paths) :] + paths[: n % len(paths)]) for n in range(len(screens))]
    return [Visitor(_cookie(screen), walk) for screen, walk in zip(screens, turned, strict=True)]


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
