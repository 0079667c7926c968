"""The unit of work of one change: what it writes, and the record that is kept with it, all or nothing.

A change that is one statement is written as one: its record rides in the same statement, which commits by itself.
Anything else begins a transaction with its first statement.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import asyncpg

from yinyi.bus.database import Row, Tx
from yinyi.bus.guard import in_transaction
from yinyi.bus.together import Together

_KEY = """, keyed AS (
  INSERT INTO idempotency (hospital_id, actor, key, operation, body_hash, subject, created_at)
  SELECT :hospital_id::int, :key_owner, :key, :operation, :body_hash::bytea, :subject, :now::timestamptz FROM :source
)"""
_NAMED = re.compile(r"(?<!:):(\w+)")
_ALONE = "WITH one AS (SELECT 1) :record SELECT :subject"


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
    """A ``Tx`` for the ``make`` of a change. It has a connection and a transaction once one is needed."""

    def __init__(self, together: Together, record: Record) -> None:
        self._together = together
        self._record = record
        self._held = AsyncExitStack()
        self._connection: Any = None
        self._transaction: Any = None
        self._recorded = False

    async def fetch(self, query: str, *args: Any) -> list[Row]:
        return await (await self._begun()).fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Row | None:
        return await (await self._begun()).fetchrow(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await (await self._begun()).fetchval(query, *args)

    async def execute(self, query: str, *args: Any) -> str:
        return await (await self._begun()).execute(query, *args)

    async def glance(self, query: str, *args: Any) -> Row | None:
        """A row that nothing is decided by until a later statement has checked it again: no transaction for it."""
        if self._connection is not None:
            return await self._connection.fetchrow(query, *args)
        async with self._together.database.read() as tx:
            return await tx.fetchrow(query, *args)

    async def record_with(
        self, statement: str, args: tuple[Any, ...], source: str, subject: str, key: Any
    ) -> Row | None:
        """See ``recorded``."""
        whole = _with_record(statement, len(args), source, self._record.audit)
        values = (*args, *_values(self._record, subject))
        if self._connection is not None:
            row = await self._connection.fetchrow(whole, *values)
        else:
            row = await self._together.fetchrow(whole, values, key)
        self._recorded = row is not None
        return row

    async def finish(self, subject: str) -> None:
        """Commit, with the record."""
        if not self._recorded:
            await self.record_with(_ALONE, (), "one", subject, subject)
        if self._transaction is not None:
            transaction, self._transaction = self._transaction, None
            await transaction.commit()

    async def leave(self) -> None:
        """Roll back what is not committed, and let go of the connection."""
        async with self._held:
            if self._transaction is not None:
                transaction, self._transaction = self._transaction, None
                with suppress(asyncpg.InterfaceError, asyncpg.PostgresError, OSError):  # gone, with all of it
                    await transaction.rollback()

    async def _begun(self) -> Tx:
        assert not self._recorded, "the change is recorded already: this statement would not belong to it"
        if self._connection is None:
            self._connection = await self._held.enter_async_context(self._together.database.connection())
            transaction = self._connection.transaction()
            await transaction.start()
            self._transaction = transaction
        return self._connection


@asynccontextmanager
async def work_on(together: Together, record: Record) -> AsyncGenerator[Work]:
    """The work of one change; ``finish`` is its end, anything else is none of it.

    Raises:
        asyncpg.UniqueViolationError: out of ``finish`` or ``recorded``: the key was used by another change meanwhile.
    """
    work = Work(together, record)
    mark = in_transaction.set(True)
    try:
        yield work
    finally:
        in_transaction.reset(mark)
        await work.leave()


async def glance(tx: Tx, query: str, *args: Any) -> Row | None:
    """``Work.glance``, or a plain read where the caller has a transaction of his own."""
    return await (tx.glance(query, *args) if isinstance(tx, Work) else tx.fetchrow(query, *args))


async def recorded(tx: Tx, statement: str, args: tuple[Any, ...], *, source: str, subject: str, key: Any) -> Row | None:
    """Run the one statement that makes a change. ``:record`` in it stands where common table expressions may follow;
    the record is kept exactly if ``source``, one of those before, has a row. The first column of its answer is ``key``.
    None: nothing was made or recorded."""
    if isinstance(tx, Work):
        return await tx.record_with(statement, args, source, subject, key)
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
    return _NAMED.sub(lambda found: names[found[1]], statement.replace(":record", kept))
