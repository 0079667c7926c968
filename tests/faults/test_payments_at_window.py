"""Cash at the window for a payment that was begun at a kiosk."""

from collections import deque
from datetime import timedelta

import pytest
from payment_checks import play, reference_of
from payment_far_side import FEE
from payment_world import World

from yinyi.business.payments import signals
from yinyi.business.payments.errors import PaymentClosed, TenderUnderWay
from yinyi.business.payments.plan import TAKE
from yinyi.business.payments.view import state_of


async def with_a_hold_slip(it: World) -> str:
    """A registration whose number is kept for the window."""
    number = await it.open()
    await it.drive(number)
    return number


async def collect(it: World, number: str) -> None:
    """The cashier takes the money."""
    async with it.database.transaction() as tx:
        plan = await signals.locked(tx, 1, number)
        assert plan is not None
        told = {"operator": "007", "receipt_no": "R1"}
        await it.payments.counter.take(tx, it.call(), plan, told, 0)


def test_cash_is_taken_delivered_and_booked(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await with_a_hold_slip(it)
        await collect(it, number)
        plan = await it.to_the_end(number)
        take = plan.latest(TAKE)
        assert take is not None
        assert (state_of(plan), take.channel, take.evidence["operator"]) == ("fulfilled", "window", "007")
        assert await it.balance("channel:window:outpatient") == FEE
        async with it.database.read() as tx:
            history = await tx.fetchval("SELECT string_agg(what::text, ' ' ORDER BY version) FROM payment_event")
        assert f'"reference": "{take.reference}"' in history, "what the cashier did is in the payment's history"

    play(platform_url, story)


def test_cash_for_what_the_hospital_refuses_waits_for_the_cashier_and_ends_with_him(platform_url: str) -> None:
    async def story(it: World) -> None:
        it.script.mishaps["confirm"] = deque(["refuse"])
        number = await with_a_hold_slip(it)
        await collect(it, number)
        await it.drive(number)
        plan = await it.plan(number)
        assert (state_of(plan), plan.attention) == ("returning", "refund_waiting")
        async with it.database.transaction() as tx:
            told = {"operator": "007", "receipt_no": "R2"}
            await it.payments.counter.give_back(tx, it.call(), plan, told, 0)
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.attention) == ("returned", "")
        assert await it.balance("channel:window:outpatient") == 0

    play(platform_url, story)


@pytest.mark.parametrize("meanwhile", ["a code is open", "the code is paid", "cancelled", "too late", "collected"])
def test_the_cashier_is_told_when_he_must_not_take_the_money(platform_url: str, meanwhile: str) -> None:
    async def story(it: World) -> None:
        number = await with_a_hold_slip(it)
        if meanwhile in ("a code is open", "the code is paid"):
            await it.choose(number)
            await it.drive(number)
        match meanwhile:
            case "the code is paid":
                it.channel.pay(reference_of(await it.plan(number)))
                it.clock.advance(timedelta(seconds=6))
                await it.drive(number)
            case "cancelled":
                await it.cancel(number)
            case "too late":
                it.clock.advance(timedelta(minutes=9))
            case "collected":
                await collect(it, number)
            case _:
                pass
        with pytest.raises((PaymentClosed, TenderUnderWay)):
            await collect(it, number)

    play(platform_url, story)
