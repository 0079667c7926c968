"""Statements of many callers, written together: one exchange with the database and one commit for all that wait.

A lone statement leaves at once, unless this process has something else in hand, out of which another may come: then it
waits a little for company. While one is on its way, others gather; they leave together, each executed by itself, all or
none committed. When one of them fails, each is tried alone, so that nobody suffers for another.
"""

import asyncio
import os
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import structlog

from yinyi.bus.database import Database, Row, Tx

log = structlog.get_logger()

MOST, FEW = 64, 8
"""So many leave at most; of more than a few only half, so that the database and this process work at the same time."""

COMPANY_S, PERHAPS_S = 0.03, 0.008
"""So long it waits for company, and when there was none the last time. An exchange alone costs PostgreSQL three times
what it costs in company, and what is answered together goes on together."""

AWAKE_S = 0.005 if len(os.sched_getaffinity(0)) > 1 else 0.0
"""So long at most a lone caller looks out for his answer instead of sleeping: to wake up takes long on a virtual
machine, and all caches are cold then."""


@dataclass(eq=False)
class _Waiting:
    """``row`` is the one whose first column is ``key``."""

    args: tuple[Any, ...]
    """Of the statement; or the one row that it is to write."""
    key: Any
    done: "asyncio.Future[list[Row]]"


class _Shape(NamedTuple):
    """What leaves together. ``common``: see ``Together.put``. ``many``: a statement answers any number of rows."""

    statement: str
    common: tuple[Any, ...] | None = None
    many: bool = False

    def args(self, waiting: list[_Waiting]) -> tuple[Any, ...]:
        """Of one statement for all of these."""
        if self.common is None:
            return waiting[0].args
        return (as_list([each.args[0] for each in waiting]), *self.common)


def as_list(rows: list[bytes]) -> str:
    """Rows in JSON as the first parameter of a statement that writes any number of them."""
    return f"[{b','.join(rows).decode()}]"


@dataclass
class Together:
    """``lanes``: so many exchanges at a time. One for all who write in a process: whoever works on something says so
    (``in_hand``), so that others know that more may come."""

    database: Database
    lanes: int = 2
    _queues: dict[_Shape, deque[_Waiting]] = field(default_factory=dict["_Shape", "deque[_Waiting]"])
    _open: int = 0
    _in_hand: int = 0
    _writing: int = 0
    """Of those in hand: they wait here, or their statement is on its way."""
    _latest: int = 0
    """So many waited when something left the last time."""
    _gathering: "asyncio.Future[None] | None" = None
    """Of a lane that waits for company."""
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])

    def in_hand(self) -> "Counted":
        """As long as this lasts there is one more who may want to write soon."""
        return Counted(self, 1)

    def aside(self) -> "Counted":
        """As long as this lasts somebody in hand only waits for another."""
        return Counted(self, -1)

    def count(self, more: int) -> None:
        """See ``in_hand`` and ``aside``."""
        self._in_hand += more

    async def fetchrow(self, statement: str, args: tuple[Any, ...], key: Any) -> Row | None:
        """The row that this statement answers, None when it answers none. Its first column is ``key``, by which the
        answers of those that left together are told apart. Cancelled while it waits, it does not leave.

        Raises:
            asyncpg.PostgresError: nothing of it was done.
            asyncpg.InterfaceError, OSError: the connection was lost; it may have been done.
        """
        return _one(await self._asked(_Shape(statement), args, key))

    async def fetch(self, statement: str, args: tuple[Any, ...], key: Any) -> list[Row]:
        """The same for a statement that answers any number of rows, each with ``key`` in its first column."""
        return await self._asked(_Shape(statement, many=True), args, key)

    async def put(self, statement: str, row: bytes, common: tuple[Any, ...], key: Any) -> Row | None:
        """The same for a statement that writes any number of rows: its first parameter is a JSON list of them, the
        others are ``common``. Those that have these in common are one statement, and it answers for each that it has
        written with a row whose first column is the ``key``."""
        return _one(await self._asked(_Shape(statement, common), (row,), key))

    async def _asked(self, shape: _Shape, args: tuple[Any, ...], key: Any) -> list[Row]:
        waiting = _Waiting(args, key, asyncio.get_running_loop().create_future())
        self._queues.setdefault(shape, deque()).append(waiting)
        self._writing += 1
        waiting.done.add_done_callback(self._answered)
        if self._gathering is not None:
            self._has_come(self._gathering)
        elif self._open < self.lanes:
            self._open += 1
            lane = asyncio.create_task(self._lane())
            self._tasks.add(lane)
            lane.add_done_callback(self._tasks.discard)
        return await waiting.done

    async def _lane(self) -> None:
        try:
            await self._serve()
        finally:
            self._open -= 1  # at once: whoever was just answered may ask again before this task is gone

    async def _serve(self) -> None:
        while self._queues and self._gathering is None:  # whoever gathers takes all of them
            if self._in_hand > self._writing:
                await self._gather(COMPANY_S if self._latest > 1 else PERHAPS_S)
            self._latest = sum(map(len, self._queues.values()))
            shape = next(iter(self._queues))
            queue = self._queues.pop(shape)
            taken, left = _different(queue)
            if left:
                self._queues[shape] = left  # behind the others
            alive = [each for each in taken if not each.done.done()]
            if alive:
                await self._leave(shape, alive)

    async def _gather(self, within_s: float) -> None:
        """Until everybody who is in hand wants to write, or so long."""
        loop = asyncio.get_running_loop()
        self._gathering = gathering = loop.create_future()
        timer = loop.call_later(within_s, _ring, gathering)
        try:
            await gathering
        finally:
            timer.cancel()
            self._gathering = None

    def _has_come(self, gathering: "asyncio.Future[None]") -> None:
        if self._in_hand <= self._writing:
            _ring(gathering)

    def _answered(self, _: "asyncio.Future[list[Row]]") -> None:
        self._writing -= 1

    async def _leave(self, shape: _Shape, waiting: list[_Waiting]) -> None:
        if len(waiting) > 1 and await self._all(shape, waiting):
            return
        for each in waiting:
            try:
                async with self.database.read() as tx:
                    with self._awake():
                        rows = await _alone(tx, shape, each)
            except BaseException as error:  # whatever it is, it is the caller's; nobody waits here
                _fail(each, error)
            else:
                _tell(each, rows)

    @contextmanager
    def _awake(self) -> Generator[None]:
        """As long as nobody but this one is in hand, look out for the answer without sleeping."""
        if self._in_hand != 1:
            yield
            return
        loop, answered = asyncio.get_running_loop(), False
        until = loop.time() + AWAKE_S

        def look() -> None:
            if not answered and self._in_hand == 1 and loop.time() < until:
                loop.call_soon(look)

        loop.call_soon(look)
        try:
            yield
        finally:
            answered = True

    async def _all(self, shape: _Shape, waiting: list[_Waiting]) -> bool:
        """False: none of them was done, or nobody knows; every statement can be tried again, because what it does is
        guarded by what it found."""
        try:
            async with self.database.connection() as connection:
                if shape.common is not None:
                    rows = await connection.fetch(shape.statement, *shape.args(waiting))
                else:
                    rows = await connection.fetchmany(shape.statement, [each.args for each in waiting])
        except Exception as error:
            log.info("together.alone", count=len(waiting), why=type(error).__name__)
            return False
        except BaseException as error:  # this process is stopping: nobody is left waiting for an answer
            for each in waiting:
                _fail(each, error)
            raise
        answers: dict[Any, list[Row]] = {each.key: [] for each in waiting}
        for row in rows:
            answers[row[0]].append(row)
        for each in waiting:
            _tell(each, answers[each.key])
        return True


class Counted:
    """So many more are in hand, from the beginning of the block to its end."""

    __slots__ = ("_more", "_together")

    def __init__(self, together: Together, more: int) -> None:
        self._together = together
        self._more = more

    def __enter__(self) -> None:
        self._together.count(self._more)

    def __exit__(self, *_: object) -> None:
        self._together.count(-self._more)


def _different(queue: deque[_Waiting]) -> tuple[list[_Waiting], deque[_Waiting]]:
    """Those that leave now and those that do not: by one key only the first, because by it the answers are told
    apart."""
    room = min(MOST, max(FEW, len(queue) // 2))
    taken: dict[Any, _Waiting] = {}
    left = deque[_Waiting]()
    for each in queue:
        if len(taken) < room and each.key not in taken:
            taken[each.key] = each
        else:
            left.append(each)
    return list(taken.values()), left


def _ring(bell: "asyncio.Future[None]") -> None:
    if not bell.done():
        bell.set_result(None)


async def _alone(tx: Tx, shape: _Shape, waiting: _Waiting) -> list[Row]:
    """
    Raises:
        ValueError: in company nobody would know whose rows these are.
    """
    if not shape.many:
        row = await tx.fetchrow(shape.statement, *shape.args([waiting]))
        return [] if row is None else [row]
    rows = await tx.fetch(shape.statement, *waiting.args)
    if rows and rows[0][0] != waiting.key:
        raise ValueError(f"the first column is not {waiting.key}")
    return rows


def _one(rows: list[Row]) -> Row | None:
    return rows[0] if rows else None


def _tell(waiting: _Waiting, rows: list[Row]) -> None:
    if not waiting.done.done():
        waiting.done.set_result(rows)


def _fail(waiting: _Waiting, error: BaseException) -> None:
    if isinstance(error, asyncio.CancelledError):
        waiting.done.cancel()
    elif not waiting.done.done():
        waiting.done.set_exception(error)
