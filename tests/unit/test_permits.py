"""The book of permits while it is read and written: what two processes have out together is never more than it says,
and no call is out for longer than its permit."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import msgspec
import pytest
from test_turns import Far, StoppedClock, asked, breathe

from yinyi.bus import permits
from yinyi.bus.database import Database, Row, Tx, open_pool
from yinyi.bus.lending import Lending
from yinyi.bus.permits import SLACK_S, Permits
from yinyi.kernel import turns
from yinyi.kernel.shares import Share
from yinyi.kernel.turns import FairTurns, TurnRules

RULES = TurnRules(system="his", at_once=4, waiting=100, patience_s=30, longest_call_s=1)
Happens = Callable[[], Coroutine[Any, Any, None]]


class Stopwatch:
    """In the place of ``time``."""

    def __init__(self) -> None:
        self.at_s = 0.0

    def monotonic(self) -> float:
        return self.at_s


class _Connection:
    """Of somebody whom something overtakes between reading and writing."""

    def __init__(self, tx: Tx, before_write: Callable[[], Awaitable[None]]) -> None:
        self._tx = tx
        self._before_write = before_write

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        return await self._tx.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        return await self._tx.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        await self._before_write()
        return await self._tx.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        return await self._tx.execute(query, *args)


class Overtaken(Database):
    """``happens``: before the next write, once."""

    happens: Happens | None = None

    def read(self) -> AbstractAsyncContextManager[Tx]:
        return self._read()

    @asynccontextmanager
    async def _read(self) -> AsyncGenerator[Tx]:
        async with super().read() as tx:
            yield _Connection(tx, self._before_write)

    async def _before_write(self) -> None:
        happens, self.happens = self.happens, None
        if happens is not None:
            await happens()


class Process:
    """One of those that share the book."""

    def __init__(self) -> None:
        self.permits = Permits(1)
        self.door: FairTurns = self.permits.turns(RULES, StoppedClock())
        self.far = Far()

    def ask(self, calls: int) -> None:
        for _ in range(calls):
            asked(self.door, self.far)

    @property
    def out(self) -> int:
        return self.door.need.out


Story = Callable[[Overtaken, Process, Process], Coroutine[Any, Any, None]]


def play(url: str, story: Story) -> None:
    async def whole() -> None:
        database = Overtaken(Lending(await open_pool(url, size=4, name="yinyi")))
        try:
            await story(database, Process(), Process())
        finally:
            await database.close()

    asyncio.run(whole())


async def held(database: Database) -> list[int]:
    async with database.read() as tx:
        row = await tx.fetchrow("SELECT book FROM call_permits")
    assert row is not None
    return sorted(share.held for share in msgspec.json.decode(row["book"], type=dict[str, Share]).values())


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    stopwatch = Stopwatch()
    for module in (permits, turns):
        monkeypatch.setattr(module, "time", stopwatch)
    return stopwatch


def test_what_is_given_back_is_not_used_while_that_is_being_written(platform_url: str) -> None:
    async def story(database: Overtaken, first: Process, second: Process) -> None:
        first.ask(4)
        await first.permits.start(database)
        second.ask(4)
        await second.permits.start(database)
        assert (first.out, second.out) == (4, 0)

        async def more_is_asked_and_the_write_is_lost() -> None:
            first.ask(4)
            await breathe()
            assert first.out == 2, "two are being given back"
            await second.permits.start(database)

        await first.far.answer()
        first.ask(2)
        await breathe()
        assert first.out == 2
        database.happens = more_is_asked_and_the_write_is_lost
        await first.permits.start(database)
        await second.permits.start(database)
        await breathe()
        assert (first.out, second.out, await held(database)) == (2, 2, [2, 2])

    play(platform_url, story)


def test_a_write_that_was_lost_is_not_believed(platform_url: str) -> None:
    """Both find the book empty; whoever writes first has all of it."""

    async def story(database: Overtaken, first: Process, second: Process) -> None:
        first.ask(4)
        second.ask(4)
        database.happens = lambda: second.permits.start(database)
        await first.permits.start(database)
        await breathe()
        assert (first.out, second.out, await held(database)) == (0, 4, [0, 4])

    play(platform_url, story)


def test_no_call_begins_that_its_permit_does_not_outlast(platform_url: str, watch: Stopwatch) -> None:
    """However long it took to write the book."""

    async def story(database: Overtaken, first: Process, _: Process) -> None:
        async def half_a_second_passes() -> None:
            watch.at_s += 0.5

        first.ask(4)
        database.happens = half_a_second_passes
        await first.permits.start(database)
        await breathe()
        assert (first.out, watch.at_s) == (4, 0.5)
        await first.far.answer()
        watch.at_s = SLACK_S - 0.01
        first.ask(1)
        await breathe()
        assert first.out == 1
        watch.at_s = SLACK_S
        first.ask(1)
        await breathe()
        assert first.out == 1, "it would be out for longer than its permit"
        await first.permits.start(database)
        await breathe()
        assert first.out == 2, "what it holds has been renewed"

    play(platform_url, story)


def test_whoever_stops_lets_no_more_calls_out_and_gives_back_when_the_last_one_is_home(platform_url: str) -> None:
    async def story(database: Overtaken, first: Process, second: Process) -> None:
        first.ask(5)
        await first.permits.start(database)
        await breathe()
        await first.permits.give_back(database)
        assert (first.out, await held(database)) == (4, [4]), "calls that are out keep theirs"
        await first.far.answer()
        assert first.out == 0, "the fifth does not leave any more"
        await first.permits.give_back(database)
        assert await held(database) == []
        second.ask(4)
        await second.permits.start(database)
        await breathe()
        assert second.out == 4

    play(platform_url, story)
