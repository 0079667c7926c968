"""The bank's memory after a restart, and from a file of an earlier release."""

import sqlite3
from pathlib import Path

import msgspec

from yinyi_sandbox.bank.model import Movement
from yinyi_sandbox.bank.store import Store


def moved(number: int, trace_no: int, day: str = "2026-03-02") -> Movement:
    return Movement(
        reference=f"{number:012}",
        merchant_no="M1",
        terminal_no="T1",
        batch_no=1,
        trace_no=trace_no,
        mti="0200",
        kind="purchase",
        pan="6222000000000000",
        amount_fen=100,
        code="00",
        auth_code="000001",
        at=0.0,
        day=day,
        state="approved",
    )


def test_what_has_moved_is_found_again_in_every_way(tmp_path: Path) -> None:
    store = Store(tmp_path / "bank.sqlite")
    first, second, later = moved(1, 8), moved(2, 7), moved(3, 9, "2026-03-03")
    with store.together():
        for each in (first, second, later):
            store.put_movement(each)
    changed = msgspec.structs.replace(first, state="voided")
    store.put_movement(changed)
    store.close()
    again = Store(tmp_path / "bank.sqlite")
    assert again.movement("M1", first.reference) == changed
    assert again.movement("M2", first.reference) is None
    assert again.movement_at("M1", "T1", 1, 7) == second
    assert again.movement_at("M1", "T1", 2, 7) is None
    assert again.movements_in("M1", "T1", 1) == [second, changed, later]
    assert again.movements_on("M1", "2026-03-02") == [changed, second]
    assert again.movements() == [later, second, changed]
    again.close()


def test_where_there_is_no_file_no_journal_is_written() -> None:
    store = Store(None)
    first, second = moved(1, 8), moved(2, 7)
    with store.together():
        store.put_movement(first)
        store.put_movement(second)
    assert store.movements_in("M1", "T1", 1) == [second, first]
    assert store.connection.execute("SELECT count(*) FROM journal").fetchone() == (0,)
    store.close()


def test_a_file_of_an_earlier_release_is_taken_over(tmp_path: Path) -> None:
    kept = moved(7, 7)
    with sqlite3.connect(tmp_path / "bank.sqlite") as file:
        file.execute(
            "CREATE TABLE movements (reference TEXT PRIMARY KEY, merchant_no TEXT, terminal_no TEXT, batch_no INTEGER,"
            " trace_no INTEGER, day TEXT, content BLOB) WITHOUT ROWID"
        )
        row = (kept.reference, "M1", "T1", 1, 7, kept.day, msgspec.msgpack.encode(kept))
        file.execute("INSERT INTO movements VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    file.close()
    for _ in range(2):
        store = Store(tmp_path / "bank.sqlite")
        assert store.movements() == [kept]
        store.close()
