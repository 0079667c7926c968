"""What contract tests of hospital connectors stand on: the ports, and the far side's own hands.

``hospital_offers.OFFERED`` lists the stages; a later connector adds its own, and every test of the ports runs against
it as it is.
"""

import asyncio
import functools
import itertools
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from hospital_hands import Hands, ProceduresHands

from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.plugin import PLUGIN
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.billing.ports import Bills
from yinyi.business.fiscal.ports import FiscalInvoices
from yinyi.business.identity.ports import PatientIndex
from yinyi.business.inpatient.ports import Inpatients
from yinyi.business.reports.ports import ReportPictures, Reports
from yinyi.business.scheduling.model import Schedule
from yinyi.business.scheduling.ports import Schedules
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.outcome import Done, NotFound, Refused
from yinyi.kernel.plugin import Surroundings
from yinyi_sandbox.hospital import window
from yinyi_sandbox.hospital.database import local_date
from yinyi_sandbox.hospital.faults import Fault
from yinyi_sandbox.hospital.hospital import Hospital, HospitalSettings, start_hospital

Verb = Literal[
    "hold", "extend", "confirm", "release", "ask", "slots", "visits", "create", "ask_created", "find", "by_number",
    "hold_invoices", "settle_invoices", "release_invoices", "ask_invoices", "refund_invoice", "ask_invoice_refund",
    "invoice", "invoices", "invoice_lines", "postings",
    "post_deposit", "reverse_deposit", "return_deposit", "ask_deposit",
    "stay", "stays", "stay_items", "cost_days", "cost_categories", "deposits", "deposit_postings",
    "reports", "report", "report_texts", "observations", "trend", "report_pictures", "report_picture",
    "issue_fiscal_invoice", "reverse_fiscal_invoice", "ask_fiscal_invoice", "fiscal_invoices", "fiscal_file",
    "mark_fiscal_printed",
]  # fmt: skip
Mishap = Literal["cut", "lost", "silent", "slow", "refuse"]
"""As in ``yinyi_sandbox.hospital.faults``; ``refuse`` means that the hospital is too busy."""

ROLE = "his_platform"
DATABASE = "stage_hospital"
PATIENCE_S = 20.0
_references = itertools.count(1)


class Stage(Protocol):
    """One connector and its far side."""

    @property
    def schedules(self) -> Schedules: ...

    @property
    def patients(self) -> PatientIndex: ...

    @property
    def hasty(self) -> Schedules:
        """The same connector with so short a time-out that a silent hospital is noticed at once."""
        ...

    @property
    def bills(self) -> Bills: ...

    @property
    def inpatients(self) -> Inpatients: ...

    @property
    def reports(self) -> Reports: ...

    @property
    def pictures(self) -> ReportPictures: ...

    @property
    def fiscal(self) -> FiscalInvoices: ...

    @property
    def hasty_fiscal(self) -> FiscalInvoices: ...

    @property
    def hasty_bills(self) -> Bills: ...

    @property
    def hasty_inpatients(self) -> Inpatients: ...

    @property
    def hands(self) -> Hands: ...

    async def now(self) -> datetime: ...

    async def patient_numbers(self, count: int) -> list[str]: ...

    async def untouched(self, schedule_id: str) -> bool:
        """None of the first ten patients has a number of it, nor had one: not by what the hospital began with, nor by
        a test that took whatever was on sale."""
        ...

    async def sell_at_window(self, schedule_id: str, patient_no: str) -> bool: ...

    async def stop_session(self, schedule_id: str) -> None: ...

    async def substitute(self, schedule_id: str) -> None:
        """Another doctor of the department holds it."""
        ...

    async def pass_time(self, span: timedelta) -> None: ...

    async def mishap(self, verb: Verb, mishap: Mishap) -> None:
        """The next call of this kind goes wrong."""
        ...

    async def struck(self) -> bool:
        """Whether the mishap has befallen a call: one that was given up before it left has not met it."""
        ...

    async def line_down(self, down: bool) -> None: ...

    async def settled(self) -> None:
        """Returns when no call that its caller has given up is on its way any more."""
        ...


Offer = Callable[[EmbeddedPostgres], AbstractAsyncContextManager[Stage]]
Scene = Callable[[Stage], Coroutine[Any, Any, None]]
Play = Callable[[Scene], None]


def plays(offer: Offer, postgres: EmbeddedPostgres) -> Play:
    """Runs a scene on a stage."""

    async def on_stage(scene: Scene) -> None:
        async with offer(postgres) as stage:
            await scene(stage)

    return lambda scene: asyncio.run(on_stage(scene))


def reference() -> str:
    """One that was never used."""
    return f"T{next(_references):08d}"


async def fresh_schedule(stage: Stage, free: int = 3) -> Schedule:
    """An open session of the coming days, with some numbers left, that no other test has been given."""
    today = local_date(await stage.now())
    for department in await stage.schedules.departments():
        for found in await stage.schedules.schedules(
            department.department_id, today + timedelta(days=2), today + timedelta(days=9)
        ):
            room = found.status == "open" and found.capacity - found.taken >= free
            if room and _first_use(found) and await stage.untouched(found.schedule_id):
                return found
    raise AssertionError("the hospital has no session left for tests")


_used: set[str] = set()


def _first_use(found: Schedule) -> bool:
    new = found.schedule_id not in _used
    _used.add(found.schedule_id)
    return new


async def as_it_stands(stage: Stage, schedule: Schedule) -> Schedule:
    """The schedule, read again."""
    day = schedule.service_date
    found = await stage.schedules.schedules(schedule.department_id, day, day)
    return next(one for one in found if one.schedule_id == schedule.schedule_id)


async def soon(stage: Stage, minutes: int = 10) -> datetime:
    return await stage.now() + timedelta(minutes=minutes)


async def held(stage: Stage, schedule: Schedule, patient_no: str, minutes: int = 10) -> str:
    """A reference under which a number is held."""
    ref = reference()
    outcome = await stage.schedules.hold(ref, schedule.schedule_id, "", patient_no, await soon(stage, minutes))
    assert isinstance(outcome, Done), outcome
    return ref


async def confirmed(stage: Stage, schedule: Schedule, patient_no: str) -> str:
    ref = await held(stage, schedule, patient_no)
    outcome = await stage.schedules.confirm(ref, f"P{ref}", schedule.fee_fen, await stage.now())
    assert isinstance(outcome, Done), outcome
    return ref


async def status(ports: Schedules, ref: str) -> str:
    """``held``, ``confirmed``, ``expired`` or ``none``, as asking tells."""
    answer = await ports.ask(ref)
    if isinstance(answer, NotFound):
        return "none"
    if isinstance(answer, Refused):
        return answer.reason
    assert isinstance(answer, Done), answer
    return str(answer.evidence["status"])


async def number_of(stage: Stage, ref: str) -> int:
    answer = await stage.schedules.ask(ref)
    assert isinstance(answer, Done), answer
    return answer.evidence["number"]


def refused(outcome: object, reason: str) -> None:
    assert isinstance(outcome, Refused), outcome
    assert outcome.reason == reason


_PROCEDURES: dict[Verb, str] = {
    "hold": "lock_number",
    "extend": "extend_lock",
    "confirm": "confirm_registration",
    "release": "release_number",
    "ask": "query_registration",
    "slots": "query_slot",
    "visits": "query_visits",
    "create": "create_patient",
    "ask_created": "query_created",
    "find": "query_patient",
    "by_number": "query_patient_no",
    "hold_invoices": "hold_invoices",
    "settle_invoices": "pay_invoices",
    "release_invoices": "release_invoices",
    "ask_invoices": "query_posting",
    "refund_invoice": "refund_invoice",
    "ask_invoice_refund": "query_refund",
    "invoice": "query_invoice",
    "invoices": "query_invoices",
    "invoice_lines": "query_invoice_lines",
    "postings": "query_postings",
    "post_deposit": "post_deposit",
    "reverse_deposit": "reverse_deposit",
    "return_deposit": "return_deposit",
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
}


class ProceduresStage:
    """The stored procedures of the sandbox hospital."""

    def __init__(self, hospital: Hospital, connector: Any, hasty: Any) -> None:
        self.hospital = hospital
        self.schedules: Schedules = connector
        self.patients: PatientIndex = connector
        self.hasty: Schedules = hasty
        self.bills: Bills = connector
        self.inpatients: Inpatients = connector
        self.reports: Reports = connector
        self.pictures: ReportPictures = connector
        self.fiscal: FiscalInvoices = connector
        self.hasty_fiscal: FiscalInvoices = hasty
        self.hasty_bills: Bills = hasty
        self.hasty_inpatients: Inpatients = hasty
        self.hands: Hands = ProceduresHands(hospital)

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
        assert await self.hospital.stop_schedule(schedule_id)

    async def substitute(self, schedule_id: str) -> None:
        assert await self.hospital.substitute(schedule_id)

    async def pass_time(self, span: timedelta) -> None:
        await self.hospital.set_clock(await self.now() + span)

    async def mishap(self, verb: Verb, mishap: Mishap) -> None:
        await self.hospital.arm(Fault(procedure=_PROCEDURES[verb], fault=mishap, ms=900))

    async def struck(self) -> bool:
        return await self.hospital.armed() == []

    async def line_down(self, down: bool) -> None:
        self.hospital.down = down

    async def settled(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.hospital.settled()


@asynccontextmanager
async def procedures(postgres: EmbeddedPostgres, database: str = DATABASE) -> AsyncGenerator[Stage]:
    """The sandbox hospital and the ``procedures`` plugin; the hospital's data, and its day, stay for the tests that
    follow in this database."""
    make_database(postgres, database)
    settings = HospitalSettings(database_url=postgres.url(database, "hospital"), platform_role=ROLE)
    hospital = await start_hospital(settings, ShiftedClock())
    url = hospital.platform_url(postgres.password(ROLE))
    connector = _connector(ProceduresConfig(url=url, call_timeout_s=20, connect_timeout_s=20, rest_s=0))
    hasty = _connector(ProceduresConfig(url=url, call_timeout_s=0.3, connect_timeout_s=20, calls_at_once=2, rest_s=0))
    try:
        await connector.start()
        await hasty.start()
        yield ProceduresStage(hospital, connector, hasty)
    finally:
        await connector.stop()
        await hasty.stop()
        await hospital.stop()


def _connector(config: ProceduresConfig) -> Any:
    return PLUGIN.build(config, Surroundings(clock=ShiftedClock(), callback_url="http://127.0.0.1/callbacks/none"))


@functools.cache
def make_database(postgres: EmbeddedPostgres, database: str = DATABASE) -> None:
    """Once for each server."""
    make_role(postgres)
    postgres.create_database(database, owner="hospital")


@functools.cache
def make_role(postgres: EmbeddedPostgres) -> None:
    """Once for each server."""
    postgres.create_role(ROLE)
