"""Deposits for a stay: booked by the hospital, and what is left given back once, after the hospital has booked that."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from inpatient_far_side import OTHERS, OWN, SimInpatients
from payment_checks import reference_of
from payment_far_side import FEE, START, Mishap, Script
from payment_world import ZONE, World, world

from yinyi.bus.database import Tx
from yinyi.business.identity.model import PatientFacts
from yinyi.business.inpatient import service
from yinyi.business.inpatient.errors import LeftDiffers, NothingLeft, StayNotSettled, StaySettled, StayUnknown
from yinyi.business.inpatient.lost import LostDeposits
from yinyi.business.inpatient.messages import (
    DepositAccount,
    FindStay,
    GetDepositReturn,
    GetDischargeStatement,
    ListDailyCosts,
    ListDeposits,
    PayDeposit,
    ReturnDeposit,
    ReturnDepositAtWindow,
)
from yinyi.business.inpatient.plans import DepositPurpose, PostDeposit
from yinyi.business.inpatient.service import REFUNDABLE_FOR, InpatientService
from yinyi.business.ledger import store as ledger
from yinyi.business.ledger.model import deposit_account, income_account, paid_out_account
from yinyi.business.payments import books
from yinyi.business.payments.errors import PaidInAtOnce
from yinyi.business.payments.messages import ChooseTender
from yinyi.business.payments.plan import REFUND, Plan
from yinyi.business.payments.restored import LostPayment
from yinyi.business.payments.service import TAKEN_UP
from yinyi.business.payments.view import state_of
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen

ACCOUNT = deposit_account(OWN)
STAY, PAID_OUT = income_account("inpatient", "stay"), paid_out_account("inpatient")
LEFT = 2 * FEE - 4000


def account(balance_fen: int, paid_out_fen: int) -> DepositAccount:
    return DepositAccount(admission_no=OWN, balance_fen=Fen(balance_fen), paid_out_fen=Fen(paid_out_fen))


class Index:
    """Patient 1 of ours is the hospital's P1."""

    async def patient_no(self, hospital_id: int, patient_id: int) -> str:
        return f"P{patient_id}"

    async def facts(self, tx: Tx, hospital_id: int, patient_id: int) -> PatientFacts:
        raise AssertionError("nothing is printed here")


class Desk:
    """The inpatients' operations in a world."""

    def __init__(self, it: World, his: SimInpatients) -> None:
        self.it, self.his = it, his
        self.service = InpatientService(his, Index(), it.payments, ZONE, 0.0)

    async def paid(self, mishap: Mishap | None = None) -> Plan:
        """A deposit by code, to its end."""
        it, number = self.it, await self.opened()
        await it.choose(number)
        await it.drive(number)
        if mishap:
            self.his.script.mishaps["post"] = deque([mishap])
        it.channel.pay(reference_of(await it.plan(number)))
        return await it.to_the_end(number)

    async def opened(self) -> str:
        """Its number; it can be paid."""
        it, service = self.it, self.service
        call, message = it.call(), PayDeposit(admission_no=OWN, amount_fen=FEE)
        stay = await service.payable(call, message)
        async with it.database.transaction() as tx:
            number = await service.pay(tx, call, message, stay)
        it.begun[number] = call.notes.get(TAKEN_UP)
        return number

    async def back_at_window(self, key: str = "w") -> DepositAccount:
        """The hospital says that its window has paid out."""
        call, message = self.it.call(key), ReturnDepositAtWindow(admission_no=OWN)
        known = await self.service.accounts.known(call, message)
        async with self.it.database.transaction() as tx:
            subject = await self.service.accounts.paid_out(tx, call, message, known)
            return await self.service.accounts.show(tx, call, subject)

    async def back(self, amount_fen: int | None = None, key: str = "k") -> None:
        call = self.it.call(key)
        message = ReturnDeposit(admission_no=OWN, amount_fen=None if amount_fen is None else Fen(amount_fen))
        known = await self.service.known(call, message)
        async with self.it.database.transaction() as tx:
            await self.service.give_back(tx, call, message, known)


def play(url: str, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def on_stage() -> None:
        his = SimInpatients(Script())
        async with world(url, [PostDeposit(his)], [DepositPurpose(his)]) as it:
            his.script = it.script
            await story(Desk(it, his))

    asyncio.run(on_stage())


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


# ---- back


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
