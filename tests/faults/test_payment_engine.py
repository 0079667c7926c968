"""What becomes of the money, whatever the world does: the real engine, store and PostgreSQL; a simulated world."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from payment_far_side import FEE, Killed, Mishap
from payment_world import World, world

from yinyi.business.payments import signals, store
from yinyi.business.payments.errors import PaymentClosed, TenderUnderWay
from yinyi.business.payments.plan import REFUND, TAKE, Plan
from yinyi.business.payments.view import state_of

Story = Callable[[World], Awaitable[None]]


def play(url: str, story: Story) -> None:
    async def on_stage() -> None:
        async with world(url) as it:
            await story(it)

    asyncio.run(on_stage())


def reference_of(plan: Plan) -> str:
    take = plan.latest(TAKE)
    assert take is not None
    return take.reference


async def check_the_money(it: World, plan: Plan) -> None:
    """Delivered and kept, or not delivered and all given back; and the books say the same."""
    delivered = "confirmed" in it.hospital.numbers.values()
    state = state_of(plan)
    assert state in ("fulfilled", "closed", "returned"), state
    assert (state == "fulfilled") == delivered
    assert it.channel.kept_fen() == (FEE if delivered else 0)
    assert await it.books_differ() == []
    assert "open" not in it.channel.orders.values()


async def pay_in_time(it: World) -> Plan:
    """The whole journey of somebody who pays at once."""
    number = await it.open()
    await it.drive(number)
    await it.choose(number)
    await it.drive(number)
    plan = await it.plan(number)
    if plan.latest(TAKE) is not None:
        it.channel.pay(reference_of(plan))
    return await it.to_the_end(number)


def test_paid_and_delivered(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await pay_in_time(it)
        assert state_of(plan) == "fulfilled"
        await check_the_money(it, plan)

    play(platform_url, story)


def test_nobody_pays(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.reason) == ("closed", "expired")
        await check_the_money(it, plan)

    play(platform_url, story)


def test_nothing_is_chosen(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await it.to_the_end(await it.open())
        assert (state_of(plan), plan.reason) == ("closed", "expired")
        assert list(it.hospital.numbers.values()) == ["released"]

    play(platform_url, story)


def test_cancelled_while_the_code_is_on_the_screen(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        await it.cancel(number)
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.reason) == ("closed", "cancelled")
        assert list(it.channel.orders.values()) == ["closed"]
        await check_the_money(it, plan)

    play(platform_url, story)


def test_paid_in_the_moment_of_cancelling(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        it.channel.pay(reference_of(await it.plan(number)))
        await it.cancel(number)
        plan = await it.to_the_end(number)
        assert state_of(plan) == "returned"
        await check_the_money(it, plan)

    play(platform_url, story)


def test_a_callback_is_enough_and_twice_is_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        it.channel.pay(reference_of(await it.plan(number)))
        for _ in range(3):
            await it.callback(number, "EV1")
        asked = it.script.seen.count("ask channel")
        plan = await it.to_the_end(number)
        assert it.script.seen.count("ask channel") == asked
        assert state_of(plan) == "fulfilled"
        await check_the_money(it, plan)

    play(platform_url, story)


@pytest.mark.parametrize(("amount_fen", "merchant"), [(1, "outpatient"), (FEE, "inpatient")])
def test_a_callback_that_does_not_fit_is_not_believed(platform_url: str, amount_fen: int, merchant: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        await it.callback(number, "EV1", amount_fen, merchant)
        await it.drive(number)
        plan = await it.plan(number)
        assert plan.attention == "callback_mismatch"
        assert plan.taken_fen == 0
        plan = await it.to_the_end(number)
        assert state_of(plan) == "closed"
        await check_the_money(it, plan)

    play(platform_url, story)


def test_success_after_closing_gives_the_money_back(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        await it.cancel(number)
        plan = await it.to_the_end(number)
        assert state_of(plan) == "closed"
        it.channel.orders[reference_of(plan)] = "paid"
        it.clock.advance(timedelta(hours=2))
        await it.callback(number, "LATE")
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.returned_fen) == ("returned", FEE)
        await check_the_money(it, plan)

    play(platform_url, story)


def test_another_code_after_the_first_is_surely_closed(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        first = reference_of(await it.plan(number))
        await it.choose_anew(number)
        await it.drive(number)
        plan = await it.plan(number)
        second = reference_of(plan)
        assert (it.channel.orders[first], it.channel.orders[second]) == ("closed", "open")
        assert not it.channel.pay(first)
        it.channel.pay(second)
        plan = await it.to_the_end(number)
        assert state_of(plan) == "fulfilled"
        await check_the_money(it, plan)

    play(platform_url, story)


VERBS: dict[str, list[Mishap]] = {
    "hold": ["refuse", "not_sent", "lost_before", "lost_after"],
    "show_code": ["refuse", "not_sent", "lost_before", "lost_after"],
    "confirm": ["refuse", "not_sent", "lost_before", "lost_after"],
    "ask_channel": ["lost_before"],
    "ask_hospital": ["lost_before"],
    "close": ["lost_before", "lost_after", "not_sent"],
    "release": ["lost_before", "lost_after", "not_sent"],
    "refund": ["lost_before", "lost_after", "not_sent"],
    "ask_refund": ["lost_before"],
}


async def journey(it: World, ending: str) -> Plan:
    """Somebody registers, chooses WeChat, and pays or walks away; whatever dies is started again."""
    number = await it.open()
    chosen = paid = False
    for _ in range(12):
        try:
            await it.drive(number)
            if not chosen:
                with suppress(PaymentClosed):  # the hospital has refused; he is told
                    await it.choose(number)
                chosen = True
                continue
            plan = await it.plan(number)
            if ending == "leaves" or paid or not plan.takes_begun():
                break
            paid = it.channel.pay(reference_of(plan))
            it.clock.advance(timedelta(seconds=6))
        except Killed:
            await it.restart()
    return await it.to_the_end(number)


async def check_this_one(it: World, plan: Plan, what: object) -> None:
    """Delivered and kept, or not delivered and all given back."""
    delivered = "confirmed" in it.hospital.numbers.values()
    state = state_of(plan)
    assert state in ("fulfilled", "closed", "returned"), what
    assert (state == "fulfilled") == delivered, what
    assert it.channel.kept_fen() == (FEE if delivered else 0), what
    assert "open" not in it.channel.orders.values(), what
    assert not plan.attention, what


@pytest.mark.parametrize("verb", VERBS)
def test_one_thing_goes_wrong(platform_url: str, verb: str) -> None:
    """Every answer that a call can end in, once and three times over, for one who pays and one who leaves."""

    async def story(it: World) -> None:
        for mishap in VERBS[verb]:
            for times in (1, 3):
                for ending in ("pays", "leaves"):
                    mishaps: dict[str, list[Mishap]] = {verb: [mishap] * times}
                    it.begin_anew(**mishaps)
                    if verb in ("refund", "ask_refund"):
                        it.script.mishaps["confirm"] = deque(["refuse"])
                    plan = await journey(it, ending)
                    await check_this_one(it, plan, (verb, mishap, times, ending))
        kept = it.channel.kept_fen()
        it.channel.orders.clear()
        it.channel.refunds.clear()
        assert [each for each in await it.books_differ() if "the channel has" not in each] == []
        assert kept in (0, FEE)

    play(platform_url, story)


@pytest.mark.parametrize("refused", [False, True])
@pytest.mark.parametrize("ending", ["pays", "leaves"])
def test_killed_at_every_point(platform_url: str, ending: str, refused: bool) -> None:
    """kill -9 before and after every call to the outside and between any two steps."""

    async def story(it: World) -> None:
        kill_at = 1
        while True:
            it.begin_anew(confirm=["refuse"] if refused else [])
            it.script.kill_at = kill_at
            plan = await journey(it, ending)
            await check_this_one(it, plan, (kill_at, it.script.seen))
            if not it.script.killed:
                break
            kill_at += 1
        assert kill_at > 8
        assert [each for each in await it.books_differ() if "the channel has" not in each] == []

    play(platform_url, story)


async def delivered_then_late(it: World) -> Plan:
    """The first code is closed, the second paid and delivered; then the first one's success arrives."""
    number = await it.open()
    await it.drive(number)
    await it.choose(number)
    await it.drive(number)
    first = reference_of(await it.plan(number))
    await it.choose_anew(number)
    await it.drive(number)
    it.channel.pay(reference_of(await it.plan(number)))
    plan = await it.to_the_end(number)
    assert state_of(plan) == "fulfilled"
    it.channel.orders[first] = "paid"
    await it.callback(number, "LATE", reference=first)
    return await it.to_the_end(number)


def test_a_late_success_beside_a_delivered_registration_goes_back_alone(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await delivered_then_late(it)
        assert (state_of(plan), plan.taken_fen, plan.returned_fen) == ("fulfilled", 2 * FEE, FEE)
        assert list(it.hospital.numbers.values()) == ["confirmed"]
        await check_the_money(it, plan)

    play(platform_url, story)


def test_a_late_callback_is_found_by_whoever_looks_next(platform_url: str) -> None:
    """The process that kept it has died before it could drive."""

    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        await it.cancel(number)
        plan = await it.to_the_end(number)
        it.channel.orders[reference_of(plan)] = "paid"
        await it.callback(number, "LATE")
        await it.restart()
        async with it.database.read() as tx:
            due = await store.claim_due(tx, it.means.lease.epoch, it.clock.now(), [], 10)
        assert [each.payment_id for each in due] == [plan.payment_id]

    play(platform_url, story)


def test_a_refund_that_succeeds_after_it_was_refused_ends(platform_url: str) -> None:
    async def story(it: World) -> None:
        it.script.mishaps["confirm"] = deque(["refuse"])
        it.script.mishaps["refund"] = deque(["refuse"])
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)
        it.channel.pay(reference_of(await it.plan(number)))
        it.clock.advance(timedelta(seconds=6))
        await it.drive(number)
        plan = await it.plan(number)
        refund = plan.latest(REFUND)
        assert refund is not None
        assert (refund.state, plan.attention) == ("refused", "refund_refused")
        it.channel.refunds[refund.reference] = (reference_of(plan), FEE)
        await it.callback(number, "BY HAND", reference=refund.reference)
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.returned_fen) == ("returned", FEE)
        await check_the_money(it, plan)

    play(platform_url, story)


async def with_a_hold_slip(it: World) -> str:
    """A registration whose number is kept for the window."""
    number = await it.open()
    await it.drive(number)
    return number


async def collect(it: World, number: str) -> None:
    """The cashier takes the money."""
    async with it.database.transaction() as tx:
        plan = await signals.locked(tx, 1, number)
        assert plan is not None
        told = {"operator": "007", "receipt_no": "R1"}
        await it.payments.counter.take(tx, it.call(), plan, told, 0)


def test_cash_is_taken_delivered_and_booked(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await with_a_hold_slip(it)
        await collect(it, number)
        plan = await it.to_the_end(number)
        take = plan.latest(TAKE)
        assert take is not None
        assert (state_of(plan), take.channel, take.evidence["operator"]) == ("fulfilled", "window", "007")
        assert await it.balance("channel:window:outpatient") == FEE
        async with it.database.read() as tx:
            history = await tx.fetchval("SELECT string_agg(what::text, ' ' ORDER BY version) FROM payment_event")
        assert f'"reference": "{take.reference}"' in history, "what the cashier did is in the payment's history"

    play(platform_url, story)


def test_cash_for_what_the_hospital_refuses_waits_for_the_cashier_and_ends_with_him(platform_url: str) -> None:
    async def story(it: World) -> None:
        it.script.mishaps["confirm"] = deque(["refuse"])
        number = await with_a_hold_slip(it)
        await collect(it, number)
        await it.drive(number)
        plan = await it.plan(number)
        assert (state_of(plan), plan.attention) == ("returning", "refund_waiting")
        async with it.database.transaction() as tx:
            told = {"operator": "007", "receipt_no": "R2"}
            await it.payments.counter.give_back(tx, it.call(), plan, told, 0)
        plan = await it.to_the_end(number)
        assert (state_of(plan), plan.attention) == ("returned", "")
        assert await it.balance("channel:window:outpatient") == 0

    play(platform_url, story)


@pytest.mark.parametrize("meanwhile", ["a code is open", "the code is paid", "cancelled", "too late", "collected"])
def test_the_cashier_is_told_when_he_must_not_take_the_money(platform_url: str, meanwhile: str) -> None:
    async def story(it: World) -> None:
        number = await with_a_hold_slip(it)
        if meanwhile in ("a code is open", "the code is paid"):
            await it.choose(number)
            await it.drive(number)
        match meanwhile:
            case "the code is paid":
                it.channel.pay(reference_of(await it.plan(number)))
                it.clock.advance(timedelta(seconds=6))
                await it.drive(number)
            case "cancelled":
                await it.cancel(number)
            case "too late":
                it.clock.advance(timedelta(minutes=9))
            case "collected":
                await collect(it, number)
            case _:
                pass
        with pytest.raises((PaymentClosed, TenderUnderWay)):
            await collect(it, number)

    play(platform_url, story)
