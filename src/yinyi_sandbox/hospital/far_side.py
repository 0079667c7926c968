"""The sandbox hospital as the far side of its connectors, for the conformance kit: what people do in it, and what goes
wrong between it and a connector."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.routing import BaseRoute

from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.far_side import Line, Place
from yinyi_sandbox.channel.hanging_up import with_line
from yinyi_sandbox.hospital import desk as oldest
from yinyi_sandbox.hospital import hands, window
from yinyi_sandbox.hospital.faults import Fault, FaultKind
from yinyi_sandbox.hospital.fhir import server as fhir_server
from yinyi_sandbox.hospital.hospital import Hospital, HospitalSettings, start_hospital
from yinyi_sandbox.hospital.services import Services, routes

HELD_BACK_MS = 600
PATIENT = {"call_timeout_s": 20.0, "rest_s": 0.0}
HASTY = {"call_timeout_s": 0.3, "calls_at_once": 2}
_SETTLED_WITHIN_S = 20.0
_FAULTS: dict[str, FaultKind] = {"half": "lost", "busy": "refuse", "cut": "cut", "silent": "silent", "slow": "slow"}
PROCEDURES = {
    "hold": "lock_number",
    "extend": "extend_lock",
    "confirm": "confirm_registration",
    "release": "release_number",
    "ask": "query_registration",
    "slots": "query_slot",
    "visits": "query_visits",
    "schedules": "query_schedule",
    "numbers": "query_numbers",
    "give_back": "return_number",
    "ask_check_in": "query_check_in",
    "session_changes": "query_session_changes",
    "session_numbers": "query_session_numbers",
    "missed": "query_missed",
    "create": "create_patient",
    "ask_created": "query_created",
    "find": "query_patient",
    "by_number": "query_patient_no",
    "settle_invoices": "pay_invoices",
    "ask_invoices": "query_posting",
    "ask_invoice_refund": "query_refund",
    "invoice": "query_invoice",
    "invoices": "query_invoices",
    "invoice_lines": "query_invoice_lines",
    "postings": "query_postings",
    "ask_deposit": "query_deposit",
    "stay": "query_stay",
    "stays": "query_stays",
    "stay_items": "query_stay_items",
    "cost_days": "query_stay_days",
    "cost_categories": "query_stay_categories",
    "deposits": "query_deposits",
    "deposit_postings": "query_deposit_postings",
    "reports": "query_reports",
    "report": "query_report",
    "reports_of_tube": "query_report",
    "report_texts": "query_report_text",
    "observations": "query_report_results",
    "trend": "query_analyte",
    "report_pictures": "query_report_pictures",
    "report_picture": "download_report_picture",
    "issue_fiscal_invoice": "issue_einvoice",
    "reverse_fiscal_invoice": "reverse_einvoice",
    "ask_fiscal_invoice": "query_einvoice",
    "fiscal_invoices": "query_einvoices",
    "fiscal_file": "download_einvoice",
    "mark_fiscal_printed": "mark_einvoice_printed",
    "account_charges": "query_account_charges",
}
"""What a port's method comes to, where its name is another one."""
_WARDS = "SELECT array_agg(ward_code ORDER BY ward_code <> 'H0105', ward_code) FROM his.ward"
_LONGEST_THERE = "SELECT admission_no FROM his.stay WHERE state = 'admitted' ORDER BY admitted_at, admission_no LIMIT 1"


class Hands:
    """What people in the hospital do. Whoever changes something says whether it could be done."""

    def __init__(self, hospital: Hospital) -> None:
        self._pool = hospital.pool

    async def order(self, patient_no: str, department_id: str) -> list[str]:
        return await hands.order(self._pool, patient_no, department_id or "0102")

    async def change(self, invoice_no: str) -> bool:
        return (await hands.change_invoice(self._pool, invoice_no, "W0509")).code == "0"

    async def cancel(self, invoice_no: str) -> bool:
        return (await hands.cancel_invoice(self._pool, invoice_no)).code == "0"

    async def pay(self, invoice_no: str) -> bool:
        return (await hands.pay_at_window(self._pool, invoice_no)).code == "0"

    async def refund(self, invoice_no: str) -> bool:
        return (await hands.refund_at_window(self._pool, invoice_no)).code == "0"

    async def perform(self, invoice_no: str) -> bool:
        return (await hands.perform(self._pool, invoice_no)).code == "0"

    async def work(self) -> None:
        await hands.work(self._pool)

    async def correct(self, order_no: str) -> bool:
        return (await hands.correct_report(self._pool, order_no)).code == "0"

    async def admit(self, patient_no: str) -> str:
        """To the first ward with a bed; once there is none, whoever came first goes home and makes room."""
        for ward_code in await self._pool.fetchval(_WARDS):
            admitted = await hands.admit(self._pool, patient_no, ward_code)
            if admitted.numbers:
                return admitted.numbers[0]
        await hands.discharge(self._pool, await self._pool.fetchval(_LONGEST_THERE))
        return await self.admit(patient_no)

    async def discharge(self, admission_no: str) -> bool:
        return (await hands.discharge(self._pool, admission_no)).code == "0"

    async def settle(self, admission_no: str) -> bool:
        return (await hands.settle(self._pool, admission_no)).code == "0"

    async def take_deposit(self, admission_no: str, amount_fen: int) -> bool:
        return (await hands.take_deposit(self._pool, admission_no, amount_fen)).code == "0"

    async def charge_account(self, patient_no: str, charge_no: str, amount_fen: int) -> bool:
        await hands.charged_account(self._pool, hands.AccountCharge(charge_no, patient_no, amount_fen))
        return True

    async def receipts_take(self, seconds: float) -> None:
        await hands.set_receipt_pace(self._pool, hands.ReceiptPace(late_s=seconds))


class FarHospital:
    """``settings``: the connector's; ``hasty``: further ones, with which it is soon out of patience."""

    laboratory = "1001"
    imaging = "0105"

    def __init__(self, hospital: Hospital, settings: dict[str, Any]) -> None:
        self.hospital = hospital
        self.settings = {**PATIENT, **settings}
        self.hasty: dict[str, Any] = HASTY
        self.hands = Hands(hospital)

    async def now(self) -> datetime:
        return await self.hospital.pool.fetchval("SELECT his.instant_()")

    async def patient_numbers(self, count: int) -> list[str]:
        query = "SELECT patient_no FROM his.patient WHERE made_by LIKE 'seed%' ORDER BY person_no LIMIT $1"
        return [row[0] for row in await self.hospital.pool.fetch(query, count)]

    async def untouched(self, schedule_id: str) -> bool:
        query = "SELECT NOT EXISTS (SELECT FROM his.registration WHERE schedule_id = $1 AND patient_no = ANY($2))"
        return await self.hospital.pool.fetchval(query, int(schedule_id), await self.patient_numbers(10))

    async def sell_at_window(self, schedule_id: str, patient_no: str) -> bool:
        return (await window.sell(self.hospital.pool, schedule_id, patient_no)).code == "0"

    async def stop_session(self, schedule_id: str) -> None:
        await self.hospital.stop_schedule(schedule_id)

    async def substitute(self, schedule_id: str) -> None:
        await self.hospital.substitute(schedule_id)

    async def pass_time(self, span: timedelta) -> None:
        await self.hospital.set_clock(await self.now() + span)

    async def mishap(self, verb: str, mishap: str) -> None:
        procedure = PROCEDURES.get(verb, verb)
        await self.hospital.arm(Fault(procedure=procedure, fault=_FAULTS[mishap], ms=HELD_BACK_MS))

    async def struck(self) -> bool:
        return await self.hospital.armed() == []

    async def line_down(self, down: bool) -> None:
        self.hospital.down = down

    async def settled(self) -> None:
        async with asyncio.timeout(_SETTLED_WITHIN_S):
            await self.hospital.settled()

    async def calm(self) -> None:
        await self.hospital.disarm()


class FarServices(FarHospital):
    """The same hospital; its mishaps befall what comes over the web. ``line``: what it comes over."""

    def __init__(self, hospital: Hospital, settings: dict[str, Any], services: Services, line: Line) -> None:
        super().__init__(hospital, settings)
        self._services, self.line = services, line

    async def line_down(self, down: bool) -> None:
        await self.line.down(down)

    async def settled(self) -> None:
        async with asyncio.timeout(_SETTLED_WITHIN_S):
            await self._services.settled()

    async def calm(self) -> None:
        await super().calm()
        await self.line.calm()


@asynccontextmanager
async def procedures(place: Place) -> AsyncGenerator[FarHospital]:
    """Its stored procedures. The hospital's data, and its day, stay in the place's database."""
    database = await place.database()
    hospital = await started(database.url, database.role)
    try:
        settings = {"url": hospital.platform_url(database.password), "connect_timeout_s": 20.0}
        yield FarHospital(hospital, settings)
    finally:
        await hospital.stop()


Rows = Callable[[Services], list[BaseRoute]]


@asynccontextmanager
async def over_the_web(
    place: Place, rows: Rows, settings: Callable[[str], dict[str, Any]]
) -> AsyncGenerator[FarServices]:
    """What a hospital says over the web. ``settings(address)``: the connector's."""
    database = await place.database()
    hospital = await started(database.url, database.role)
    try:
        services = Services(hospital)
        line = await place.line(await place.serve(with_line(Starlette(routes=rows(services)))))
        address = f"http://127.0.0.1:{line.port}"
        yield FarServices(hospital, {"connect_timeout_s": 60.0, **settings(address)}, services, line)
    finally:
        await hospital.stop()


def soap(place: Place, path: str = "soap", **styled: Any) -> AbstractAsyncContextManager[FarServices]:
    """Its web services: a method for each trade, or all behind one (``hip``, ``process``)."""
    return over_the_web(
        place, lambda services: [*routes(services)], lambda url: {"wsdl": f"{url}/{path}?wsdl", **styled}
    )


def desk(place: Place) -> AbstractAsyncContextManager[FarServices]:
    """Its oldest web service, whose templates are laid into the place's folder."""
    laid = {name: place.folder / f"{name}.xml" for name in oldest.TEMPLATES}
    for name, path in laid.items():
        path.write_text(oldest.TEMPLATES[name], encoding="utf-8")
    files = {name: str(path) for name, path in laid.items()}
    return over_the_web(
        place,
        lambda services: [oldest.route(services)],
        lambda url: {"address": f"{url}/desk", **files, **oldest.STYLED},
    )


def fhir(place: Place, repeated: str = "", mapping: str = "") -> AbstractAsyncContextManager[FarServices]:
    """repeated: its code for what is booked already, where it refuses that. mapping: what the connector's file says."""
    file = place.folder / "addresses.toml"
    if mapping:
        file.write_text(mapping, encoding="utf-8")
    more = {"mapping": str(file)} if mapping else {}
    return over_the_web(
        place,
        lambda services: [*fhir_server.routes(services, repeated)],
        lambda url: {"url": f"{url}/fhir", **more},
    )


async def started(url: str, role: str) -> Hospital:
    """On a database of its own, with a role that may call its procedures."""
    return await start_hospital(HospitalSettings(database_url=url, platform_role=role), ShiftedClock())
