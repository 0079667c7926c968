"""What is left of a stay's deposits: given back once, after the hospital has booked that, or by its window."""

import asyncio
from collections import deque

import pytest
from deposit_desk import ACCOUNT, LEFT, PAID_OUT, STAY, Desk, account, play
from inpatient_far_side import OWN
from payment_far_side import FEE, Mishap

from yinyi.business.inpatient import service
from yinyi.business.inpatient.errors import LeftDiffers, NothingLeft, StayNotSettled, StayUnknown
from yinyi.business.inpatient.messages import (
    GetDepositReturn,
    ReturnDepositAtWindow,
)
from yinyi.business.inpatient.service import REFUNDABLE_FOR
from yinyi.business.ledger import store as ledger
from yinyi.business.payments import books
from yinyi.business.payments.plan import REFUND, Plan


async def two_paid(desk: Desk) -> tuple[Plan, Plan]:
    """And the stay is settled: it has cost less."""
    first, second = await desk.paid(), await desk.paid()
    with pytest.raises(StayNotSettled):
        await desk.back()
    desk.his.settle()
    return first, second


def test_what_is_left_goes_back_newest_first(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        it, (first, second) = desk.it, await two_paid(desk)
        shown = await desk.service.get_return(it.call(), GetDepositReturn(admission_no=OWN))
        assert (shown.left_fen, shown.at_window_fen) == (LEFT, 0)
        with pytest.raises(LeftDiffers):
            await desk.back(LEFT - 1)
        await desk.back(LEFT)
        assert await it.balance(ACCOUNT) == 0, "what is left goes back, the rest has paid for the stay"
        assert await it.balance("hospital:inpatient:stay") == -4000
        with pytest.raises(NothingLeft):
            await desk.back()
        parts = {part.payment_no: part.amount_fen for part in shown.parts}
        assert parts == {second.payment_no: FEE, first.payment_no: LEFT - FEE}
        for plan in (first, second):
            ended = await it.to_the_end(plan.payment_no)
            assert ended.returned_fen == parts.get(plan.payment_no, 0)
        assert [each.amount_fen for each in desk.his.posted if each.kind == "return"] == [LEFT - FEE, FEE]
        assert it.channel.kept_fen() == 4000
        assert await it.balance("channel:wechatpay:inpatient") == 4000
        with pytest.raises(NothingLeft):
            await desk.back(key="later")

    play(platform_url, story)


async def an_old_and_a_new_one(desk: Desk) -> tuple[Plan, Plan]:
    """The first is older than channels give back for, and the stay is settled: it has cost 4000."""
    first = await desk.paid()
    async with desk.it.database.transaction() as tx:
        await tx.execute("UPDATE payment SET started_at = started_at - $1::interval", REFUNDABLE_FOR)
    second = await desk.paid()
    desk.his.settle(cost_fen=FEE - 1000)
    return first, second


def test_what_only_the_window_gives_is_the_patients_until_it_has(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        it = desk.it
        await an_old_and_a_new_one(desk)
        shown = await desk.service.get_return(it.call(), GetDepositReturn(admission_no=OWN))
        assert (shown.left_fen, shown.at_window_fen) == (FEE + 1000, 1000)
        await desk.back(FEE)
        assert (await it.balance(ACCOUNT), await it.balance(STAY)) == (-1000, 1000 - FEE)
        assert await desk.back_at_window() == account(1000, 0), "the hospital does not say so yet"
        desk.his.window_return(400)
        assert await desk.back_at_window("w2") == account(600, 400)
        assert await desk.back_at_window("w3") == account(600, 400), "once"
        desk.his.window_return(600)
        both = await asyncio.gather(desk.back_at_window("w4"), desk.back_at_window("w5"))
        assert both == [account(0, 1000), account(0, 1000)]
        assert (await it.balance(STAY), await it.balance(PAID_OUT)) == (1000 - FEE, -1000)
        async with it.database.read() as tx:
            assert await books.differences(tx, 1) == []
            assert await ledger.balances_against_postings(tx, 1) == []

    play(platform_url, story)


def test_the_window_has_paid_out_before_the_rest_goes_back(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        it = desk.it
        await an_old_and_a_new_one(desk)
        desk.his.window_return(300)
        await desk.back(FEE)
        assert (await it.balance(ACCOUNT), await it.balance(PAID_OUT)) == (-700, -300)
        assert await it.balance(STAY) == 1000 - FEE

    play(platform_url, story)


def test_the_window_has_given_back_all_that_was_left(platform_url: str) -> None:
    """Nothing has gone back by the platform; what the stay has cost is the hospital's then."""

    async def story(desk: Desk) -> None:
        it = desk.it
        await desk.paid()
        desk.his.settle()
        desk.his.window_return(FEE - 4000)
        assert await desk.back_at_window() == account(0, FEE - 4000)
        assert (await it.balance(STAY), await it.balance(PAID_OUT)) == (-4000, 4000 - FEE)

    play(platform_url, story)


def test_a_window_says_nothing_of_stays_that_are_not_settled(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        await desk.paid()
        with pytest.raises(StayNotSettled):
            await desk.back_at_window()
        with pytest.raises(StayUnknown):
            await desk.service.accounts.known(desk.it.call(), ReturnDepositAtWindow(admission_no="nobody"))

    play(platform_url, story)


def test_of_a_deposit_no_more_goes_back_than_is_left_of_it(platform_url: str) -> None:
    """The window has given some of it back; what is left besides is of an older one, which only the window gives."""

    async def story(desk: Desk) -> None:
        new, old = await desk.paid(), await desk.paid()
        async with desk.it.database.transaction() as tx:
            grown_old = "UPDATE payment SET started_at = started_at - $1::interval WHERE payment_no = $2"
            await tx.execute(grown_old, REFUNDABLE_FOR, old.payment_no)
        desk.his.settle(cost_fen=0)
        desk.his.window_return(1000)
        shown = await desk.service.get_return(desk.it.call(), GetDepositReturn(admission_no=OWN))
        assert [(part.payment_no, part.amount_fen) for part in shown.parts] == [(new.payment_no, FEE - 1000)]
        assert (shown.left_fen, shown.at_window_fen) == (2 * FEE - 1000, FEE)

    play(platform_url, story)


def test_what_somebody_else_has_paid_does_not_go_back_to_this_patient(platform_url: str) -> None:
    """Whatever the hospital says of it."""

    async def story(desk: Desk) -> None:
        theirs, own = await two_paid(desk)
        async with desk.it.database.transaction() as tx:
            await tx.execute("UPDATE payment SET patient_id = 2 WHERE payment_no = $1", theirs.payment_no)
        shown = await desk.service.get_return(desk.it.call(), GetDepositReturn(admission_no=OWN))
        assert [part.payment_no for part in shown.parts] == [own.payment_no]
        await desk.back()
        assert (await desk.it.plan(theirs.payment_no)).latest(REFUND) is None

    play(platform_url, story)


def test_more_deposits_than_go_back_at_a_time(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has gone back stands in nobody's way."""
    monkeypatch.setattr(service, "AT_A_TIME", 2)

    async def story(desk: Desk) -> None:
        it = desk.it
        for _ in range(3):
            await desk.paid()
        desk.his.settle(cost_fen=0)
        for nth, (parts, at_window_fen) in enumerate(((2, FEE), (1, 0))):
            shown = await desk.service.get_return(it.call(), GetDepositReturn(admission_no=OWN))
            assert (len(shown.parts), shown.at_window_fen) == (parts, at_window_fen)
            await desk.back(key=f"k{nth}")
        assert await it.balance(ACCOUNT) == 0
        with pytest.raises(NothingLeft):
            await desk.back(key="again")

    play(platform_url, story)


def test_two_at_once_give_back_once(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plans = await two_paid(desk)
        both = await asyncio.gather(desk.back(LEFT, "a"), desk.back(LEFT, "b"), return_exceptions=True)
        assert sorted(type(each).__name__ for each in both) == ["NoneType", "NothingLeft"]
        for plan in plans:
            await desk.it.to_the_end(plan.payment_no)
        assert desk.it.channel.kept_fen() == 4000

    play(platform_url, story)


@pytest.mark.parametrize("mishap", ["lost_before", "lost_after", "not_sent"])
def test_nothing_leaves_before_the_hospital_has_booked_it(platform_url: str, mishap: Mishap) -> None:
    async def story(desk: Desk) -> None:
        it, plans = desk.it, await two_paid(desk)
        it.script.mishaps["return"] = deque([mishap, mishap])
        await desk.back()
        refunding = [plan.payment_no for plan in plans if (await it.plan(plan.payment_no)).latest(REFUND)]
        await it.drive(refunding[-1])
        assert not it.channel.refunds, "the hospital has not said that it has booked it"
        for number in refunding:
            await it.to_the_end(number)
        assert it.channel.kept_fen() == 4000
        assert sum(each.amount_fen for each in desk.his.posted if each.kind == "return") == LEFT

    play(platform_url, story)


def test_the_window_was_quicker(platform_url: str) -> None:
    """It has given the money back in cash meanwhile: the hospital says no, nothing leaves, people look."""

    async def story(desk: Desk) -> None:
        it, plan = desk.it, await desk.paid()
        desk.his.settle()
        await desk.back()
        desk.his.window_return(FEE - 4000)
        await it.drive(plan.payment_no)
        seen = await it.plan(plan.payment_no)
        assert (seen.attention, seen.returned_fen, it.channel.kept_fen()) == ("refund_refused", 0, FEE)

    play(platform_url, story)


def test_a_refund_that_is_tried_anew_is_booked_once(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        it, plan = desk.it, await desk.paid()
        desk.his.settle()
        it.script.mishaps["refund"] = deque(["refuse"])
        await desk.back()
        ended = await it.to_the_end(plan.payment_no)
        assert (ended.returned_fen, it.channel.kept_fen()) == (FEE - 4000, 4000)
        assert [each.amount_fen for each in desk.his.posted if each.kind == "return"] == [FEE - 4000]

    play(platform_url, story)
