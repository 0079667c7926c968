"""Connections at hand: the latest first, never a broken one, never kept from whoever waits, never more than allowed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from yinyi.bus.database import Database, open_pool
from yinyi.bus.lending import Lending

WHO = "SELECT pg_backend_pid()"


def play(url: str, story: Callable[[Lending], Awaitable[None]], size: int = 2) -> None:
    async def on_stage() -> None:
        lending = Lending(await open_pool(url, size=size, name="lending"))
        async with asyncio.timeout(20):
            await story(lending)
            await lending.close()

    asyncio.run(on_stage())


async def _who(lending: Lending) -> int:
    async with lending.lend() as connection:
        return await connection.fetchval(WHO)


async def _kill(lending: Lending, pid: int) -> None:
    """Returns once it is gone, and our side has seen it."""
    async with lending.lend() as connection:
        await connection.execute("SELECT pg_terminate_backend($1, 5000)", pid)
        await connection.execute("SELECT pg_sleep(0.05)")


def test_one_after_another_share_a_connection(database: str) -> None:
    async def story(it: Lending) -> None:
        assert len({await _who(it) for _ in range(20)}) == 1

    play(database, story)


def test_who_waits_gets_the_next_one_that_is_free(database: str) -> None:
    async def story(it: Lending) -> None:
        held = [await it.take(), await it.take()]
        waiting = [asyncio.create_task(_who(it)) for _ in range(5)]
        await asyncio.sleep(0)
        for connection in held:
            await it.give(connection, well=True)
        assert len(set(await asyncio.gather(*waiting))) <= 2

    play(database, story)


def test_nobody_waits_longer_than_he_wants(database: str) -> None:
    async def story(it: Lending) -> None:
        held = [await it.take(), await it.take()]
        with pytest.raises(TimeoutError):
            await it.take(0.01)
        for connection in held:
            await it.give(connection, well=True)
        assert await _who(it)

    play(database, story)


def test_a_connection_that_was_lost_at_hand_is_replaced(database: str) -> None:
    async def story(it: Lending) -> None:
        first, second = await it.take(), await it.take()
        lost = await first.fetchval(WHO)
        await it.give(first, well=True)
        await it.give(second, well=True)
        await _kill(it, lost)
        held = [await it.take(), await it.take()]
        pids = [await each.fetchval(WHO) for each in held]
        assert lost not in pids
        for connection in held:
            await it.give(connection, well=True)

    play(database, story)


async def _gives_up(connection: Any) -> None:
    async with asyncio.timeout(0.05):
        await connection.execute("SELECT pg_sleep(30)")


async def _leaves_it_open(connection: Any) -> None:
    await connection.execute("BEGIN")


async def _breaks_it(connection: Any) -> None:
    await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.parametrize("use", [_gives_up, _leaves_it_open, _breaks_it])
def test_whatever_the_one_before_did_the_next_one_can_work(
    database: str, use: Callable[[Any], Awaitable[None]]
) -> None:
    async def story(it: Lending) -> None:
        for _ in range(3):
            try:
                async with it.lend() as connection:
                    await use(connection)
            except (TimeoutError, asyncpg.PostgresError, OSError):
                pass
            async with it.lend() as connection:
                assert not connection.is_in_transaction()
                assert await connection.fetchval("SELECT 1") == 1

    play(database, story, size=1)


def test_closing_waits_for_what_is_lent(database: str) -> None:
    async def story(it: Lending) -> None:
        async with Database(it).transaction() as tx:
            closing = asyncio.create_task(it.close())
            await asyncio.sleep(0)
            assert await tx.fetchval("SELECT 1") == 1
            assert not closing.done()
        await closing

    async def on_stage() -> None:
        async with asyncio.timeout(20):
            await story(Lending(await open_pool(database, size=2, name="lending")))

    asyncio.run(on_stage())
