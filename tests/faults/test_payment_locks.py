"""Two at one payment: who has to wait for it reads it whole, and what is marked leaves whoever was there before."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from payment_checks import play, waits_for_a_lock
from payment_world import World
from process_stage import Gate, opening, start

from yinyi.bus.database import Tx
from yinyi.bus.together import Together
from yinyi.bus.work import Record, work_on
from yinyi.business.audit.store import WITH_A_CHANGE
from yinyi.business.payments import rows, signals, store
from yinyi.business.payments.errors import AlreadyUnderWay
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
            await it.payments.tenders.choose(tx, it.call(), ChooseTender(payment_no=number, tender="wechatpay"), None)
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


def test_of_those_who_begin_in_one_statement_only_one_begins_the_same_thing(platform_url: str) -> None:
    async def story(it: World) -> None:
        together = Together(it.database, lanes=1)

        async def begin(key: str, serial: int) -> str:
            call = it.call(key)
            record = Record(1, "kiosk:T1", key, "op", b"\x00\xff", call.now, "kiosk:T1", 1, f"of {key}")
            async with work_on(together, record, WITH_A_CHANGE) as work:
                number = await it.payments.open(work, call, it.new(serial))
                await work.finish(number)
            return number

        gathered = (begin("first", 1), begin("again", 2), begin("other", 3), begin("twice", 2), begin("late", 1))
        begun = dict(
            zip(
                ("first", "again", "other", "twice", "late"),
                await asyncio.gather(*gathered, return_exceptions=True),
                strict=True,
            )
        )
        assert [key for key, number in begun.items() if isinstance(number, AlreadyUnderWay)] == ["twice", "late"]
        made = {key: number for key, number in begun.items() if isinstance(number, str)}
        async with it.database.read() as tx:
            keys = await tx.fetch("SELECT key, subject, body_hash FROM idempotency")
            lines = await tx.fetch("SELECT correlation_id, subject FROM audit")
            opened = await tx.fetch(
                "SELECT p.payment_no, s.reference FROM payment p"
                " JOIN payment_obligation USING (hospital_id, payment_id)"
                " JOIN payment_step s USING (hospital_id, payment_id)"
            )
        assert {row["key"]: row["subject"] for row in keys} == made
        assert {row["body_hash"] for row in keys} == {b"\x00\xff"}
        assert {row["correlation_id"]: row["subject"] for row in lines} == {f"of {key}": no for key, no in made.items()}
        assert {row["payment_no"] for row in opened} == set(made.values())
        assert len(opened) == 9, "three steps of each"
        assert all(row["reference"].startswith(row["payment_no"]) for row in opened)

    play(platform_url, story)
