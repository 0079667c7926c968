"""The sandbox hospital by itself: its data, its rights, its days, its windows, its faults, its HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.kernel.clock import ShiftedClock, clock_from_setting
from yinyi.wire import gb11643, resident_card
from yinyi_sandbox.hospital import database, seed, window
from yinyi_sandbox.hospital.departments import DIVISIONS
from yinyi_sandbox.hospital.faults import ANY, Fault, LineFaults
from yinyi_sandbox.hospital.hospital import Hospital, HospitalSettings, start_hospital
from yinyi_sandbox.hospital.routes import routes
from yinyi_sandbox.people.people import PEOPLE, person
from yinyi_sandbox.people.routes import routes as people_routes

ROLE = "his_caller"
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def owner_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database of this module's own, and the role of the platform."""
    postgres.create_database("his_unit", owner="his_owner")
    postgres.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'caller';")
    yield postgres.url("his_unit", "his_owner")
    postgres.drop_database("his_unit")


@asynccontextmanager
async def hospital_at(url: str, clock: ShiftedClock, **settings: Any) -> AsyncGenerator[Hospital]:
    hospital = await start_hospital(HospitalSettings(database_url=url, platform_role=ROLE, **settings), clock)
    try:
        yield hospital
    finally:
        await hospital.stop()


@asynccontextmanager
async def browser(hospital: Hospital) -> AsyncGenerator[httpx.AsyncClient]:
    app = Starlette(routes=[Mount("/hospital", routes=routes(hospital)), Mount("/people", routes=people_routes)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as client:
        yield client


async def open_schedule(hospital: Hospital, free: int = 3) -> str:
    """One of tomorrow's sessions."""
    query = """
        SELECT s.schedule_id FROM his.schedule s JOIN his.number n USING (schedule_id)
        WHERE s.work_date = his.today_() + 1 AND NOT s.stopped AND n.busy_until <= his.instant_()
        GROUP BY 1 HAVING count(*) >= $1 ORDER BY 1 LIMIT 1"""
    return str(await hospital.pool.fetchval(query, free))


def test_the_same_seed_makes_the_same_hospital() -> None:
    assert seed.tables(1, TODAY) == seed.tables(1, TODAY)
    assert seed.tables(1, TODAY) != seed.tables(2, TODAY)


def test_the_hospital_is_large_enough() -> None:
    tables = seed.tables(1, TODAY)
    clinics = [clinic for division in DIVISIONS for clinic in division.clinics]
    assert len(clinics) >= 30
    assert len(tables["doctor"]) >= 200
    assert len(tables["patient"]) >= 300
    ranks = sorted(clinic.common_rank for clinic in clinics if clinic.common_rank)
    assert ranks == list(range(1, len(ranks) + 1))


def test_documents_of_the_made_up_are_valid() -> None:
    documents = {row[1] for row in seed.tables(1, TODAY)["patient_document"]}
    assert all(gb11643.is_valid(str(one)) for one in documents if not str(one).startswith("CAN"))
    names = "".join(str(row[2]) for row in seed.tables(1, TODAY)["patient"])
    assert {"䶮", "𠅤"} <= set(names)


@pytest.mark.parametrize("one", PEOPLE, ids=lambda one: one.key)
def test_every_card_can_be_read(one: Any) -> None:
    assert resident_card.decode(resident_card.encode(one.card)) == one.card
    assert person(one.key) == one
    if one.card.form != "permanent_2017":
        assert gb11643.is_valid(one.card.number)
        assert gb11643.born_on(one.card.number) == one.card.born_on
        assert gb11643.sex(one.card.number) == one.card.sex


def test_the_people_of_the_demo_cover_the_hard_cases() -> None:
    assert len(PEOPLE) >= 12
    assert len({one.key for one in PEOPLE}) == len(PEOPLE)
    assert {one.card.number[:2] for one in PEOPLE if one.kind == "hmt_resident_card"} == {"81", "82", "83"}
    assert {one.card.form for one in PEOPLE} == {"resident", "hmt", "permanent_2017", "permanent_2023"}
    assert {len(one.records) for one in PEOPLE} == {0, 1, 2}
    assert any(len(record.visits) > 3 for one in PEOPLE for record in one.records)


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


def test_faults_are_counted_down() -> None:
    faults = LineFaults()
    faults.arm(Fault(procedure="lock_number", fault="cut", times=2))
    faults.arm(Fault(procedure=ANY, fault="slow", ms=5))
    kinds = [fault and fault.fault for fault in map(faults.take, ["lock_number"] * 4)]
    assert kinds == ["cut", "cut", "slow", None]
    faults.arm(Fault(procedure="query_slot", fault="lost"))
    faults.clear("query_slot")
    assert faults.armed() == []


def test_refusals_are_counted_even_when_rolled_back(owner_url: str) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital:
            await hospital.arm(Fault(procedure="query_doctor", fault="refuse", times=2, code="X9"))
            connection = await asyncpg.connect(hospital.platform_url("caller"))
            for left in (1, 0):
                with pytest.raises(asyncpg.RaiseError, match="HIS X9"):
                    await connection.fetch("SELECT * FROM his.query_doctor()")
                assert sum(fault.times for fault in await hospital.armed()) == left
            assert await connection.fetch("SELECT * FROM his.query_doctor()")
            await connection.close()

    asyncio.run(go())


def test_when_the_database_hangs_up_so_does_the_line(owner_url: str, postgres: EmbeddedPostgres) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital:
            connection = await asyncpg.connect(hospital.platform_url("caller"))
            closed = asyncio.Event()
            connection.add_termination_listener(lambda _: closed.set())
            postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{ROLE}';")
            with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
                await connection.fetch("SELECT * FROM his.query_doctor()")
            async with asyncio.timeout(30):
                await closed.wait()

    asyncio.run(go())


@pytest.mark.parametrize(
    "fault",
    [Fault(procedure="drop_table", fault="cut"), Fault(procedure=ANY, fault="cut", times=0)],
)
def test_a_fault_that_cannot_be_is_refused(owner_url: str, fault: Fault) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital:
            with pytest.raises(ValueError):
                await hospital.arm(fault)

    asyncio.run(go())


def test_the_hospital_by_http(owner_url: str) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital, browser(hospital) as client:
            armed = await client.post("/hospital/faults", json={"procedure": "query_slot", "fault": "lost", "times": 3})
            assert armed.json()["faults"][0]["times"] == 3
            for path in ("faults", "window/sell", "schedules/stop", "doctors/order", "records/move", "pace"):
                refused = await client.post(f"/hospital/{path}", json={"procedur": "query_slot"})
                assert (refused.status_code, "`procedur`" in refused.text) == (400, True), path
            assert (await client.post("/hospital/down")).json()["down"] is True
            cleared = (await client.delete("/hospital/faults")).json()
            assert (cleared["faults"], cleared["down"]) == ([], False)
            schedule_id = await open_schedule(hospital)
            sale = (await client.post("/hospital/window/sell", json={"schedule_id": schedule_id})).json()
            assert sale["code"] == "0"
            asked = {"reference": sale["reference"]}
            [row] = (await client.get("/hospital/registrations", params=asked)).json()
            assert (row["state"], row["number"]) == ("confirmed", sale["number"])
            back = await client.post("/hospital/window/give-back", json=asked)
            assert back.json()["state"] == "released"
            assert (await client.get("/hospital/schedules", params={"department": "1001"})).json()
            stopped = await client.post("/hospital/schedules/stop", json={"schedule_id": schedule_id})
            assert stopped.status_code == 200
            assert (await client.post("/hospital/schedules/stop", json={"schedule_id": "1"})).status_code == 404

    asyncio.run(go())


def test_a_window_collects_what_is_held(owner_url: str) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital, browser(hospital) as client:
            schedule_id = int(await open_schedule(hospital))
            connection = await asyncpg.connect(hospital.platform_url("caller"))
            until = await hospital.pool.fetchval("SELECT his.instant_() + interval '20 minutes'")
            lock = "SELECT * FROM his.lock_number('SLIP1', $1, NULL, '2016000002', $2)"
            held = await connection.fetchrow(lock, schedule_id, until)
            assert held is not None
            collected = (await client.post("/hospital/window/collect", json={"reference": "SLIP1"})).json()
            assert (collected["state"], collected["number"]) == ("confirmed", held["no"])
            nothing = (await client.post("/hospital/window/collect", json={"reference": "SLIP2"})).json()
            assert nothing["code"] == "N05"
            await connection.close()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/hospital/faults", b"{"),
        ("/hospital/faults", b'{"procedure": "lock_number", "fault": "explode"}'),
        ("/hospital/faults", b'{"procedure": "nothing", "fault": "cut"}'),
        ("/hospital/window/sell", b'{"schedule_id": "x"}'),
        ("/hospital/window/sell", b'{"schedule_id": "' + b"9" * 30 + b'"}'),
        ("/hospital/window/collect", b" " * 100_000),
    ],
)
def test_what_cannot_be_understood_is_answered_400(owner_url: str, path: str, body: bytes) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital, browser(hospital) as client:
            answer = await client.post(path, content=body)
            assert answer.status_code == 400
            assert answer.json()["error"]

    asyncio.run(go())


def test_the_people_by_http(owner_url: str) -> None:
    async def go() -> None:
        async with hospital_at(owner_url, ShiftedClock()) as hospital, browser(hospital) as client:
            cards = msgspec.json.decode((await client.get("/people/")).content)
            assert [card["key"] for card in cards] == [one.key for one in PEOPLE]

    asyncio.run(go())
