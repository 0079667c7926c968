"""Cash at the window for a payment that was begun at a kiosk."""

from collections import deque
from datetime import timedelta

import pytest
from payment_checks import play, reference_of
from payment_far_side import FEE
from payment_world import World
from prepaid_desk import choose_part, desk, opening
from refund_desk import given_back_in_cash, refund

from yinyi.business.payments import signals
from yinyi.business.payments.errors import CashDiffers, PaymentClosed, TenderUnderWay
from yinyi.business.payments.plan import TAKE
from yinyi.business.payments.view import state_of
from yinyi.kernel.money import Fen


async def with_a_hold_slip(it: World) -> str:
    """A registration whose number is kept for the window."""
    number = await it.open()
    await it.drive(number)
    return number


async def collect(it: World, number: str, fen: int | None = None) -> None:
    """The cashier takes the money; ``fen``: as much as he says."""
    async with it.database.transaction() as tx:
        plan = await signals.locked(tx, 1, number)
        assert plan is not None
        told = {"operator": "007", "receipt_no": "R1"}
        await it.payments.counter.take(tx, it.call(), plan, told, 0, None if fen is None else Fen(fen))


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


async def with_two_refunds(it: World) -> str:
    """Paid in cash, of which 12.00 and then 9.00 are to be given back."""
    number = await with_a_hold_slip(it)
    await collect(it, number)
    await it.to_the_end(number)
    for fen in (1200, 900):
        await refund(it, number, fen)
    await it.drive(number)
    return number


def test_of_several_refunds_in_cash_the_cashier_says_which_he_has_given(platform_url: str) -> None:
    """Or the next one would give the other once more."""

    async def story(it: World) -> None:
        number = await with_two_refunds(it)
        for wrong in (None, 2000, 1):
            with pytest.raises(CashDiffers):
                await given_back_in_cash(it, number, wrong)
        assert (await given_back_in_cash(it, number, 900)).returned_fen == 900
        assert (await given_back_in_cash(it, number, None)).returned_fen == 2100
        with pytest.raises(PaymentClosed):
            await given_back_in_cash(it, number, None)
        await it.to_the_end(number)
        assert await it.balance("channel:window:outpatient") == FEE - 2100

    play(platform_url, story)


def test_several_refunds_are_given_in_cash_at_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await with_two_refunds(it)
        assert (await given_back_in_cash(it, number, 2100)).returned_fen == 2100
        await it.to_the_end(number)
        assert await it.balance("channel:window:outpatient") == FEE - 2100

    play(platform_url, story)


def test_cash_is_not_booked_where_it_is_not_what_is_owed(platform_url: str) -> None:
    """A part was paid otherwise since the slip was printed, and the cashier has taken what stands on it."""

    async def story(it: World) -> None:
        number = await with_a_hold_slip(it)
        await desk(it)
        await opening(it, 1700)
        await choose_part(it, number, 1700)
        with pytest.raises(CashDiffers):
            await collect(it, number, FEE)
        assert await it.balance("channel:window:outpatient") == 0
        await collect(it, number, FEE - 1700)
        assert state_of(await it.to_the_end(number)) == "fulfilled"

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
