"""Connections kept at hand between two uses: a pool's own way in and out costs as much as a statement."""

from types import TracebackType
from typing import Any

import asyncpg


class Lending:
    """Lends the connections of a pool. One that served well stays at hand for whoever is next, the latest first; one
    whose use ended in an error, or that somebody waits for, goes back to the pool."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        """``pool`` opens connections, bounds their number, and replaces the broken ones."""
        self._pool = pool
        self._at_hand: list[Any] = []
        self._waiting = 0

    def lend(self) -> "Loan":
        """``async with lending.lend() as connection``."""
        return Loan(self)

    async def take(self, within_s: float | None = None) -> Any:
        """A connection, as soon as one is free.

        Raises:
            TimeoutError: none was, for so long.
        """
        while self._at_hand:
            connection = self._at_hand.pop()
            if _alive(connection):
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire(timeout=within_s)
        finally:
            self._waiting -= 1

    async def give(self, connection: Any, well: bool) -> None:
        """Back after use. ``well``: nothing went wrong with it."""
        if well and not self._waiting and _alive(connection) and not connection.is_in_transaction():
            self._at_hand.append(connection)
        else:
            await self._pool.release(connection)

    async def close(self) -> None:
        """Waits for what is lent."""
        while self._at_hand:
            await self._pool.release(self._at_hand.pop())
        self._waiting += 1  # what comes back from now on is for the pool, which waits for it
        await self._pool.close()


def _alive(connection: Any) -> bool:
    try:
        return not connection.is_closed()
    except asyncpg.InterfaceError:  # it was lost meanwhile, and the pool has taken it back
        return False


class Loan:
    """One use of a connection."""

    __slots__ = ("_connection", "_lending")

    def __init__(self, lending: Lending) -> None:
        self._lending = lending

    async def __aenter__(self) -> Any:
        self._connection = await self._lending.take()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._lending.give(self._connection, kind is None)
