"""Deposits for a stay: booked by the hospital, once, and nobody else's."""

from collections import deque
from datetime import timedelta

import pytest
from deposit_desk import ACCOUNT, Desk, play
from inpatient_far_side import OTHERS, OWN
from payment_checks import reference_of
from payment_far_side import FEE, START, Mishap
from queue_desk import as_staff, lost, queue_of

from yinyi.bus.database import Tx
from yinyi.business.inpatient.errors import StayNotSettled, StaySettled, StayUnknown
from yinyi.business.inpatient.lost import LostDeposits
from yinyi.business.inpatient.messages import (
    FindStay,
    GetDepositReturn,
    GetDischargeStatement,
    ListDailyCosts,
    ListDeposits,
    PayDeposit,
    ReturnDeposit,
)
from yinyi.business.payments.errors import PaidInAtOnce
from yinyi.business.payments.messages import ChooseTender
from yinyi.business.payments.messages_queue import PostAgain
from yinyi.business.payments.restored import LostPayment
from yinyi.business.payments.view import state_of
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen

# ---- in


def test_paid_and_booked(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        plan = await desk.paid()
        assert (state_of(plan), plan.scope) == ("fulfilled", "inpatient")
        [deposit] = desk.his.posted
        assert (deposit.amount_fen, deposit.payment_no, deposit.means) == (FEE, plan.payment_no, "wechatpay")
        assert (await desk.it.balance(ACCOUNT), await desk.it.balance("channel:wechatpay:inpatient")) == (-FEE, FEE)

    play(platform_url, story)


@pytest.mark.parametrize("mishap", ["lost_before", "lost_after", "not_sent"])
def test_whatever_becomes_of_the_call_it_is_booked_once(platform_url: str, mishap: Mishap) -> None:
    async def story(desk: Desk) -> None:
        assert state_of(await desk.paid(mishap)) == "fulfilled"
        assert len(desk.his.posted) == 1

    play(platform_url, story)


def test_posted_again_while_the_hospital_is_away_it_is_not_given_back_before_the_hospital_has_undone_it(
    platform_url: str,
) -> None:
    async def story(desk: Desk) -> None:
        it, number = desk.it, await desk.opened()
        await it.choose(number)
        await it.drive(number)
        away: list[Mishap] = ["not_sent"] * 500
        it.script.mishaps["post"] = deque(["lost_after", *away])
        it.script.mishaps["ask"] = lost(60)
        it.channel.pay(reference_of(await it.plan(number)))
        it.clock.advance(timedelta(seconds=6))
        await it.drive(number)
        assert len(desk.his.posted) == 1
        async with it.database.transaction() as tx:
            await queue_of(it).post_again(tx, as_staff(it, "operator"), PostAgain(payment_no=number), None)
        await it.drive(number)
        assert (await it.plan(number)).steps[-1].state == "unknown"
        plan = await it.to_the_end(number)
        assert (state_of(plan), it.channel.kept_fen()) == ("returned", 0)
        assert desk.his.posted == [], "the hospital has nothing of it either"

    play(platform_url, story)


def test_settled_while_somebody_pays(platform_url: str) -> None:
    """The hospital says no: the money goes back."""

    async def story(desk: Desk) -> None:
        assert state_of(await desk.paid("refuse")) == "returned"
        assert (desk.his.posted, desk.it.channel.kept_fen()) == ([], 0)
        assert await desk.it.balance(ACCOUNT) == 0
        desk.his.settle()
        with pytest.raises(StaySettled):
            await desk.service.payable(desk.it.call(), PayDeposit(admission_no=OWN, amount_fen=FEE))

    play(platform_url, story)


def test_a_deposit_that_a_restore_has_lost_is_written_down_again(platform_url: str) -> None:
    """As it was opened; then everybody is asked about it, as about every other payment."""

    async def patient_id(tx: Tx, hospital_id: int, patient_no: str) -> int:
        return int(patient_no.removeprefix("P"))

    async def story(desk: Desk) -> None:
        plan = await desk.paid()
        finder = LostDeposits(desk.his, patient_id)
        [lost] = await finder.lost(START - timedelta(hours=1), START + timedelta(hours=1))
        assert isinstance(lost, LostPayment)
        found = lost.plan
        assert (found.payment_no, found.purpose, found.scope) == (plan.payment_no, plan.purpose, plan.scope)
        assert found.facts == {name: plan.facts[name] for name in found.facts}
        assert (found.amount_fen, found.direction, lost.found) == (FEE, "forward", "posted")
        assert [(step.position, step.kind, step.reference) for step in found.steps] == [
            (step.position, step.kind, step.reference) for step in plan.steps
        ]
        async with desk.it.database.read() as tx:
            assert await lost.patient_id(tx, 1) == plan.patient_id
        assert await finder.lost(START - timedelta(hours=2), START - timedelta(hours=1)) == []

    play(platform_url, story)


def test_a_deposit_is_paid_by_one_means(platform_url: str) -> None:
    """The hospital is told by which, and what goes back goes there."""

    async def story(desk: Desk) -> None:
        it, number = desk.it, await desk.opened()
        for fen in (1, FEE - 1):
            part = ChooseTender(payment_no=number, tender="wechatpay", amount_fen=Fen(fen))
            async with it.database.transaction() as tx:
                with pytest.raises(PaidInAtOnce):
                    await it.payments.tenders.choose(tx, it.call(), part, None)
        whole = ChooseTender(payment_no=number, tender="wechatpay", amount_fen=FEE)
        async with it.database.transaction() as tx:
            await it.payments.tenders.choose(tx, it.call(), whole, None)
        await it.drive(number)
        assert (await it.plan(number)).tender == "wechatpay"

    play(platform_url, story)


# ---- whose it is


@pytest.mark.parametrize("number", [OTHERS, "nobody", "<b>"])
def test_nobody_sees_the_stay_of_another(platform_url: str, number: str) -> None:
    async def story(desk: Desk) -> None:
        service, call = desk.service, desk.it.call()
        for asked in (
            service.find(call, FindStay(admission_no=number)),
            service.payable(call, PayDeposit(admission_no=number, amount_fen=FEE)),
            service.list_deposits(call, ListDeposits(admission_no=number)),
            service.list_daily_costs(call, ListDailyCosts(admission_no=number)),
            service.get_statement(call, GetDischargeStatement(admission_no=number)),
            service.get_return(call, GetDepositReturn(admission_no=number)),
            service.known(call, ReturnDeposit(admission_no=number)),
        ):
            with pytest.raises(StayUnknown):
                await asked
        assert [each.admission_no for each in (await service.find(call, FindStay())).stays] == [OWN]
        desk.his.away = True
        with pytest.raises(HospitalUnavailable):
            await service.find(call, FindStay())

    play(platform_url, story)


def test_a_day_and_the_statement(platform_url: str) -> None:
    async def story(desk: Desk) -> None:
        service, call = desk.service, desk.it.call()
        last = await service.list_daily_costs(call, ListDailyCosts(admission_no=OWN))
        assert (last.on, [each.running_fen for each in last.days]) == (last.days[-1].charged_on, [2000, 4000])
        assert {item.charged_on for item in last.items} == {last.on}
        assert [each.amount_fen for each in last.categories] == [1000, 1000]
        with pytest.raises(StayNotSettled):
            await service.get_statement(call, GetDischargeStatement(admission_no=OWN))
        await desk.paid()
        desk.his.settle()
        statement = await service.get_statement(call, GetDischargeStatement(admission_no=OWN))
        assert (statement.paid_fen, statement.returned_fen, statement.days) == (FEE, 0, 2)

    play(platform_url, story)
