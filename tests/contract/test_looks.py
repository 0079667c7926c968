"""Looks that are wanted at the same time, on a real database."""

import asyncio

import pytest

from yinyi.bus.database import open_database
from yinyi.bus.looks import Looks, of_one

TABLE = "CREATE TABLE looked_at (id int PRIMARY KEY, word text NOT NULL)"
FILL = "INSERT INTO looked_at VALUES (1, 'one'), (2, 'two'), (3, 'three')"
LOOK = "SELECT id, word, transaction_timestamp()::text AS at FROM looked_at WHERE id = $1"
OF_WORD = of_one("SELECT word, id, transaction_timestamp()::text AS at FROM looked_at WHERE id > $1 AND word = $2")
NOT_SAID = of_one("SELECT id, word FROM looked_at WHERE id > $1 AND word = $2")
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


def test_rows_of_many_are_told_apart_by_whose_they_are(database: str) -> None:
    async def story() -> None:
        store = await open_database(database, size=3)
        reading = Looks(store).any()
        async with store.read() as tx:
            await tx.execute(TABLE)
            await tx.execute(FILL)
            await tx.execute("INSERT INTO looked_at SELECT n, 'two' FROM generate_series(4, 9) n")
        asked = [reading.fetch(OF_WORD, after, word) for after, word in [(0, "one"), (5, "two"), (0, "no"), (0, "two")]]
        found = await asyncio.gather(*asked)
        assert [sorted(row["id"] for row in rows) for rows in found] == [[1], [6, 7, 8, 9], [], [2, 4, 5, 6, 7, 8, 9]]
        assert (await reading.fetchrow(OF_WORD, 0, "one") or {})["id"] == 1
        assert len(await reading.fetch("SELECT id FROM looked_at")) == 9
        with pytest.raises(ValueError, match="not one"):
            await reading.fetch(NOT_SAID, 0, "one")
        await store.close()

    asyncio.run(story())
