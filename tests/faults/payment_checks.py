"""What every story about one payment begins with, and what has to hold at its end."""

import asyncio
from collections.abc import Awaitable, Callable

from payment_far_side import FEE
from payment_world import World, world

from yinyi.business.payments.plan import TAKE, Plan
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


async def waits_for_a_lock(it: World) -> bool:
    async with it.database.read() as tx:
        await tx.execute("SELECT pg_sleep(0.01)")
        return bool(await tx.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
