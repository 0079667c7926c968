"""Business processes of a crowd: the real driver, lease, limits and services, killed and started again."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from yinyi.app.faults.crowd_line import CrowdWire
from yinyi.app.faults.house import ZONE, House
from yinyi.app.faults.line_house import CHANNEL, LineHouse
from yinyi.app.faults.luck import IN, Luck
from yinyi.app.faults.person import T
from yinyi.app.faults.script import Script
from yinyi.app.faults.turns import WHO, Turns
from yinyi.bus.database import Database, Row, Tx
from yinyi.bus.lending import Lending
from yinyi.business.payments.drive import Means
from yinyi.business.payments.driver import Driver
from yinyi.business.payments.known import KnownPlans
from yinyi.business.payments.lease import Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.plan import Plan

AT_ONCE = 3
"""Calls to a side, and payments that a process drives of those it has found: few, so that people have to wait."""
_DEAD = "UPDATE process_lease SET alive_until = $2 WHERE epoch = $1"


class Unanswered(Exception):
    """The process was killed while it was asked; nobody knows how far it came."""


class AloneDatabase(Database):
    """A way to PostgreSQL on which nobody else moves meanwhile."""

    def __init__(self, lending: Lending, turns: Turns) -> None:
        super().__init__(lending)
        self._turns = turns

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Tx]:
        async with self._moment("reads or writes"), super().read() as tx:
            yield _InOrder(tx)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        async with self._moment("changes"), super().transaction() as tx:
            yield tx

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Any]:
        async with self._moment("writes together"), super().connection() as connection:
            yield connection

    @asynccontextmanager
    async def _moment(self, what: str) -> AsyncGenerator[None]:
        with self._turns.exchange():
            yield


class TurnsDatabase(AloneDatabase):
    """The same, with everybody waiting for his turn, and a script around every commit."""

    def __init__(self, lending: Lending, turns: Turns, script: Script) -> None:
        super().__init__(lending, turns)
        self._script = script

    @asynccontextmanager
    async def _moment(self, what: str) -> AsyncGenerator[None]:
        await self._script.pause(what)
        async with self._script.commit(), super()._moment(what):
            yield
        await self._script.pause("goes on")


@dataclass
class _InOrder:
    """Rows whose order nobody has asked for come in one that is always the same."""

    inner: Tx

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        rows = await self.inner.fetch(query, *args)
        return sorted(rows, key=lambda row: row["payment_id"]) if rows and "payment_id" in rows[0] else rows

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        return await self.inner.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self.inner.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        return await self.inner.execute(query, *args)


class _Seen(KnownPlans):
    """Whatever a process has written, screens may show."""

    def __init__(self, see: Callable[[Plan], None]) -> None:
        super().__init__()
        self._see = see

    def keep(self, plan: Plan) -> None:
        self._see(plan)
        super().keep(plan)


@dataclass(frozen=True)
class Ground:
    """What processes stand on. ``lending``: the connections; ``see``: told of every plan that is written.
    ``look``: has all processes look for what is due. ``line``: to the bank; ``wire``: a process's way there."""

    house: House
    turns: Turns
    lending: Lending
    see: Callable[[Plan], None]
    look: Callable[[], None]
    line: LineHouse
    wire: Callable[[], CrowdWire]

    @property
    def database(self) -> Database:
        """For the machinery itself: nobody waits, nothing goes wrong."""
        return AloneDatabase(self.lending, self.turns)


class Process:
    """Alive until it is killed; ``died`` tells. ``still``: its heart stands still, and it does not know."""

    def __init__(self, name: str, ground: Ground, script: Luck) -> None:
        self.name, self.script, self._ground = name, script, ground
        self.alive, self.still = True, False
        self.died: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.bell = asyncio.Event()
        clock, database = ground.house.clock, TurnsDatabase(ground.lending, ground.turns, script)
        self.lease = Lease(ground.database, clock, name)
        limits = Limits(at_once=AT_ONCE, jitter=lambda: 0.0)
        self.line = ground.line.with_wire(database, ground.wire())
        registry = ground.house.registry(script, {CHANNEL: self.line.cards})
        self.means = Means(database, registry, self.lease, limits, clock, ZONE, known=_Seen(ground.see))
        self.driver = Driver(self.means, at_once=AT_ONCE)
        self.database, self.desk = database, ground.house.desk(database, self.means, self.driver)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.begin(self._watch())

    def begin(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """As a task of this process, which dies with it."""
        task = asyncio.create_task(self._inside(work))
        self._tasks.add(task)
        return task

    async def _inside(self, work: Coroutine[Any, Any, T]) -> T:
        IN.set(self)
        WHO.set(f"{WHO.get()}@{self.name}" if WHO.get() else self.name)
        return await work

    async def serve(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Ask it from outside.

        Raises:
            Unanswered
        """
        if not self.alive:
            raise Unanswered
        task = self.begin(work())
        await asyncio.wait({task, self.died}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Unanswered
        return task.result()

    async def _watch(self) -> None:
        """What ``Driver.run`` does, whenever the bell rings instead of twice a second."""
        while True:
            await self.bell.wait()
            self.bell.clear()
            with suppress(Exception):
                await self.driver.look()

    def kill(self) -> None:
        """kill -9: none of its tasks comes further than its next pause."""
        if self.alive:
            self.alive = False
            self._ground.turns.say(f"    {self.name} is killed")
            self.died.set_result(None)

    async def stand_still(self) -> None:
        """Declared dead while it is alive: others may take over what it drives."""
        async with self._ground.database.read() as tx:
            await tx.execute(_DEAD, self.lease.epoch, self._ground.house.clock.now())
        self.still = True
        self._ground.look()
        await self.script.pause("goes on, declared dead")
