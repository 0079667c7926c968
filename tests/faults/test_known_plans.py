"""What a process knows of a payment saves it a look, and never a check: nothing outdated is believed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from payment_far_side import FEE
from payment_world import World, world

from yinyi.business.payments import signals
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.errors import PaymentClosed
from yinyi.business.payments.messages import ChooseTender, GetPayment
from yinyi.business.payments.model import CallbackRead, RefundedAtChannel
from yinyi.business.payments.plan import PAYER_CODE, TAKE, Plan
from yinyi.business.payments.rows import FreshCallback
from yinyi.business.payments.view import state_of
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done

CALLBACKS = "SELECT count(*) FILTER (WHERE applied_at IS NOT NULL), count(*) FROM payment_callback"


def play(url: str, story: Callable[[World, Driver], Awaitable[None]]) -> None:
    async def on_stage() -> None:
        async with world(url) as it, asyncio.timeout(40):
            await story(it, Driver(it.means))

    asyncio.run(on_stage())


async def waiting(it: World) -> Plan:
    """A payment whose payer has paid and whose process knows it."""
    number = await it.open()
    await it.drive(number)
    await it.choose(number)
    await it.drive(number)
    plan = await it.plan(number)
    assert state_of(plan) == "waiting"
    assert it.means.known.get(number) == plan
    it.channel.pay(_take(plan))
    return plan


def _take(plan: Plan) -> str:
    take = plan.latest(TAKE)
    assert take is not None
    return take.reference


def told(it: World, plan: Plan, **other: Any) -> CallbackRead:
    read = CallbackRead(
        event_id="EV1",
        about="take",
        reference=_take(plan),
        merchant="outpatient",
        amount_fen=FEE,
        outcome=Done(evidence={"paid_at": it.clock.now().isoformat()}),
    )
    return replace(read, **other)


def fresh(it: World, plan: Plan, **other: Any) -> FreshCallback:
    found = it.payments.callbacks.fresh(it.call(), "wechatpay", b"body", told(it, plan, **other))
    assert found is not None
    return found.callback


async def stored(it: World) -> tuple[int, int]:
    """How many callbacks were applied, and how many there are."""
    async with it.database.read() as tx:
        row = await tx.fetchrow(CALLBACKS)
        assert row is not None
        return row[0], row[1]


async def until_idle(driver: Driver, plan: Plan) -> None:
    while driver.active(plan.payment_id):
        await driver.moved(plan.payment_id, 20)


def test_it_is_kept_in_the_write_that_follows_from_it(platform_url: str) -> None:
    async def story(it: World, driver: Driver) -> None:
        plan = await waiting(it)
        asked = it.script.seen.count("ask channel")
        assert await driver.told(plan, fresh(it, plan))
        await until_idle(driver, plan)
        after = await it.plan(plan.payment_no)
        assert (state_of(after), after.version) == ("fulfilled", plan.version + 2)
        assert it.script.seen.count("ask channel") == asked
        assert await stored(it) == (1, 1)

    play(platform_url, story)


def test_told_again_it_was_here_before(platform_url: str) -> None:
    async def story(it: World, driver: Driver) -> None:
        plan = await waiting(it)
        assert await driver.told(plan, fresh(it, plan))
        await until_idle(driver, plan)
        now = it.means.known.get(plan.payment_no)
        assert now is not None
        assert not await driver.told(now, fresh(it, plan))
        assert await it.payments.callbacks.keep(it.call(), "wechatpay", b"body", told(it, plan)) is None
        assert await stored(it) == (1, 1)
        assert await it.plan(plan.payment_no) == now

    play(platform_url, story)


def test_two_at_once_are_one(platform_url: str) -> None:
    async def story(it: World, driver: Driver) -> None:
        plan, other = await waiting(it), Driver(it.means)
        callback = fresh(it, plan)
        kept = await asyncio.gather(driver.told(plan, callback), other.told(plan, callback))
        await until_idle(driver, plan)
        await until_idle(other, plan)
        assert sorted(kept) == [False, True]
        assert await stored(it) == (1, 1)
        after = await it.plan(plan.payment_no)
        assert (state_of(after), after.taken_fen) == ("fulfilled", FEE)

    play(platform_url, story)


async def _cancelled(it: World, plan: Plan) -> None:
    await it.cancel(plan.payment_no)


async def _driven_by_another(it: World, plan: Plan) -> None:
    async with it.database.read() as tx:
        await tx.execute("UPDATE payment SET lease_epoch = 77 WHERE payment_id = $1", plan.payment_id)


async def _told_something_else(it: World, plan: Plan) -> None:
    read = told(it, plan, event_id="EV0", amount_fen=1)
    assert await it.payments.callbacks.keep(it.call(), "wechatpay", b"body", read)


async def _left_for_dead(it: World, plan: Plan) -> None:
    async with it.database.read() as tx:
        await tx.execute("UPDATE process_lease SET alive_until = $1", it.clock.now() - timedelta(seconds=1))


async def _in_a_gap(it: World, plan: Plan) -> None:
    async with it.database.read() as tx:
        await tx.execute("UPDATE payment SET gap_until = $2 WHERE payment_id = $1", plan.payment_id, it.clock.now())


@pytest.mark.parametrize("meanwhile", [_cancelled, _driven_by_another, _told_something_else, _left_for_dead, _in_a_gap])
def test_nothing_is_written_on_what_is_not_so_any_more(
    platform_url: str, meanwhile: Callable[[World, Plan], Awaitable[None]]
) -> None:
    async def story(it: World, driver: Driver) -> None:
        plan = await waiting(it)
        callback = fresh(it, plan)
        await meanwhile(it, plan)
        before, kept = await it.plan(plan.payment_no), await stored(it)
        assert not await driver.told(plan, callback)
        assert await it.plan(plan.payment_no) == before
        assert await stored(it) == kept
        assert not driver.active(plan.payment_id)

    play(platform_url, story)


@pytest.mark.parametrize(
    "other",
    [
        {"amount_fen": 1},
        {"merchant": "inpatient"},
        {"reference": "X" * 24},
        {"outcome": RefundedAtChannel(their_id="T1", amount_fen=Fen(FEE))},
    ],
)
def test_what_was_not_expected_is_kept_by_itself_and_judged_by_the_database(
    platform_url: str, other: dict[str, Any]
) -> None:
    async def story(it: World, driver: Driver) -> None:
        plan = await waiting(it)
        assert it.payments.callbacks.fresh(it.call(), "wechatpay", b"body", told(it, plan, **other)) is None
        assert it.payments.callbacks.fresh(it.call(), "alipay", b"body", told(it, plan)) is None

    play(platform_url, story)


def test_what_is_shown_is_what_is_on_disk(platform_url: str) -> None:
    """Also when another process has changed it."""

    async def story(it: World, driver: Driver) -> None:
        plan = await waiting(it)
        asked = GetPayment(number=plan.payment_no)
        assert (await it.payments.get(it.call(), asked)).state == "waiting"
        async with it.database.read() as tx:
            await signals.cancel(tx, plan, it.clock.now())
        assert (await it.payments.get(it.call(), asked)).state == "closing"

    play(platform_url, story)


def test_a_choice_is_made_without_a_look_and_never_against_one(platform_url: str) -> None:
    async def story(it: World, driver: Driver) -> None:
        number = await it.open()
        await it.drive(number)
        known = it.means.known.get(number)
        assert known is not None
        async with it.database.read() as tx:
            await signals.cancel(tx, known, it.clock.now())
        await it.drive(number)
        it.means.known.keep(known)  # as a process knows it that has not driven it since
        async with it.database.transaction() as tx:
            chosen = ChooseTender(payment_no=number, tender="wechatpay")
            with pytest.raises(PaymentClosed):
                await it.payments.tenders.choose(tx, it.call(), chosen, None)
        assert (await it.plan(number)).latest(TAKE) == known.latest(TAKE)

    play(platform_url, story)


def test_a_payers_code_is_not_remembered(platform_url: str) -> None:
    async def story(it: World, driver: Driver) -> None:
        plan = await waiting(it)
        code = {"tender_facts": {PAYER_CODE: "134567890123456789"}}
        it.means.known.keep(replace(plan, facts=plan.facts | code))
        assert it.means.known.get(plan.payment_no) is None

    play(platform_url, story)
