"""A channel that is dead: who chooses it is told within a moment, nothing that may have left is taken for failed, and
when it lives again all of it ends well. And a process that is dead: its payments are picked up within ten seconds."""

from collections import deque
from datetime import timedelta

from payment_checks import reference_of
from payment_far_side import Mishap
from payment_world import World
from process_stage import Gate, opened, play, start
from watch_world import watch

from yinyi.business.payments.driver import EVERY_S
from yinyi.business.payments.lease import LEASE_S, Lease
from yinyi.business.payments.plan import TAKE
from yinyi.business.payments.view import state_of, view_of

TAKING = f"{TAKE}/wechatpay"


async def chosen(it: World) -> str:
    """Somebody chooses WeChat; his payment's number."""
    number = await it.open()
    await it.drive(number)
    await it.choose(number)
    await it.drive(number)
    return number


async def dead(it: World) -> list[str]:
    """It takes orders, and says nothing any more; payments that were begun before that was known."""
    mishaps: dict[str, Mishap] = {"show_code": "lost_after", "ask_channel": "lost_before", "close": "lost_before"}
    for verb, mishap in mishaps.items():
        again: list[Mishap] = [mishap] * 9999
        it.script.mishaps[verb] = deque(again)
    numbers = [await chosen(it) for _ in range(5)]
    assert it.means.limits.open_breakers() == [TAKING]
    return numbers


def test_who_chooses_a_dead_channel_is_told_within_a_moment(platform_url: str) -> None:
    async def story(it: World) -> None:
        before = await dead(it)
        calls = len(it.script.seen)
        number, asked_at = await chosen(it), it.clock.now()
        while state_of(await it.plan(number)) != "ready":
            it.clock.advance(timedelta(seconds=0.5))
            await it.drive(number)
        assert it.clock.now() - asked_at <= timedelta(seconds=3)
        assert view_of(await it.plan(number), it.means.registry).reason == "unavailable"
        assert not [name for name in it.script.seen[calls:] if name.endswith("show_code")], "nothing left"
        assert [state_of(await it.plan(each)) for each in before] == ["unknown"] * 5, "what left stays in doubt"

    play(platform_url, story)


def test_when_it_lives_again_all_of_it_ends_well(platform_url: str) -> None:
    async def story(it: World) -> None:
        numbers = await dead(it)
        for number in numbers[:3]:
            assert it.channel.pay(reference_of(await it.plan(number)))
        it.clock.advance(timedelta(seconds=5))
        for number in numbers:
            await it.drive(number)
        assert it.means.limits.is_open(TAKING)
        it.script.mishaps.clear()
        plans = [await it.to_the_end(number) for number in numbers]
        assert [state_of(plan) for plan in plans] == ["fulfilled"] * 3 + ["closed"] * 2
        assert it.means.limits.open_breakers() == []
        assert await it.books_differ() == []

    play(platform_url, story)


def test_what_a_process_leaves_alone_is_seen_by_those_who_watch(platform_url: str) -> None:
    async def story(it: World) -> None:
        await dead(it)
        lease = Lease(it.database, it.clock, "another", it.means.limits.open_breakers)
        await lease.take()
        await lease.beat()
        assert (await watch(it).figures())["breaker_open"] == {TAKING: 1}
        it.clock.advance(timedelta(seconds=LEASE_S))
        assert (await watch(it).figures())["breaker_open"] == {}, "it is dead itself"

    play(platform_url, story)


def test_what_a_killed_process_drove_is_picked_up_within_ten_seconds(platform_url: str) -> None:
    """It dies just after a heartbeat; the other one looks as seldom as it may."""

    async def story(it: World) -> None:
        gate = Gate(it)
        (plan,) = await opened(it)
        killed, other = await start(it, "killed"), await start(it, "other")
        assert await killed.driver.look() == 1
        await gate.came.wait()
        await killed.lease.beat()
        died_at, found = it.clock.now(), 0
        while not found:
            it.clock.advance(timedelta(seconds=EVERY_S * 1.2))
            await other.lease.beat()
            found = await other.driver.look()
        assert it.clock.now() - died_at <= timedelta(seconds=10)
        await other.idle(plan.payment_id)
        assert state_of(await it.plan(plan.payment_no)) == "ready"
        gate.open.set()
        await killed.idle(plan.payment_id)

    play(platform_url, story)
