"""Several business processes on one database: who drives what, and what becomes of it when one dies, hangs or stops."""

import asyncio
from collections import deque
from datetime import timedelta

import pytest
from payment_far_side import FEE
from payment_world import ZONE, World
from process_stage import LEASE, PATIENCE_S, Gate, ids_of, opened, opening, owner, play, start

from yinyi.business.payments import store
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.driver import FAILURES, Driver
from yinyi.business.payments.errors import PlansUnreadable
from yinyi.business.payments.human_queue import HumanQueue
from yinyi.business.payments.messages_queue import ListAttention
from yinyi.business.payments.plan import TAKE
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.service import PaymentService
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.plans import HOLD, HoldNumber, KeepNumber, Registration

# ---- one payment, one driver


def test_two_processes_drive_each_payment_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        plans = await opened(it, 30)
        ids = [plan.payment_id for plan in plans]
        one, other = await start(it, "one"), await start(it, "other")
        found = await asyncio.gather(one.driver.look(), other.driver.look(), one.driver.look(), other.driver.look())
        assert sum(found) >= 30
        for process in (one, other):
            for plan in plans:
                process.driver.wake(1, plan.payment_id)
        await gate.came.wait()
        gate.open.set()
        await asyncio.gather(one.idle(*ids), other.idle(*ids))
        assert list(gate.calls.values()) == [1] * 30
        assert [state_of(await it.plan(plan.payment_no)) for plan in plans] == ["ready"] * 30

    play(platform_url, story)


@pytest.mark.parametrize(
    ("what", "readable"),
    [("kind = 'of another release'", True), ("kind = '?', state = 'unknown'", False), ("sent_at = 'infinity'", False)],
)
def test_people_are_called_to_what_nobody_can_drive(platform_url: str, what: str, readable: bool) -> None:
    """Nothing else would ever do so; and it hides nothing else in the queue."""

    async def story(it: World) -> None:
        broken, other = await opened(it, 2)
        async with it.database.read() as tx:
            statement = f"UPDATE payment_step SET {what} WHERE payment_id = $1 AND position = 10"
            await tx.execute(statement, broken.payment_id)
            waiting = "UPDATE payment SET attention = 'hold_unknown', attention_at = updated_at WHERE payment_id = $1"
            await tx.execute(waiting, other.payment_id)
        one = await start(it, "one")
        for _ in range(FAILURES):
            await one.driver.look()
            await one.idle(broken.payment_id, other.payment_id)
        async with it.database.read() as tx:
            why = await tx.fetchval("SELECT attention FROM payment WHERE payment_id = $1", broken.payment_id)
            queue = await HumanQueue(it.payments, ZONE).attention(tx, it.call(), ListAttention())
        assert why == "engine_fails"
        shown = [item.payment.payment_no for item in queue.items]
        assert sorted(shown) == sorted([other.payment_no, *([broken.payment_no] if readable else [])])
        assert queue.unreadable == ([] if readable else [broken.payment_no])

    play(platform_url, story)


def test_what_somebody_alive_drives_is_left_to_him(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        (plan,) = await opened(it)
        one, other = await start(it, "one"), await start(it, "other")
        assert await one.driver.look() == 1
        await gate.came.wait()
        assert await owner(it, plan) == one.lease.epoch
        assert await other.driver.look() == 0
        other.driver.wake(1, plan.payment_id)
        await other.idle(plan.payment_id)
        assert await owner(it, plan) == one.lease.epoch
        gate.open.set()
        await one.idle(plan.payment_id)
        assert list(gate.calls.values()) == [1]

    play(platform_url, story)


def test_one_that_hangs_blocks_no_other(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        hanging, *others = await opened(it, 10)
        gate.hanging = hanging.steps[0].reference
        one = await start(it, "one")
        await one.driver.look()
        await one.idle(*(plan.payment_id for plan in others))
        assert {state_of(await it.plan(plan.payment_no)) for plan in others} == {"ready"}
        assert one.driver.active(hanging.payment_id)
        gate.open.set()
        await one.idle(hanging.payment_id)

    play(platform_url, story)


def test_who_is_woken_while_he_drives_looks_again(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        (plan,) = await opened(it)
        one = await start(it, "one")
        one.driver.wake(1, plan.payment_id)
        await gate.came.wait()
        await it.choose(plan.payment_no)
        one.driver.wake(1, plan.payment_id)
        gate.open.set()
        await one.idle(plan.payment_id)
        assert state_of(await it.plan(plan.payment_no)) == "waiting"
        assert list(gate.calls.values()) == [1]
        assert len(it.channel.orders) == 1

    play(platform_url, story)


def test_what_a_request_has_just_committed_is_left_to_it(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        gate.open.set()
        one = await start(it, "one")
        opening(it, one)
        number = await it.open()
        plan = await it.plan(number)
        taken = it.begun[number]
        assert taken is not None
        assert await one.driver.look() == 0
        one.driver.begin(taken.plan, taken.leaving, taken.epoch)
        await one.idle(plan.payment_id)
        assert state_of(await it.plan(number)) == "ready"
        assert list(gate.calls) == [plan.steps[0].reference]
        assert "ask hospital" not in it.script.seen, "it leaves at once, without being asked about first"

    play(platform_url, story)


def test_what_was_marked_under_a_lease_that_is_gone_does_not_leave(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        gate.open.set()
        one = await start(it, "one")
        opening(it, one)
        number = await it.open()
        plan = await it.plan(number)
        taken = it.begun[number]
        assert taken is not None
        it.clock.advance(LEASE)
        await one.lease.beat()
        one.driver.begin(taken.plan, taken.leaving, taken.epoch)
        await one.idle(plan.payment_id)
        assert plan.steps[0].reference not in gate.calls
        assert "ask hospital" in it.script.seen
        assert state_of(await it.plan(number)) == "ready"

    play(platform_url, story)


# ---- stopping


def test_who_stops_lets_calls_come_home(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        (plan,) = await opened(it)
        one = await start(it, "one")
        await one.driver.look()
        await gate.came.wait()
        stopping = asyncio.create_task(one.driver.stop(PATIENCE_S))
        gate.open.set()
        await stopping
        assert state_of(await it.plan(plan.payment_no)) == "ready"
        assert await owner(it, plan) is None
        one.driver.wake(1, plan.payment_id)
        assert not one.driver.active(plan.payment_id)

    play(platform_url, story)


def test_who_cannot_wait_hands_back_at_once(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        (plan,) = await opened(it)
        one, other = await start(it, "one"), await start(it, "other")
        await one.driver.look()
        await gate.came.wait()
        await one.driver.stop(patience_s=0.05)
        assert await owner(it, plan) is None
        assert await other.driver.look() == 1, "without waiting for the lease to run out"
        await other.idle(plan.payment_id)
        assert "ask hospital" in it.script.seen

    play(platform_url, story)


# ---- finding


def test_what_is_due_is_found_and_what_is_not_is_not(platform_url: str) -> None:
    async def story(it: World) -> None:
        due, later = await opened(it, 2)
        await it.drive(later.payment_no)
        one = await start(it, "one")
        epoch = one.lease.epoch
        async with it.database.read() as tx:

            async def due_now(driven: list[int]) -> list[tuple[int, int]]:
                return ids_of(await store.claim_due(tx, epoch, it.clock.now(), driven, 10))

            assert await due_now([]) == [(1, due.payment_id)]
            assert await due_now([due.payment_id]) == [], "it is being driven"
            assert await due_now([]) == [(1, due.payment_id)], "it was let go"
            at = await tx.fetchval("SELECT next_at FROM payment WHERE payment_id = $1", later.payment_id)
            assert ids_of(await store.claim_due(tx, epoch, at - timedelta(seconds=1), [due.payment_id], 10)) == []
            assert ids_of(await store.claim_due(tx, epoch, at, [due.payment_id], 10)) == [(1, later.payment_id)]

    play(platform_url, story)


def test_what_has_ended_is_found_no_more(platform_url: str) -> None:
    async def story(it: World) -> None:
        plan = await it.to_the_end(await it.open())
        assert plan.ended_at is not None
        one = await start(it, "one")
        it.clock.advance(timedelta(days=30))
        await one.lease.beat()
        assert await one.driver.look() == 0

    play(platform_url, story)


def test_no_more_are_taken_than_there_is_room_for(platform_url: str) -> None:
    async def story(it: World) -> None:
        plans = await opened(it, 12)
        async with it.database.read() as tx:
            first = ids_of(await store.claim_due(tx, (await start(it, "one")).lease.epoch, it.clock.now(), [], 5))
            other = ids_of(await store.claim_due(tx, (await start(it, "other")).lease.epoch, it.clock.now(), [], 5))
        assert len(first) == len(other) == 5
        assert not set(first) & set(other)
        assert {payment_id for _, payment_id in (*first, *other)} <= {plan.payment_id for plan in plans}

    play(platform_url, story)


def test_the_loop_finds_by_itself_and_whoever_waits_is_told(platform_url: str) -> None:
    async def story(it: World) -> None:
        (plan,) = await opened(it)
        one = await start(it, "one")
        moved = asyncio.create_task(one.driver.moved(plan.payment_id, PATIENCE_S))
        loop = asyncio.create_task(one.driver.run())
        shown = await moved
        assert shown is not None
        assert shown.payment_no == plan.payment_no
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        assert await one.driver.moved(plan.payment_id + 1, 0.01) is None

    play(platform_url, story)


# ---- plans of another release


def registry_of(it: World, *, hold: bool, channel: bool) -> Registry:
    effects = [KeepNumber(it.hospital), *([HoldNumber(it.hospital)] if hold else [])]
    channels = {"wechatpay": it.channel} if channel else {}
    merchants = MerchantTable({("outpatient", "wechatpay"): "outpatient"})
    return Registry(effects=effects, purposes=[Registration()], channels=channels, merchants=merchants)


def test_a_release_that_cannot_read_open_plans_does_not_start(platform_url: str) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        await it.choose(number)
        await it.drive(number)

        def service(registry: Registry) -> PaymentService:
            return PaymentService(it.database, registry, Driver(it.means), ZONE)

        await service(it.means.registry).prepare()
        with pytest.raises(PlansUnreadable) as caught:
            await service(registry_of(it, hold=False, channel=False)).prepare()
        assert caught.value.detail == f"{TAKE}/wechatpay, scheduling.confirm, {HOLD}"
        await it.to_the_end(number)
        await service(registry_of(it, hold=False, channel=False)).prepare()

    play(platform_url, story)


def test_the_money_is_right_when_processes_come_and_go(platform_url: str) -> None:
    """One opens, one takes, one dies while confirming, the last one finds it."""

    async def story(it: World) -> None:
        (plan,) = await opened(it)
        for name in ("holds", "takes", "dies", "finds"):
            process = await start(it, name)
            if name == "takes":
                await it.choose(plan.payment_no)
            if name == "dies":
                take = (await it.plan(plan.payment_no)).latest(TAKE)
                assert take is not None
                it.channel.pay(take.reference)
                it.script.mishaps["confirm"] = deque(["lost_after"])
            it.clock.advance(timedelta(seconds=6))
            await process.lease.beat()
            await process.driver.look()
            await process.idle(plan.payment_id)
            if name != "dies":
                await process.driver.stop()
            it.clock.advance(LEASE)
        done = await it.plan(plan.payment_no)
        assert (state_of(done), done.taken_fen, done.returned_fen) == ("fulfilled", FEE, 0)
        assert await it.books_differ() == []

    play(platform_url, story)
