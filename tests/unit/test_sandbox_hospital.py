"""The sandbox hospital by itself: its rights, its days, its windows."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import asyncpg
import pytest
from hospital_room import hospital_at, hospital_database, open_schedule

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.kernel.clock import ShiftedClock, clock_from_setting
from yinyi_sandbox.hospital import database, window
from yinyi_sandbox.hospital.hospital import Hospital, HospitalSettings, start_hospital


@pytest.fixture(scope="module")
def owner_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    with hospital_database(postgres, "his_unit") as url:
        yield url


def test_the_platform_may_call_and_nothing_else(owner_url: str) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital:
            connection = await asyncpg.connect(hospital.platform_url("caller"))
            assert await connection.fetch("SELECT * FROM his.query_department()")
            tables = await hospital.pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'his'")
            inner = [
                "his.window_sell_('a', 1, 'b')",
                "his.open_days_('2026-01-01', '2026-01-02')",
                "his.set_clock_('2026-01-01')",
                "his.stop_schedule_(1, true)",
                "his.today_()",
            ]
            forbidden = [f"his.{table['tablename']}" for table in tables] + inner
            for name in forbidden:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"SELECT * FROM {name}")
            await connection.close()

    asyncio.run(go())


def test_a_missing_role_is_named(owner_url: str) -> None:
    async def go() -> None:
        settings = HospitalSettings(database_url=owner_url, platform_role="nobody_here")
        with pytest.raises(database.NoSuchRole, match="nobody_here"):
            await start_hospital(settings, ShiftedClock())

    asyncio.run(go())


@pytest.mark.parametrize("at", ["2026-12-31T23:50+08:00", "2027-03-01T00:10+08:00", "2026-11-29T12:45+08:00"])
def test_at_every_instant_something_is_open(owner_url: str, at: str) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, clock_from_setting(at)) as hospital:
            now = await hospital.pool.fetchval("SELECT his.instant_()")
            assert abs(now - datetime.fromisoformat(at)) < timedelta(minutes=5)
            closed = await hospital.pool.fetchval("""
                SELECT count(*) FROM generate_series($1::timestamptz, $1 + interval '48 hours', '13 minutes') AS t (at)
                WHERE NOT EXISTS (
                    SELECT FROM his.schedule s
                    WHERE s.work_date = (t.at AT TIME ZONE 'Asia/Shanghai')::date AND NOT s.stopped
                          AND t.at >= s.arrives_at AND t.at < s.closes_at AND s.dept_code = '1001')
                """, now)  # fmt: skip
            assert closed == 0

    asyncio.run(go())


def test_days_are_opened_as_days_go_by_and_nothing_sold_is_lost(owner_url: str) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital:
            sale = await window.sell(hospital.pool, await open_schedule(hospital))
            assert (sale.code, sale.state) == ("0", "confirmed")
            last = await hospital.pool.fetchval("SELECT max(work_date) FROM his.schedule")
            days = await hospital.pool.fetchval("SELECT his.today_()")
            assert last >= days + timedelta(days=database.DAYS_AHEAD)
            await hospital.set_clock(hospital.clock.now() + timedelta(days=2))
            assert await hospital.pool.fetchval("SELECT max(work_date) FROM his.schedule") >= last
            days_missing = await hospital.pool.fetchval("""
                SELECT count(*) FROM generate_series(his.today_(), his.today_() + 30, '1 day') AS t (day)
                WHERE NOT EXISTS (SELECT FROM his.schedule s WHERE s.work_date = t.day::date)""")
            assert days_missing == 0
        async with hospital_at(owner_url, ShiftedClock()) as again:
            state = "SELECT state FROM his.registration WHERE ref = $1"
            assert await again.pool.fetchval(state, sale.reference) == "confirmed"

    asyncio.run(go())


def test_every_busy_number_has_its_registration(owner_url: str) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital:
            stray = await hospital.pool.fetchval("""
                SELECT count(*) FROM his.number n
                LEFT JOIN his.registration r ON r.ref = n.ref AND r.schedule_id = n.schedule_id AND r.no = n.no
                WHERE n.busy_until = 'infinity' AND r.state IS DISTINCT FROM 'confirmed'""")
            twice = await hospital.pool.fetchval("""
                SELECT count(*) FROM (
                    SELECT FROM his.registration WHERE state = 'confirmed'
                    GROUP BY schedule_id, patient_no HAVING count(*) > 1) AS t""")
            assert (stray, twice) == (0, 0)

    asyncio.run(go())


def test_another_seed_makes_the_hospital_anew(owner_url: str) -> None:
    async def go() -> None:
        name = "SELECT doctor_name FROM his.doctor WHERE doctor_no = 1"
        async with hospital_at(owner_url, ShiftedClock()) as hospital:
            first = await hospital.pool.fetchval(name)
        async with hospital_at(owner_url, ShiftedClock(), seed=77) as hospital:
            assert await hospital.pool.fetchval(name) != first
        async with hospital_at(owner_url, ShiftedClock()) as hospital:
            assert await hospital.pool.fetchval(name) == first

    asyncio.run(go())


def test_two_thousand_after_fifty_while_windows_sell(owner_url: str) -> None:
    """Exactly fifty are sold, everybody else is told so; nobody waits for a lock for long."""

    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital:
            schedule_id = await _a_session_of_fifty(hospital)
            people = await _two_thousand_people(hospital)
            platform = await asyncpg.create_pool(hospital.platform_url("caller"), min_size=12, max_size=12, timeout=30)
            until = await hospital.pool.fetchval("SELECT his.instant_() + interval '10 minutes'")

            async def hold(place: int, patient_no: str) -> str:
                call = "SELECT ret_code FROM his.lock_number($1, $2, NULL, $3, $4)"
                return await platform.fetchval(call, f"K{schedule_id}{place}", schedule_id, patient_no, until)

            async def at_windows() -> int:
                sales = [await window.sell(hospital.pool, str(schedule_id), one) for one in people[:10]]
                return sum(sale.code == "0" for sale in sales)

            sold, *codes = await asyncio.gather(
                at_windows(), *(hold(place, one) for place, one in enumerate(people[10:]))
            )
            assert int(sold) + codes.count("0") == 50
            assert set(codes) == {"0", "N01"}
            numbers = "SELECT count(DISTINCT no) FROM his.registration WHERE schedule_id = $1"
            assert await hospital.pool.fetchval(numbers, schedule_id) == 50
            await platform.close()

    asyncio.run(go())


async def _a_session_of_fifty(hospital: Hospital) -> int:
    schedule_id = int(await open_schedule(hospital, free=1))
    await hospital.pool.execute("DELETE FROM his.registration WHERE schedule_id = $1", schedule_id)
    await hospital.pool.execute("DELETE FROM his.number WHERE schedule_id = $1", schedule_id)
    await hospital.pool.execute("INSERT INTO his.number SELECT $1, generate_series(1, 50)", schedule_id)
    return schedule_id


async def _two_thousand_people(hospital: Hospital) -> list[str]:
    return [
        row[0]
        for row in await hospital.pool.fetch(
            "INSERT INTO his.patient (patient_no, full_name, sex_code)"
            " SELECT 'crowd' || g, '某人', '0' FROM generate_series(1, 2010) AS g RETURNING patient_no"
        )
    ]


def test_the_windows_sell_by_themselves(owner_url: str) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock(), sales_per_minute=60_000) as hospital:
            count = "SELECT count(*) FROM his.registration WHERE source = 'window'"
            before = await hospital.pool.fetchval(count)
            async with asyncio.timeout(30):
                while await hospital.pool.fetchval(count) < before + 3:
                    pass

    asyncio.run(go())


def test_a_window_sells_out_and_takes_back(owner_url: str) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital:
            schedule_id = await open_schedule(hospital)
            assert await window.sell_all(hospital.pool, schedule_id) >= 3
            assert (await window.sell(hospital.pool, schedule_id)).code in ("N01", "N02")
            reference = await hospital.pool.fetchval(
                "SELECT ref FROM his.registration WHERE schedule_id = $1 LIMIT 1", int(schedule_id)
            )
            assert (await window.give_back(hospital.pool, reference)).state == "released"

    asyncio.run(go())
