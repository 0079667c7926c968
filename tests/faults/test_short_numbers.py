"""The short number on slips: it is one payment's for ever, and nobody is turned away because it was taken."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from payment_world import World, world

from yinyi.business.payments import service, signals, store

TAKEN, FREE = "AAA-AAAA", "BBB-BBBB"


def _always(number: str) -> Callable[[], str]:
    return lambda: number


def _in_turn(numbers: Iterator[str]) -> Callable[[], str]:
    return lambda: next(numbers)


def test_who_comes_second_gets_another_one(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(it: World) -> None:
        monkeypatch.setattr(service, "ask_number", _always(TAKEN))
        first = await it.open()
        monkeypatch.setattr(store, "ask_number", _in_turn(iter([TAKEN, FREE, "CCC-CCCC"])))
        second = await it.open()
        begun = it.begun[second]
        assert begun is not None
        assert (await it.plan(second)).ask_no == begun.plan.ask_no == FREE
        async with it.database.read() as tx:
            for number, payment_no in ((TAKEN, first), (FREE, second)):
                found = await signals.find(tx, 1, number)
                assert found is not None
                assert found.payment_no == payment_no

    async def on_stage() -> None:
        async with world(platform_url) as it:
            await story(it)

    asyncio.run(on_stage())
