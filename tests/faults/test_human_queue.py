"""What stays in doubt is decided by two people, with its posting, while the engine goes on."""

from datetime import timedelta

import pytest
from payment_checks import play, reference_of
from payment_far_side import FEE
from payment_world import World
from queue_desk import as_staff, case, in_doubt, lost, queue_of, say

from yinyi.bus.database import Row
from yinyi.business.payments.errors import NothingInDoubt, PaymentClosed
from yinyi.business.payments.messages_queue import AskAgain, GiveBack, PostAgain
from yinyi.business.payments.view import state_of
from yinyi.kernel.errors import SecondPersonNeeded


async def audited(it: World) -> list[Row]:
    async with it.database.read() as tx:
        return await tx.fetch("SELECT * FROM audit WHERE operation = 'payments.SettleByHand.v1'")


def test_two_people_decide_and_it_is_booked(platform_url: str) -> None:
    async def story(it: World) -> None:
        number, reference = await in_doubt(it)
        before = await case(it, number)
        assert before.why == "take_undo_unknown"
        assert "settle_by_hand" in before.can
        await say(it, number, reference, "3021", "happened", account="operator")
        one = next(step for step in (await case(it, number)).steps if step.reference == reference)
        assert (one.state, one.proposed, one.proposed_by) == ("undo_unknown", "happened", "3021")
        for account in ("operator", "supervisor"):
            with pytest.raises(SecondPersonNeeded):
                await say(it, number, reference, "3021", "happened", account)
        assert await it.balance("channel:wechatpay:outpatient") == 0
        await say(it, number, reference, "3022", "happened", account="operator")
        [told] = await audited(it)
        assert (told["actor"], told["subject"]) == ("console:operator:person 3022", reference)
        assert '"people":"3021 + 3022"' in told["detail"]
        assert await it.balance("channel:wechatpay:outpatient") == FEE
        it.script.mishaps.clear()
        plan = await it.to_the_end(number)
        assert state_of(plan) == "fulfilled", "the hospital still held the number"
        assert await it.books_differ() == []
        async with it.database.transaction() as tx:
            with pytest.raises(PaymentClosed):
                await queue_of(it).ask_again(tx, as_staff(it, "operator"), AskAgain(payment_no=number), None)

    play(platform_url, story)


def test_who_says_something_else_begins_anew(platform_url: str) -> None:
    async def story(it: World) -> None:
        number, reference = await in_doubt(it)
        await say(it, number, reference, "operator", "happened")
        await say(it, number, reference, "supervisor", "did_not_happen")
        [one] = [step for step in (await case(it, number)).steps if step.reference == reference]
        assert (one.state, one.proposed, one.proposed_by) == ("undo_unknown", "did_not_happen", "supervisor")

    play(platform_url, story)


def test_what_is_certain_is_nobodys_to_decide(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        hold = (await it.plan(number)).steps[0]
        with pytest.raises(NothingInDoubt):
            await say(it, number, hold.reference, "operator", "did_not_happen")

    play(platform_url, story)


def test_given_back_by_staff(platform_url: str) -> None:
    """The hospital does not answer after the money came; somebody decides that the patient shall not wait for it."""

    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        it.channel.pay(reference_of(await it.plan(number)))
        it.script.mishaps["confirm"] = lost(50)
        it.clock.advance(timedelta(seconds=6))
        await it.drive(number)
        assert "give_back" in (await case(it, number)).can
        async with it.database.transaction() as tx:
            await queue_of(it).give_back(tx, as_staff(it, "operator"), GiveBack(payment_no=number), None)
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.returned_fen) == ("returned", FEE)
        assert "confirmed" not in it.hospital.numbers.values()
        with pytest.raises(PaymentClosed):
            async with it.database.transaction() as tx:
                await queue_of(it).give_back(tx, as_staff(it, "operator"), GiveBack(payment_no=number), None)

    play(platform_url, story)


def test_posted_again_by_staff(platform_url: str) -> None:
    """The hospital was told, and does not answer what became of it; somebody lets it be told once more, now."""

    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        with pytest.raises(NothingInDoubt):
            await post_again(it, number)
        await it.choose(number)
        await it.drive(number)
        it.channel.pay(reference_of(await it.plan(number)))
        it.script.mishaps["confirm"] = lost(1)
        it.script.mishaps["ask_hospital"] = lost(500)
        it.clock.advance(timedelta(seconds=6))
        await it.drive(number)
        assert state_of(await it.plan(number)) == "delivering"
        assert "post_again" in (await case(it, number)).can
        await post_again(it, number)
        await it.drive(number)
        assert state_of(await it.plan(number)) == "fulfilled"
        assert "post_again" not in (await case(it, number)).can

    play(platform_url, story)


async def post_again(it: World, number: str) -> None:
    async with it.database.transaction() as tx:
        await queue_of(it).post_again(tx, as_staff(it, "operator"), PostAgain(payment_no=number), None)
