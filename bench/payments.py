"""Payments a second against pgbench with the engine's own statements; recovery; several business processes.

A payment here is an invoice: taken by a channel and booked by a hospital that both answer at once inside the process,
with ledger, audit, idempotency and everything that makes it survive faults.
"""

import asyncio
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from pathlib import Path

import uvloop

from bench.figures import Figures, Target, options, report
from bench.replay import Listening, pgbench, script
from bench.till import Counter, counter, die_in_flight
from yinyi.app.embedded.binaries import postgres_binaries
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.logs import set_up_logs
from yinyi.app.migrations import upgrade
from yinyi.bus.database import Database

OWNER, TEMPLATE = "bench", "bench_template"
FLIGHTS = (1, 16, 64)
LONGEST_S = 300
SHARED = 2_000
"""Payments that a killed process leaves, for which several come at the same moment."""
_meeting: list[Barrier] = []
"""Where the processes of one measurement wait for each other."""
ROOM = {"max_connections": "200", "shared_buffers": "512MB", "max_wal_size": "4GB"}
TARGETS = {
    "ratio_at_1": Target(">=", 0.6),
    "ratio_at_16": Target(">=", 1.0),
    "ratio_at_64": Target(">=", 1.0),
    "p99_ratio_at_64": Target("<=", 1.0),
    "commits": Target("<=", 3),
    "wal_bytes": Target("<=", 6000),
    "recovered_s": Target("<=", 60),
    "sent_before_asked": Target("==", 0),
    "two_processes_ratio": Target(">=", 0.7),
    "four_processes_ratio": Target(">=", 0.5),
    "driven_twice": Target("==", 0),
}


@dataclass(frozen=True)
class Size:
    """How much of it: seconds of each turn, turns by which ours and pgbench alternate, payments left in flight."""

    seconds: float
    turns: int
    in_flight: int


MORE_TURNS = 3
"""One at a time is decided by how long the machine takes to wake up, which differs most from turn to turn."""
FULL, QUICK = Size(2, 5, 100_000), Size(1, 2, 2_000)


@dataclass
class Lab:
    """One PostgreSQL with everything that makes it safe, and a database with the platform's schema to copy."""

    server: EmbeddedPostgres
    folder: Path
    size: Size

    @property
    def pgbench(self) -> Path:
        return postgres_binaries() / "pgbench"

    def database(self, name: str) -> str:
        self.server.create_database(name, owner=OWNER, template=TEMPLATE)
        return self.server.local_url(name, OWNER)


@contextmanager
def lab(size: Size) -> Generator[Lab]:
    with (
        tempfile.TemporaryDirectory(prefix="yinyi-payments-") as folder,
        EmbeddedPostgres(Path(folder), tuning=ROOM) as server,
    ):
        server.create_database(TEMPLATE, owner=OWNER)
        upgrade(server.url(TEMPLATE, OWNER))
        yield Lab(server, Path(folder), size)


async def pay_for(it: Counter, flights: int, seconds: float) -> tuple[float, float]:
    """Payments a second, and the 99th percentile of their time in ms."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def payer() -> None:
        while (begun := time.perf_counter()) < end:
            await it.pay()
            times.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    await asyncio.gather(*(payer() for _ in range(flights)))
    took = time.perf_counter() - begun
    times.sort()
    return len(times) / took, times[int(len(times) * 0.99)] * 1000


async def statements(url: str, folder: Path) -> Path:
    """The statements of one payment as a script for pgbench."""
    ears: list[Listening] = []

    def listening(database: Database) -> Listening:
        ears.append(Listening(database))
        return ears[0]

    async with counter(url, "listened", listening) as it:
        for _ in range(20):
            await it.pay()
        ears[0].spoken.clear()
        invoice_no, key = await it.pay()
        spoken = list(ears[0].spoken)
        async with ears[0].under.read() as tx:
            row = await tx.fetchrow(
                "SELECT payment_no, ask_no, payment_id FROM payment ORDER BY payment_id DESC LIMIT 1"
            )
        assert row is not None
        unique = (row["payment_no"], row["ask_no"], key, invoice_no)
        written = folder / "payment.sql"
        written.write_text(await script(ears[0].under, spoken, unique, row["payment_id"]), encoding="utf-8")
    return written


async def throughput(it: Lab) -> dict[str, float]:
    """Ours and pgbench's, by turns, at each number in flight; of each the middle one of all turns. Ratios are those of
    single turns, whose halves the machine's neighbours leave alike, and of these the middle one."""
    url = it.database("throughput")
    written = await statements(url, it.folder)
    figures: dict[str, float] = {}
    async with counter(url, "throughput") as ours:
        await pay_for(ours, 16, 1)
        for flights in FLIGHTS:
            if flights == 1:
                figures |= await _written(ours, it.size.seconds)
            turns: list[tuple[float, ...]] = []
            for _ in range(it.size.turns * (MORE_TURNS if flights == 1 else 1)):
                mine = await pay_for(ours, flights, it.size.seconds)
                turns.append(
                    (*mine, *await asyncio.to_thread(pgbench, it.pgbench, url, written, flights, it.size.seconds))
                )
            a_second, p99_ms, theirs, their_p99_ms = (statistics.median(each) for each in zip(*turns, strict=True))
            ratio = statistics.median(mine / pgbenchs for mine, _, pgbenchs, _ in turns)
            figures |= {
                f"per_second_at_{flights}": round(a_second),
                f"pgbench_per_second_at_{flights}": round(theirs),
                f"ratio_at_{flights}": round(ratio, 2),
                f"p99_ms_at_{flights}": round(p99_ms, 1),
                f"p99_ratio_at_{flights}": round(p99_ms / their_p99_ms, 2),
            }
    return figures


async def _written(ours: Counter, seconds: float) -> dict[str, float]:
    """What one payment writes."""
    before, paid = await _marks(ours.database), ours.paid
    await pay_for(ours, 1, seconds)
    after, paid = await _marks(ours.database), ours.paid - paid
    commits, written = ((late - early) / paid for early, late in zip(before, after, strict=True))
    return {"commits": round(commits, 1), "wal_bytes": round(written)}


async def _marks(database: Database) -> tuple[int, int]:
    """Transactions that wrote, and bytes of WAL, so far. Each that writes takes a number; what PostgreSQL counts of
    a connection's commits it may tell seconds later."""
    async with database.read() as tx:
        row = await tx.fetchrow(
            "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS commits,"
            " (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint AS bytes"
        )
    assert row is not None
    return row["commits"], row["bytes"]


def _paying(url: str, name: str, seconds: float) -> float:
    """One business process of several; its payments a second while all of them pay."""
    set_up_logs("critical")

    async def paying() -> float:
        async with counter(url, name) as it:
            await pay_for(it, 16, 0.5)
            await _others()
            return (await pay_for(it, 16, seconds))[0]

    return uvloop.run(paying())


def _sharing(url: str, name: str, seconds: float) -> float:
    """One of several that come for what another one has left; so many questions it asked until nothing was left."""
    set_up_logs("critical")

    async def sharing() -> float:
        await _others()
        async with counter(url, name) as it:
            await _all_delivered(it.database)
            return it.till.questions

    return uvloop.run(sharing())


async def _all_delivered(database: Database) -> None:
    """Looks again and again: another process's work is seen in the database only."""
    for _ in range(LONGEST_S * 20):
        async with database.read() as tx:
            if await tx.fetchval("SELECT NOT EXISTS (SELECT FROM payment WHERE ended_at IS NULL)"):
                return
        await asyncio.sleep(0.05)
    raise TimeoutError("payments were left")


def _meet(barrier: Barrier) -> None:
    _meeting.append(barrier)


async def _others() -> None:
    """All processes of this measurement are ready."""
    await asyncio.to_thread(_meeting[0].wait, LONGEST_S)


async def _each(url: str, job: Callable[[str, str, float], float], count: int, seconds: float) -> float:
    """So many processes do the same at the same time; the sum of what they tell."""
    loop, spawned = asyncio.get_running_loop(), multiprocessing.get_context("spawn")
    met = (spawned.Barrier(count),)
    with ProcessPoolExecutor(count, mp_context=spawned, initializer=_meet, initargs=met) as pool:
        jobs = [loop.run_in_executor(pool, job, url, f"p{count}{part}", seconds) for part in range(count)]
        return sum(await asyncio.gather(*jobs))


async def together(it: Lab) -> dict[str, float]:
    """One, two and four business processes on one database."""
    url = it.database("together")
    a_second = {count: await _each(url, _paying, count, it.size.seconds * 2) for count in (1, 2, 4)}
    return {
        "one_process_per_second": round(a_second[1]),
        "two_processes_ratio": round(a_second[2] / a_second[1], 2),
        "four_processes_ratio": round(a_second[4] / a_second[1], 2),
        "driven_twice": sum([await _shared(it, count) for count in (2, 4)]),
    }


async def _shared(it: Lab, count: int) -> float:
    """Several come at once for what a killed one has left: so many questions were asked by one more than had to."""
    url = it.database(f"shared{count}")
    await _left(url, SHARED)
    return await _each(url, _sharing, count, it.size.seconds) - SHARED


def _killed(url: str, count: int) -> None:
    set_up_logs("critical")
    uvloop.run(die_in_flight(url, count))


async def _left(url: str, count: int) -> float:
    """A process leaves so many payments in flight; when it was gone."""
    process = multiprocessing.get_context("spawn").Process(target=_killed, args=(url, count))
    process.start()
    await asyncio.to_thread(process.join)
    return time.perf_counter()


async def recovery(it: Lab) -> dict[str, float]:
    """Everything was killed with so many payments in flight; one business process comes back. Counted from the kill:
    until the killed one's lease has run out nobody may touch them."""
    url = it.database("recovery")
    begun = await _left(url, it.size.in_flight)
    async with counter(url, "recovery") as ours:
        ours.till.wanted = it.size.in_flight
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                await ours.till.enough.wait()
        took = time.perf_counter() - begun
    return {
        "left_in_flight": it.size.in_flight,
        "asked": len(ours.till.asked),
        "recovered_s": round(took, 1),
        "sent_before_asked": ours.till.sent,
    }


async def measure(it: Lab) -> Figures:
    """All of it, one after another."""
    return await throughput(it) | await together(it) | await recovery(it)


def main() -> int:
    given = options(__doc__)
    with lab(QUICK if given.quick else FULL) as it:
        figures = uvloop.run(measure(it))
    return report("payments", figures, TARGETS, given.as_json)


if __name__ == "__main__":
    sys.exit(main())
