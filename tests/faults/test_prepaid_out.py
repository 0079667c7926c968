"""Money leaves prepaid accounts: to where it came from, over the counter, and all of it when they are cleared."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from payment_checks import play, waits_for_a_lock
from payment_far_side import FEE
from payment_world import World
from prepaid_desk import FUNDS, balance, choose_part, desk, listed, opening, paid_from_account, topped_up, withdraw
from queue_desk import as_staff
from refund_desk import GIVEN_UP, refund

from yinyi.bus.call import Call
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.payments.model import CallbackRead, RefundedAtChannel
from yinyi.business.payments.plan import TAKE
from yinyi.business.payments.service import TAKEN_UP
from yinyi.business.prepaid import service
from yinyi.business.prepaid.errors import (
    AccountsInUse,
    BalancesLeft,
    NothingOnAccount,
    OnlyAtWindow,
    StillCollecting,
    ToOrigin,
    TopUpsClosed,
    TotalDiffers,
)
from yinyi.business.prepaid.messages import (
    BalancesReport,
    ClearBalances,
    GetPrepaidAccount,
    GetWithdrawal,
    TopUp,
    Withdraw,
    Withdrawal,
    WithdrawAtWindow,
)
from yinyi.business.prepaid.service import PrepaidService
from yinyi.business.prepaid.withdrawals import Withdrawals
from yinyi.kernel.errors import Invalid
from yinyi.kernel.money import Fen

# ---- out


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
        take = (await it.plan(number)).latest(TAKE)
        assert take is not None
        it.channel.refunds["theirs"] = (take.reference, 1200)
        read = CallbackRead(
            event_id="theirs",
            about="take",
            reference=take.reference,
            merchant="outpatient",
            amount_fen=Fen(1200),
            outcome=RefundedAtChannel(their_id="theirs", amount_fen=Fen(1200)),
        )
        await it.payments.callbacks.keep(it.call(), "wechatpay", b"body", read)
        plan = await it.to_the_end(number)
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


async def at_window(it: World, prepaid: PrepaidService, fen: int, receipt_no: str) -> None:
    message = WithdrawAtWindow(patient_id=1, amount_fen=Fen(fen), receipt_no=receipt_no)
    async with it.database.transaction() as tx:
        await prepaid.withdraw_at_window(tx, as_staff(it, "operator"), message, None)


# ---- clearing


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


# ---- told before and after


async def told(it: World, patient_id: int = 1) -> Withdrawal:
    call = it.call()
    call = replace(call, principal=replace(call.principal, patient_id=patient_id))
    async with it.database.read() as tx:
        return await Withdrawals(it.payments.registry).get(tx, call, GetWithdrawal())


def test_it_is_told_what_goes_back_where_and_then_what_has_become_of_it(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        first, second = await topped_up(it, prepaid), await topped_up(it, prepaid)
        await opening(it, 700)
        await paid_from_account(it, 3000)
        before = await told(it)
        shown = [(part.payment_no, part.tender, part.amount_fen) for part in before.parts]
        assert shown == [(second, "wechatpay", FEE), (first, "wechatpay", FEE - 2300)]
        assert (before.balance_fen, before.at_window_fen, before.given_back) == (2 * FEE - 2300, 0, [])
        await withdraw(it, prepaid, 2 * FEE - 2300)
        under_way = await told(it)
        assert (under_way.balance_fen, under_way.parts) == (0, [])
        given = {part.payment_no: (part.amount_fen, part.done) for part in under_way.given_back}
        assert given == {second: (FEE, False), first: (FEE - 2300, False)}
        for number in (first, second):
            await it.to_the_end(number)
        assert [part.done for part in (await told(it)).given_back] == [True, True]

    play(platform_url, story)


def test_what_came_from_elsewhere_is_told_to_be_at_the_window(platform_url: str) -> None:
    async def story(it: World) -> None:
        await desk(it)
        await opening(it, 700)
        found = await told(it)
        assert (found.balance_fen, found.parts, found.at_window_fen) == (700, [], 700)

    play(platform_url, story)


def test_nobody_is_told_of_another_patients_account(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await topped_up(it, prepaid)
        await withdraw(it, prepaid, 100)
        assert await told(it, patient_id=2) == Withdrawal(
            mode="collect", balance_fen=Fen(0), parts=[], at_window_fen=Fen(0), given_back=[]
        )
        call = it.call()
        other = replace(call, principal=replace(call.principal, patient_id=2))
        async with it.database.read() as tx:
            account = await prepaid.get(tx, other, GetPrepaidAccount())
        assert (account.balance_fen, account.entries) == (0, [])
        with pytest.raises(NothingOnAccount):
            async with it.database.transaction() as tx:
                await prepaid.withdraw(tx, other, Withdraw(), None)

    play(platform_url, story)


def test_records_tell_what_was_paid(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        await topped_up(it, prepaid)
        plan = await paid_from_account(it, 3000)
        async with it.database.read() as tx:
            account = await prepaid.get(tx, it.call(), GetPrepaidAccount())
        moves = [(entry.purpose, entry.about, entry.amount_fen) for entry in account.entries]
        assert moves == [("registration", plan.description, -3000), ("top_up", "门诊预交金充值", FEE)]
        assert account.next_before == 0

    play(platform_url, story)


def test_all_records_are_there_page_by_page(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "SHOWN", 2)

    async def story(it: World) -> None:
        prepaid = await desk(it)
        await topped_up(it, prepaid)
        for fen in (100, 200, 300):
            await paid_from_account(it, fen)
        pages, before = list[list[int]](), 0
        while not pages or before:
            async with it.database.read() as tx:
                account = await prepaid.get(tx, it.call(), GetPrepaidAccount(before=before))
            pages.append([entry.amount_fen for entry in account.entries])
            before = account.next_before
        assert pages == [[-300, -200], [-100, FEE]]

    play(platform_url, story)
