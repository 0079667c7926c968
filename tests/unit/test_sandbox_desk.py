"""What the sandbox hospital is told by hand: faults that count down, and everything by HTTP."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import msgspec
import pytest
from hospital_room import ROLE, hospital_at, hospital_database, open_schedule
from starlette.applications import Starlette
from starlette.routing import Mount

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.kernel.clock import ShiftedClock
from yinyi_sandbox.hospital.faults import ANY, Fault, LineFaults
from yinyi_sandbox.hospital.hospital import Hospital
from yinyi_sandbox.hospital.routes import routes
from yinyi_sandbox.people.people import PEOPLE
from yinyi_sandbox.people.routes import routes as people_routes


@pytest.fixture(scope="module")
def owner_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    with hospital_database(postgres, "his_desk") as url:
        yield url


@asynccontextmanager
async def browser(hospital: Hospital) -> AsyncGenerator[httpx.AsyncClient]:
    app = Starlette(routes=[Mount("/hospital", routes=routes(hospital)), Mount("/people", routes=people_routes)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as client:
        yield client


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
