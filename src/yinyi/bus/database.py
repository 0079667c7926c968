"""PostgreSQL as handlers see it: a transaction, or short reads. Committed once, at the edge."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import asyncpg

from yinyi.bus.guard import in_transaction

Row = asyncpg.Record


class Tx(Protocol):
    """One connection. Statements are constants, values are parameters."""

    async def fetch(self, query: str, *args: Any) -> list[Row]: ...

    async def fetchrow(self, query: str, *args: Any) -> Row | None: ...

    async def fetchval(self, query: str, *args: Any) -> Any: ...

    async def execute(self, query: str, *args: Any) -> str: ...


class Database:
    """A bounded pool. ``read`` for single statements, ``transaction`` for a unit of work."""

    def __init__(self, pool: "asyncpg.Pool[Row]") -> None:
        self._pool = pool

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Tx]:
        """A connection without a transaction around: each statement commits itself."""
        async with self._pool.acquire() as connection:
            yield connection

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """Commits at the end of the block, rolls back if it raises."""
        async with self._pool.acquire() as connection, connection.transaction():
            mark = in_transaction.set(True)
            try:
                yield connection
            finally:
                in_transaction.reset(mark)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Any]:
        """A whole connection of the driver's, for ``bus.work``."""
        async with self._pool.acquire() as connection:
            yield connection

    async def close(self) -> None:
        await self._pool.close()


async def _keep_session(connection: object) -> None:
    """No RESET at release: our connections hold no session state, and it would double the transactions."""


async def open_database(url: str, *, size: int = 10, name: str = "yinyi") -> Database:
    """Connect. Times are UTC; a statement lasts at most 10 s, a lock is waited for at most 5 s."""
    return Database(await open_pool(url, size=size, name=name))


async def open_pool(url: str, *, size: int, name: str) -> "asyncpg.Pool[Row]":
    """The connections under a ``Database``."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        command_timeout=15,
        reset=_keep_session,
        max_inactive_connection_lifetime=0,
        server_settings={
            "application_name": name,
            "timezone": "UTC",
            "statement_timeout": "10000",
            "lock_timeout": "5000",
            "idle_in_transaction_session_timeout": "10000",
            "plan_cache_mode": "force_generic_plan",
            "jit": "off",
        },
    )
