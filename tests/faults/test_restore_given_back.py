"""What was given back in the time that a restore has lost is not given back or spent once more."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from charge_desk import ChargeDesk
from payment_far_side import FEE
from payment_world import ZONE, World
from prepaid_desk import at_window, balance, choose_account, choose_part, desk, topped_up, withdraw
from process_stage import PATIENCE_S, start
from refund_desk import told_by_channel
from restore_stage import (
    PART,
    Outside,
    choose,
    delivered,
    drive,
    held_before,
    inside,
    no_more_numbers,
    pay,
    refunds,
    restored,
)

from yinyi.business.payments.driver import Driver
from yinyi.business.payments.errors import StillAsked
from yinyi.business.payments.service import PaymentService
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid.service import PrepaidService

OLD = timedelta(days=30)
"""Longer ago than what a restore asks about by itself, but for top-ups."""


def test_a_part_that_was_given_back_meanwhile_leaves_the_rest_delivered(
    platform_url: str, copies: Callable[[str], str]
) -> None:
    async def story() -> None:
        async with inside(platform_url) as (it, outside):
            number = await delivered(it)
        url = copies(platform_url)
        async with inside(platform_url, outside) as (it, outside):
            await refunds(it, number)
            await it.drive(number)
            assert len(it.channel.refunds) == 1
        await restored(url, outside)
        async with inside(url, outside) as (it, _):
            with pytest.raises(StillAsked):
                await refunds(it, number)
            it.clock.advance(timedelta(seconds=40))
            await it.drive(number)
            plan = await it.to_the_end(number)
            assert (state_of(plan), plan.returned_fen) == ("fulfilled", PART)
            assert it.channel.kept_fen() == FEE - PART
            assert "confirmed" in it.hospital.numbers.values()
            assert await it.books_differ() == []

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


def test_what_somebody_else_gave_back_meanwhile_is_not_delivered(
    platform_url: str, copies: Callable[[str], str]
) -> None:
    """Paid in lost time, and given back in the channel's console: no refund of ours explains what the channel says."""

    async def story() -> None:
        url, outside, number = await held_before(platform_url, copies)
        async with inside(platform_url, outside) as (it, outside):
            for act in (choose, drive, pay):
                await act(it, number)
            [reference] = it.channel.orders
            it.channel.refunds["CONSOLE"] = (reference, FEE)
        await restored(url, outside)
        async with inside(url, outside) as (it, _):
            for _ in range(10):
                it.clock.advance(timedelta(seconds=20))
                await it.drive(number)
            plan = await it.plan(number)
            assert (plan.gap_until, plan.attention, plan.taken_fen) == (None, "take_given_back", 0)
            await told_by_channel(it, plan, FEE, "CONSOLE", "R1")
            plan = await it.to_the_end(number)
            assert (state_of(plan), plan.returned_fen, plan.attention) == ("returned", FEE, "refunded_at_channel")
            assert "confirmed" not in it.hospital.numbers.values()
            assert await it.books_differ() == []

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


async def of_a_process(it: World) -> tuple[PaymentService, Driver]:
    """Its driver does what it is told to, besides what a test drives by hand."""
    driver = (await start(it, "one")).driver
    return PaymentService(it.database, it.means.registry, driver, ZONE), driver


async def topped_up_and_taken_out(url: str, copies: Callable[[str], str]) -> tuple[str, Outside, str]:
    """A prepaid account is paid out in the time that is lost; the restored copy, the far side, the top-up's number."""
    async with inside(url) as (it, outside):
        assert await ChargeDesk(it).admit() == 1
        number = await topped_up(it, await desk(it))
    copy = copies(url)
    async with inside(url, outside) as (it, outside):
        await withdraw(it, await desk(it))
        await it.to_the_end(number)
        assert it.channel.kept_fen() == 0
    await restored(copy, outside)
    return copy, outside, number


def test_what_was_paid_out_meanwhile_is_not_spent_once_more(platform_url: str, copies: Callable[[str], str]) -> None:
    """Neither for something else, nor by the hospital, nor over the counter; whoever tries has it asked about now."""

    async def story() -> None:
        url, outside, number = await topped_up_and_taken_out(platform_url, copies)
        async with inside(url, outside) as (it, _):
            prepaid = await desk(it)
            other = await it.open()
            await it.drive(other)
            spent = (
                choose_part(it, other, None),
                ChargeDesk(it).charge("C1", FEE),
                at_window(it, prepaid, FEE, "R1"),
                withdraw(it, prepaid),
            )
            for each in spent:
                with pytest.raises(StillAsked):
                    await each
            it.clock.advance(timedelta(seconds=40))
            payments, driver = await of_a_process(it)
            payment_id = (await it.plan(number)).payment_id
            with pytest.raises(StillAsked):
                await withdraw(it, PrepaidService(payments, ZONE))
            await driver.moved(payment_id, PATIENCE_S)
            assert (await it.plan(number)).gap_until is None
            assert await balance(it) == 0
            await choose_part(it, other, None)
            plan = await it.to_the_end(other)
            assert state_of(plan) == "closed", "there is nothing on the account"
            assert await it.books_differ() == []

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


def test_an_account_that_was_chosen_before_is_not_used_before_it_was_asked_about(
    platform_url: str, copies: Callable[[str], str]
) -> None:
    """The choice is in the backup, the money was paid out since: whoever drives it asks first."""

    async def story() -> None:
        async with inside(platform_url) as (it, outside):
            prepaid = await desk(it)
            topped = await topped_up(it, prepaid)
            it.clock.advance(OLD)
            number = await it.open()
            await it.drive(number)
            await choose_account(it, number)
        url = copies(platform_url)
        async with inside(platform_url, outside) as (it, outside):
            await it.cancel(number)
            await it.to_the_end(number)
            await withdraw(it, prepaid)
            await it.to_the_end(topped)
            assert (it.channel.kept_fen(), await balance(it)) == (0, 0)
        await restored(url, outside)
        async with inside(url, outside) as (it, _):
            it.hospital.numbers = dict.fromkeys(it.hospital.numbers, "held")
            it.clock.advance(timedelta(seconds=40))
            await it.drive(number)
            assert (await it.plan(number)).gap_until is None
            assert (await it.plan(number)).taken_fen == 0, "taken before anybody has said what became of it"
            async with it.database.read() as tx:
                due_at = await tx.fetchval("SELECT next_at FROM payment WHERE payment_no = $1", topped)
            assert due_at <= it.clock.now(), "by its age it would be its turn in hours"
            await it.drive(topped)
            assert await balance(it) == 0
            plan = await it.to_the_end(number)
            assert (state_of(plan), plan.taken_fen) == ("closed", 0)
            assert it.channel.kept_fen() == 0
            assert await it.books_differ() == []

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


def test_an_account_that_nobody_can_be_asked_about_is_not_used_at_all(
    platform_url: str, copies: Callable[[str], str]
) -> None:
    """Until there is no time left to pay: then the payer is told so, and nothing was taken."""

    async def story() -> None:
        async with inside(platform_url) as (it, outside):
            topped = await topped_up(it, await desk(it))
            number = await it.open()
            await it.drive(number)
            await choose_account(it, number)
        url = copies(platform_url)
        await restored(url, outside)
        async with inside(url, outside) as (it, _):
            plan = await it.to_the_end(number)
            assert (await it.plan(topped)).gap_until is not None
            assert (state_of(plan), plan.taken_fen, await balance(it)) == ("closed", 0, FEE)
            assert plan.takes()[-1].reason == "expired"

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


def test_a_refund_that_was_known_before_gives_nothing_more_back(
    platform_url: str, copies: Callable[[str], str]
) -> None:
    """Whatever the hospital says by now of what was delivered: nothing new was found, so nothing new is decided."""

    async def story() -> None:
        async with inside(platform_url) as (it, outside):
            number = await delivered(it)
            await refunds(it, number)
            await it.to_the_end(number)
        url = copies(platform_url)
        await no_more_numbers(it, number)
        await restored(url, outside)
        async with inside(url, outside) as (it, _):
            it.clock.advance(timedelta(seconds=40))
            await it.drive(number)
            plan = await it.to_the_end(number)
            assert plan.gap_until is None
            assert (state_of(plan), plan.returned_fen) == ("fulfilled", PART)
            assert it.channel.kept_fen() == FEE - PART
            assert await it.books_differ() == []

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


def test_of_an_old_payment_nothing_is_given_back_before_it_was_asked_about(
    platform_url: str, copies: Callable[[str], str]
) -> None:
    async def story() -> None:
        async with inside(platform_url) as (it, outside):
            number = await delivered(it)
            it.clock.advance(OLD)
        url = copies(platform_url)
        async with inside(platform_url, outside) as (it, outside):
            await refunds(it, number)
            await it.drive(number)
            assert it.channel.kept_fen() == FEE - PART
        await restored(url, outside)
        async with inside(url, outside) as (it, _):
            assert (await it.plan(number)).gap_until is None
            it.clock.advance(timedelta(minutes=1))
            payments, driver = await of_a_process(it)
            payment_id = (await it.plan(number)).payment_id
            with pytest.raises(StillAsked):
                await refunds(it, number, payments)
            await driver.moved(payment_id, PATIENCE_S)
            plan = await it.to_the_end(number)
            assert (state_of(plan), plan.returned_fen) == ("fulfilled", PART), "what was given back then"
            await refunds(it, number, payments)
            plan = await it.to_the_end(number)
            assert (plan.returned_fen, it.channel.kept_fen()) == (2 * PART, FEE - 2 * PART), "and now more of it"
            assert await it.books_differ() == []

    asyncio.run(asyncio.wait_for(story(), PATIENCE_S))
