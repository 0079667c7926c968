"""How often it may be tried whose a tube is, or what somebody is called: in a quarter of an hour, and in a day."""

from datetime import timedelta

from identity_house import HALL, HOSPITAL, START, WARD, Run

from yinyi.bus.database import open_database
from yinyi.business.identity.attempts import (
    PER_NUMBER,
    PER_NUMBER_A_DAY,
    TUBES_PER_TERMINAL,
    WITHIN,
    count_holder,
    count_tube,
    give_back_holder,
)

NUMBER, OTHER = b"number", b"other"


def test_so_many_tubes_are_tried_at_one_terminal(platform_url: str, run: Run) -> None:
    async def story() -> None:
        database = await open_database(platform_url)
        async with database.read() as tx:
            tried = [await count_tube(tx, HOSPITAL, HALL, START) for _ in range(TUBES_PER_TERMINAL + 2)]
            assert tried == [True] * TUBES_PER_TERMINAL + [False] * 2
            assert await count_tube(tx, HOSPITAL, WARD, START)
            assert not await count_tube(tx, HOSPITAL, HALL, START + WITHIN - timedelta(seconds=1))
            assert await count_tube(tx, HOSPITAL, HALL, START + WITHIN)
        await database.close()

    run(story())


def test_so_many_names_are_said_for_one_number(platform_url: str, run: Run) -> None:
    async def story() -> None:
        database = await open_database(platform_url)
        async with database.read() as tx:
            passed: list[int] = []
            for quarter in range(4):
                now = START + quarter * WITHIN
                passed.append(sum([await count_holder(tx, HOSPITAL, NUMBER, now) for _ in range(PER_NUMBER + 2)]))
            assert passed == [PER_NUMBER, PER_NUMBER_A_DAY - PER_NUMBER, 0, 0]
            assert await count_holder(tx, HOSPITAL, OTHER, START)
            tomorrow = START + timedelta(days=1)
            assert await count_holder(tx, HOSPITAL, NUMBER, tomorrow)
        await database.close()

    run(story())


def test_the_right_name_is_not_counted(platform_url: str, run: Run) -> None:
    async def story() -> None:
        database = await open_database(platform_url)
        async with database.read() as tx:
            for _ in range(PER_NUMBER_A_DAY + 2):
                assert await count_holder(tx, HOSPITAL, NUMBER, START)
                await give_back_holder(tx, HOSPITAL, NUMBER)
        await database.close()

    run(story())
