"""`yinyi faults`: nothing that can go wrong once loses money."""

import asyncio
from collections.abc import AsyncIterator

from yinyi.app.faults.explore import Explorer, at_random
from yinyi.app.faults.model import Run
from yinyi.app.faults.report import Tally, table
from yinyi.app.faults.stage import Stage, stage

ONLY_AFTER_ANOTHER_FAULT = (
    "scheduling.hold ask",
    "payments.refund/wechatpay ask",
)
"""Calls that a run without faults never makes: what goes wrong there belongs to depth 2."""


async def explored(it: Stage, depth: int) -> AsyncIterator[Run]:
    async for run in Explorer(it).explore(depth):
        yield run


def test_nothing_that_goes_wrong_once_loses_money(platform_url: str) -> None:
    async def go() -> Tally:
        tally = Tally()
        async with stage(platform_url) as it:
            async for run in explored(it, 1):
                tally.add(run)
        return tally

    tally = asyncio.run(go())
    assert tally.violations == []
    assert [cell for cell in tally.missing if not cell.startswith(ONLY_AFTER_ANOTHER_FAULT)] == []
    assert "| `payments.take/wechatpay do` | crash after |" in table(tally)


def test_the_same_seed_is_the_same_schedule(platform_url: str) -> None:
    async def go() -> None:
        async with stage(platform_url) as it:
            for seed in (3, 7, 11):
                one, two = await at_random(it, seed), await at_random(it, seed)
                assert (one.schedule, one.hit, one.ending) == (two.schedule, two.hit, two.ending)
                assert one.violations == ()

    asyncio.run(go())
