"""Whatever is paid for at a kiosk is paid by bank card, public card and social security card: by the way that its page
goes, at a real hospital of stored procedures, under the merchant number of its own scope."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from card_hall import MOVING, PATIENCE_S
from holder_stage import BANK_PAN, PUBLIC_PAN, SOCIAL_PAN, TILL, HolderStage, Kiosk
from line_stage import INPATIENT, OUTPATIENT
from whole_stage import booked, play, registered

from yinyi.app.business_start import DEMO_HOSPITAL
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.call import Call, Principal
from yinyi.bus.operation import Caller
from yinyi.business.billing.messages import PayInvoices
from yinyi.business.billing.model import ChosenInvoice
from yinyi.business.inpatient.messages import PayDeposit
from yinyi.business.lines.key_model import PosSession
from yinyi.business.payments.messages import GetPayment
from yinyi.business.payments.messages_cards import ReadCard
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid.messages import SetPrepaidMode, TopUp
from yinyi.business.scheduling.booking_model import BookingRules
from yinyi.business.scheduling.messages_booking import CheckIn
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.money import Fen

CARDS = {"bank_card": BANK_PAN, "public_card": PUBLIC_PAN, "social_security_card": SOCIAL_PAN}
Opens = Callable[[Kiosk, Stage, str], Awaitable[str]]
"""What a patient wants: the number of its payment."""


async def registration(hall: Kiosk, hospital: Stage, patient_no: str) -> str:
    return await registered(hall, hospital)


async def booking(hall: Kiosk, hospital: Stage, patient_no: str) -> str:
    return await booked(hall, hospital)


async def bill(hall: Kiosk, hospital: Stage, patient_no: str) -> str:
    [number, *_] = await hospital.hands.order(patient_no, "0102")
    return (await hall.ask(PayInvoices(chosen=[ChosenInvoice(invoice_no=number, version=1)]))).payment.payment_no


async def top_up(hall: Kiosk, hospital: Stage, patient_no: str) -> str:
    return (await hall.ask(TopUp(amount_fen=Fen(10_000)))).payment_no


async def deposit(hall: Kiosk, hospital: Stage, patient_no: str) -> str:
    admission_no = await hospital.hands.admit(patient_no)
    await hospital.hands.work()
    return (await hall.ask(PayDeposit(admission_no=admission_no, amount_fen=Fen(50_000)))).payment_no


JOURNEYS: dict[str, tuple[Opens, PosSession]] = {
    "registration": (registration, OUTPATIENT),
    "booking": (booking, OUTPATIENT),
    "bill": (bill, OUTPATIENT),
    "top-up": (top_up, OUTPATIENT),
    "deposit": (deposit, INPATIENT),
}


async def rested(stage: HolderStage, payment_no: str) -> str:
    """How the payment stands once nothing moves any more."""
    now = stage.line.clock.now()
    who = Principal(caller=Caller.STAFF, hospital_id=DEMO_HOSPITAL.hospital_id)
    call = Call(principal=who, now=now, deadline=now + timedelta(minutes=1), correlation_id="c")
    async with asyncio.timeout(PATIENCE_S):
        while True:
            plan = await stage.business.payments.settled(call, payment_no, MOVING)
            if plan is not None and state_of(plan) not in MOVING:
                return state_of(plan)


async def paid_by(stage: HolderStage, payment_no: str, kind: str, slot: PosSession) -> None:
    """The page offers it, the card is read, its bank takes the money in this session, the hospital is told."""
    assert await rested(stage, payment_no) == "ready"
    hall, bank = stage.hall, stage.line.bank
    before = bank.kinds().count("purchase")
    assert kind in (await hall.ask(GetPayment(number=payment_no))).reads
    await hall.ask(ReadCard(payment_no=payment_no, tender=kind))
    await hall.bring(CARDS[kind])
    assert await rested(stage, payment_no) == "fulfilled"
    payment = await hall.ask(GetPayment(number=payment_no))
    [purchase] = [each for each in bank.said if each.kind == "purchase"][before:]
    assert (payment.tender, payment.taken_fen) == (kind, payment.amount_fen)
    assert (purchase.slot, purchase.what[0], purchase.what[1].pan) == (slot, payment.amount_fen, CARDS[kind])


def test_every_journey_is_paid_by_every_card(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        await stage.ask(Caller.STAFF, SetPrepaidMode(mode="collect"), staff=TILL)
        for kind, patient_no in zip(CARDS, await hospital.patient_numbers(3), strict=True):
            await stage.comes(stage.hall, patient_no, f"持卡人{kind}")
            for opens, slot in JOURNEYS.values():
                await paid_by(stage, await opens(stage.hall, hospital, patient_no), kind, slot)

    play(platform_url, tmp_path, postgres, story)


def test_who_comes_for_a_booking_pays_by_every_card(
    platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres
) -> None:
    """Where bookings are paid on the day."""

    async def story(stage: HolderStage, hospital: Stage) -> None:
        people = dict(zip(CARDS, await hospital.patient_numbers(3), strict=True))
        numbers: dict[str, str] = {}
        for kind, patient_no in people.items():
            await stage.comes(stage.hall, patient_no, f"持卡人{kind}")
            numbers[kind] = await booked(stage.hall, hospital)
            assert await rested(stage, numbers[kind]) == "fulfilled", "booked, and nothing paid yet"
        await hospital.pass_time(timedelta(days=3) - timedelta(hours=2))
        stage.line.clock.at = await hospital.now()
        await stage.business.lease.take()
        for kind, patient_no in people.items():
            await stage.comes(stage.hall, patient_no, f"持卡人{kind}")
            coming = await stage.hall.ask(CheckIn(booking_no=numbers[kind]))
            await paid_by(stage, coming.payment.payment_no, kind, OUTPATIENT)

    play(platform_url, tmp_path, postgres, story, booking=BookingRules(paid="check_in"))
