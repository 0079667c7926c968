"""Two at one payment: who has to wait for it reads it whole, and what is marked leaves whoever was there before."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from payment_checks import play, waits_for_a_lock
from payment_world import World
from process_stage import Gate, opening, start

from yinyi.bus.database import Tx
from yinyi.business.payments import rows, signals, store
from yinyi.business.payments.messages import ChooseTender
from yinyi.business.payments.plan import TAKE, Plan
from yinyi.business.payments.view import state_of

Read = Callable[[World, Tx, str, int], Awaitable[Plan | None]]


async def by_locking(it: World, tx: Tx, number: str, payment_id: int) -> Plan | None:
    return await signals.locked(tx, 1, number)


async def by_claiming(it: World, tx: Tx, number: str, payment_id: int) -> Plan | None:
    row = await store.claim_one(tx, 1, payment_id, it.means.lease.epoch, it.clock.now())
    return rows.read_plan(row["plan"]) if row else None


@pytest.mark.parametrize("read", [by_locking, by_claiming])
def test_who_waited_reads_it_whole(platform_url: str, read: Read) -> None:
    async def story(it: World) -> None:
        number = await it.open()
        await it.drive(number)
        payment_id = (await it.plan(number)).payment_id

        async def second() -> Plan | None:
            async with it.database.transaction() as tx:
                return await read(it, tx, number, payment_id)

        async with it.database.transaction() as tx:
            await it.payments.choose(tx, it.call(), ChooseTender(payment_no=number, tender="wechatpay"), None)
            waiting = asyncio.create_task(second())
            while not await waits_for_a_lock(it):
                pass
        plan = await waiting
        assert plan is not None
        take = plan.latest(TAKE)
        assert take is not None
        assert (plan.version, plan.tender_no, take.state) == (3, 1, "doing")

    play(platform_url, story)


def test_what_a_choice_has_marked_leaves_though_a_task_has_not_left_the_payment_yet(platform_url: str) -> None:
    async def story(it: World) -> None:
        gate = Gate(it)
        gate.open.set()
        one = await start(it, "one")
        opening(it, one)
        number = await it.open()
        taken = it.begun[number]
        assert taken is not None
        one.driver.begin(taken.plan, taken.leaving, taken.epoch)
        await one.idle(taken.plan.payment_id)
        await it.choose(number)
        chosen = it.begun[number]
        assert chosen is not None
        assert chosen.leaving
        one.driver.wake(1, chosen.plan.payment_id)
        one.driver.begin(chosen.plan, chosen.leaving, chosen.epoch)
        await one.idle(chosen.plan.payment_id)
        assert state_of(await it.plan(number)) == "waiting"

    play(platform_url, story)
