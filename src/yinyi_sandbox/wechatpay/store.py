"""The sandbox's memory: one SQLite file, fast rather than safe, that survives a restart of the process."""

import sqlite3
from pathlib import Path
from typing import TypeVar

import msgspec

from yinyi_sandbox.wechatpay.model import Event, Order, PayerCode, Refund

Row = TypeVar("Row", Order, Refund, Event, PayerCode)

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS orders (
    mchid TEXT, out_trade_no TEXT, code_url TEXT UNIQUE, transaction_id TEXT, created_at REAL, content BLOB,
    PRIMARY KEY (mchid, out_trade_no)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS orders_created ON orders (created_at);
CREATE INDEX IF NOT EXISTS orders_transaction ON orders (transaction_id) WHERE transaction_id <> '';
CREATE TABLE IF NOT EXISTS refunds (
    mchid TEXT, out_refund_no TEXT, content BLOB,
    PRIMARY KEY (mchid, out_refund_no)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payer_codes (digits TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID;
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

    def put_order(self, order: Order) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?)",
            (
                order.mchid,
                order.out_trade_no,
                order.code_url,
                order.transaction_id,
                order.created_at,
                _encode(order),
            ),
        )

    def put_refund(self, refund: Refund) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO refunds VALUES (?, ?, ?)",
            (refund.mchid, refund.out_refund_no, _encode(refund)),
        )

    def put_payer_code(self, code: PayerCode) -> None:
        self._connection.execute("INSERT OR REPLACE INTO payer_codes VALUES (?, ?)", (code.digits, _encode(code)))

    def put_event(self, event: Event) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO events VALUES (?, ?, ?)", (event.id, event.due_at, _encode(event))
        )

    def drop_event(self, event_id: str) -> None:
        self._connection.execute("DELETE FROM events WHERE id = ?", (event_id,))

    def order(self, mchid: str, out_trade_no: str) -> Order | None:
        sql = "SELECT content FROM orders WHERE mchid = ? AND out_trade_no = ?"
        return self._one(Order, sql, mchid, out_trade_no)

    def order_by_code(self, code_url: str) -> Order | None:
        return self._one(Order, "SELECT content FROM orders WHERE code_url = ?", code_url)

    def order_by_transaction(self, mchid: str, transaction_id: str) -> Order | None:
        sql = "SELECT content FROM orders WHERE transaction_id = ? AND transaction_id <> '' AND mchid = ?"
        return self._one(Order, sql, transaction_id, mchid)

    def orders(self, limit: int) -> list[Order]:
        """The newest orders first."""
        return self._all(Order, "SELECT content FROM orders ORDER BY created_at DESC LIMIT ?", limit)

    def refund(self, mchid: str, out_refund_no: str) -> Refund | None:
        sql = "SELECT content FROM refunds WHERE mchid = ? AND out_refund_no = ?"
        return self._one(Refund, sql, mchid, out_refund_no)

    def payer_code(self, digits: str) -> PayerCode | None:
        return self._one(PayerCode, "SELECT content FROM payer_codes WHERE digits = ?", digits)

    def events_due(self, before: float, limit: int) -> list[Event]:
        sql = "SELECT content FROM events WHERE due_at <= ? ORDER BY due_at LIMIT ?"
        return self._all(Event, sql, before, limit)

    def next_event_at(self) -> float | None:
        found = self._connection.execute("SELECT min(due_at) FROM events").fetchone()
        return found[0]

    def _one(self, kind: type[Row], sql: str, *values: str) -> Row | None:
        found = self._all(kind, sql, *values)
        return found[0] if found else None

    def _all(self, kind: type[Row], sql: str, *values: str | float) -> list[Row]:
        rows = self._connection.execute(sql, values)
        return [msgspec.msgpack.decode(content, type=kind) for (content,) in rows]
