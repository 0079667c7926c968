"""All of the business layer with a hospital and a bank behind it, and what the first patient of the day has done at one
of its kiosks: something of everything that can be somebody's own."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from holder_stage import TILL, HolderStage, Kiosk, holder_stage
from hospital_stage import Stage, local_date, procedures
from line_stage import ZONE

from yinyi.app.business import Business
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.operation import Caller
from yinyi.business.documents.messages import PrintSlip
from yinyi.business.identity.messages import ListCredentials
from yinyi.business.identity.messages_cards import ReadCardToIdentify
from yinyi.business.inpatient.messages import PayDeposit
from yinyi.business.prepaid.messages import SetPrepaidMode, TopUp
from yinyi.business.scheduling.messages import IssueHoldSlip, RegisterToday
from yinyi.business.scheduling.model import Schedule
from yinyi.kernel.money import Fen

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
    requests |= {"GetPayment": {"number": top_up}, "SubmitScanned": {"payment_no": top_up, "after": 0}}
    more, marks = await _stay(hall, hospital, patient_no)
    paper, papers = await _registration(hall, hospital)
    return Theirs(requests | more | paper, [name, patient_no, top_up, *marks, *papers])


async def _media(hall: Kiosk) -> dict[str, dict[str, Any]]:
    bound = await hall.bound()
    [credential] = (await hall.ask(ListCredentials())).credentials
    ticket = (await hall.ask(ReadCardToIdentify())).ticket
    return {
        "GetCardBinding": {"request_id": bound.request_id},
        "UnbindCredential": {"credential_id": credential.credential_id},
        **{name: {"ticket": ticket} for name in ("IdentifyByCard", "GetTicket", "RegisterPatient")},
        "ChoosePatient": {"ticket": ticket, "choice": "1"},
    }


async def _stay(hall: Kiosk, hospital: Stage, patient_no: str) -> tuple[dict[str, dict[str, Any]], list[str]]:
    stay = {"admission_no": await hospital.hands.admit(patient_no)}
    await hospital.hands.work()
    paid = await hall.ask(PayDeposit(**stay, amount_fen=Fen(50_000)))
    names = ("FindStay", "GetDepositReturn", "GetDischargeStatement", "ListDailyCosts", "ListDeposits", "ReturnDeposit")
    requests: dict[str, dict[str, Any]] = {each: dict(stay) for each in names}
    requests |= {"PayDeposit": {**stay, "amount_fen": 10_000}, "GetDeposit": {"payment_no": paid.payment_no}}
    return requests, [stay["admission_no"], paid.payment_no]


async def _registration(hall: Kiosk, hospital: Stage) -> tuple[dict[str, dict[str, Any]], list[str]]:
    chosen = await _sold_today(hospital)
    taken = await hall.ask(RegisterToday(department_id=chosen.department_id, schedule_id=chosen.schedule_id))
    number = taken.payment.payment_no
    await hall.ask(IssueHoldSlip(payment_no=number))
    document_no = (await hall.ask(PrintSlip(payment_no=number))).document_no
    names = ("GetRegistration", "IssueHoldSlip", "PrintSlip", "ListDocuments")
    requests: dict[str, dict[str, Any]] = {each: {"payment_no": number} for each in names}
    return requests | {"ReprintSlip": {"document_no": document_no}}, [number, document_no]


async def _sold_today(hospital: Stage) -> Schedule:
    today = local_date(await hospital.now())
    for department in await hospital.schedules.departments():
        for each in await hospital.schedules.schedules(department.department_id, today, today):
            if each.status == "open" and each.taken < each.capacity:
                return each
    raise AssertionError("nothing is sold today")


def play(url: str, folder: Path, postgres: EmbeddedPostgres, story: Story) -> None:
    """A story on a stage of its own, from nine in the morning on."""

    async def whole() -> None:
        async with procedures(postgres) as hospital:
            await hospital.pass_time(_until_nine(await hospital.now()))
            async with holder_stage(url, folder, hospital=hospital.patients) as stage:
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
