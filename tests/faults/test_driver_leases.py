"""The dead and the hanging: a lease that has run out is no lease, and nothing is written under it."""

from datetime import timedelta

from payment_world import ZONE, World
from process_stage import LEASE, Gate, history, opened, owner, play, start

from yinyi.business.payments.drive import Means
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.lease import Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.view import state_of

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
