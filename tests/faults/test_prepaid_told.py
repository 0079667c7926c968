"""What a withdrawal will give back and has given back, and the records of an account."""

import pytest
from msgspec.structs import replace
from payment_checks import play
from payment_far_side import FEE
from payment_world import World
from prepaid_desk import desk, opening, paid_from_account, topped_up, withdraw

from yinyi.business.payments.errors import PaymentUnknown
from yinyi.business.prepaid import service
from yinyi.business.prepaid.errors import (
    NothingOnAccount,
)
from yinyi.business.prepaid.messages import (
    GetPrepaidAccount,
    GetTopUp,
    GetWithdrawal,
    Withdraw,
    Withdrawal,
)
from yinyi.business.prepaid.withdrawals import Withdrawals
from yinyi.kernel.errors import NotYours
from yinyi.kernel.money import Fen


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


async def seen(it: World, prepaid: service.PrepaidService, number: str, patient_id: int = 1) -> tuple[str, int]:
    call = it.call()
    call = replace(call, principal=replace(call.principal, patient_id=patient_id))
    found = await prepaid.get_top_up(call, GetTopUp(payment_no=number))
    return found.payment.state, found.balance_fen


def test_a_top_up_is_told_as_it_is_now_with_the_balance_whoever_asks_where(platform_url: str) -> None:
    async def story(it: World) -> None:
        prepaid = await desk(it)
        number = await topped_up(it, prepaid)
        assert await seen(it, prepaid, number) == ("fulfilled", FEE)
        await opening(it, 700)
        assert await seen(it, prepaid, number) == ("fulfilled", FEE + 700), "moved under the same version"
        await withdraw(it, prepaid, FEE)
        assert await seen(it, prepaid, number) == ("fulfilled", 700)
        it.means.known.forget()
        for _ in range(2):
            assert await seen(it, prepaid, number) == ("fulfilled", 700)
        with pytest.raises(NotYours):
            await seen(it, prepaid, number, patient_id=2)
        other = (await paid_from_account(it, 300)).payment_no
        for unknown in (other, "0" * 20):
            with pytest.raises(PaymentUnknown):
                await seen(it, prepaid, unknown)

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
