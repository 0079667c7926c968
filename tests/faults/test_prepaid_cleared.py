"""All prepaid accounts are cleared, and none is kept any more."""

import asyncio

import pytest
from msgspec.structs import replace
from payment_checks import play, waits_for_a_lock
from payment_far_side import FEE
from payment_world import World
from prepaid_desk import (
    at_window,
    balance,
    choose_part,
    desk,
    listed,
    opening,
    topped_up,
)
from queue_desk import as_staff
from refund_desk import GIVEN_UP

from yinyi.bus.call import Call
from yinyi.business.payments.service import TAKEN_UP
from yinyi.business.prepaid import service
from yinyi.business.prepaid.errors import (
    AccountsInUse,
    BalancesLeft,
    StillCollecting,
    TopUpsClosed,
    TotalDiffers,
)
from yinyi.business.prepaid.messages import (
    BalancesReport,
    ClearBalances,
    TopUp,
)
from yinyi.business.prepaid.service import PrepaidService
from yinyi.kernel.money import Fen


def test_all_balances_are_cleared(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        number = await topped_up(it, prepaid)
        await opening(it, 300, owner="2")
        report = await listed(it, prepaid)
        assert (report.accounts, report.total_fen) == (2, FEE + 300)
        assert [(item.patient_id, item.to_origin_fen) for item in report.items] == [(1, FEE), (2, 0)]
        with pytest.raises(StillCollecting):
            await clear(it, prepaid, FEE + 300)
        await desk(it, "refund_only")
        with pytest.raises(TotalDiffers):
            await clear(it, prepaid, FEE)
        await clear(it, prepaid, FEE + 300)
        await it.to_the_end(number)
        assert (await balance(it), it.channel.kept_fen(), (await listed(it, prepaid)).total_fen) == (0, 0, 300)
        with pytest.raises(BalancesLeft):
            await desk(it, "off")

    play(platform_url, story)


def test_money_that_goes_over_the_counter_keeps_nobody_waiting(
    platform_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One account at a time: the first one's money came by a channel that the hospital has given up since."""
    monkeypatch.setattr(service, "AT_A_TIME", 1)

    async def story(it: World) -> None:
        prepaid = await desk(it)
        await topped_up(it, prepaid)
        async with it.database.transaction() as tx:
            await tx.execute(GIVEN_UP)
        second = replace(it.call().principal, patient_id=2)
        with monkeypatch.context() as patched:
            patched.setattr(it, "call", lambda key="k": replace(World.call(it, key), principal=second))
            await topped_up(it, prepaid)
        await desk(it, "refund_only")
        report = await listed(it, prepaid)
        assert (report.accounts, report.total_fen, report.next_after) == (2, 2 * FEE, 1)
        assert [(each.patient_id, each.to_origin_fen) for each in report.items] == [(1, 0)]
        await clear(it, prepaid, report.total_fen)
        await clear(it, prepaid, report.total_fen, report.next_after)
        report = await listed(it, prepaid)
        assert (report.accounts, report.total_fen, report.next_after) == (1, FEE, 0)
        assert [await balance(it, each) for each in "12"] == [FEE, 0]

    play(platform_url, story)


def test_whoever_goes_on_with_what_clearing_answers_passes_nobody_over(
    platform_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AT_A_TIME", 2)
    owners = (1, 2, 3, 4, 5)

    async def story(it: World) -> None:
        prepaid = await desk(it)
        for owner in owners:
            who = replace(it.call().principal, patient_id=owner)
            with monkeypatch.context() as patched:
                patched.setattr(it, "call", lambda key="k", who=who: replace(World.call(it, key), principal=who))
                await topped_up(it, prepaid)
        await desk(it, "refund_only")
        report, asked = await clear(it, prepaid, (await listed(it, prepaid)).total_fen), 1
        while report.next_after:
            report, asked = await clear(it, prepaid, report.total_fen, report.next_after), asked + 1
        assert (report.accounts, report.total_fen, asked) == (0, 0, 3)
        assert [await balance(it, str(each)) for each in owners] == [0] * len(owners)

    play(platform_url, story)


def test_accounts_are_not_switched_off_beside_what_credits_one(platform_url: str) -> None:
    """Neither while it is being opened, nor while it is open."""

    async def story(it: World) -> None:
        prepaid = await desk(it)
        call = it.call()
        async with it.database.transaction() as tx:
            number = await prepaid.top_up(tx, call, TopUp(amount_fen=Fen(FEE)), None)
            off = asyncio.create_task(desk(it, "off"))
            while not off.done() and not await waits_for_a_lock(it):
                pass
        with pytest.raises(AccountsInUse):
            await off
        it.begun[number] = call.notes.get(TAKEN_UP)
        await it.drive(number)
        await it.cancel(number)
        await it.to_the_end(number)
        await desk(it, "off")
        with pytest.raises(TopUpsClosed):
            await topped_up(it, prepaid)

    play(platform_url, story)


def test_accounts_are_not_switched_off_while_money_may_come_back_to_one(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await opening(it, FEE)
        number = await it.open(Fen(2 * FEE))
        await it.drive(number)
        await choose_part(it, number, FEE)
        assert await balance(it) == 0
        with pytest.raises(AccountsInUse):
            await desk(it, "off")
        await it.cancel(number)
        await it.to_the_end(number)
        assert await balance(it) == FEE
        with pytest.raises(BalancesLeft):
            await desk(it, "off")
        await at_window(it, prepaid, FEE, "R1")
        await desk(it, "off")

    play(platform_url, story)


async def clear(it: World, prepaid: PrepaidService, total_fen: int, after: int = 0) -> BalancesReport:
    staff: Call = as_staff(it, "operator")
    async with it.database.transaction() as tx:
        cleared = await prepaid.clear(tx, staff, ClearBalances(total_fen=Fen(total_fen), after=after), None)
        return await prepaid.show_cleared(tx, staff, cleared)
