"""Statements that leave together: matched to who asked, none suffers for another, nothing leaves that nobody wants."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from yinyi.bus import together
from yinyi.bus.database import Database, open_database
from yinyi.bus.together import Together

TABLE = "CREATE TABLE counted (id bigint PRIMARY KEY, n int NOT NULL CHECK (n > 0))"
ADD = "INSERT INTO counted VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id"
ADD_ROWS = """
INSERT INTO counted SELECT r.id + $2, r.n FROM jsonb_to_recordset($1::jsonb) AS r(id bigint, n int)
ON CONFLICT DO NOTHING RETURNING id - $2
"""
ADD_STRICTLY = "INSERT INTO counted VALUES ($1, $2) RETURNING id"


@dataclass
class Stage:
    database: Database
    together: Together

    async def rows(self) -> list[tuple[int, int]]:
        async with self.database.read() as tx:
            return [(row["id"], row["n"]) for row in await tx.fetch("SELECT * FROM counted ORDER BY id")]

    async def transactions(self) -> int:
        async with self.database.read() as tx:
            return await tx.fetchval("SELECT count(DISTINCT xmin::text) FROM counted")


def play(url: str, story: Callable[[Stage], Awaitable[None]]) -> None:
    async def on_stage() -> None:
        database = await open_database(url, size=4)
        try:
            async with database.read() as tx:
                await tx.execute(TABLE)
            async with asyncio.timeout(20):
                await story(Stage(database, Together(database, lanes=1)))
        finally:
            await database.close()

    asyncio.run(on_stage())


def test_what_gathers_leaves_in_one_transaction_and_everybody_gets_his_own_answer(database: str) -> None:
    async def story(it: Stage) -> None:
        asked = [it.together.fetchrow(ADD, (each, each), each) for each in range(1, 9)]
        answers = await asyncio.gather(*asked)
        assert [row["id"] for row in answers if row] == list(range(1, 9))
        assert await it.rows() == [(each, each) for each in range(1, 9)]
        assert await it.transactions() == 1

    play(database, story)


def test_of_many_half_leave_and_the_other_half_follow(database: str) -> None:
    async def story(it: Stage) -> None:
        answers = await asyncio.gather(*(it.together.fetchrow(ADD, (each, 1), each) for each in range(32)))
        assert [row["id"] for row in answers if row] == list(range(32))
        assert await it.transactions() == 3

    play(database, story)


def test_of_two_with_one_key_only_the_one_that_did_something_is_told_so(database: str) -> None:
    async def story(it: Stage) -> None:
        answers = await asyncio.gather(*(it.together.fetchrow(ADD, (each % 5, 1), each % 5) for each in range(15)))
        assert [row["id"] for row in answers if row] == [0, 1, 2, 3, 4]
        assert not any(answers[5:])

    play(database, story)


def test_a_lone_statement_leaves_at_once(database: str) -> None:
    async def story(it: Stage) -> None:
        for each in (1, 2):
            assert await it.together.fetchrow(ADD, (each, 1), each)
        assert await it.transactions() == 2

    play(database, story)


def test_who_finds_nothing_is_told_so_among_others(database: str) -> None:
    async def story(it: Stage) -> None:
        assert await it.together.fetchrow(ADD, (7, 1), 7)
        answers = await asyncio.gather(*(it.together.fetchrow(ADD, (each, 2), each) for each in (6, 7, 8)))
        assert [row["id"] if row else None for row in answers] == [6, None, 8]
        assert await it.rows() == [(6, 2), (7, 1), (8, 2)]

    play(database, story)


def test_nobody_suffers_for_another(database: str) -> None:
    async def story(it: Stage) -> None:
        asked = (it.together.fetchrow(ADD_STRICTLY, (each, 0 if each == 5 else 1), each) for each in range(1, 10))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(answers[4], asyncpg.CheckViolationError)
        assert [row for row, _ in await it.rows()] == [1, 2, 3, 4, 6, 7, 8, 9]

    play(database, story)


def test_different_statements_gather_apart(database: str) -> None:
    async def story(it: Stage) -> None:
        asked = [it.together.fetchrow(ADD if each % 2 else ADD_STRICTLY, (each, 1), each) for each in range(1, 17)]
        assert all(await asyncio.gather(*asked))
        assert await it.transactions() == 2

    play(database, story)


def test_what_was_cancelled_while_it_waited_does_not_leave(database: str) -> None:
    async def story(it: Stage) -> None:
        tasks = [asyncio.create_task(it.together.fetchrow(ADD, (each, 1), each)) for each in (1, 2, 3)]
        await asyncio.sleep(0)  # all wait now; nothing has left
        tasks[1].cancel()
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
        assert await tasks[0]
        assert await tasks[2]
        assert await it.rows() == [(1, 1), (3, 1)]

    play(database, story)


def test_a_lost_connection_is_told_to_who_waits_and_the_next_one_is_served(database: str) -> None:
    async def story(it: Stage) -> None:
        with pytest.raises(asyncpg.PostgresError):
            await it.together.fetchrow("SELECT pg_terminate_backend(pg_backend_pid())", (), True)
        assert await it.together.fetchrow(ADD, (1, 1), 1)

    play(database, story)


@pytest.mark.parametrize("lanes", [1, 2])
def test_who_comes_while_a_lane_leaves_is_served(database: str, lanes: int) -> None:
    """Whoever is answered asks again at once, before the loop has told anybody that the lane is done."""

    async def story(it: Stage) -> None:
        together = Together(it.database, lanes)

        async def asks(key: int) -> int:
            for _ in range(20):
                assert await together.fetchrow("SELECT $1::int", (key,), key)
            return key

        assert await asyncio.gather(*(asks(key) for key in range(4))) == [0, 1, 2, 3]

    play(database, story)


def test_nobody_waits_for_a_lane_that_was_cancelled(database: str) -> None:
    async def story(it: Stage) -> None:
        async with it.database.transaction() as tx:
            await tx.execute("LOCK TABLE counted")
            asked = [asyncio.create_task(it.together.fetchrow(ADD, (each, 1), each)) for each in (1, 2, 3)]
            async with asyncio.timeout(10):
                while not await _waits_for_a_lock(it):
                    pass
            for task in asyncio.all_tasks():
                if getattr(task.get_coro(), "__qualname__", "") == "Together._lane":
                    task.cancel()
            answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [type(answer) for answer in answers] == [asyncio.CancelledError] * 3

    play(database, story)


async def _waits_for_a_lock(it: Stage) -> bool:
    async with it.database.read() as tx:
        return bool(await tx.fetchval("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))


# ---- rows of one statement


def row(number: int, n: int = 1) -> bytes:
    return f'{{"id": {number}, "n": {n}}}'.encode()


def test_rows_that_gather_are_one_statement_and_everybody_gets_his_own_answer(database: str) -> None:
    async def story(it: Stage) -> None:
        await it.together.put(ADD_ROWS, row(3), (0,), 3)
        answers = await asyncio.gather(*(it.together.put(ADD_ROWS, row(each), (0,), each) for each in range(1, 6)))
        assert [each[0] if each else None for each in answers] == [1, 2, None, 4, 5]
        assert await it.transactions() == 2

    play(database, story)


def test_what_rows_do_not_have_in_common_leaves_apart(database: str) -> None:
    async def story(it: Stage) -> None:
        asked = [it.together.put(ADD_ROWS, row(each), (100 * (each % 2),), each) for each in range(6)]
        answers = await asyncio.gather(*asked)
        assert [each[0] for each in answers if each] == list(range(6))
        assert [number for number, _ in await it.rows()] == [0, 2, 4, 101, 103, 105]

    play(database, story)


def test_a_row_that_cannot_be_written_harms_no_other(database: str) -> None:
    async def story(it: Stage) -> None:
        asked = [it.together.put(ADD_ROWS, row(each, each - 3), (0,), each) for each in range(1, 7)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert [isinstance(each, asyncpg.CheckViolationError) for each in answers] == [True] * 3 + [False] * 3
        assert await it.rows() == [(4, 1), (5, 2), (6, 3)]

    play(database, story)


# ---- company


def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "PERHAPS_S", 60.0)


def test_who_knows_that_another_may_come_waits_for_him(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(it: Stage) -> None:
        patient(monkeypatch)
        with it.together.in_hand(), it.together.in_hand():
            first = asyncio.create_task(it.together.fetchrow(ADD, (1, 1), 1))
            await asyncio.sleep(0)
            assert await it.rows() == []
            assert not first.done()
            second = asyncio.create_task(it.together.fetchrow(ADD, (2, 1), 2))
            await asyncio.gather(first, second)
        assert await it.rows() == [(1, 1), (2, 1)]
        assert await it.transactions() == 1

    play(database, story)


def test_for_who_only_waits_for_another_nobody_waits(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(it: Stage) -> None:
        patient(monkeypatch)
        with it.together.in_hand(), it.together.in_hand(), it.together.aside():
            await it.together.fetchrow(ADD, (1, 1), 1)
        assert await it.rows() == [(1, 1)]

    play(database, story)


def test_company_that_does_not_come_is_not_waited_for_longer(database: str) -> None:
    async def story(it: Stage) -> None:
        with it.together.in_hand(), it.together.in_hand():
            await it.together.fetchrow(ADD, (1, 1), 1)
        assert await it.rows() == [(1, 1)]

    play(database, story)


def test_who_was_answered_or_gave_up_is_no_company_any_more(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(it: Stage) -> None:
        patient(monkeypatch)
        with it.together.in_hand():
            await it.together.fetchrow(ADD, (1, 1), 1)
            with it.together.in_hand():
                gone = asyncio.create_task(it.together.fetchrow(ADD, (2, 1), 2))
                await asyncio.sleep(0)
                gone.cancel()
                await asyncio.gather(gone, return_exceptions=True)
            await it.together.fetchrow(ADD, (3, 1), 3)
        assert await it.rows() == [(1, 1), (3, 1)]

    play(database, story)


# ---- looking out for the answer


def test_who_is_alone_stays_awake_until_he_is_answered(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(it: Stage) -> None:
        monkeypatch.setattr(together, "AWAKE_S", 60.0)
        looks = watched(monkeypatch)
        with it.together.in_hand():
            await it.together.fetchrow(ADD, (1, 1), 1)
        seen = len(looks)
        assert seen > 1
        await asyncio.sleep(0)
        await it.rows()
        assert len(looks) <= seen + 1, "he was answered: nobody looks out any more"
        await it.together.fetchrow(ADD, (2, 1), 2)
        with it.together.in_hand(), it.together.in_hand():
            await asyncio.gather(*(it.together.fetchrow(ADD, (each, 1), each) for each in (3, 4)))
        assert len(looks) <= seen + 1, "those who have company sleep, and whoever has not said that he is alone"

    play(database, story)


def watched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every look for an answer, as it is asked for."""
    loop, looks = asyncio.get_running_loop(), list[str]()
    call_soon: Callable[..., asyncio.Handle] = loop.call_soon

    def noted(callback: Callable[..., object], *args: object, **context: Any) -> asyncio.Handle:
        if getattr(callback, "__name__", "") == "look":
            looks.append("look")
        return call_soon(callback, *args, **context)

    monkeypatch.setattr(loop, "call_soon", noted)
    return looks
