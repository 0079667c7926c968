"""The sandbox's memory: one SQLite file, fast rather than safe, that survives a restart of the process."""

from pathlib import Path

from yinyi_sandbox.channel.memory import MemoryOfEvents, encode
from yinyi_sandbox.wechatpay.model import Event, Order, PayerCode, Refund

_SCHEMA = """
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
"""


class Store(MemoryOfEvents[Event]):
    """Every method is one statement, committed at once."""

    def __init__(self, path: Path | None) -> None:
        """``path``: of the file; None keeps everything in memory."""
        super().__init__(path, _SCHEMA, Event)

    def put_order(self, order: Order) -> None:
        self.connection.execute(
            "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?)",
            (
                order.mchid,
                order.out_trade_no,
                order.code_url,
                order.transaction_id,
                order.created_at,
                encode(order),
            ),
        )

    def put_refund(self, refund: Refund) -> None:
        self.connection.execute(
            "INSERT OR REPLACE INTO refunds VALUES (?, ?, ?)",
            (refund.mchid, refund.out_refund_no, encode(refund)),
        )

    def put_payer_code(self, code: PayerCode) -> None:
        self.connection.execute("INSERT OR REPLACE INTO payer_codes VALUES (?, ?)", (code.digits, encode(code)))

    def order(self, mchid: str, out_trade_no: str) -> Order | None:
        sql = "SELECT content FROM orders WHERE mchid = ? AND out_trade_no = ?"
        return self.one(Order, sql, mchid, out_trade_no)

    def order_by_code(self, code_url: str) -> Order | None:
        return self.one(Order, "SELECT content FROM orders WHERE code_url = ?", code_url)

    def order_by_transaction(self, mchid: str, transaction_id: str) -> Order | None:
        sql = "SELECT content FROM orders WHERE transaction_id = ? AND transaction_id <> '' AND mchid = ?"
        return self.one(Order, sql, transaction_id, mchid)

    def orders(self, limit: int) -> list[Order]:
        """The newest orders first."""
        return self.all(Order, "SELECT content FROM orders ORDER BY created_at DESC LIMIT ?", limit)

    def refund(self, mchid: str, out_refund_no: str) -> Refund | None:
        sql = "SELECT content FROM refunds WHERE mchid = ? AND out_refund_no = ?"
        return self.one(Refund, sql, mchid, out_refund_no)

    def payer_code(self, digits: str) -> PayerCode | None:
        return self.one(PayerCode, "SELECT content FROM payer_codes WHERE digits = ?", digits)
