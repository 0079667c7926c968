"""The sandbox's memory: one SQLite file, fast rather than safe, that survives a restart of the process."""

from pathlib import Path

from yinyi_sandbox.alipay.model import Event, Refund, Trade
from yinyi_sandbox.channel.memory import MemoryOfEvents, encode

_SCHEMA = """
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
"""


class Store(MemoryOfEvents[Event]):
    """Every method is one statement, committed at once."""

    def __init__(self, path: Path | None) -> None:
        """``path``: of the file; None keeps everything in memory."""
        super().__init__(path, _SCHEMA, Event)

    def put_trade(self, trade: Trade) -> None:
        keys = (trade.app_id, trade.out_trade_no, trade.qr_code, trade.trade_no, trade.created_at)
        self.connection.execute("INSERT OR REPLACE INTO trades VALUES (?, ?, ?, ?, ?, ?)", (*keys, encode(trade)))

    def put_refund(self, refund: Refund) -> None:
        keys = (refund.app_id, refund.out_trade_no, refund.out_request_no)
        self.connection.execute("INSERT INTO refunds VALUES (?, ?, ?, ?)", (*keys, encode(refund)))

    def trade(self, app_id: str, out_trade_no: str) -> Trade | None:
        sql = "SELECT content FROM trades WHERE app_id = ? AND out_trade_no = ?"
        return self.one(Trade, sql, app_id, out_trade_no)

    def trade_by_number(self, app_id: str, trade_no: str) -> Trade | None:
        sql = "SELECT content FROM trades WHERE trade_no = ? AND trade_no <> '' AND app_id = ?"
        return self.one(Trade, sql, trade_no, app_id)

    def trade_by_code(self, qr_code: str) -> Trade | None:
        return self.one(Trade, "SELECT content FROM trades WHERE qr_code = ? AND qr_code <> ''", qr_code)

    def trades(self, limit: int) -> list[Trade]:
        """The newest first."""
        return self.all(Trade, "SELECT content FROM trades ORDER BY created_at DESC LIMIT ?", limit)

    def refund(self, app_id: str, out_trade_no: str, out_request_no: str) -> Refund | None:
        sql = "SELECT content FROM refunds WHERE app_id = ? AND out_trade_no = ? AND out_request_no = ?"
        return self.one(Refund, sql, app_id, out_trade_no, out_request_no)
