"""The sandbox hospital, running: its database, the platform's line to it, its windows, its faults."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import asyncpg
import msgspec
import structlog

from yinyi.kernel.clock import Clock
from yinyi_sandbox.hospital import database, hands, window
from yinyi_sandbox.hospital.faults import ANY, Fault, LineFaults
from yinyi_sandbox.hospital.line import Line
from yinyi_sandbox.hospital.under_way import UnderWay

log = structlog.get_logger()

_LONGEST_WAIT_S = 3600.0


class HospitalSettings(msgspec.Struct, frozen=True, kw_only=True):
    """
    database_url: of the hospital's own database, as its owner.
    platform_role: the role that the platform signs in with; it exists already and gets the right to call.
    line_port: where the platform's line listens on loopback; 0 takes a free one.
    sales_per_minute: how fast the windows sell by themselves; 0 is not at all.
    works_every_s: how often doctors, laboratory and wards go on by themselves; 0 is not at all.
    """

    database_url: str
    platform_role: str
    line_port: int = 0
    seed: int = 1
    sales_per_minute: float = 0.0
    works_every_s: float = 0.0

    def __repr__(self) -> str:
        return "HospitalSettings(…)"


class Hospital:
    """``start_hospital`` makes one; ``stop()`` ends it."""

    def __init__(self, settings: HospitalSettings, clock: Clock, pool: asyncpg.Pool) -> None:
        self.pool = pool
        self.clock = clock
        self._settings = settings
        address = urlsplit(settings.database_url)
        self.faults = LineFaults()
        self.under_way = UnderWay()
        self._line = Line(address.hostname or "127.0.0.1", address.port or 5432, self.faults, self.under_way)
        self._database = address.path.lstrip("/")
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        async with self.pool.acquire() as connection:
            await database.set_up(connection, self.clock, self._settings.platform_role, self._settings.seed)
        await self._line.start(self._settings.line_port)
        self._run(self._open_days_daily())
        if self._settings.sales_per_minute > 0:
            self._run(window.sell_steadily(self.pool, self._settings.sales_per_minute))
        if self._settings.works_every_s > 0:
            self._run(self._work_steadily(self._settings.works_every_s))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._line.stop()
        await self.pool.close()

    def platform_url(self, password: str) -> str:
        """Where the platform finds the hospital: through the line that can misbehave."""
        role = f"{self._settings.platform_role}:{quote(password, safe='')}"
        return f"postgresql://{role}@127.0.0.1:{self._line.port}/{self._database}?sslmode=disable"

    async def set_clock(self, instant: datetime) -> None:
        """The hospital's clock says this from now on, and missing days are opened; ours stays as it is."""
        async with self.pool.acquire() as connection:
            await connection.execute("SELECT his.set_clock_($1)", instant)
            await database.open_days(connection, database.local_date(instant))

    async def stop_schedule(self, schedule_id: str, stopped: bool = True) -> bool:
        """The doctor does not come (or does after all). False: there is no such schedule."""
        return await self.pool.fetchval("SELECT his.stop_schedule_($1, $2)", int(schedule_id), stopped)

    async def substitute(self, schedule_id: str, doctor_code: str = "") -> bool:
        """Another doctor of the department holds the session; ``doctor_code`` empty: any one."""
        query = "SELECT his.substitute_($1, $2)"
        return await self.pool.fetchval(query, int(schedule_id), doctor_code or None)

    async def arm(self, fault: Fault) -> None:
        """The next calls of a procedure go wrong.

        Raises:
            ValueError: no such procedure, or nothing to count.
        """
        if fault.procedure != ANY and fault.procedure not in database.PROCEDURES:
            raise ValueError(f"no such procedure: {fault.procedure}")
        if fault.times < 1 or fault.ms < 0:
            raise ValueError("times and ms count from 1 and from 0")
        if fault.fault == "refuse":
            await self._arm_refusal(fault)
        else:
            self.faults.arm(fault)

    async def disarm(self, procedure: str = "") -> None:
        """Of one procedure, or all; the line is up again when it is all."""
        self.faults.clear(procedure)
        query = "DELETE FROM his.refusal WHERE $1 IN ('', procedure)"
        await self.pool.execute(query, procedure)
        if not procedure:
            self.faults.down = False

    async def armed(self) -> list[Fault]:
        """What is still to go wrong."""
        refusals = [
            Fault(procedure=row["procedure"], fault="refuse", times=left, code=row["code"])
            for row in await self.pool.fetch("SELECT * FROM his.refusal ORDER BY procedure")
            if (left := row["times"] - await self._refusals_used(row["procedure"])) > 0
        ]
        return [*self.faults.armed(), *refusals]

    async def settled(self) -> None:
        """Returns when every call of the platform has an answer, also those that nobody waits for any more."""
        await self._line.settled()

    @property
    def down(self) -> bool:
        """Nobody reaches the hospital."""
        return self.faults.down

    @down.setter
    def down(self, down: bool) -> None:
        self.faults.down = down
        if down:
            self._line.hang_up()

    async def _arm_refusal(self, fault: Fault) -> None:
        names = database.PROCEDURES if fault.procedure == ANY else (fault.procedure,)
        for name in names:
            sequence = f"his.refused_{name}"
            await self.pool.execute(f"CREATE SEQUENCE IF NOT EXISTS {sequence}")
            await self.pool.execute("SELECT setval($1::text::regclass, 1, false)", sequence)
            await self.pool.execute(
                "INSERT INTO his.refusal VALUES ($1, $2, $3)"
                " ON CONFLICT (procedure) DO UPDATE SET code = excluded.code, times = excluded.times",
                *(name, fault.code, fault.times),
            )

    async def _refusals_used(self, procedure: str) -> int:
        query = "SELECT coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'his' AND sequencename = $1"
        return await self.pool.fetchval(query, f"refused_{procedure}")

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    async def _open_days_daily(self) -> None:
        """At every midnight of the hospital, and every hour in case the database did not answer then."""
        while True:
            await asyncio.sleep(min(_LONGEST_WAIT_S, _until_midnight_s(self.clock.now())))
            try:
                async with self.pool.acquire() as connection:
                    await database.open_days(connection, database.local_date(self.clock.now()))
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("days could not be opened yet", error=type(error).__name__)

    async def _work_steadily(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                await hands.work(self.pool)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                log.warning("the hospital could not work", error=type(error).__name__)


async def start_hospital(settings: HospitalSettings, clock: Clock) -> Hospital:
    """A hospital that answers.

    Raises:
        OSError, asyncpg.PostgresError: its database does not.
        database.NoSuchRole: the platform's role does not exist.
    """
    pool = await asyncpg.create_pool(settings.database_url, min_size=1, max_size=4, command_timeout=30)
    hospital = Hospital(settings, clock, pool)
    try:
        await hospital.start()
    except BaseException:
        await hospital.stop()
        raise
    return hospital


def _until_midnight_s(instant: datetime) -> float:
    """Seconds until the next day of the hospital has surely begun."""
    local = instant.astimezone(database.ZONE)
    midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - local).total_seconds() + 1
