"""A sandbox hospital in a database of a test module's own."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.kernel.clock import ShiftedClock
from yinyi_sandbox.hospital.hospital import Hospital, HospitalSettings, start_hospital

ROLE = "his_caller"
"""The platform's; its password is ``caller``."""


@contextmanager
def hospital_database(postgres: EmbeddedPostgres, name: str) -> Generator[str]:
    """Its owner's address; the database and the platform's role are there until the end of the block."""
    postgres.create_database(name, owner=f"{name}_owner")
    postgres.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'caller';")
    try:
        yield postgres.url(name, f"{name}_owner")
    finally:
        postgres.drop_database(name)
        postgres.execute(f"DROP ROLE {ROLE};")


@asynccontextmanager
async def hospital_at(url: str, clock: ShiftedClock, **settings: Any) -> AsyncGenerator[Hospital]:
    hospital = await start_hospital(HospitalSettings(database_url=url, platform_role=ROLE, **settings), clock)
    try:
        yield hospital
    finally:
        await hospital.stop()


async def open_schedule(hospital: Hospital, free: int = 3) -> str:
    """One of tomorrow's sessions."""
    query = """
        SELECT s.schedule_id FROM his.schedule s JOIN his.number n USING (schedule_id)
        WHERE s.work_date = his.today_() + 1 AND NOT s.stopped AND n.busy_until <= his.instant_()
        GROUP BY 1 HAVING count(*) >= $1 ORDER BY 1 LIMIT 1"""
    return str(await hospital.pool.fetchval(query, free))
