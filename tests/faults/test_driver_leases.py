"""The dead and the hanging: a lease that has run out is no lease, and nothing is written under it."""

from datetime import timedelta

import asyncpg
import pytest
from msgspec.structs import replace
from payment_far_side import FEE
from payment_world import ZONE, World
from process_stage import LEASE, Gate, history, opened, owner, play, start

from yinyi.business.payments.drive import Means
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.lease import Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.service import NewPayment
from yinyi.business.payments.view import state_of
from yinyi.kernel.money import Fen

# ---- the dead and the hanging


def test_what_a_dead_process_left_is_picked_up_when_its_lease_ran_out(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        (plan,) = await opened(it)
        dead = await start(it, "dead")
        await dead.driver.look()
        await gate.came.wait()
        other = await start(it, "other")
        it.clock.advance(LEASE - timedelta(milliseconds=1))
        await other.lease.beat()
        assert await other.driver.look() == 0, "it may be alive"
        it.clock.advance(timedelta(milliseconds=1))
        assert await other.driver.look() == 1
        await other.idle(plan.payment_id)
        assert "ask hospital" in it.script.seen, "whether it had happened is asked before anything is done again"
        assert state_of(await it.plan(plan.payment_no)) == "ready"
        assert list(gate.calls.values()) == [1]
        gate.open.set()
        await dead.idle(plan.payment_id)

    play(platform_url, story)


def test_many_that_a_dead_process_left_are_each_asked_about_before_any_goes_its_second_step(
    platform_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(it: World) -> None:
        new = it.new

        def chosen(serial: int, fee: Fen = FEE) -> NewPayment:
            return replace(new(serial, fee), tender="wechatpay")

        monkeypatch.setattr(it, "new", chosen)
        gate = Gate(it)
        plans = await opened(it, 3)
        dead = await start(it, "dead")
        await dead.driver.look()
        await gate.all_came(3)
        it.clock.advance(LEASE)
        other = await start(it, "other", at_once=2)
        everyone = [plan.payment_id for plan in plans]
        assert await other.driver.look() == 2
        await other.idle(*everyone)
        assert it.script.seen.count("ask hospital") == 2
        assert not it.channel.orders, "one of them has not been asked about yet"
        assert await other.driver.look() == 2, "the one that was left, and one of the first"
        await other.idle(*everyone)
        assert await other.driver.look() == 1
        await other.idle(*everyone)
        assert it.script.seen.count("ask hospital") == 3, "nobody is asked about twice"
        assert len(it.channel.orders) == 3
        assert list(gate.calls.values()) == [1, 1, 1]
        gate.open.set()
        await dead.idle(*everyone)

    play(platform_url, story)


def test_looks_go_on_behind_what_was_found_and_begin_anew_when_there_is_no_more(platform_url: str) -> None:
    async def story(it: World) -> None:
        plans = await opened(it, 5)
        ids = [plan.payment_id for plan in plans]
        dead = await start(it, "dead")
        async with it.database.read() as tx:
            await tx.execute("UPDATE payment SET lease_epoch = $1", dead.lease.epoch)
        it.clock.advance(LEASE)
        other = await start(it, "other", at_once=2)
        somebody = await asyncpg.connect(platform_url)
        async with somebody.transaction():
            await somebody.execute("SELECT FROM payment WHERE payment_id = $1 FOR UPDATE", ids[0])
            assert await other.driver.look() == 2, "whom somebody holds is passed by"
            await other.idle(*ids)
            assert await owner(it, plans[1]) is await owner(it, plans[2]) is None
        await somebody.close()
        assert await other.driver.look() == 2
        await other.idle(*ids)
        assert [await owner(it, plan) for plan in plans] == [dead.lease.epoch, None, None, None, None]
        assert await other.driver.look() == 0, "there is nothing behind them"
        assert await other.driver.look() == 1
        await other.idle(*ids)
        assert await owner(it, plans[0]) is None

    play(platform_url, story)


def test_who_wakes_up_after_his_lease_ran_out_writes_nothing(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        (plan,) = await opened(it)
        hanging = await start(it, "hanging")
        await hanging.driver.look()
        await gate.came.wait()
        it.clock.advance(LEASE)
        other = await start(it, "other")
        assert await other.driver.look() == 1
        await other.idle(plan.payment_id)
        before = await it.plan(plan.payment_no), await history(it, plan), await owner(it, plan)
        gate.open.set()
        await hanging.idle(plan.payment_id)
        assert (await it.plan(plan.payment_no), await history(it, plan), await owner(it, plan)) == before

    play(platform_url, story)


def test_a_lease_that_ran_out_is_no_lease_even_if_nobody_has_taken_over(platform_url: str) -> None:
    """A process alone whose database was away for longer than a lease: its old drives end, new ones go on."""

    async def story(it: World) -> None:
        gate = Gate(it)
        (plan,) = await opened(it)
        alone = await start(it, "alone")
        await alone.driver.look()
        await gate.came.wait()
        it.clock.advance(LEASE)
        before = await history(it, plan)
        old = alone.lease.epoch
        await alone.lease.beat()
        assert alone.lease.epoch > old
        gate.open.set()
        await alone.idle(plan.payment_id)
        assert await history(it, plan) == before
        assert await alone.driver.look() == 1
        await alone.idle(plan.payment_id)
        assert state_of(await it.plan(plan.payment_no)) == "ready"
        assert list(gate.calls.values()) == [1]

    play(platform_url, story)


def test_no_call_leaves_that_might_outlast_the_lease(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        (plan,) = await opened(it)
        one = await start(it, "one")
        it.clock.advance(LEASE - timedelta(seconds=it.hospital.call_timeout_s))
        one.driver.wake(1, plan.payment_id)
        await one.idle(plan.payment_id)
        assert gate.calls == {}
        await one.lease.beat()
        gate.open.set()
        await one.driver.look()
        await one.idle(plan.payment_id)
        assert state_of(await it.plan(plan.payment_no)) in ("holding", "ready")

    play(platform_url, story)


def test_a_process_without_a_good_lease_looks_for_nothing(platform_url: str) -> None:
    async def story(it: World) -> None:
        await opened(it)
        never = Driver(
            Means(it.database, it.means.registry, Lease(it.database, it.clock, ""), Limits(), it.clock, ZONE)
        )
        assert await never.look() == 0
        one = await start(it, "one")
        it.clock.advance(LEASE)
        assert await one.driver.look() == 0

    play(platform_url, story)
