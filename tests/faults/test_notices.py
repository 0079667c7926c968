"""What a channel tells and what does not fit is settled by people, or by what the channel says when it is asked; the
same told again brings nothing back."""

from collections import deque

import pytest
from payment_checks import pay_in_time, play, reference_of
from payment_far_side import FEE
from payment_world import World
from queue_desk import as_staff, case, in_doubt, lost, queue_of, say
from refund_desk import CHANNEL, INCOME, refund, told_by_channel
from watch_world import watch

from yinyi.business.payments.callbacks import Kept, understood
from yinyi.business.payments.errors import ChannelSilent, NothingToRule, RulingDoesNotFit
from yinyi.business.payments.messages_queue import SettleNotice
from yinyi.business.payments.model import CallbackRead, Ruling
from yinyi.business.payments.plan import REFUND, TAKE, Plan
from yinyi.business.payments.view import state_of
from yinyi.kernel.errors import SecondPersonNeeded
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, Refused

THEIRS = "50300806962022"
SHORT, OVER = "suspense:short", "suspense:over"


async def rule(it: World, number: str, ruling: Ruling, name: str = "operator", notice: str = "") -> None:
    """As the dispatcher does it; ``notice``: the first one that stands."""
    notice = notice or (await case(it, number)).notices[0].notice
    message = SettleNotice(payment_no=number, notice=notice, ruling=ruling, note="looked into")
    desk, call = queue_of(it).rulings, as_staff(it, name)
    asked = await desk.prepare(call, message)
    async with it.database.transaction() as tx:
        await desk.settle(tx, call, message, asked)


async def refunded_there(it: World, fen: int, their_id: str = THEIRS) -> Plan:
    """Delivered, and somebody at the channel has given back a part of it."""
    plan = await pay_in_time(it)
    await told_there(it, plan, fen, their_id, "R1")
    return await it.plan(plan.payment_no)


async def told_there(it: World, plan: Plan, fen: int, their_id: str, event_id: str) -> None:
    it.channel.refunds.setdefault(their_id, (reference_of(plan), fen))
    await told_by_channel(it, plan, fen, their_id, event_id)
    await settle_down(it, plan.payment_no)


async def settle_down(it: World, number: str) -> None:
    await it.to_the_end(number)
    await it.drive(number)


async def attention(it: World, number: str) -> str:
    plan = await it.plan(number)
    assert plan.ended_at is not None
    return plan.attention


def test_a_refund_at_the_channel_that_was_right_is_settled_by_one_and_stays_settled(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await refunded_there(it, 2000)
        number = plan.payment_no
        found = await case(it, number)
        assert found.can == ["settle_notice"]
        [notice] = found.notices
        assert (notice.why, notice.amount_fen, notice.their_id, notice.booked) == (
            "refunded_at_channel",
            2000,
            THEIRS,
            True,
        )
        await rule(it, number, "rightly")
        assert await attention(it, number) == ""
        assert (await case(it, number)).notices == []
        await told_there(it, plan, 2000, THEIRS, "R2")
        assert await attention(it, number) == "", "the same, told again"
        await told_there(it, plan, 1000, "ANOTHER", "R3")
        assert await attention(it, number) == "refunded_at_channel"
        with pytest.raises(NothingToRule):
            await rule(it, number, "rightly", notice=notice.notice)
        await rule(it, number, "rightly")
        assert await attention(it, number) == ""
        assert (await it.balance(INCOME), await it.balance(SHORT)) == (-(FEE - 3000), 0)
        assert await it.books_differ() == []

    play(platform_url, story)


def test_a_refund_at_the_channel_that_was_wrong_is_a_loss_until_it_is_found_as_two_people_say(
    platform_url: str,
) -> None:
    async def story(it: World) -> None:
        number = (await refunded_there(it, 2000)).payment_no
        await rule(it, number, "wrongly")
        with pytest.raises(SecondPersonNeeded):
            await rule(it, number, "wrongly")
        [notice] = (await case(it, number)).notices
        assert (notice.proposed, notice.proposed_by, notice.proposed_fen) == ("wrongly", "operator", 2000)
        assert (await attention(it, number), await it.balance(SHORT)) == ("refunded_at_channel", 0)
        await rule(it, number, "wrongly", "supervisor")
        assert (await attention(it, number), await it.balance(SHORT)) == ("", 2000)
        assert (await it.balance(CHANNEL), await it.balance(INCOME)) == (FEE - 2000, -FEE)
        assert await it.books_differ() == []
        assert await watch(it).found() == {}

    play(platform_url, story)


def test_more_than_can_have_been_given_back_is_told_of_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await pay_in_time(it)
        number = plan.payment_no
        await refund(it, number, 4000)
        await settle_down(it, number)
        await told_there(it, plan, 2000, THEIRS, "R1")
        del it.channel.refunds[THEIRS]
        [notice] = (await case(it, number)).notices
        assert (notice.booked, notice.amount_fen) == (False, 2000)
        for wrong in ("wrongly", "as_channel_says"):
            with pytest.raises(RulingDoesNotFit):
                await rule(it, number, wrong)
        await rule(it, number, "rightly")
        await told_there(it, plan, 2000, THEIRS, "R2")
        del it.channel.refunds[THEIRS]
        assert await attention(it, number) == ""
        assert await it.books_differ() == []

    play(platform_url, story)


async def told_another_amount(it: World, amount_fen: int, paid_fen: int | None = None) -> str:
    """A callback over an amount that we did not ask for. ``paid_fen``: what the payer really paid, if he did."""
    number = await it.open()
    await it.drive(number)
    await it.choose(number)
    await it.drive(number)
    reference = reference_of(await it.plan(number))
    if paid_fen is not None:
        it.channel.pay(reference)
        it.channel.amounts[reference] = paid_fen
    await it.callback(number, "E1", amount_fen)
    await it.drive(number)
    assert (await it.plan(number)).attention == "callback_mismatch"
    return number


def test_asking_settles_it_nothing_was_paid(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await told_another_amount(it, 1)
        [notice] = (await case(it, number)).notices
        assert (notice.why, notice.amount_fen, notice.told) == ("callback_mismatch", 1, "done")
        with pytest.raises(RulingDoesNotFit):
            await rule(it, number, "rightly")
        await rule(it, number, "as_channel_says")
        assert (await it.plan(number)).attention == ""
        await it.callback(number, "E2", 1)
        await it.drive(number)
        assert (await it.plan(number)).attention == "", "the same, told again"
        await it.callback(number, "E3", 2)
        await it.drive(number)
        assert (await it.plan(number)).attention == "callback_mismatch"
        await rule(it, number, "as_channel_says")
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.attention) == ("closed", "")
        assert await it.books_differ() == []

    play(platform_url, story)


def test_what_nobody_has_applied_yet_calls_nobody_once_it_is_settled(platform_url: str) -> None:
    """The same is told again, and is settled before the payment has been told of it."""

    async def story(it: World) -> None:
        number = await told_another_amount(it, 1)
        await it.callback(number, "E2", 1)
        it.told.clear()
        await rule(it, number, "as_channel_says")
        await it.drive(number)
        assert (await it.plan(number)).attention == ""
        async with it.database.read() as tx:
            assert await tx.fetchval("SELECT count(*) FROM payment_callback WHERE applied_at IS NULL") == 0

    play(platform_url, story)


def test_asking_settles_it_all_was_paid(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await told_another_amount(it, 1, paid_fen=FEE)
        await rule(it, number, "as_channel_says")
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.taken_fen, plan.attention) == ("fulfilled", FEE, "")
        assert await it.books_differ() == []

    play(platform_url, story)


def test_what_the_channel_does_not_say_stays(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await told_another_amount(it, 1)
        it.script.mishaps["ask_channel"] = lost(1)
        with pytest.raises(ChannelSilent):
            await rule(it, number, "as_channel_says")
        assert (await it.plan(number)).attention == "callback_mismatch"

    play(platform_url, story)


@pytest.mark.parametrize(("paid_fen", "account"), [(FEE + 700, OVER), (FEE - 700, SHORT)])
def test_the_channel_took_another_amount(platform_url: str, paid_fen: int, account: str) -> None:
    """What was asked for counts as paid; the rest is nobody's until it is found whose it is."""

    async def story(it: World) -> None:
        number = await told_another_amount(it, paid_fen, paid_fen)
        await rule(it, number, "as_channel_says")
        assert (await it.balance(account), (await it.plan(number)).taken_fen) == (0, 0)
        await rule(it, number, "as_channel_says", "supervisor")
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.taken_fen, plan.attention) == ("fulfilled", FEE, "")
        assert await it.balance(account) == FEE - paid_fen
        assert await it.balance(CHANNEL) == paid_fen
        assert await it.books_differ() == []
        assert await watch(it).found() == {}

    play(platform_url, story)


async def told_of_ours(it: World, plan: Plan, fen: int, outcome: Done | Refused) -> Kept:
    """The channel tells of the one refund that we have sent of this payment."""
    [ours] = [step for step in (await it.plan(plan.payment_no)).steps if step.kind == REFUND]
    read = CallbackRead(
        event_id="A1",
        about="refund",
        reference=ours.reference,
        order_reference=reference_of(plan),
        merchant="outpatient",
        amount_fen=Fen(fen),
        outcome=outcome,
    )
    kept = await it.payments.callbacks.keep(it.call(), "wechatpay", b"body", read)
    assert kept is not None
    return kept


def test_a_refund_that_the_channel_did_not_make_after_all(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await pay_in_time(it)
        number = plan.payment_no
        await refund(it, number, 2000)
        await settle_down(it, number)
        [ours] = [step for step in (await it.plan(number)).steps if step.kind == REFUND]
        del it.channel.refunds[ours.reference]
        it.told[number] = await told_of_ours(it, plan, 2000, Refused(reason="not_refundable", detail="ABNORMAL"))
        await it.drive(number)
        assert await attention(it, number) == "callback_mismatch"
        await rule(it, number, "as_channel_says")
        await rule(it, number, "as_channel_says", "supervisor")
        assert (await attention(it, number), await it.balance(OVER)) == ("", -2000)
        assert await it.balance(CHANNEL) == FEE
        assert await it.books_differ() == []

    play(platform_url, story)


def test_a_refund_that_the_channel_has_made_although_we_are_about_to_send_it_again(platform_url: str) -> None:
    """It is booked as that refund, not as money that is missing; and nobody sends it any more."""

    async def story(it: World) -> None:
        plan = await pay_in_time(it)
        number = plan.payment_no
        it.script.mishaps["refund"] = deque(["not_sent"])
        await refund(it, number, 2000)
        await it.drive(number)
        [ours] = [step for step in (await it.plan(number)).steps if step.kind == REFUND]
        assert (ours.state, ours.sent_at is not None) == ("planned", True)
        it.channel.refunds[ours.reference] = (reference_of(plan), 2000)
        await told_of_ours(it, plan, 1999, Done())
        await rule(it, number, "as_channel_says")
        [ours] = [step for step in (await it.plan(number)).steps if step.kind == REFUND]
        await settle_down(it, number)
        assert (ours.state, await it.balance(SHORT), await it.balance(OVER)) == ("done", 0, 0)
        assert await it.balance(CHANNEL) == FEE - 2000
        assert await it.books_differ() == []

    play(platform_url, story)


def test_an_order_that_is_closed_at_the_channel_after_it_was_paid_was_given_back_there(platform_url: str) -> None:
    """Alipay tells so of a trade of which all has gone back: under no number of a refund."""

    async def story(it: World) -> None:
        plan = await pay_in_time(it)
        number, reference = plan.payment_no, reference_of(plan)
        await refund(it, number, 2000)
        await settle_down(it, number)
        it.channel.refunds[THEIRS] = (reference, FEE - 2000)
        it.channel.orders[reference] = "closed"
        closed = CallbackRead(
            event_id="C1",
            about="take",
            reference=reference,
            merchant="outpatient",
            amount_fen=Fen(FEE),
            outcome=Refused(reason="expired", detail="TRADE_CLOSED"),
        )
        kept = await it.payments.callbacks.keep(it.call(), "wechatpay", b"body", closed)
        assert kept is not None
        it.told[number] = kept
        await it.drive(number)
        await rule(it, number, "as_channel_says")
        assert (await it.plan(number)).returned_fen == 2000, "one person alone moves nothing"
        await rule(it, number, "as_channel_says", "supervisor")
        await settle_down(it, number)
        assert await attention(it, number) == "refunded_at_channel"
        await rule(it, number, "wrongly")
        await rule(it, number, "wrongly", "supervisor")
        assert (await attention(it, number), (await it.plan(number)).returned_fen) == ("", FEE)
        assert (await it.balance(SHORT), await it.balance(CHANNEL), await it.balance(INCOME)) == (3000, 0, -3000)

    play(platform_url, story)


def test_two_notices_about_one_call_bring_the_difference_to_suspense_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await told_another_amount(it, FEE - 700, FEE - 700)
        await it.callback(number, "E2", FEE - 600)
        await it.drive(number)
        first, second = (each.notice for each in (await case(it, number)).notices)
        for name in ("operator", "supervisor"):
            await rule(it, number, "as_channel_says", name, first)
        assert await it.balance(SHORT) == 700
        await rule(it, number, "as_channel_says", notice=second)
        await settle_down(it, number)
        assert (await attention(it, number), await it.balance(SHORT), await it.balance(CHANNEL)) == ("", 700, FEE - 700)
        assert await it.books_differ() == []
        assert await watch(it).found() == {}

    play(platform_url, story)


@pytest.mark.parametrize("about", ["order", "foreign"])
def test_a_refund_is_never_taken_for_a_payment(platform_url: str, about: str) -> None:
    """Under the order's own number, as the code waits to be paid: on neither of the two ways a callback can go."""

    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        plan = await it.plan(number)
        reference = reference_of(plan)
        read = CallbackRead(
            event_id="R1",
            about="refund",
            reference=reference,
            order_reference=reference if about == "order" else "",
            merchant="outpatient",
            amount_fen=FEE,
            outcome=Done(),
        )
        assert it.payments.callbacks.fresh(it.call(), "wechatpay", b"body", read) is None
        understood_as = understood(read)
        if about == "order":
            assert (understood_as.about, understood_as.outcome.__class__.__name__) == ("take", "RefundedAtChannel")
        else:
            assert await it.payments.callbacks.keep(it.call(), "wechatpay", b"body", understood_as) is None
            assert (await it.plan(number)).latest(TAKE) == plan.latest(TAKE)

    play(platform_url, story)


def test_it_stands_although_the_payment_has_ended(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await told_another_amount(it, 1)
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.attention) == ("closed", "callback_mismatch")
        await rule(it, number, "as_channel_says")
        assert await attention(it, number) == ""

    play(platform_url, story)


def test_who_settles_a_call_by_hand_forgets_no_notice(platform_url: str) -> None:
    async def story(it: World) -> None:
        number, reference = await in_doubt(it)
        await it.callback(number, "E1", 1)
        await it.drive(number)
        assert (await it.plan(number)).attention == "callback_mismatch"
        for name in ("operator", "supervisor"):
            await say(it, number, reference, name, "happened")
        it.script.mishaps.clear()
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.attention) == ("fulfilled", "callback_mismatch")
        await rule(it, number, "as_channel_says")
        assert await attention(it, number) == ""

    play(platform_url, story)
