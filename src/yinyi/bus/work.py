"""The unit of work of one change: what it writes, and the record that is kept with it, all or nothing.

A change that is one statement is written as one: its record rides in the same statement, which commits by itself.
Anything else begins a transaction with its first statement.
"""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from functools import cache
from typing import Any

import asyncpg
import msgspec
from msgspec.structs import replace

from yinyi.bus.database import Row, Tx
from yinyi.bus.guard import in_transaction
from yinyi.bus.together import Together, as_list

_RECORD = """, record AS (
  SELECT r.* FROM :source CROSS JOIN LATERAL jsonb_to_record(:source.record) AS r (hospital_id int, key_owner text,
    key text, operation text, body_hash text, subject text, now timestamptz, actor text, patient_id bigint,
    correlation_id text)
), keyed AS (
  INSERT INTO idempotency (hospital_id, actor, key, operation, body_hash, subject, created_at)
  SELECT hospital_id, key_owner, key, operation, decode(body_hash, 'base64'), subject, now FROM record
)"""
_ALONE = """
WITH made AS (SELECT w.* FROM jsonb_to_recordset($1::jsonb) AS w (subject text, record jsonb)) :record
SELECT subject FROM made
"""


class Record(msgspec.Struct, frozen=True):
    """What is kept of a change: under which key it was made, and the line in the audit log."""

    hospital_id: int
    key_owner: str
    key: str
    operation: str
    body_hash: bytes
    now: datetime
    actor: str
    patient_id: int
    correlation_id: str
    subject: str = ""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a statement that makes changes, any number of them: its first parameter is a JSON list of these."""

    record: Record | None = None


class _Alone(Made, frozen=True, kw_only=True):
    """A change that is written already, and its record not yet."""

    subject: str


class Work:
    """A ``Tx`` for the ``make`` of a change. It has a connection and a transaction once one is needed."""

    def __init__(self, together: Together, record: Record, audit: str) -> None:
        self._together = together
        self._record = record
        self._audit = audit
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
        self, statement: str, made: Made, common: tuple[Any, ...], source: str, subject: str, key: Any
    ) -> Row | None:
        """See ``recorded``."""
        whole = _with_record(statement, source, self._audit)
        row = msgspec.json.encode(replace(made, record=replace(self._record, subject=subject)))
        if self._connection is not None:
            answer = await self._connection.fetchrow(whole, as_list([row]), *common)
        else:
            answer = await self._together.put(whole, row, common, key)
        self._recorded = answer is not None
        return answer

    async def finish(self, subject: str) -> None:
        """Commit, with the record."""
        if not self._recorded:
            await self.record_with(_ALONE, _Alone(subject=subject), (), "made", subject, subject)
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
async def work_on(together: Together, record: Record, audit: str = "") -> AsyncGenerator[Work]:
    """The work of one change; ``finish`` is its end, anything else is none of it. ``audit``: the statement that adds
    the line in the audit log out of the rows of ``record``, whose columns are a ``Record``'s; empty: none is kept.

    Raises:
        asyncpg.UniqueViolationError: out of ``finish`` or ``recorded``: the key was used by another change meanwhile.
    """
    work = Work(together, record, audit)
    mark = in_transaction.set(True)
    try:
        yield work
    finally:
        in_transaction.reset(mark)
        await work.leave()


async def glance(tx: Tx, query: str, *args: Any) -> Row | None:
    """``Work.glance``, or a plain read where the caller has a transaction of his own."""
    return await (tx.glance(query, *args) if isinstance(tx, Work) else tx.fetchrow(query, *args))


async def recorded(
    tx: Tx, statement: str, made: Made, common: tuple[Any, ...], *, source: str, subject: str, key: Any
) -> Row | None:
    """Run the one statement that makes a change; its parameters are a list of what is ``made``, and ``common``.
    ``:record`` in it stands where common table expressions may follow; the record is kept exactly for each row of
    ``source``, one of those before, whose column ``record`` is the one that was given. The first column of its answer
    is ``key``. None: nothing was made or recorded."""
    if isinstance(tx, Work):
        return await tx.record_with(statement, made, common, source, subject, key)
    return await tx.fetchrow(statement.replace(":record", ""), as_list([msgspec.json.encode(made)]), *common)


@cache
def _with_record(statement: str, source: str, audit: str) -> str:
    record = _RECORD.replace(":source", source) + (f", audited AS ({audit})" if audit else "")
    return statement.replace(":record", record)
