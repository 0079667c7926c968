"""Refunds after delivery: whole, in part, several, refused, pending; never more than was taken."""

import asyncio
from collections import deque
from datetime import timedelta

import asyncpg
import pytest
from msgspec.structs import replace
from payment_checks import pay_in_time, play, reference_of
from payment_far_side import FEE, Mishap
from payment_world import ZONE, World
from refund_desk import GIVEN_UP, INCOME, refund, told_by_channel

from yinyi.bus.call import Principal
from yinyi.bus.operation import Caller
from yinyi.business.payments import signals
from yinyi.business.payments.errors import ChannelGone, MoreThanLeft, NotDelivered, NothingTakenYet, PaymentClosed
from yinyi.business.payments.messages import RefundPayment
from yinyi.business.payments.model import RefundOrder
from yinyi.business.payments.plan import REFUND, Plan
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.view import PaymentView, view_of
from yinyi.kernel.errors import InvalidField
from yinyi.kernel.outcome import Answer, Outcome, Waiting


async def seen(it: World, number: str) -> PaymentView:
    return view_of(await it.plan(number), it.means.registry)


def refund_states(plan: Plan) -> list[str]:
    return [step.state for step in plan.steps if step.kind == REFUND]


async def check_books(it: World, kept_fen: int) -> None:
    assert it.channel.kept_fen() == kept_fen
    assert await it.books_differ() == []
    assert await it.balance(INCOME) == -kept_fen
    for account in ("patient_funds:outpatient", "refunds:wechatpay:outpatient"):
        assert await it.balance(account) == 0


def test_a_part_and_another_part_leave_it_delivered(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = (await pay_in_time(it)).payment_no
        await refund(it, number, 2000)
        async with it.database.read() as tx:
            said = await tx.fetchval("SELECT detail FROM audit WHERE subject = $1", number)
        assert said == '{"amount_fen":2000,"operator":"C12","reason":"少做一项检查"}'
        assert (await seen(it, number)).refunds == "under_way"
        await it.to_the_end(number)
        view = await seen(it, number)
        assert (view.state, view.refunds, view.taken_fen, view.returned_fen) == ("fulfilled", "partly", FEE, 2000)
        await check_books(it, FEE - 2000)
        await refund(it, number, 1000)
        await it.to_the_end(number)
        await check_books(it, FEE - 3000)
        with pytest.raises(MoreThanLeft):
            await refund(it, number, 2001)
        assert list(it.hospital.numbers.values()) == ["confirmed"]

    play(platform_url, story)


def test_what_a_channel_took_that_was_given_up_is_not_promised(platform_url: str) -> None:
    """Nobody could send that refund, and no business process would start any more: its plan is unreadable."""

    async def story(it: World) -> None:
        number = (await pay_in_time(it)).payment_no
        async with it.database.transaction() as tx:
            await tx.execute(GIVEN_UP)
        for fen in (1000, None):
            with pytest.raises(ChannelGone):
                await refund(it, number, fen)
        assert refund_states(await it.plan(number)) == []
        async with it.database.read() as tx:
            assert it.means.registry.unreadable(await signals.open_kinds(tx)) == []

    play(platform_url, story)


def test_all_of_it_undoes_what_was_delivered(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = (await pay_in_time(it)).payment_no
        await refund(it, number, 2000)
        await it.to_the_end(number)
        await refund(it, number)
        plan = await it.to_the_end(number)
        view = await seen(it, number)
        assert (view.state, view.refunds, plan.returned_fen) == ("returned", "wholly", FEE)
        assert list(it.hospital.numbers.values()) == ["released"]
        await check_books(it, 0)
        async with it.database.read() as tx:
            assert await tx.fetchval("SELECT count(*) FROM payment_obligation") == 0, "he may register anew"
        with pytest.raises(PaymentClosed):
            await refund(it, number)

    play(platform_url, story)


def test_two_wishes_at_once_are_two_refunds_and_never_more_than_was_taken(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = (await pay_in_time(it)).payment_no
        results = await asyncio.gather(*(refund(it, number, 2000) for _ in range(4)), return_exceptions=True)
        assert [type(each) for each in results if each is not None] == [MoreThanLeft, MoreThanLeft]
        plan = await it.to_the_end(number)
        assert (refund_states(plan), plan.returned_fen) == (["done", "done"], 4000)
        await check_books(it, FEE - 4000)

    play(platform_url, story)


def test_the_database_itself_refuses_more_than_was_taken(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await pay_in_time(it)
        async with it.database.read() as tx:
            for sums in ("refunds_fen = taken_fen + 1", "returned_fen = refunds_fen + 1"):
                with pytest.raises(asyncpg.CheckViolationError):
                    await tx.execute(f"UPDATE payment SET {sums} WHERE payment_id = $1", plan.payment_id)

    play(platform_url, story)


def test_what_is_not_delivered_is_given_back_whole_or_not_at_all(platform_url: str) -> None:
    async def story(it: World) -> None:
        lost: list[Mishap] = ["lost_before"] * 50
        it.script.mishaps["confirm"] = deque(lost)
        number = await it.open()
        await it.drive(number)
        with pytest.raises(NothingTakenYet):
            await refund(it, number)
        await it.choose(number)
        await it.drive(number)
        with pytest.raises(NothingTakenYet):
            await refund(it, number)
        it.channel.pay(reference_of(await it.plan(number)))
        it.clock.advance(timedelta(seconds=6))
        await it.drive(number)
        assert (await seen(it, number)).state == "delivering"
        with pytest.raises(NotDelivered):
            await refund(it, number, 1)
        await refund(it, number)
        await it.to_the_end(number)
        assert (await seen(it, number)).state == "returned"
        await check_books(it, 0)

    play(platform_url, story)


def test_a_refused_refund_calls_people_and_is_tried_again(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = (await pay_in_time(it)).payment_no
        refusals: list[Mishap] = ["refuse", "refuse"]
        it.script.mishaps["refund"] = deque(refusals)
        await refund(it, number, 2000)
        await it.drive(number)
        plan = await it.plan(number)
        assert (refund_states(plan), plan.attention, plan.ended_at) == (["refused"], "refund_refused", None)
        with pytest.raises(MoreThanLeft):
            await refund(it, number, 3001)
        plan = await it.to_the_end(number)
        assert (refund_states(plan), plan.returned_fen, plan.attention) == (["done"], 2000, "")
        await check_books(it, FEE - 2000)

    play(platform_url, story)


def test_a_refund_that_takes_days_stays_open_and_people_are_told(
    platform_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(it: World) -> None:
        number = (await pay_in_time(it)).payment_no
        bank_ready = it.clock.now() + timedelta(days=5)
        ask, do = it.channel.ask_refund, it.channel.refund

        async def refunds(order: RefundOrder) -> Outcome:
            outcome = await do(order)
            return outcome if it.clock.now() >= bank_ready else Waiting(until=bank_ready)

        async def asks(order: RefundOrder) -> Answer:
            answer = await ask(order)
            return answer if it.clock.now() >= bank_ready else Waiting(until=bank_ready)

        monkeypatch.setattr(it.channel, "refund", refunds)
        monkeypatch.setattr(it.channel, "ask_refund", asks)
        await refund(it, number, 2000)
        told_at = None
        while (plan := await it.plan(number)).ended_at is None:
            await it.drive(number)
            if plan.attention and told_at is None:
                told_at = it.clock.now()
            it.clock.advance(timedelta(minutes=30))
        assert told_at is not None
        assert timedelta(days=3) <= told_at - (bank_ready - timedelta(days=5)) < timedelta(days=3, hours=2)
        assert (refund_states(plan), plan.attention) == (["done"], "")
        await check_books(it, FEE - 2000)

    play(platform_url, story)


def test_a_killed_process_refunds_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        kills = 0
        for kill_at in range(1, 20):
            it.begin_anew()
            number = (await pay_in_time(it)).payment_no
            await refund(it, number, 2000)
            it.script.seen.clear()
            it.script.kill_at = kill_at
            plan = await it.to_the_end(number)
            assert (plan.returned_fen, it.channel.kept_fen()) == (2000, FEE - 2000)
            if not it.script.killed:
                break
            kills += 1
        assert kills >= 2

    play(platform_url, story)


def test_somebody_refunds_at_the_channel(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await pay_in_time(it)
        it.channel.refunds["50300806962022"] = (reference_of(plan), 2000)
        await told_by_channel(it, plan, 2000, "50300806962022", "R1")
        await told_by_channel(it, plan, 2000, "50300806962022", "R2")
        plan = await it.to_the_end(plan.payment_no)
        while await it.drive(plan.payment_no) is None:
            pass
        plan = await it.plan(plan.payment_no)
        assert (plan.returned_fen, refund_states(plan), plan.attention) == (2000, ["done"], "refunded_at_channel")
        await check_books(it, FEE - 2000)
        with pytest.raises(MoreThanLeft):
            await refund(it, plan.payment_no, 3001)
        await refund(it, plan.payment_no)
        await it.to_the_end(plan.payment_no)
        await check_books(it, 0)

    play(platform_url, story)


def test_a_refund_of_more_than_the_order_is_not_believed(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await pay_in_time(it)
        await told_by_channel(it, plan, FEE + 1, "50300806962022", "R1")
        await it.drive(plan.payment_no)
        plan = await it.plan(plan.payment_no)
        assert (plan.returned_fen, plan.attention) == (0, "callback_mismatch")

    play(platform_url, story)


def test_a_refund_of_ours_is_not_somebody_elses(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await pay_in_time(it)
        await refund(it, plan.payment_no, 2000)
        plan = await it.to_the_end(plan.payment_no)
        [ours] = [step for step in plan.steps if step.kind == REFUND]
        await told_by_channel(it, plan, 2000, ours.reference, "R1")
        await it.drive(plan.payment_no)
        plan = await it.plan(plan.payment_no)
        assert (plan.returned_fen, refund_states(plan), plan.attention) == (2000, ["done"], "")

    play(platform_url, story)


def test_the_hospital_says_whose_window_gives_back(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = (await pay_in_time(it)).payment_no
        call = it.call()
        call = replace(call, principal=Principal(caller=Caller.HOSPITAL, hospital_id=1, institution_id="his"))
        for operator in ("", " "):
            message = RefundPayment(payment_no=number, reason="少做一项检查", operator=operator)
            with pytest.raises(InvalidField):
                async with it.database.transaction() as tx:
                    await RefundDesk(it.payments, ZONE).refund(tx, call, message, None)

    play(platform_url, story)
