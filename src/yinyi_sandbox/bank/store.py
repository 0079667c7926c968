"""The bank's memory: one SQLite file, fast rather than safe, that survives a restart of the process.

Cards, sessions and movements are held in memory, where every message looks for some of them; the file is a journal of
what became of them, read at the start. Where there is no file, nobody would read a journal, and none is written.
"""

import contextlib
from collections.abc import Generator, Mapping
from itertools import islice
from pathlib import Path

from yinyi_sandbox.bank.model import Batch, Card, Movement, Session
from yinyi_sandbox.channel.memory import Memory, encode

_SCHEMA = """
CREATE TABLE IF NOT EXISTS cards (pan TEXT PRIMARY KEY, content BLOB) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sessions (
    merchant_no TEXT, terminal_no TEXT, content BLOB, PRIMARY KEY (merchant_no, terminal_no)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (number INTEGER PRIMARY KEY, content BLOB);
CREATE TABLE IF NOT EXISTS movements (reference TEXT PRIMARY KEY, content BLOB);
INSERT INTO journal SELECT CAST(reference AS INTEGER), content FROM movements;
DROP TABLE movements;
CREATE TABLE IF NOT EXISTS batches (
    merchant_no TEXT, terminal_no TEXT, batch_no INTEGER, content BLOB,
    PRIMARY KEY (merchant_no, terminal_no, batch_no)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
"""
_BLOCK = 1_000
"""So many numbers are taken at once; what a crash leaves of them is never used."""
_MOST = 10_000
_NOTHING: Mapping[int, str] = {}
_NO_BOUNDS = contextlib.nullcontext()


class Store(Memory):
    """Plain puts and gets; contents are encoded structs (MessagePack)."""

    def __init__(self, path: Path | None) -> None:
        """``path``: of the file; None keeps everything in memory."""
        super().__init__(path, _SCHEMA)
        self._is_kept = path is not None
        self._writer = self.connection.cursor()
        self._is_together = False
        self._changed: dict[str, Card] = {}
        self._moved: list[tuple[int, bytes]] = []
        self._movements: dict[str, Movement] = {}
        self._in_batch: dict[tuple[str, str, int], dict[int, str]] = {}
        for movement in self.all(Movement, "SELECT content FROM journal ORDER BY number"):
            self._remember(movement)
        self._cards = {card.pan: card for card in self.all(Card, "SELECT content FROM cards")}
        held = self.all(Session, "SELECT content FROM sessions")
        self._sessions = {(session.merchant_no, session.terminal_no): session for session in held}
        self._number = self._last_number = int(self.fact("number") or 0)

    def together(self) -> contextlib.AbstractContextManager[None]:
        """What is put within is put as one; within another one it is a part of that."""
        return self._as_one() if self._is_kept and not self._is_together else _NO_BOUNDS

    @contextlib.contextmanager
    def _as_one(self) -> Generator[None]:
        self._writer.execute("BEGIN")
        self._is_together = True
        try:
            yield
        finally:
            self._is_together = False
            self._put_changed()
            self._writer.execute("COMMIT")

    def next_number(self) -> int:
        """Never used before."""
        self._number += 1
        if self._number > self._last_number:
            self._last_number = self._number + _BLOCK
            self.put_fact("number", str(self._last_number))
        return self._number

    def fact(self, name: str) -> str:
        found = self.connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return found[0] if found else ""

    def put_fact(self, name: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    # ---- cards and sessions

    def card(self, pan: str) -> Card | None:
        return self._cards.get(pan)

    def cards(self) -> list[Card]:
        return list(self._cards.values())

    def put_card(self, card: Card) -> None:
        self._cards[card.pan] = card
        if self._is_kept:
            self._changed[card.pan] = card
            self._put_unless_together()

    def _put_unless_together(self) -> None:
        if not self._is_together:
            self._put_changed()

    def _put_changed(self) -> None:
        """What waits, in one go each, at the end of what belongs together."""
        if self._moved:
            self._writer.executemany("INSERT OR REPLACE INTO journal VALUES (?, ?)", self._moved)
            self._moved.clear()
        if self._changed:
            cards = [(pan, encode(card)) for pan, card in self._changed.items()]
            self._writer.executemany("INSERT OR REPLACE INTO cards VALUES (?, ?)", cards)
            self._changed.clear()

    def session(self, merchant_no: str, terminal_no: str) -> Session | None:
        return self._sessions.get((merchant_no, terminal_no))

    def sessions(self) -> list[Session]:
        return list(self._sessions.values())

    def knows_merchant(self, merchant_no: str) -> bool:
        return any(known == merchant_no for known, _ in self._sessions)

    def put_session(self, session: Session) -> None:
        keys = (session.merchant_no, session.terminal_no)
        self._sessions[keys] = session
        self.connection.execute("INSERT OR REPLACE INTO sessions VALUES (?, ?, ?)", (*keys, encode(session)))

    # ---- movements and batches

    def put_movement(self, movement: Movement) -> None:
        self._remember(movement)
        if self._is_kept:
            self._moved.append((int(movement.reference), encode(movement)))
            self._put_unless_together()

    def _remember(self, movement: Movement) -> None:
        self._movements[movement.reference] = movement
        batch = (movement.merchant_no, movement.terminal_no, movement.batch_no)
        self._in_batch.setdefault(batch, {})[movement.trace_no] = movement.reference

    def movement(self, merchant_no: str, reference: str) -> Movement | None:
        found = self._movements.get(reference)
        return found if found and found.merchant_no == merchant_no else None

    def movement_at(self, merchant_no: str, terminal_no: str, batch_no: int, trace_no: int) -> Movement | None:
        reference = self._in_batch.get((merchant_no, terminal_no, batch_no), _NOTHING).get(trace_no, "")
        return self._movements.get(reference)

    def movements_in(self, merchant_no: str, terminal_no: str, batch_no: int) -> list[Movement]:
        """By their trace numbers."""
        batch = self._in_batch.get((merchant_no, terminal_no, batch_no), _NOTHING)
        return [self._movements[batch[trace_no]] for trace_no in sorted(batch)]

    def movements_on(self, merchant_no: str, day: str) -> list[Movement]:
        """Looked for among all: it is asked once a day. The oldest first."""
        return [each for each in self._movements.values() if each.merchant_no == merchant_no and each.day == day]

    def movements(self) -> list[Movement]:
        """The newest first."""
        return list(islice(reversed(self._movements.values()), _MOST))

    def put_batch(self, batch: Batch) -> None:
        keys = (batch.merchant_no, batch.terminal_no, batch.batch_no)
        self.connection.execute("INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?)", (*keys, encode(batch)))

    def batch(self, merchant_no: str, terminal_no: str, batch_no: int) -> Batch | None:
        sql = "SELECT content FROM batches WHERE merchant_no = ? AND terminal_no = ? AND batch_no = ?"
        return self.one(Batch, sql, merchant_no, terminal_no, batch_no)

    def batches(self) -> list[Batch]:
        return self.all(Batch, "SELECT content FROM batches LIMIT ?", _MOST)
