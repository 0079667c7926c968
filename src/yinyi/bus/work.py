"""The unit of work of one change: what it writes, and the record that is kept with it, all or nothing.

A change that is one statement is written as one: its record rides in the same statement, which commits by itself.
Anything else begins a transaction with its first statement.
"""

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg

from yinyi.bus.database import Database, Row, Tx
from yinyi.bus.guard import in_transaction

_KEY = """, keyed AS (
  INSERT INTO idempotency (hospital_id, actor, key, operation, body_hash, subject, created_at)
  SELECT :hospital_id::int, :key_owner, :key, :operation, :body_hash::bytea, :subject, :now::timestamptz FROM :source
)"""
_NAMED = re.compile(r"(?<!:):(\w+)")
_ALONE = "WITH one AS (SELECT 1) :record SELECT 1"


@dataclass(frozen=True)
class Record:
    """What is kept of a change: under which key it was made, and the line in the audit log.

    audit: the statement that adds the line, with the names of these fields as ``:name`` and its source as ``:source``;
    empty: none is kept.
    """

    hospital_id: int
    key_owner: str
    key: str
    operation: str
    body_hash: bytes
    now: Any
    actor: str
    patient_id: int
    correlation_id: str
    audit: str = ""


class Work:
    """A ``Tx`` for the ``make`` of a change. It holds a connection, and a transaction once one is needed."""

    def __init__(self, connection: Tx, transaction: Any, record: Record) -> None:
        self._connection = connection
        self._transaction = transaction
        self._record = record
        self._begun = False
        self._recorded = False

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        await self._begin()
        return await self._connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        await self._begin()
        return await self._connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        await self._begin()
        return await self._connection.fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        await self._begin()
        return await self._connection.execute(query, *args)

    async def glance(self, query: str, *args: Any) -> Row | None:
        """A row that nothing is decided by until a later statement has checked it again: no transaction for it."""
        return await self._connection.fetchrow(query, *args)

    async def record_with(self, statement: str, args: Sequence[Any], source: str, subject: str) -> Row | None:
        """See ``recorded``."""
        values = _values(self._record, subject)
        row = await self._connection.fetchrow(
            _with_record(statement, len(args), source, self._record.audit), *args, *values
        )
        self._recorded = row is not None
        return row

    async def finish(self, subject: str) -> None:
        """Commit, with the record."""
        if not self._recorded:
            await self.record_with(_ALONE, (), "one", subject)
        if self._begun:
            self._begun = False
            await self._transaction.commit()

    async def abandon(self) -> None:
        """Roll back what has been written, if anything has."""
        if self._begun:
            self._begun = False
            await self._transaction.rollback()

    async def _begin(self) -> None:
        assert not self._recorded, "the change is recorded already: this statement would not belong to it"
        if not self._begun:
            await self._transaction.start()
            self._begun = True


@asynccontextmanager
async def work_on(database: Database, record: Record) -> AsyncGenerator[Work]:
    """The work of one change; ``finish`` is its end, anything else is none of it.

    Raises:
        asyncpg.UniqueViolationError: out of ``finish`` or ``recorded``: the key was used by another change meanwhile.
    """
    async with database.connection() as connection:
        work = Work(connection, connection.transaction(), record)
        mark = in_transaction.set(True)
        try:
            yield work
        finally:
            in_transaction.reset(mark)
            await _left(work)


async def _left(work: Work) -> None:
    with suppress(asyncpg.InterfaceError, asyncpg.PostgresError, OSError):  # gone, with all that was not committed
        await work.abandon()


async def glance(tx: Tx, query: str, *args: Any) -> Row | None:
    """``Work.glance``, or a plain read where the caller has a transaction of his own."""
    return await (tx.glance(query, *args) if isinstance(tx, Work) else tx.fetchrow(query, *args))


async def recorded(tx: Tx, statement: str, args: Sequence[Any], *, source: str, subject: str) -> Row | None:
    """Run the one statement that makes a change. ``:record`` in it stands where common table expressions may follow;
    the record is kept exactly if ``source``, one of those before, has a row. None: nothing was made or recorded."""
    if isinstance(tx, Work):
        return await tx.record_with(statement, args, source, subject)
    return await tx.fetchrow(statement.replace(":record", ""), *args)


_ALWAYS = ("hospital_id", "key_owner", "key", "operation", "body_hash", "subject", "now")
_AUDITED = ("actor", "patient_id", "correlation_id")


def _values(record: Record, subject: str) -> list[Any]:
    names = (*_ALWAYS, *_AUDITED) if record.audit else _ALWAYS
    return [subject if name == "subject" else getattr(record, name) for name in names]


@cache
def _with_record(statement: str, count: int, source: str, audit: str) -> str:
    kept = _KEY + (f", audited AS ({audit})" if audit else "")
    names = {name: f"${number}" for number, name in enumerate((*_ALWAYS, *_AUDITED), start=count + 1)}
    names["source"] = source
    kept = _NAMED.sub(lambda found: names[found[1]], kept)
    return statement.replace(":record", kept)
