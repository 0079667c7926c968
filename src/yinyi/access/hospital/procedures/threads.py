"""Calls over a driver that blocks: in a bounded number of threads, each with a time-out, and the truth about what may
have happened."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog

from yinyi.access.hospital.procedures.asking import Asking
from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.driver import Driver, Line
from yinyi.access.hospital.trades.failures import Breaker, CallFailed, NotReached, Rejected, Unanswered
from yinyi.access.hospital.trades.names import Names
from yinyi.access.hospital.trades.trade import Row, Trade
from yinyi.bus.guard import assert_no_transaction

log = structlog.get_logger()
T = TypeVar("T")


class ThreadedClient:
    """Carries trades. ``start()`` does not connect yet."""

    def __init__(self, config: ProceduresConfig, names: Names, driver: Driver) -> None:
        self._config, self._names, self._driver = config, names, driver
        self._asking = Asking(driver, names, config.atomic)
        self._breaker = Breaker(config.rest_after, config.rest_s)
        self._threads: ThreadPoolExecutor | None = None
        self._turns = asyncio.Semaphore(config.calls_at_once)
        self._idle: list[Line] = []
        self._lent: set[Line] = set()

    async def start(self) -> None:
        self._threads = ThreadPoolExecutor(self._config.calls_at_once, thread_name_prefix="hospital")

    async def stop(self) -> None:
        """What is under way ends in an error, and closes its line itself."""
        for line in self._lent:
            line.abandon()
        while self._idle:
            self._idle.pop().close()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None

    async def misfits(self, trades: Sequence[Trade]) -> list[str]:
        """A sentence for each trade that the hospital's database does not have like this; nothing while it cannot be
        reached. What stands in an answer no database tells without being asked."""
        try:
            return await asyncio.to_thread(self._looked_at, trades)
        except Exception as error:
            log.warning("hospital.names_not_looked_at", why=type(error).__name__)
            return []

    def _looked_at(self, trades: Sequence[Trade]) -> list[str]:
        line = self._driver.connect()
        try:
            return self._asking.misfits(line, trades)
        finally:
            line.close()

    async def call(self, trade: Trade, *values: Any) -> Sequence[Row]:
        """
        Raises:
            NotReached, Unanswered, Rejected
        """
        far = self._names[trade.name]
        if not far.name:
            raise Rejected(f"the hospital has no {trade.name}")
        try:
            told = _sendable(far.values(values))
        except ValueError as error:
            raise Rejected(f"{trade.name} cannot be asked like this: {error}") from error
        assert_no_transaction()
        self._breaker.require()
        async with self._turn() as turn:
            line = await self._connected(turn)
            try:
                rows = await turn.run(
                    lambda: self._asking.ask(line, trade, told),
                    self._config.call_timeout_s,
                    left=lambda _: line.close(),
                )
            except TimeoutError as error:
                self._breaker.failed()
                raise Unanswered("no answer in time") from error
            except CallFailed:
                self._judge(line)
                raise
            finally:
                self._given_back(turn, line)
        self._breaker.succeeded()
        return rows

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator["_Turn"]:
        assert self._threads is not None, "start() comes first"
        try:
            await asyncio.wait_for(self._turns.acquire(), self._config.connect_timeout_s)
        except TimeoutError as error:  # those that were left behind have not ended yet
            raise NotReached("no thread is free") from error
        turn = _Turn(self._threads, self._turns.release)
        try:
            yield turn
        finally:
            turn.end()

    async def _connected(self, turn: "_Turn") -> Line:
        while self._idle:
            line = self._idle.pop()
            if line.is_well():
                self._lent.add(line)
                return line
            line.close()
        try:
            line = await turn.run(self._driver.connect, self._config.connect_timeout_s, left=_close_what_came)
        except Exception as error:
            self._breaker.failed()
            raise NotReached(f"no connection: {type(error).__name__}") from error
        self._lent.add(line)
        return line

    def _judge(self, line: Line) -> None:
        """Who says no is there."""
        if line.is_well():
            self._breaker.succeeded()
        else:
            self._breaker.failed()

    def _given_back(self, turn: "_Turn", line: Line) -> None:
        self._lent.discard(line)
        if turn.is_left():
            line.abandon()
        elif line.is_well() and self._threads is not None:
            self._idle.append(line)
        else:
            line.close()


def _sendable(values: list[Any]) -> list[Any]:
    """Of a NUL some databases keep what comes before it; half a character has no bytes.

    Raises:
        ValueError: such a text.
    """
    texts = [value for value in values if isinstance(value, str)]
    if any("\0" in text.encode().decode() for text in texts):
        raise ValueError("a text with NUL")
    return values


def _close_what_came(job: "asyncio.Future[Line]") -> None:
    if not job.cancelled() and job.exception() is None:
        job.result().close()


class _Turn:
    """The right to one thread. A job that is left behind keeps it until its end."""

    def __init__(self, threads: ThreadPoolExecutor, release: Callable[[], None]) -> None:
        self._threads, self._release = threads, release
        self._left: asyncio.Future[Any] | None = None

    async def run(self, work: Callable[[], T], within_s: float, left: "Callable[[asyncio.Future[T]], None]") -> T:
        """``left``: called at the end of a job that nobody waits for any more.

        Raises:
            TimeoutError: it goes on by itself.
        """
        job = asyncio.get_running_loop().run_in_executor(self._threads, work)
        try:
            await asyncio.wait({job}, timeout=within_s)
        finally:
            if not job.done():
                self._left = job
                job.add_done_callback(left)
        if not job.done():
            raise TimeoutError
        return job.result()

    def is_left(self) -> bool:
        return self._left is not None

    def end(self) -> None:
        if self._left is None:
            self._release()
        else:
            self._left.add_done_callback(self._ended)

    def _ended(self, job: "asyncio.Future[Any]") -> None:
        """Nobody else looks at how it ended."""
        self._release()
        if not job.cancelled():
            job.exception()
