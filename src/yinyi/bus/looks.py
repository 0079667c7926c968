"""Looks of many callers at what is one's own: those that are wanted at the same time are one exchange with the
database."""

from typing import Any

from yinyi.bus.database import Database, Row, Tx
from yinyi.bus.together import Together

_OF_ONE: set[str] = set()


def of_one(statement: str) -> str:
    """A statement whose second parameter (the first is the hospital) is the first column of all rows that it answers:
    whose they are. Only reads."""
    _OF_ONE.add(statement)
    return statement


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

    def any(self) -> Tx:
        """A ``Tx`` without a transaction for whoever reads: what is ``of_one`` leaves in company, all else by
        itself."""
        return _Reading(self._database, self._together)


class _Reading:
    """Each statement is a read of its own."""

    def __init__(self, database: Database, together: Together) -> None:
        self._database = database
        self._together = together

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        if query in _OF_ONE:
            return await self._together.fetchrow(query, args, args[1])
        async with self._database.read() as tx:
            return await tx.fetchrow(query, *args)

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        if query in _OF_ONE:
            return await self._together.fetch(query, args, args[1])
        async with self._database.read() as tx:
            return await tx.fetch(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        async with self._database.read() as tx:
            return await tx.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        async with self._database.read() as tx:
            return await tx.execute(query, *args)


class _Look(_Reading):
    """``fetchrow`` leaves in company, whatever it asks."""

    def __init__(self, database: Database, together: Together, key: Any) -> None:
        super().__init__(database, together)
        self._key = key

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        return await self._together.fetchrow(query, args, self._key)
