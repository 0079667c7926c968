"""Looks at single rows, of many callers: those that are wanted at the same time are one exchange with the database."""

from typing import Any

from yinyi.bus.database import Database, Row, Tx
from yinyi.bus.together import Together


class Looks:
    """A lone look leaves at once. While one is on its way others gather; they leave together, each sees what is
    committed by then."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._together = Together(database)

    def by(self, key: Any) -> Tx:
        """A ``Tx`` without a transaction for whoever looks up the row whose first column is ``key``. Of two with one
        key and one statement the second leaves after the first."""
        return _Look(self._database, self._together, key)


class _Look:
    """``fetchrow`` leaves in company, anything else by itself."""

    def __init__(self, database: Database, together: Together, key: Any) -> None:
        self._database = database
        self._together = together
        self._key = key

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        return await self._together.fetchrow(query, args, self._key)

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        async with self._database.read() as tx:
            return await tx.fetch(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        async with self._database.read() as tx:
            return await tx.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        async with self._database.read() as tx:
            return await tx.execute(query, *args)
