"""What the bank keeps of the money it has taken for the hospital and gives back: it survives a restart."""

from datetime import date, datetime
from pathlib import Path

import msgspec

from yinyi_sandbox.channel.memory import Memory, encode

_SCHEMA = """
CREATE TABLE IF NOT EXISTS takings (reference TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS orders (reference TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID;
"""
MOST = 200
"""So many of them are shown."""


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """Money that was taken. reference: the bank's own number of it. pan: of the card it came from; "": cash.

    kept_back: the hospital is not told before somebody says so. verdict: what has become of it, as the platform last
    said under a MAC; "": it has not answered. problem: the error it has named instead.
    """

    reference: str
    payment_no: str
    purpose: str
    customer: str
    pan: str
    amount_fen: int
    taken_at: datetime
    taken_on: date
    kept_back: bool = False
    verdict: str = ""
    problem: str = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be given back, as the platform says it in ``GiveBackOrder``.

    given_at: the customer has it. confirmed: the platform knows that he has.
    """

    reference: str
    taken_reference: str
    payment_no: str
    amount_fen: int
    ordered_at: datetime
    by: datetime
    reason: str = ""
    their_reference: str = ""
    given_at: datetime | None = None
    confirmed: bool = False


class Book(Memory):
    """Plain puts and gets."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(path, _SCHEMA)

    def put_taking(self, taking: Taking) -> None:
        self.connection.execute("INSERT OR REPLACE INTO takings VALUES (?, ?)", (taking.reference, encode(taking)))

    def taking(self, reference: str) -> Taking | None:
        return self.one(Taking, "SELECT content FROM takings WHERE reference = ?", reference)

    def takings(self) -> list[Taking]:
        """Newest first."""
        return self.all(Taking, "SELECT content FROM takings ORDER BY reference DESC LIMIT ?", MOST)

    def put_order(self, order: Order) -> None:
        self.connection.execute("INSERT OR REPLACE INTO orders VALUES (?, ?)", (order.reference, encode(order)))

    def order(self, reference: str) -> Order | None:
        return self.one(Order, "SELECT content FROM orders WHERE reference = ?", reference)

    def orders(self) -> list[Order]:
        """Newest first."""
        return self.all(Order, "SELECT content FROM orders ORDER BY reference DESC LIMIT ?", MOST)
