"""The sandbox hospital's hands by HTTP, its rights, and its work by itself."""

import asyncio
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
from hospital_room import ROLE, hospital_database
from starlette.applications import Starlette
from starlette.routing import Mount

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.kernel.clock import ShiftedClock
from yinyi_sandbox.hospital.database import PROCEDURES
from yinyi_sandbox.hospital.hospital import Hospital, HospitalSettings, start_hospital
from yinyi_sandbox.hospital.routes import routes

PATIENT = "2021000001"


@pytest.fixture(scope="module")
def owner_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    with hospital_database(postgres, "his_hands") as url:
        yield url


class Browser:
    """Somebody at the hospital's desk."""

    def __init__(self, hospital: Hospital) -> None:
        app = Starlette(routes=[Mount("/hospital", routes=routes(hospital))])
        transport = httpx.ASGITransport(app)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://sandbox/hospital")
        self.asked: set[str] = set()

    async def delete(self, path: str) -> Any:
        self.asked.add(path)
        return (await self._client.delete(path)).raise_for_status().json()

    async def get(self, path: str) -> Any:
        self.asked.add(path)
        return (await self._client.get(path)).raise_for_status().json()

    async def post(self, path: str, **order: Any) -> Any:
        self.asked.add(path)
        answer = await self._client.post(path, json=order)
        return answer.json() if answer.status_code == 200 else answer.status_code


def at_desk(url: str, scene: Any, **settings: Any) -> None:
    async def go() -> None:
        plan = HospitalSettings(database_url=url, platform_role=ROLE, **settings)
        hospital = await start_hospital(plan, ShiftedClock())
        try:
            await scene(hospital, Browser(hospital))
        finally:
            await hospital.stop()

    asyncio.run(go())


def test_the_platform_may_call_these_and_no_others(owner_url: str) -> None:
    async def scene(hospital: Hospital, _: Browser) -> None:
        callable_ones = await hospital.pool.fetch(
            """SELECT DISTINCT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
               WHERE n.nspname = 'his' AND has_function_privilege($1, p.oid, 'EXECUTE')""",
            ROLE,
        )
        assert {row["proname"] for row in callable_ones} == set(PROCEDURES)
        assert len(set(PROCEDURES)) == len(PROCEDURES)

    at_desk(owner_url, scene)


def test_a_bill_at_the_window(owner_url: str) -> None:
    async def scene(_: Hospital, desk: Browser) -> None:
        made = await desk.post("/doctors/order", patient_no=PATIENT, dept_code="1002")
        first = made["numbers"][0]
        assert (await desk.post("/doctors/change", invoice_no=first))["code"] == "0"
        paid = await desk.post("/window/pay", invoice_no=first)
        assert (paid["code"], paid["state"]) == ("0", "paid")
        assert (await desk.post("/window/pay", invoice_no=first))["code"] == "B03"
        assert (await desk.post("/doctors/change", invoice_no=first))["code"] == "B03"
        assert (await desk.post("/doctors/cancel", invoice_no=first))["code"] == "B03"
        assert (await desk.post("/window/refund", invoice_no=first, line_nos=[1]))["state"] == "refunded"
        assert (await desk.post("/window/perform", invoice_no=first))["code"] == "0"
        assert (await desk.post("/window/refund", invoice_no=first, line_nos=[2]))["code"] in ("B07", "B10")
        listed = await desk.get(f"/invoices?patient_no={PATIENT}")
        [shown] = [one for one in listed if one["invoice_no"] == first]
        assert (shown["state"], shown["version"]) == ("paid", 2)
        assert shown["refunded_fen"] > 0

    at_desk(owner_url, scene)


def test_a_stay_from_bed_to_bill(owner_url: str) -> None:
    async def scene(_: Hospital, desk: Browser) -> None:
        admitted = await desk.post("/wards/admit", patient_no=PATIENT, ward_code="H0103")
        [number] = admitted["numbers"]
        assert (await desk.post("/work"))["code"] == "0"
        taken = await desk.post("/window/deposit", admission_no=number, amount_fen=900_000)
        assert taken["code"] == "0"
        assert (await desk.post("/wards/settle", admission_no=number))["code"] == "D05"
        assert (await desk.post("/wards/discharge", admission_no=number))["code"] == "0"
        assert (await desk.post("/wards/discharge", admission_no=number))["code"] == "D02"
        assert (await desk.post("/wards/settle", admission_no=number))["code"] == "0"
        [stay] = [one for one in await desk.get(f"/stays?patient_no={PATIENT}") if one["admission_no"] == number]
        left = stay["deposit_fen"] - stay["cost_fen"]
        assert 0 < left < 900_000
        back = await desk.post("/window/return", reference=taken["reference"], amount_fen=left)
        assert back["code"] == "0"
        assert (await desk.post("/window/return", reference=taken["reference"], amount_fen=1))["code"] == "D04"
        kinds = [one["kind"] for one in await desk.get("/deposits") if one["admission_no"] == number]
        assert sorted(kinds) == ["deposit", "return"]
        assert (await desk.post("/wards/admit", patient_no=PATIENT, ward_code="nowhere"))["code"] == "D01"

    at_desk(owner_url, scene)


def test_work_is_switchable(owner_url: str) -> None:
    async def scene(_: Hospital, desk: Browser) -> None:
        at_once = {"visit_s": 0, "sampling_s": 0, "testing_s": 0, "report_s": 0}
        made = await desk.post("/doctors/order", patient_no=PATIENT, dept_code="0101")
        for number in made["numbers"]:
            await desk.post("/window/pay", invoice_no=number)
        await desk.post("/pace", working=False, **at_once)
        await desk.post("/work")
        of_these = [one for one in await desk.get(f"/reports?patient_no={PATIENT}") if one["state"] == "ordered"]
        assert of_these
        await desk.post("/pace", working=True, **at_once)
        await desk.post("/work")
        states = {one["order_no"]: one["state"] for one in await desk.get(f"/reports?patient_no={PATIENT}")}
        assert {states[one["order_no"]] for one in of_these} == {"final"}
        order_no = of_these[0]["order_no"]
        assert (await desk.post("/laboratory/correct", order_no=order_no))["state"] == "corrected"
        assert (await desk.post("/laboratory/correct", order_no="nobody"))["code"] == "N00"

    at_desk(owner_url, scene)


def test_the_hospital_works_by_itself(owner_url: str) -> None:
    async def scene(hospital: Hospital, desk: Browser) -> None:
        await desk.post("/pace", working=True, visit_s=0, sampling_s=0, testing_s=0, report_s=0)
        made = await desk.post("/doctors/order", patient_no=PATIENT, dept_code="0101")
        for number in made["numbers"]:
            await desk.post("/window/pay", invoice_no=number)
        waiting = "SELECT count(*) FROM his.test_order WHERE state IN ('ordered', 'sampled', 'testing')"
        async with asyncio.timeout(60):
            while await hospital.pool.fetchval(waiting):
                pass

    at_desk(owner_url, scene, works_every_s=0.05)


@pytest.mark.parametrize("body", ["", "[]", '{"invoice_no": "', "x" * 70_000])
def test_what_cannot_be_read_is_refused(owner_url: str, body: str) -> None:
    async def scene(hospital: Hospital, _: Browser) -> None:
        app = Starlette(routes=[Mount("/hospital", routes=routes(hospital))])
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox") as client:
            for path in ("/window/pay", "/wards/admit", "/pace", "/doctors/order"):
                answer = await client.post(f"/hospital{path}", content=body)
                assert answer.status_code == 400

    at_desk(owner_url, scene)


PAGE = Path(str(files("yinyi_sandbox.demo") / "static" / "his.js")).read_text(encoding="utf-8")
"""The page of buttons for all of it."""
ASKED = set(re.findall(r'(get|post|remove)\(\s*[`"]/hospital(/[a-z/-]*)', PAGE))


def test_every_button_of_the_page_does_what_it_says(owner_url: str) -> None:
    async def scene(hospital: Hospital, desk: Browser) -> None:
        bills = (await desk.post("/doctors/order", patient_no=PATIENT, dept_code="1002"))["numbers"]
        assert len(bills) >= 2
        await everything_of_a_bill(desk, *bills[:2])
        await everything_of_a_session(desk)
        await everything_of_the_laboratory(desk)
        await everything_of_a_stay(desk)
        await everything_of_the_records(hospital, desk)
        await everything_that_goes_wrong(hospital, desk)
        assert {path for _, path in ASKED} == {path.partition("?")[0] for path in desk.asked}

    at_desk(owner_url, scene)


async def everything_of_a_bill(desk: Browser, first: str, second: str) -> None:
    async def standing(number: str) -> str:
        rows = await desk.get(f"/invoices?patient_no={PATIENT}")
        return next(row["state"] for row in rows if row["invoice_no"] == number)

    for number in (first, second):
        assert (await desk.post("/doctors/change", invoice_no=number))["code"] == "0"
    assert (await desk.post("/doctors/cancel", invoice_no=second))["code"] == "0"
    assert (await standing(first), await standing(second)) == ("open", "cancelled")
    assert (await desk.post("/window/pay", invoice_no=first))["code"] == "0"
    assert await standing(first) == "paid"
    assert (await desk.post("/window/refund", invoice_no=first))["code"] == "0"
    third = (await desk.post("/doctors/order", patient_no=PATIENT, dept_code="1002"))["numbers"][0]
    await desk.post("/window/pay", invoice_no=third)
    assert (await desk.post("/window/perform", invoice_no=third))["code"] == "0"
    assert (await desk.post("/window/refund", invoice_no=third))["code"] != "0"


async def everything_of_a_session(desk: Browser) -> None:
    async def now(schedule_id: str) -> Any:
        return next(row for row in await desk.get("/schedules") if row["schedule_id"] == schedule_id)

    one = next(row for row in await desk.get("/schedules") if row["capacity"] - row["taken"] > 2)
    schedule = one["schedule_id"]
    sold = await desk.post("/window/sell", schedule_id=schedule)
    assert sold["code"] == "0"
    assert (await desk.post("/window/give-back", reference=sold["reference"]))["state"] == "released"
    assert await desk.get("/registrations?limit=40&patient_no=")
    assert (await desk.post("/window/collect", reference=sold["reference"]))["code"] != "0"
    await desk.post("/schedules/substitute", schedule_id=schedule)
    assert (await now(schedule))["doctor_name"] != one["doctor_name"]
    await desk.post("/schedules/stop", schedule_id=schedule, stopped=True)
    assert (await now(schedule))["stopped"]
    assert (await desk.post("/window/sell", schedule_id=schedule))["code"] != "0"


async def everything_of_the_laboratory(desk: Browser) -> None:
    while not [row for row in await desk.get(f"/reports?patient_no={PATIENT}") if row["state"] == "ordered"]:
        for number in (await desk.post("/doctors/order", patient_no=PATIENT, dept_code="0101"))["numbers"]:
            await desk.post("/window/pay", invoice_no=number)
    await desk.post("/laboratory/finish")
    rows = await desk.get(f"/reports?patient_no={PATIENT}")
    assert {row["state"] for row in rows} <= {"final", "corrected", "cancelled"}
    done = next(row for row in rows if row["state"] == "final")
    assert (await desk.post("/laboratory/correct", order_no=done["order_no"]))["state"] == "corrected"


async def everything_of_a_stay(desk: Browser) -> None:
    made = await desk.post("/wards/admit", patient_no=PATIENT, ward_code="H0103")
    stays = await desk.get(f"/stays?patient_no={PATIENT}")
    stay = (made["numbers"] or [row["admission_no"] for row in stays if row["state"] == "admitted"])[0]
    assert (await desk.post("/window/deposit", admission_no=stay, amount_fen=100_000))["code"] == "0"
    assert (await desk.post("/wards/discharge", admission_no=stay))["code"] == "0"
    assert (await desk.post("/wards/settle", admission_no=stay))["code"] == "0"


async def everything_of_the_records(hospital: Hospital, desk: Browser) -> None:
    async def made(name: str) -> str:
        return (await desk.post("/records/register", full_name=name))["numbers"][0]

    async def told() -> list[str]:
        return [row["event"] for row in await hospital.pool.fetch("SELECT event FROM his.told_event ORDER BY at")]

    kept, old = await made("司马新"), await made("司马欣")
    assert (await desk.post("/records/change", patient_no=old, phone="13900000001"))["code"] == "0"
    assert (await desk.post("/records/change", patient_no="nobody", phone="1"))["code"] == "P01"
    open_ones = [row for row in await desk.get("/schedules") if not row["stopped"]]
    schedule = next(row["schedule_id"] for row in open_ones if row["capacity"] - row["taken"] > 2)
    sold = await desk.post("/window/sell", schedule_id=schedule, patient_no=old)
    assert sold["code"] == "0"
    assert (await desk.post("/records/merge", patient_no=old, into=kept))["code"] == "0"
    assert (await desk.post("/records/merge", patient_no=old, into=kept))["code"] == "P01"
    [visit] = await desk.get(f"/registrations?limit=40&patient_no={kept}")
    reference = visit["reference"]
    assert (reference, visit["number"]) == (sold["reference"], sold["number"])
    assert (await desk.post("/records/move", reference=reference))["code"] == "0"
    [moved] = await desk.get(f"/registrations?limit=40&patient_no={kept}")
    assert moved["number"] != sold["number"]
    assert (await desk.post("/records/missed", reference=reference))["code"] == "0"
    await desk.post("/window/give-back", reference=reference)
    for gone in ("/records/move", "/records/delete", "/records/missed"):
        assert (await desk.post(gone, reference=reference))["code"] == "N05"
    again = await desk.post("/window/sell", schedule_id=schedule, patient_no=kept)
    assert (await desk.post("/records/delete", reference=again["reference"]))["code"] == "0"
    states = {row["state"] for row in await desk.get(f"/registrations?limit=40&patient_no={kept}")}
    assert states == {"released"}
    assert (await desk.post("/records/part", patient_no=old))["code"] == "0"
    assert (await desk.post("/records/part", patient_no=old))["code"] == "P01"
    events = ["ADT^A04", "ADT^A04", "ADT^A08", "ADT^A40", "SIU^S13", "SIU^S26", "SIU^S17", "ADT^A37"]
    assert await told() == events, "what was refused is told to nobody"
    assert await desk.get("/heard?patient_no=") == []


async def everything_that_goes_wrong(hospital: Hospital, desk: Browser) -> None:
    """Every kind for every procedure; then all is well again, and every session takes place."""
    for procedure in ("*", *PROCEDURES):
        for kind in ("slow", "refuse", "cut", "lost", "silent"):
            armed = (await desk.post("/faults", procedure=procedure, fault=kind, times=2, ms=4000))["faults"]
            assert any(one["fault"] == kind and procedure in ("*", one["procedure"]) for one in armed)
            assert (await desk.delete(f"/faults?procedure={procedure}"))["faults"] == [] or procedure == "*"
            await desk.delete("/faults")
    assert (await desk.post("/down"))["down"]
    assert not (await desk.delete("/down"))["down"]
    await desk.post("/down")
    await desk.post("/reset")
    standing = await desk.get("/")
    assert (standing["down"], standing["faults"]) == (False, [])
    assert not [row for row in await desk.get("/schedules") if row["stopped"]]
