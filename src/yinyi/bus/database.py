"""PostgreSQL as handlers see it: a transaction, or short reads. Committed once, at the edge."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import asyncpg

from yinyi.bus.guard import in_transaction
from yinyi.bus.lending import Lending

Row = asyncpg.Record

AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,
)
"""It is gone, coming back, or out of room: nothing is wrong with what was asked. Whoever asks again, with the same key,
hears what has become of it."""


class Tx(Protocol):
    """One connection. Statements are constants, values are parameters."""

    async def fetch(self, query: str, *args: Any) -> list[Row]: ...

    async def fetchrow(self, query: str, *args: Any) -> Row | None: ...

    async def fetchval(self, query: str, *args: Any) -> Any: ...

    async def execute(self, query: str, *args: Any) -> str: ...


class Database:
    """A bounded pool. ``read`` for single statements, ``transaction`` for a unit of work."""

    def __init__(self, lending: Lending) -> None:
        self._lending = lending

    def read(self) -> AbstractAsyncContextManager[Tx]:
        """A connection without a transaction around: each statement commits itself."""
        return self._lending.lend()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        """Commits at the end of the block, rolls back if it raises."""
        async with self._lending.lend() as connection, connection.transaction():
            mark = in_transaction.set(True)
            try:
                yield connection
            finally:
                in_transaction.reset(mark)

    def connection(self) -> AbstractAsyncContextManager[Any]:
        """A whole connection of the driver's, for ``bus.work``."""
        return self._lending.lend()

    async def close(self) -> None:
        await self._lending.close()


async def _keep_session(connection: object) -> None:
    """No RESET at release: our connections hold no session state, and it would double the transactions."""


async def open_database(url: str, *, size: int = 10, name: str = "yinyi") -> Database:
    """Connect. Times are UTC; a statement lasts at most 10 s, a lock is waited for at most 5 s."""
    return Database(Lending(await open_pool(url, size=size, name=name)))


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
            "enable_seqscan": "off",  # a plan is kept from when its tables were small until they are large
        },
    )
