"""Kiosk pages at fifty kiosks at once, against a bare Starlette page with one indexed read in as many processes.

``requests_ratio`` and ``p99_ratio`` are of registration. The pages of each other journey are measured in their turn
against the same reference; ``worst_…`` is the worst of them. There is one patient at each kiosk, who looks again and
again, so that what the hospital said of him a moment ago is at hand; each has bills, reports, a stay and something to
pay. In a hall hardly anybody looks twice: ``…_anew_ratio`` is of the pages that are the same for all, with patients
enough that nobody looks twice within that moment, so that each page asks the hospital, and looks up whose session it
is. Not in it are pages of one moment (a code, a card in the slot, a card to lay down) and those that follow a payment:
done, trouble, a receipt.

``heaviest_…``: on the line, gzipped, without typefaces (tests/journeys/weights.py).
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import uvloop

from bench.bare_page import ROWS, SET_UP, URL
from bench.figures import Figures, Target, options, report
from bench.house import House, Screen, environment_of, house
from bench.http_load import Load, Visitor, load
from bench.page_paths import clinics, of_each, of_everybody, registering
from yinyi.interface.kiosk.cookies import SCREEN, VISIT

KIOSKS = 50
PROCESSES = 2
"""Python processes that serve a kiosk page: an interface and a business process."""

OTHERS = ("check", "booking", "check_in", "bills", "account", "inpatient", "reports", "oneself")
"""Journeys whose pages are measured one after the other, each for a share of the time. What is to be paid comes first:
it waits some minutes only."""
WEIGHTS = Path(__file__).parents[1] / "tests" / "journeys" / "weights.py"

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
    "heaviest_page_bytes": Target("<=", 150_000),
    "heaviest_scripts_bytes": Target("<=", 60_000),
}


async def measure(quick: bool) -> Figures:
    """The two in turn, several times; ratios of the best of each."""
    seconds, rounds = (2.0, 1) if quick else (6.0, 3)
    async with house() as it:
        screens = await it.screens(KIOSKS)
        at = await clinics(it, screens[0])
        everybody = await of_everybody(it, screens[0], at)
        alone = [[screen] for screen in screens]
        crowd = await it.crowd(screens, QUEUE)
        kiosks = _walking(alone, [registering(at)] * KIOSKS)
        database_url = environment_of(it.pids()["business"])["YINYI_DATABASE_URL"]
        async with it.machines(screens), _bare(database_url) as bare_port:
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
            each = await of_each(it, screens)
            for name in OTHERS:
                shared = everybody.get(name, [])
                beside[name] = [await load(bare_port, strangers, seconds / 3) for _ in range(rounds)]
                walks = [shared + own for own in each.get(name, [[]] * KIOSKS)]
                others[name] = await _other(it, _walking(alone, walks), seconds / 3, rounds)
                if shared:
                    anew[name] = await _other(it, _walking(crowd, [shared] * KIOSKS), seconds / 3, 1)
    return {**_compared(ours, bare), **_beside(others, anew, beside), **_weights()}


def _weights() -> Figures:
    done = subprocess.run([sys.executable, str(WEIGHTS)], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


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
        if name in anew:
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


def _walking(queues: list[list[Screen]], walks: list[list[str]]) -> list[Visitor]:
    """Each kiosk walks all of its own, as the patients before it do; they do not all begin with the same one."""
    turned = [tuple(paths[n % len(paths) :] + paths[: n % len(paths)]) for n, paths in enumerate(walks)]
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
