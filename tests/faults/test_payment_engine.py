"""What becomes of the money, whatever the world does: the real engine, store and PostgreSQL; a simulated world."""

from datetime import timedelta

import pytest
from payment_checks import check_the_money, pay_in_time, play, reference_of
from payment_far_side import FEE
from payment_world import World

from yinyi.business.payments.view import state_of


def test_paid_and_delivered(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await pay_in_time(it)
        assert state_of(plan) == "fulfilled"
        await check_the_money(it, plan)

    play(platform_url, story)


def test_nobody_pays(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.reason) == ("closed", "expired")
        await check_the_money(it, plan)

    play(platform_url, story)


def test_nothing_is_chosen(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await it.to_the_end(await it.open())
        assert (state_of(plan), plan.reason) == ("closed", "expired")
        assert list(it.hospital.numbers.values()) == ["released"]

    play(platform_url, story)


def test_cancelled_while_the_code_is_on_the_screen(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        await it.cancel(number)
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.reason) == ("closed", "cancelled")
        assert list(it.channel.orders.values()) == ["closed"]
        await check_the_money(it, plan)

    play(platform_url, story)


def test_paid_in_the_moment_of_cancelling(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        it.channel.pay(reference_of(await it.plan(number)))
        await it.cancel(number)
        plan = await it.to_the_end(number)
        assert state_of(plan) == "returned"
        await check_the_money(it, plan)

    play(platform_url, story)


def test_a_callback_is_enough_and_twice_is_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        it.channel.pay(reference_of(await it.plan(number)))
        for _ in range(3):
            await it.callback(number, "EV1")
        asked = it.script.seen.count("ask channel")
        plan = await it.to_the_end(number)
        assert it.script.seen.count("ask channel") == asked
        assert state_of(plan) == "fulfilled"
        await check_the_money(it, plan)

    play(platform_url, story)


@pytest.mark.parametrize(("amount_fen", "merchant"), [(1, "outpatient"), (FEE, "inpatient")])
def test_a_callback_that_does_not_fit_is_not_believed(platform_url: str, amount_fen: int, merchant: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        await it.callback(number, "EV1", amount_fen, merchant)
        await it.drive(number)
        plan = await it.plan(number)
        assert plan.attention == "callback_mismatch"
        assert plan.taken_fen == 0
        plan = await it.to_the_end(number)
        assert state_of(plan) == "closed"
        await check_the_money(it, plan)

    play(platform_url, story)


def test_success_after_closing_gives_the_money_back(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        await it.cancel(number)
        plan = await it.to_the_end(number)
        assert state_of(plan) == "closed"
        it.channel.orders[reference_of(plan)] = "paid"
        it.clock.advance(timedelta(hours=2))
        await it.callback(number, "LATE")
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.returned_fen) == ("returned", FEE)
        await check_the_money(it, plan)

    play(platform_url, story)


def test_another_code_after_the_first_is_surely_closed(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        first = reference_of(await it.plan(number))
        await it.choose_anew(number)
        await it.drive(number)
        plan = await it.plan(number)
        second = reference_of(plan)
        assert (it.channel.orders[first], it.channel.orders[second]) == ("closed", "open")
        assert not it.channel.pay(first)
        it.channel.pay(second)
        plan = await it.to_the_end(number)
        assert state_of(plan) == "fulfilled"
        await check_the_money(it, plan)

    play(platform_url, story)
