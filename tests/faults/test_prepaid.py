"""Prepaid accounts: never overdrawn, whoever pays at once; money in and out agrees with the books at every moment."""

import asyncio
from datetime import timedelta
from typing import cast

import pytest
from payment_far_side import FEE
from payment_world import ZONE, World
from test_human_queue import as_staff
from test_payment_engine import play, reference_of
from test_refunds import refund

from yinyi.bus.call import Call
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.ledger.model import JournalEntry, Posting, prepaid_account
from yinyi.business.payments.errors import AccountsClosed
from yinyi.business.payments.messages import ChooseTender
from yinyi.business.payments.model import CallbackRead, RefundedAtChannel
from yinyi.business.payments.plan import TAKE, Plan
from yinyi.business.payments.service import TAKEN_UP
from yinyi.business.payments.view import state_of, view_of
from yinyi.business.prepaid.errors import (
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
    ListBalances,
    SetPrepaidMode,
    TopUp,
    Withdraw,
    WithdrawAtWindow,
)
from yinyi.business.prepaid.model import PrepaidMode
from yinyi.business.prepaid.service import PrepaidService
from yinyi.kernel.errors import NotAllowed
from yinyi.kernel.money import Fen

ACCOUNT = prepaid_account("1")
CHANNEL, FUNDS, INCOME = "channel:wechatpay:outpatient", "patient_funds:outpatient", "hospital:outpatient:registration"


async def desk(it: World, mode: PrepaidMode = "collect") -> PrepaidService:
    prepaid = PrepaidService(it.payments, ZONE)
    async with it.database.transaction() as tx:
        await prepaid.set_mode(tx, as_staff(it, "operator"), SetPrepaidMode(mode=mode), None)
    return prepaid


async def opening(it: World, fen: int, owner: str = "1") -> None:
    """A balance that came from somewhere else."""
    posting = Posting(debit_account="opening:test", credit_account=prepaid_account(owner), amount_fen=Fen(fen))
    now = it.clock.now()
    entry = JournalEntry(
        hospital_id=1,
        source=f"opening:{owner}",
        kind="opening",
        business_date=now.date(),
        posted_at=now,
        postings=(posting,),
    )
    async with it.database.transaction() as tx:
        await ledger.post(tx, [entry])


async def balance(it: World, owner: str = "1") -> int:
    """What the balance says, which has to be what the postings say."""
    async with it.database.read() as tx:
        rows = await ledger.balances_against_postings(tx, 1)
        assert [dict(row) for row in rows] == []
        return await ledger.balance_of(tx, 1, prepaid_account(owner))


async def topped_up(it: World, prepaid: PrepaidService, fen: int = FEE) -> str:
    call = it.call()
    async with it.database.transaction() as tx:
        number = await prepaid.top_up(tx, call, TopUp(amount_fen=Fen(fen)), None)
    it.begun[number] = call.notes.get(TAKEN_UP)
    await it.drive(number)
    await it.choose(number)
    await it.drive(number)
    it.channel.pay(reference_of(await it.plan(number)))
    assert state_of(await it.to_the_end(number)) == "fulfilled"
    return number


async def choose_part(it: World, number: str, fen: int | None) -> None:
    call = it.call()
    async with it.database.transaction() as tx:
        part = None if fen is None else Fen(fen)
        await it.payments.choose(tx, call, ChooseTender(payment_no=number, tender="prepaid", amount_fen=part), None)
    it.begun[number] = call.notes.get(TAKEN_UP)
    await it.drive(number)


async def paid_from_account(it: World, fee: int = FEE, part: int | None = None) -> Plan:
    number = await it.open(Fen(fee))
    await it.drive(number)
    await choose_part(it, number, part)
    return await it.plan(number)


async def withdraw(it: World, prepaid: PrepaidService, fen: int | None = None) -> None:
    async with it.database.transaction() as tx:
        await prepaid.withdraw(tx, it.call(), Withdraw(amount_fen=None if fen is None else Fen(fen)), None)


async def listed(it: World, prepaid: PrepaidService) -> BalancesReport:
    async with it.database.read() as tx:
        return await prepaid.list_balances(tx, as_staff(it, "operator"), ListBalances())


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


def test_what_somebody_gives_back_at_the_channel_after_it_was_spent_is_our_loss_until_it_is_found(
    platform_url: str,
) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        number = await topped_up(it, prepaid)
        await paid_from_account(it, FEE)
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
        assert (await balance(it), await it.balance("suspense:short")) == (0, 1200)
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


async def clear(it: World, prepaid: PrepaidService, total_fen: int) -> None:
    staff: Call = as_staff(it, "operator")
    async with it.database.transaction() as tx:
        await prepaid.clear(tx, staff, ClearBalances(total_fen=Fen(total_fen)), None)
