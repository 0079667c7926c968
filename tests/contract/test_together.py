"""Statements that leave together: nobody waits for a lane that has gone."""

import asyncio

import pytest

from yinyi.bus.database import open_database
from yinyi.bus.together import Together


@pytest.mark.parametrize("lanes", [1, 2])
def test_who_comes_while_a_lane_leaves_is_served(database: str, lanes: int) -> None:
    """Whoever is answered asks again at once, before the loop has told anybody that the lane is done."""

    async def go() -> list[int]:
        pool = await open_database(database, size=2)
        together = Together(pool, lanes)

        async def asks(key: int) -> int:
            for _ in range(20):
                row = await together.fetchrow("SELECT $1::int", (key,), key)
                assert row is not None
            return key

        try:
            async with asyncio.timeout(30):
                return await asyncio.gather(*(asks(key) for key in range(4)))
        finally:
            await pool.close()

    assert asyncio.run(go()) == [0, 1, 2, 3]
