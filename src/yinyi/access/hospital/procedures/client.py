"""Calls of stored procedures over a bounded pool, each with a time-out, and the truth about what may have happened."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from yinyi.access.hospital.procedures import checks, mapping
from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.values import with_whole
from yinyi.access.hospital.trades.failures import Breaker, CallFailed, NotReached, Rejected, Unanswered
from yinyi.access.hospital.trades.names import Names
from yinyi.access.hospital.trades.trade import Row, Trade
from yinyi.bus.guard import assert_no_transaction
from yinyi.bus.lending import Lending

log = structlog.get_logger()

_FAILURES = (TimeoutError, OSError, asyncpg.InterfaceError, asyncpg.InternalClientError, asyncpg.PostgresError)
"""The driver's internal error comes when a server's farewell and our next call cross."""
_NOT_DONE = ("40", "53", "55")
"""SQLSTATE classes after which PostgreSQL has surely undone the statement and it may be sent again:
rolled back, out of resources, in the wrong state. Source: PostgreSQL manual, appendix A."""
_UNCERTAIN = ("08", "57", "58", "XX")
"""Classes after which the connection is gone or going: the commit may have happened."""


class ProcedureClient:
    """Carries trades. ``start()`` does not connect yet."""

    def __init__(self, config: ProceduresConfig, names: Names) -> None:
        self._config = config
        self._names = names
        self._queries = {name: mapping.query(far) for name, far in names.items() if far.name}
        self._whole = {name: [one.name for one in far.answers if one.kind == "int"] for name, far in names.items()}
        self._breaker = Breaker(config.rest_after, config.rest_s)
        self._pool: asyncpg.Pool | None = None
        self._lending: Lending | None = None

    async def start(self) -> None:
        self._pool = await asyncpg.create_pool(
            self._config.url,
            min_size=0,
            max_size=self._config.calls_at_once,
            timeout=self._config.connect_timeout_s,
            reset=_nothing_to_reset,
            max_inactive_connection_lifetime=0,
        )
        self._lending = Lending(self._pool)

    async def stop(self) -> None:
        if self._pool is not None:
            self._pool.terminate()
            self._pool = self._lending = None

    async def misfits(self, trades: Sequence[Trade]) -> list[str]:
        """A sentence for each trade that the hospital's database does not have like this; nothing while it cannot be
        reached."""
        limit_s = self._config.connect_timeout_s
        try:
            connection = await asyncpg.connect(self._config.url, timeout=limit_s, command_timeout=limit_s)
            try:
                return await checks.misfits(connection, self._names, trades)
            finally:
                await connection.close(timeout=limit_s)
        except _FAILURES as error:
            log.warning("hospital.names_not_looked_at", why=type(error).__name__)
            return []

    async def call(self, trade: Trade, *values: Any) -> Sequence[Row]:
        """The rows of one call, committed.

        Raises:
            NotReached, Unanswered, Rejected
        """
        far = self._names[trade.name]
        query = self._queries.get(trade.name)
        if query is None:
            raise Rejected(f"the hospital has no {trade.name}")
        try:
            told = far.values(values)
        except ValueError as error:
            raise Rejected(f"{trade.name} cannot be asked like this: {error}") from error
        fetched = await self._fetched(query, told)
        try:
            whole = self._whole[trade.name]
            rows = with_whole(fetched, whole) if whole else fetched
            return rows if far.is_plain else [far.row(row) for row in rows]
        except ValueError as error:
            raise Unanswered(f"{trade.name}: {error}") from error

    async def _fetched(self, query: str, values: list[Any]) -> list[asyncpg.Record]:
        assert_no_transaction()
        self._breaker.require()
        lending, well = self._lending, False
        assert lending is not None, "start() comes first"
        connection = await self._connection(lending)
        try:
            rows = await connection.fetch(query, *values, timeout=self._config.call_timeout_s)
            well = True
        except _FAILURES as error:
            raise self._judged(error, connection) from error
        finally:
            await lending.give(connection, well)
        self._breaker.succeeded()
        return rows

    async def _connection(self, lending: Lending) -> "PoolConnectionProxy[asyncpg.Record]":
        try:
            return await lending.take(self._config.connect_timeout_s)
        except _FAILURES as error:
            self._breaker.failed()
            raise NotReached(f"no connection: {type(error).__name__}") from error

    def _judged(self, error: Exception, connection: "PoolConnectionProxy[asyncpg.Record]") -> CallFailed:
        state = getattr(error, "sqlstate", None) or ""
        detail = f"{type(error).__name__} {state}".strip()
        if isinstance(error, asyncpg.DataError) or (state and not state.startswith(_NOT_DONE + _UNCERTAIN)):
            self._breaker.succeeded()
            return Rejected(detail)
        self._breaker.failed()
        if state.startswith(_NOT_DONE):
            return NotReached(detail)
        with suppress(asyncpg.InterfaceError):  # it may have gone by itself
            connection.terminate()
        return Unanswered(detail)


async def _nothing_to_reset(_: Any) -> None:
    """Calls keep no session state, and a RESET after each would double the round trips."""
