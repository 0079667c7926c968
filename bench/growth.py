"""A payment with ten thousand and with ten million others on record: its time, what it writes, how large indexes are.

Takes half an hour and 30 GB for the full ten million; the rows are those that the engine writes.
"""

import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import uvloop

from bench.figures import Figures, Target, options, report
from bench.past import remember
from bench.payments import OWNER, ROOM, TEMPLATE
from bench.till import Counter, counter
from yinyi.app.embedded.binaries import postgres_binaries
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.migrations import upgrade

TARGETS = {"step_time_ratio": Target("<=", 1.3), "wal_ratio": Target("<=", 1.3)}
STATED = 100_000_000
_TURNS = 5
_SIZES = """
SELECT coalesce(sum(pg_relation_size(i.indexrelid)), 0)::bigint AS indexes,
  (SELECT sum(pg_table_size(c.oid))::bigint FROM pg_class c
   WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace) AS tables
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid AND c.relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True)
class Size:
    few: int
    many: int
    payments: int
    """Paid in each of the turns."""


FULL, QUICK = Size(10_000, 10_000_000, 400), Size(1_000, 100_000, 60)


@dataclass
class Lab:
    """One server for both; its log of changes is read with PostgreSQL's own program."""

    server: EmbeddedPostgres

    async def filled(self, count: int) -> str:
        """The address of a database with so many payments on record."""
        name = f"past_{count}"
        self.server.create_database(name, owner=OWNER, template=TEMPLATE)
        url = self.server.url(name, OWNER)
        async with counter(url, "pattern") as it:
            await it.pay()
        begun = time.monotonic()
        await remember(url, count)
        sys.stderr.write(f"{count} payments are on record after {time.monotonic() - begun:.0f} s\n")
        return url

    def checkpoint(self) -> None:
        self.server.execute("CHECKPOINT;")

    def at(self) -> str:
        return self.server.execute("SELECT pg_current_wal_insert_lsn();").strip()

    def written(self, since: str, until: str) -> tuple[int, int]:
        """Bytes of records and bytes of page images, the first time that a page is touched after a checkpoint."""
        self.server.execute("SELECT pg_switch_wal();")
        told = subprocess.run(
            [postgres_binaries() / "pg_waldump", "-p", self.server.cluster / "pg_wal", "-s", since, "-e", until, "-z"],
            capture_output=True,
            text=True,
            check=True,
        )
        found = re.search(r"^Total\s+\d+\s+(\d+) \[.*?\]\s+(\d+) \[", told.stdout, re.MULTILINE)
        assert found, told.stdout
        return int(found[1]), int(found[2])


@contextmanager
def lab() -> Generator[Lab]:
    with (
        tempfile.TemporaryDirectory(prefix="yinyi-growth-") as folder,
        EmbeddedPostgres(Path(folder), tuning=ROOM) as server,
    ):
        server.create_database(TEMPLATE, owner=OWNER)
        upgrade(server.url(TEMPLATE, OWNER))
        yield Lab(server)


@dataclass
class Seen:
    """What was seen of one database. Times in ms, bytes of the payments of all turns together."""

    times: list[float]
    records: int = 0
    images: int = 0


async def turn(it: Lab, ours: Counter, seen: Seen, payments: int) -> None:
    """One after another, each timed, and what they wrote."""
    since = it.at()
    for _ in range(payments):
        begun = time.perf_counter()
        await ours.pay()
        seen.times.append((time.perf_counter() - begun) * 1000)
    records, images = it.written(since, it.at())
    seen.records += records
    seen.images += images


async def measure(it: Lab, size: Size) -> Figures:
    """By turns, so that what the machine does besides hits both alike."""
    urls = [await it.filled(size.few), await it.filled(size.many)]
    few, many = Seen([]), Seen([])
    async with counter(urls[0], "few") as with_few, counter(urls[1], "many") as with_many:
        for ours in (with_few, with_many):
            for _ in range(size.payments):
                await ours.pay()
        it.checkpoint()
        for _ in range(_TURNS):
            await turn(it, with_few, few, size.payments)
            await turn(it, with_many, many, size.payments)
    paid = _TURNS * size.payments
    few_ms, many_ms = statistics.median(few.times), statistics.median(many.times)
    return {
        "few": size.few,
        "many": size.many,
        "ms_with_few": round(few_ms, 2),
        "ms_with_many": round(many_ms, 2),
        "step_time_ratio": round(many_ms / few_ms, 2),
        "wal_bytes_with_few": round(few.records / paid),
        "wal_bytes_with_many": round(many.records / paid),
        "wal_ratio": round(many.records / few.records, 2),
        "page_images_bytes_with_few": round(few.images / paid),
        "page_images_bytes_with_many": round(many.images / paid),
        **await _sizes(urls[1], size.many),
    }


async def _sizes(url: str, count: int) -> dict[str, float]:
    """GB of all tables and of all indexes, and what they would be with a hundred million."""
    connection = await asyncpg.connect(url)
    row = await connection.fetchrow(_SIZES)
    await connection.close()
    assert row is not None
    tables, indexes = row["tables"] / 1e9, row["indexes"] / 1e9
    return {
        "tables_gb": round(tables, 1),
        "indexes_gb": round(indexes, 1),
        "tables_gb_with_100_million": round(tables / count * STATED),
        "indexes_gb_with_100_million": round(indexes / count * STATED),
    }


def main() -> int:
    given = options(__doc__)
    with lab() as it:
        figures = uvloop.run(measure(it, QUICK if given.quick else FULL))
    return report("growth", figures, TARGETS, given.as_json)


if __name__ == "__main__":
    sys.exit(main())
