"""Looks that are wanted at the same time, on a real database."""

import asyncio

from yinyi.bus.database import open_database
from yinyi.bus.looks import Looks

TABLE = "CREATE TABLE looked_at (id int PRIMARY KEY, word text NOT NULL)"
FILL = "INSERT INTO looked_at VALUES (1, 'one'), (2, 'two'), (3, 'three')"
LOOK = "SELECT id, word, transaction_timestamp()::text AS at FROM looked_at WHERE id = $1"
CHANGE = "UPDATE looked_at SET word = 'uno' WHERE id = 1"


def test_who_looks_at_the_same_time_is_told_in_one_exchange_and_each_his_own(database: str) -> None:
    """Nothing is kept; of two with one key each is told what there was for him."""

    async def story() -> None:
        store = await open_database(database, size=3)
        looks = Looks(store)
        async with store.read() as tx:
            await tx.execute(TABLE)
            await tx.execute(FILL)
        found = await asyncio.gather(*(looks.by(each).fetchrow(LOOK, each) for each in (2, 4, 1, 3)))
        assert [row and row["word"] for row in found] == ["two", None, "one", "three"]
        assert len({row["at"] for row in found if row}) == 1

        assert await looks.by(1).execute(CHANGE) == "UPDATE 1"
        one, nobody = await asyncio.gather(looks.by(1).fetchrow(LOOK, 1), looks.by(1).fetchrow(LOOK, 9))
        assert one is not None
        assert one["word"] == "uno"
        assert nobody is None
        await store.close()

    asyncio.run(story())
