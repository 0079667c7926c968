"""Money leaves prepaid accounts: to where it came from, and over the counter."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from payment_checks import play
from payment_far_side import FEE
from payment_world import World
from prepaid_desk import (
    FUNDS,
    at_window,
    balance,
    desk,
    given_back_at_channel,
    opening,
    paid_from_account,
    topped_up,
    withdraw,
)
from queue_desk import as_staff
from refund_desk import refund

from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.prepaid.errors import (
    NothingOnAccount,
    OnlyAtWindow,
    ToOrigin,
)
from yinyi.business.prepaid.messages import (
    WithdrawAtWindow,
)
from yinyi.kernel.errors import Invalid
from yinyi.kernel.money import Fen


def test_withdrawn_to_where_it_came_from_newest_first(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        first, second = await topped_up(it, prepaid), await topped_up(it, prepaid)
        await paid_from_account(it, 3000)
        await withdraw(it, prepaid)
        assert await balance(it) == 0, "before anything has left"
        assert await it.balance(FUNDS) == -(2 * FEE - 3000)
        with pytest.raises(NothingOnAccount):
            await withdraw(it, prepaid)
        for number in (first, second):
            await it.to_the_end(number)
        assert ((await it.plan(second)).returned_fen, (await it.plan(first)).returned_fen) == (FEE, FEE - 3000)
        assert it.channel.kept_fen() == 3000
        assert await it.books_differ() == []
        assert await it.balance(FUNDS) == 0

    play(platform_url, story)


def test_two_withdrawals_at_once_give_back_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        number = await topped_up(it, prepaid)
        both = await asyncio.gather(*(withdraw(it, prepaid, FEE) for _ in range(2)), return_exceptions=True)
        assert sorted(type(each).__name__ for each in both) == ["NoneType", "NothingOnAccount"]
        await it.to_the_end(number)
        assert (await balance(it), it.channel.kept_fen()) == (0, 0)

    play(platform_url, story)


def test_what_is_spent_is_not_given_back(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        number = await topped_up(it, prepaid)
        await paid_from_account(it, 4000)
        for fen in (None, 1001):
            with pytest.raises(BalanceTooLow):
                await refund(it, number, fen)
        with pytest.raises(BalanceTooLow):
            await withdraw(it, prepaid, 1001)
        await refund(it, number, 1000)
        await it.to_the_end(number)
        assert (await balance(it), it.channel.kept_fen()) == (0, 4000)
        assert await it.books_differ() == []

    play(platform_url, story)


@pytest.mark.parametrize(("spent_fen", "short_fen"), [(FEE, 1200), (FEE - 700, 500), (FEE - 1200, 0)])
def test_what_somebody_gives_back_at_the_channel_after_it_was_spent_is_our_loss_until_it_is_found(
    platform_url: str, spent_fen: int, short_fen: int
) -> None:
    """What is left on the account goes first."""

    async def story(it: World) -> None:
        prepaid = await desk(it)
        number = await topped_up(it, prepaid)
        await paid_from_account(it, spent_fen)
        plan = await given_back_at_channel(it, number, 1200)
        assert plan.attention == "refunded_at_channel"
        assert (await balance(it), await it.balance("suspense:short")) == (0, short_fen)
        assert await it.books_differ() == []

    play(platform_url, story)


def test_other_money_goes_over_the_counter(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await opening(it, 800)
        with pytest.raises(OnlyAtWindow):
            await withdraw(it, prepaid)
        await topped_up(it, prepaid)
        with pytest.raises(ToOrigin):
            await at_window(it, prepaid, 801, "R1")
        with pytest.raises(BalanceTooLow):
            await at_window(it, prepaid, FEE + 801, "R1")
        await at_window(it, prepaid, 800, "R1")
        assert (await balance(it), await it.balance("paid_out:window:outpatient")) == (FEE, -800)
        await withdraw(it, prepaid)
        assert await balance(it) == 0

    play(platform_url, story)


def test_an_old_top_up_goes_over_the_counter(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await topped_up(it, prepaid)
        it.clock.advance(timedelta(days=351))
        with pytest.raises(OnlyAtWindow):
            await withdraw(it, prepaid)
        await at_window(it, prepaid, FEE, "R1")
        assert await balance(it) == 0

    play(platform_url, story)


def test_a_top_up_by_a_channel_that_was_given_up_goes_over_the_counter(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await topped_up(it, prepaid)
        async with it.database.transaction() as tx:
            await tx.execute('UPDATE payment_step SET params = params || \'{"channel": "given_up"}\'')
        with pytest.raises(OnlyAtWindow):
            await withdraw(it, prepaid)
        await at_window(it, prepaid, FEE, "R1")
        assert await balance(it) == 0

    play(platform_url, story)


@pytest.mark.parametrize("who", [{}, {"patient_no": " "}, {"patient_id": 1, "patient_no": "P1"}])
def test_who_withdraws_at_the_window_is_named_once(platform_url: str, who: dict[str, Any]) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await opening(it, FEE)
        message = WithdrawAtWindow(amount_fen=Fen(FEE), receipt_no="R1", **who)
        async with it.database.transaction() as tx:
            with pytest.raises(Invalid):
                await prepaid.withdraw_at_window(tx, as_staff(it, "operator"), message, None)
        assert await balance(it) == FEE

    play(platform_url, story)


def test_the_receipt_of_cash_stands_in_the_audit_log(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await opening(it, FEE)
        await at_window(it, prepaid, FEE, "R-17")
        async with it.database.read() as tx:
            rows = await tx.fetch("SELECT subject, detail FROM audit WHERE operation = 'prepaid.WithdrawAtWindow.v1'")
        assert [tuple(row) for row in rows] == [("1", f'{{"amount_fen":{FEE},"receipt_no":"R-17"}}')]

    play(platform_url, story)
