"""The sandbox's memory: one SQLite file, fast rather than safe, that survives a restart of the process."""

import sqlite3
from pathlib import Path
from typing import TypeVar

import msgspec

from yinyi_sandbox.alipay.model import Event, Refund, Trade

Row = TypeVar("Row", Trade, Refund, Event)

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS trades (
    app_id TEXT, out_trade_no TEXT, qr_code TEXT, trade_no TEXT, created_at REAL, content BLOB,
    PRIMARY KEY (app_id, out_trade_no)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS trades_created ON trades (created_at);
CREATE UNIQUE INDEX IF NOT EXISTS trades_code ON trades (qr_code) WHERE qr_code <> '';
CREATE INDEX IF NOT EXISTS trades_number ON trades (trade_no) WHERE trade_no <> '';
CREATE TABLE IF NOT EXISTS refunds (
    app_id TEXT, out_trade_no TEXT, out_request_no TEXT, content BLOB,
    PRIMARY KEY (app_id, out_trade_no, out_request_no)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, due_at REAL, content BLOB) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_due ON events (due_at);
"""

_encode = msgspec.msgpack.Encoder().encode


class Store:
    """Every method is one statement, committed at once. A row is its keys and its content (MessagePack)."""

    def __init__(self, path: Path | None) -> None:
        """``path``: of the file; None keeps everything in memory."""
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        self._connection.close()

    def put_trade(self, trade: Trade) -> None:
        keys = (trade.app_id, trade.out_trade_no, trade.qr_code, trade.trade_no, trade.created_at)
        self._connection.execute("INSERT OR REPLACE INTO trades VALUES (?, ?, ?, ?, ?, ?)", (*keys, _encode(trade)))

    def put_refund(self, refund: Refund) -> None:
        keys = (refund.app_id, refund.out_trade_no, refund.out_request_no)
        self._connection.execute("INSERT INTO refunds VALUES (?, ?, ?, ?)", (*keys, _encode(refund)))

    def put_event(self, event: Event) -> None:
        values = (event.id, event.due_at, _encode(event))
        self._connection.execute("INSERT OR REPLACE INTO events VALUES (?, ?, ?)", values)

    def drop_event(self, event_id: str) -> None:
        self._connection.execute("DELETE FROM events WHERE id = ?", (event_id,))

    def trade(self, app_id: str, out_trade_no: str) -> Trade | None:
        sql = "SELECT content FROM trades WHERE app_id = ? AND out_trade_no = ?"
        return self._one(Trade, sql, app_id, out_trade_no)

    def trade_by_number(self, app_id: str, trade_no: str) -> Trade | None:
        sql = "SELECT content FROM trades WHERE trade_no = ? AND trade_no <> '' AND app_id = ?"
        return self._one(Trade, sql, trade_no, app_id)

    def trade_by_code(self, qr_code: str) -> Trade | None:
        return self._one(Trade, "SELECT content FROM trades WHERE qr_code = ? AND qr_code <> ''", qr_code)

    def trades(self, limit: int) -> list[Trade]:
        """The newest first."""
        return self._all(Trade, "SELECT content FROM trades ORDER BY created_at DESC LIMIT ?", limit)

    def refund(self, app_id: str, out_trade_no: str, out_request_no: str) -> Refund | None:
        sql = "SELECT content FROM refunds WHERE app_id = ? AND out_trade_no = ? AND out_request_no = ?"
        return self._one(Refund, sql, app_id, out_trade_no, out_request_no)

    def events_due(self, before: float, limit: int) -> list[Event]:
        sql = "SELECT content FROM events WHERE due_at <= ? ORDER BY due_at LIMIT ?"
        return self._all(Event, sql, before, limit)

    def next_event_at(self) -> float | None:
        return self._connection.execute("SELECT min(due_at) FROM events").fetchone()[0]

    def _one(self, kind: type[Row], sql: str, *values: str) -> Row | None:
        found = self._all(kind, sql, *values)
        return found[0] if found else None

    def _all(self, kind: type[Row], sql: str, *values: str | float) -> list[Row]:
        rows = self._connection.execute(sql, values)
        return [msgspec.msgpack.decode(content, type=kind) for (content,) in rows]
