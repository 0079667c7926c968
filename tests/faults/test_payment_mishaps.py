"""One thing goes wrong, at every call and at every point: the money is right at the end."""

from collections import deque
from contextlib import suppress
from datetime import timedelta

import pytest
from payment_checks import check_the_money, play, reference_of
from payment_far_side import FEE, Killed, Mishap
from payment_world import World

from yinyi.business.payments import store
from yinyi.business.payments.errors import PaymentClosed
from yinyi.business.payments.plan import REFUND, Plan
from yinyi.business.payments.view import state_of

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
