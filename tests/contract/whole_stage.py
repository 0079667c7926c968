"""All of the business layer with a hospital and a bank behind it, and what the first patient of the day has done at one
of its kiosks: something of everything that can be somebody's own."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from holder_stage import PUBLIC_PAN, TILL, HolderStage, Kiosk, holder_stage
from hospital_stage import procedures
from line_stage import ZONE
from report_hands import EVER, ordered_for

from yinyi.app.business import Business
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.operation import Caller
from yinyi.business.billing.messages import PayInvoices
from yinyi.business.billing.model import ChosenInvoice
from yinyi.business.documents.messages import PrintSlip
from yinyi.business.identity.messages import ListCredentials
from yinyi.business.identity.messages_cards import ReadCardForBalance, ReadCardToIdentify
from yinyi.business.identity.messages_children import ActForOneself, ListChildren, ReadChild, RegisterChild
from yinyi.business.inpatient.messages import ListDailyCosts, PayDeposit
from yinyi.business.prepaid.messages import SetPrepaidMode, TopUp
from yinyi.business.reports.messages import GetReport, PrintReports
from yinyi.business.scheduling.errors import AlreadyRegistered
from yinyi.business.scheduling.messages import IssueHoldSlip, RegisterToday
from yinyi.business.scheduling.messages_booking import BookAppointment
from yinyi.business.scheduling.model import Schedule
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.money import Fen
from yinyi.wire import gb11643
from yinyi_sandbox.hospital.database import local_date

Story = Callable[[HolderStage, Stage], Awaitable[None]]


@dataclass
class Theirs:
    """What belongs to the first patient. ``requests``: by the name of an operation, the fields that ask for it."""

    requests: dict[str, dict[str, Any]]
    marks: list[str]
    """Names and numbers of theirs: none of them may stand in an answer to anybody else."""


async def busy_morning(hall: Kiosk, hospital: Stage) -> Theirs:
    """The first patient does a bit of everything at this kiosk, and stays there."""
    name = "欧阳春晓"
    [patient_no] = await hospital.patient_numbers(1)
    await hall.stage.comes(hall, patient_no, name)
    requests = await _media(hall)
    await hall.stage.ask(Caller.STAFF, SetPrepaidMode(mode="collect"), staff=TILL)
    top_up = (await hall.ask(TopUp(amount_fen=Fen(10_000)))).payment_no
    for each in ("AgreeToQuote", "CancelPayment", "CancelReading"):
        requests[each] = {"payment_no": top_up}
    for each in ("ChooseTender", "ReadCard"):
        requests[each] = {"payment_no": top_up, "tender": "bank_card"}
    requests |= {
        "GetScannedPayment": {},
        "GetPayment": {"number": top_up},
        "GetTopUp": {"payment_no": top_up},
        "SubmitScanned": {"payment_no": top_up, "after": 0},
    }
    child, child_name = await _child(hall)
    more, marks = await _stay(hall, hospital, patient_no)
    bill, bills = await _bills(hall, hospital, patient_no)
    paper, papers = await _registration(hall, hospital)
    reports, sheets = await _reports(hall, hospital, patient_no)
    booked, number = await _booking(hall, hospital)
    marks += [*bills, *papers, *sheets, number, child_name]
    return Theirs(requests | child | more | bill | paper | reports | booked, [name, patient_no, top_up, *marks])


async def _media(hall: Kiosk) -> dict[str, dict[str, Any]]:
    bound = await hall.bound()
    [credential] = (await hall.ask(ListCredentials())).credentials
    ticket = (await hall.ask(ReadCardToIdentify())).ticket
    of_balance = (await hall.ask(ReadCardForBalance())).ticket
    await hall.bring(PUBLIC_PAN)
    return {
        "GetCardBalance": {"ticket": of_balance},
        "GetCardBinding": {"request_id": bound.request_id},
        "UnbindCredential": {"credential_id": credential.credential_id},
        **{name: {"ticket": ticket} for name in ("IdentifyByCard", "GetTicket", "RegisterPatient")},
        "ChoosePatient": {"ticket": ticket, "choice": "1"},
    }


async def _child(hall: Kiosk) -> tuple[dict[str, dict[str, Any]], str]:
    """Somebody's child, newly on record; afterwards its guardian himself is here again."""
    name, born = "欧阳小雨", date(2020, 5, 1)
    document = {"document": "resident_number", "number": gb11643.number_of("510199", born, 24), "name": name}
    ticket = (await hall.ask(msgspec.convert(document, ReadChild))).ticket
    taken = {"ticket": ticket, "relation": "mother", "consent": True}
    hall.session = (await hall.ask(msgspec.convert(taken, RegisterChild))).session_token
    [child] = (await hall.ask(ListChildren())).children
    hall.session = (await hall.ask(ActForOneself())).session_token
    of_child = {"child_id": child.child_id}
    return {"ReadChild": document, "RegisterChild": taken, "ActForChild": of_child, "LeaveChild": of_child}, name


async def _stay(hall: Kiosk, hospital: Stage, patient_no: str) -> tuple[dict[str, dict[str, Any]], list[str]]:
    stay = {"admission_no": await hospital.hands.admit(patient_no)}
    await hospital.hands.work()
    paid = await hall.ask(PayDeposit(**stay, amount_fen=Fen(50_000)))
    names = ("FindStay", "GetDepositReturn", "GetDischargeStatement", "ListDailyCosts", "ListDeposits", "ReturnDeposit")
    requests: dict[str, dict[str, Any]] = {each: dict(stay) for each in names}
    day = (await hall.ask(ListDailyCosts(admission_no=stay["admission_no"]))).on
    requests |= {"PrintDailyCosts": {**stay, "on": f"{day}"}, "PrintDischargeStatement": dict(stay)}
    requests |= {"PayDeposit": {**stay, "amount_fen": 10_000}, "GetDeposit": {"payment_no": paid.payment_no}}
    return requests, [stay["admission_no"], paid.payment_no]


async def _bills(hall: Kiosk, hospital: Stage, patient_no: str) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """One is being paid, the other not yet."""
    paying, open_one = await hospital.hands.order(patient_no, "0102")
    chosen = [ChosenInvoice(invoice_no=paying, version=1)]
    number = (await hall.ask(PayInvoices(chosen=chosen))).payment.payment_no
    requests: dict[str, dict[str, Any]] = {
        "GetInvoice": {"number": open_one},
        "PayInvoices": {"chosen": [{"invoice_no": open_one, "version": 1}]},
        "GetInvoicePayment": {"payment_no": number},
        "PrintPaidInvoice": {"invoice_no": open_one},
    }
    return requests, [paying, open_one, number]


async def _reports(hall: Kiosk, hospital: Stage, patient_no: str) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """What was ordered yesterday."""
    found = await hospital.reports.reports(patient_no, *EVER, 300)
    report = next(each for each in found if each.kind == "laboratory" and each.state == "final")
    [value, *_] = (await hall.ask(GetReport(order_no=report.order_no))).values
    [sheet] = (await hall.ask(PrintReports(order_nos=[report.order_no]))).sheets
    requests: dict[str, dict[str, Any]] = {
        "GetReport": {"order_no": report.order_no},
        "GetReportPicture": {"order_no": report.order_no, "nth": 1},
        "TrendOfValue": {"order_no": report.order_no, "analyte_code": value.analyte_code},
        "PrintReports": {"order_nos": [report.order_no]},
        "GetSheets": {"document_nos": [sheet.document_no]},
    }
    return requests, [report.order_no, sheet.document_no]


async def _registration(hall: Kiosk, hospital: Stage) -> tuple[dict[str, dict[str, Any]], list[str]]:
    number = await registered(hall, hospital)
    await hall.ask(IssueHoldSlip(payment_no=number))
    document_no = (await hall.ask(PrintSlip(payment_no=number))).document_no
    names = ("GetRegistration", "IssueHoldSlip", "PrintSlip", "ListDocuments")
    names += ("GetFiscalInvoice", "PrintFiscalInvoice", "GetFiscalPage")
    requests: dict[str, dict[str, Any]] = {each: {"payment_no": number} for each in names}
    return requests | {"ReprintSlip": {"document_no": document_no}}, [number, document_no]


async def registered(hall: Kiosk, hospital: Stage) -> str:
    """With a doctor whom the patient has no number for yet: on some days the hospital has given one at its window."""
    async for chosen in on_sale(hospital):
        wanted = RegisterToday(department_id=chosen.department_id, schedule_id=chosen.schedule_id)
        with suppress(AlreadyRegistered):
            return (await hall.ask(wanted)).payment.payment_no
    raise AssertionError("the patient has a number for everybody")


async def booked(hall: Kiosk, hospital: Stage) -> str:
    """As ``registered``."""
    async for chosen in on_sale(hospital, days_ahead=3):
        whose = {"department_id": chosen.department_id, "schedule_id": chosen.schedule_id}
        with suppress(AlreadyRegistered):
            return (await hall.ask(BookAppointment(**whose, on=chosen.service_date))).booking_no
    raise AssertionError("the patient has a number for everybody")


async def _booking(hall: Kiosk, hospital: Stage) -> tuple[dict[str, dict[str, Any]], str]:
    number = await booked(hall, hospital)
    requests: dict[str, dict[str, Any]] = {each: {"booking_no": number} for each in ("CancelAppointment", "CheckIn")}
    requests |= {each: {"payment_no": number} for each in ("GetAppointment", "SeeVisitChange")}
    return requests | {"CheckInBySlip": {"after": 0}}, number


async def on_sale(hospital: Stage, days_ahead: int = 0) -> AsyncGenerator[Schedule]:
    today = local_date(await hospital.now()) + timedelta(days=days_ahead)
    for department in await hospital.schedules.departments():
        for each in await hospital.schedules.schedules(department.department_id, today, today):
            if each.status == "open" and each.taken < each.capacity:
                yield each


def as_it_is(connector: Any) -> Any:
    return connector


def play(
    url: str,
    folder: Path,
    postgres: EmbeddedPostgres,
    story: Story,
    behind: Callable[[Any], Any] = as_it_is,
    **wants: Any,
) -> None:
    """A story on a stage of its own, from nine in the morning on; the first patient had tests ordered the day before.

    behind: what stands before the hospital's connector.
    wants: what the hospital wants, see ``Outside``."""

    async def whole() -> None:
        async with procedures(postgres, "whole_hospital") as hospital:
            [first] = await hospital.patient_numbers(1)
            await ordered_for(hospital, first)
            await hospital.pass_time(_until_nine(await hospital.now()))
            await hospital.hands.work()
            async with holder_stage(url, folder, hospital=behind(hospital.patients), **wants) as stage:
                stage.line.clock.at = await hospital.now()
                async with _driven(stage.business):
                    await story(stage, hospital)

    asyncio.run(whole())


@asynccontextmanager
async def _driven(business: Business) -> AsyncGenerator[None]:
    """Payments go on as in a process of the platform."""
    await business.payments.prepare()
    await business.lease.take()
    running = asyncio.create_task(business.driver.run())
    try:
        yield
    finally:
        await business.driver.stop()
        running.cancel()
        await asyncio.wait([running])


def _until_nine(now: datetime) -> timedelta:
    """To the next morning at which numbers of the day are sold."""
    here = now.astimezone(ZONE)
    return (here + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0) - here
