"""Backups of a payment at every moment, and what the outside has seen since."""

import itertools
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from payment_checks import check_the_money
from payment_far_side import SimChannel, SimClock, SimHospital
from payment_world import ZONE, World, world
from queue_desk import as_staff

from yinyi.app.backup.epoch import begin_epoch
from yinyi.bus.database import Database
from yinyi.business.payments.cards import CardLines
from yinyi.business.payments.messages import ChooseTender, RefundPayment
from yinyi.business.payments.model import Order, RefundOrder
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.service import TAKEN_UP, PaymentService
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Outcome

PART = Fen(2000)
Act = Callable[[World, str], Awaitable[None]]


@dataclass
class Outside:
    """What goes on while the database goes back; and every reference that was ever sent for a new order or refund."""

    hospital: SimHospital
    channel: SimChannel
    at: datetime
    sent: list[str] = field(default_factory=list[str])


async def drive(it: World, number: str) -> None:
    """A little later, so that whoever is waited for is asked again."""
    it.clock.advance(timedelta(seconds=6))
    await it.drive(number)


async def choose(it: World, number: str) -> None:
    await it.choose(number)


async def choose_a_part(it: World, number: str) -> None:
    call = it.call()
    async with it.database.transaction() as tx:
        await it.payments.tenders.choose(
            tx, call, ChooseTender(payment_no=number, tender="wechatpay", amount_fen=PART), None
        )
    it.begun[number] = call.notes.get(TAKEN_UP)


async def choose_anew(it: World, number: str) -> None:
    await it.choose_anew(number)


async def cancel(it: World, number: str) -> None:
    await it.cancel(number)


async def pay(it: World, number: str) -> None:
    """Whatever code is open, the latest first."""
    for reference in reversed(list(it.channel.orders)):
        if it.channel.pay(reference):
            return


async def no_more_numbers(it: World, number: str) -> None:
    """The hospital takes the number back before it hears of the money."""
    for reference in it.hospital.numbers:
        it.hospital.numbers[reference] = "released"


async def later(it: World, number: str) -> None:
    it.clock.advance(timedelta(minutes=9))


JOURNEYS: dict[str, tuple[Act, ...]] = {
    "paid and delivered": (drive, choose, drive, pay, drive, drive),
    "another code": (drive, choose, drive, choose_anew, drive, pay, drive),
    "in two parts": (drive, choose_a_part, drive, pay, drive, choose, drive, pay, drive, drive),
    "a part, and no more": (drive, choose_a_part, drive, pay, drive, later, drive, drive, drive),
    "cancelled": (drive, choose, drive, cancel, drive),
    "never paid": (drive, choose, drive, later, drive, drive),
    "nothing chosen": (drive, later, drive),
    "the hospital refuses": (drive, choose, drive, pay, no_more_numbers, drive, drive, drive),
}
PAIRS = [
    pytest.param(name, kept, lost, marks=() if lost == len(acts) else pytest.mark.slow)
    for name, acts in JOURNEYS.items()
    for kept, lost in itertools.combinations(range(len(acts) + 1), 2)
]


"""The quick ones have everything happen before the database goes back."""


async def delivered(it: World) -> str:
    """A payment that is paid and delivered; its number."""
    number = await it.open()
    for act in JOURNEYS["paid and delivered"]:
        await act(it, number)
    return number


async def refunds(it: World, number: str, payments: PaymentService | None = None) -> None:
    """Staff give back a part. payments: of a process that drives by itself."""
    message = RefundPayment(payment_no=number, amount_fen=PART, reason="少做一项检查")
    async with it.database.transaction() as tx:
        await RefundDesk(payments or it.payments, ZONE).refund(tx, as_staff(it, "operator"), message, None)


async def held_before(url: str, copies: Callable[[str], str]) -> tuple[str, Outside, str]:
    """A number is held when the database is copied; the copy, the far side as it is then, and the payment's number."""
    async with inside(url) as (it, outside):
        number = await it.open()
        await it.drive(number)
    return copies(url), outside, number


@asynccontextmanager
async def inside(
    url: str, outside: Outside | None = None, cards: Callable[[Database, SimClock], CardLines] | None = None
) -> AsyncGenerator[tuple[World, Outside]]:
    """A business process on this database, with the far side as it is; ``cards``: with lines to a bank."""
    async with world(url, cards=cards) as it:
        if outside is not None:
            it.hospital.numbers, it.channel.orders = outside.hospital.numbers, outside.channel.orders
            it.channel.refunds, it.channel.amounts = outside.channel.refunds, outside.channel.amounts
            it.clock.at = outside.at
            await it.means.lease.take()
        now = Outside(it.hospital, it.channel, it.clock.at, outside.sent if outside else [])
        record(it, now.sent)
        await it.payments.prepare()
        yield it, now
        now.at = it.clock.at


def record(it: World, sent: list[str]) -> None:
    show_code, refund = it.channel.show_code, it.channel.refund

    async def recorded_code(order: Order) -> Outcome:
        sent.append(order.reference)
        return await show_code(order)

    async def recorded_refund(order: RefundOrder) -> Outcome:
        sent.append(order.reference)
        return await refund(order)

    it.channel.show_code, it.channel.refund = recorded_code, recorded_refund


async def restored(url: str, outside: Outside) -> int:
    """So long after the crash that calls which were on their way have arrived."""
    reached_at, outside.at = outside.at, outside.at + timedelta(seconds=20)
    return await begin_epoch(url, outside.at, reached_at, 0)


def another(number: str) -> str:
    """A payment number that is not this one."""
    return number[:-1] + ("Y" if number.endswith("Z") else "Z")


async def agree(it: World, plan: Plan) -> None:
    """The money is where it belongs, and nothing of the time that was lost is still asked for."""
    await check_the_money(it, plan)
    assert plan.gap_until is None
