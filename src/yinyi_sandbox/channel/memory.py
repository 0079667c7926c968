"""A sandbox's memory: one SQLite file, fast rather than safe, that survives a restart of the process."""

import sqlite3
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from yinyi_sandbox.channel.sending import Due

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
"""
_EVENTS = """
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, due_at REAL, content BLOB) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_due ON events (due_at);
"""
Kind = TypeVar("Kind", bound=msgspec.Struct)
Event = TypeVar("Event", bound=Due)

encode = msgspec.msgpack.Encoder().encode


class Memory:
    """A row is its keys and its content (MessagePack)."""

    def __init__(self, path: Path | None, schema: str) -> None:
        """``path``: of the file; None keeps everything in memory."""
        self.connection = sqlite3.connect(path or ":memory:", isolation_level=None)
        self.connection.executescript(_SCHEMA + schema)

    def close(self) -> None:
        self.connection.close()

    def one(self, kind: type[Kind], sql: str, *values: str | int) -> Kind | None:
        """The first row whose content the statement finds."""
        found = self.all(kind, sql, *values)
        return found[0] if found else None

    def all(self, kind: type[Kind], sql: str, *values: str | int | float) -> list[Kind]:
        """The rows whose contents the statement finds, in its order."""
        rows = self.connection.execute(sql, values)
        return [msgspec.msgpack.decode(content, type=kind) for (content,) in rows]


class MemoryOfEvents(Memory, Generic[Event]):
    """Of a channel that sends what has happened to whoever wants to be told. Every method is one statement, committed
    at once."""

    def __init__(self, path: Path | None, schema: str, event: type[Event]) -> None:
        super().__init__(path, schema + _EVENTS)
        self._event = event

    def put_event(self, event: Event) -> None:
        values = (event.id, event.due_at, encode(event))
        self.connection.execute("INSERT OR REPLACE INTO events VALUES (?, ?, ?)", values)

    def drop_event(self, event_id: str) -> None:
        self.connection.execute("DELETE FROM events WHERE id = ?", (event_id,))

    def events_due(self, before: float, limit: int) -> list[Event]:
        sql = "SELECT content FROM events WHERE due_at <= ? ORDER BY due_at LIMIT ?"
        return self.all(self._event, sql, before, limit)

    def next_event_at(self) -> float | None:
        return self.connection.execute("SELECT min(due_at) FROM events").fetchone()[0]
