"""Prepaid accounts: never overdrawn, whoever pays at once; money in and out agrees with the books at every moment."""

import asyncio
from typing import cast

import pytest
from payment_checks import play
from payment_far_side import FEE
from payment_world import World
from prepaid_desk import (
    ACCOUNT,
    CHANNEL,
    FUNDS,
    INCOME,
    balance,
    choose_part,
    desk,
    opening,
    paid_from_account,
    topped_up,
    withdraw,
)
from refund_desk import refund

from yinyi.business.payments.errors import AccountsClosed
from yinyi.business.payments.view import state_of, view_of
from yinyi.business.prepaid.errors import (
    TopUpsClosed,
)
from yinyi.business.prepaid.messages import (
    GetPrepaidAccount,
    TopUp,
)
from yinyi.business.prepaid.model import PrepaidMode
from yinyi.kernel.errors import NotAllowed

# ---- in


def test_a_top_up_is_on_the_account_with_the_write_that_says_that_it_was_taken(platform_url: str) -> None:
    async def story(it: World) -> None:
        await topped_up(it, await desk(it))
        assert await balance(it) == FEE
        assert [await it.balance(each) for each in (CHANNEL, ACCOUNT, FUNDS)] == [FEE, -FEE, 0]
        assert await it.books_differ() == []

    play(platform_url, story)


@pytest.mark.parametrize("mode", ["refund_only", "off"])
def test_no_top_ups_but_where_the_hospital_wants_them(platform_url: str, mode: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it, cast(PrepaidMode, mode))
        with pytest.raises(TopUpsClosed):
            await topped_up(it, prepaid)

    play(platform_url, story)


def test_a_top_up_is_not_paid_from_the_account(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await opening(it, FEE)
        async with it.database.transaction() as tx:
            number = await prepaid.top_up(tx, it.call(), TopUp(amount_fen=FEE), None)
        with pytest.raises(NotAllowed):
            await choose_part(it, number, None)

    play(platform_url, story)


# ---- paying


def test_paid_from_the_account(platform_url: str) -> None:
    async def story(it: World) -> None:
        await desk(it, "refund_only")
        await opening(it, FEE + 100)
        plan = await paid_from_account(it)
        assert state_of(plan) == "fulfilled"
        assert await balance(it) == 100
        assert [await it.balance(each) for each in (FUNDS, INCOME, CHANNEL)] == [0, -FEE, 0]
        assert it.channel.orders == {}

    play(platform_url, story)


def test_nothing_is_paid_from_accounts_where_there_are_none(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        with pytest.raises(AccountsClosed):
            await choose_part(it, number, None)
        await desk(it, "off")
        with pytest.raises(AccountsClosed):
            await choose_part(it, number, None)

    play(platform_url, story)


def test_too_little_is_refused_and_a_part_of_it_taken(platform_url: str) -> None:
    async def story(it: World) -> None:
        await desk(it)
        await opening(it, 2000)
        plan = await paid_from_account(it)
        assert (state_of(plan), view_of(plan, it.means.registry).reason) == ("ready", "insufficient_funds")
        assert await balance(it) == 2000
        await choose_part(it, plan.payment_no, 2000)
        plan = await it.plan(plan.payment_no)
        assert (state_of(plan), plan.taken_fen) == ("ready", 2000)
        assert await balance(it) == 0
        await it.cancel(plan.payment_no)
        assert state_of(await it.to_the_end(plan.payment_no)) == "returned"
        assert await balance(it) == 2000
        assert await it.balance(FUNDS) == 0

    play(platform_url, story)


def test_what_the_hospital_refuses_is_back_on_the_account_at_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        await desk(it)
        await opening(it, FEE)
        it.begin_anew(confirm=["refuse"])
        plan = await paid_from_account(it)
        assert state_of(await it.to_the_end(plan.payment_no)) == "returned"
        assert await balance(it) == FEE

    play(platform_url, story)


def test_what_comes_back_when_there_are_no_accounts_any_more_is_its_patients(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        top_up = await topped_up(it, prepaid)
        number = (await paid_from_account(it)).payment_no
        for mode in ("refund_only", "off"):
            prepaid = await desk(it, cast(PrepaidMode, mode))
        async with it.database.read() as tx:
            assert (await prepaid.get(tx, it.call(), GetPrepaidAccount())).mode == "off"
        await refund(it, number, 1500)
        await it.to_the_end(number)
        async with it.database.read() as tx:
            seen = await prepaid.get(tx, it.call(), GetPrepaidAccount())
        assert (seen.mode, seen.balance_fen) == ("refund_only", 1500)
        await withdraw(it, prepaid)
        await it.to_the_end(top_up)
        assert (await balance(it), it.channel.kept_fen()) == (0, FEE - 1500)
        assert await it.books_differ() == []

    play(platform_url, story)


def test_a_refund_goes_back_onto_the_account(platform_url: str) -> None:
    async def story(it: World) -> None:
        await desk(it)
        await opening(it, FEE)
        number = (await paid_from_account(it)).payment_no
        await refund(it, number, 1500)
        await it.to_the_end(number)
        assert await balance(it) == 1500
        assert await it.balance(INCOME) == -(FEE - 1500)

    play(platform_url, story)


def test_many_at_once_never_take_more_than_there_is(platform_url: str) -> None:
    """A balance for five of twenty-four, all in the same moment: whoever comes sixth is told so."""

    async def story(it: World) -> None:
        await desk(it)
        await opening(it, 5 * 700 + 699)
        plans = await asyncio.gather(*(paid_from_account(it, 700) for _ in range(24)))
        states = [state_of(plan) for plan in plans]
        assert (states.count("fulfilled"), states.count("ready")) == (5, 19)
        assert await balance(it) == 699
        assert await it.balance(INCOME) == -5 * 700
        takes = [take for plan in plans for take in plan.takes()]
        assert {take.reason for take in takes if take.state == "refused"} == {"insufficient_funds"}

    play(platform_url, story)


def test_first_credits_at_once_make_one_balance(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await asyncio.gather(*(topped_up(it, prepaid) for _ in range(6)))
        assert await balance(it) == 6 * FEE

    play(platform_url, story)
