"""Years of payments on record, row by row as the engine writes them, put there as fast as PostgreSQL takes them."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import asyncpg

FIRST = 1_001
"""The serial number of the first one; those before are the bench's own."""
SLICE = 250_000
"""Payments of one statement."""

_DAY = "(date '2024-01-01' + (g / 15000)::int)"
_AT = "(timestamptz '2024-01-01 08:00+08' + g * interval '5.76 s')"
_NUMBER = f"(to_char({_DAY}, 'YYMMDD') || lpad(g::text, 16, '0'))"
_PATIENT = "(1 + g * 7919 % 2000000)"


@dataclass(frozen=True)
class Copies:
    """How the rows of one payment become those of another: ``t`` is a row as the engine wrote it, ``g`` the serial
    number of the copy. ``which``: the rows, where ``$no`` and ``$id`` are the payment's."""

    table: str
    which: str
    columns: dict[str, str] = field(default_factory=dict[str, str])


def _told(column: str) -> str:
    return f"replace(t.{column}::text, $no, {_NUMBER})::jsonb"


_OF_PAYMENT = "payment_id = $id"
COPIES = (
    Copies(
        "payment",
        _OF_PAYMENT,
        {
            "payment_id": "g",
            "payment_no": _NUMBER,
            "ask_no": "substr(md5(g::text), 1, 14)",
            "patient_id": _PATIENT,
            "terminal_id": "'K' || g % 200",
            "business_date": _DAY,
            "pay_by": f"{_AT} + interval '8 min'",
            "started_at": _AT,
            "updated_at": f"{_AT} + interval '1 min'",
            "ended_at": f"{_AT} + interval '1 min'",
        },
    ),
    Copies(
        "payment_step",
        _OF_PAYMENT,
        {
            "payment_id": "g",
            "reference": f"{_NUMBER} || right(t.reference, 2)",
            "evidence": _told("evidence"),
            "since": _AT,
            "sent_at": _AT,
        },
    ),
    Copies("payment_event", _OF_PAYMENT, {"payment_id": "g", "at": _AT, "what": _told("what")}),
    Copies("payment_obligation", _OF_PAYMENT, {"payment_id": "g", "number": "'F' || g"}),
    Copies(
        "journal_entry",
        "source LIKE $no || '%'",
        {
            "entry_id": "g * 2 + (t.kind = 'delivered')::int",
            "source": f"replace(t.source, $no, {_NUMBER})",
            "business_date": _DAY,
            "posted_at": _AT,
        },
    ),
    Copies(
        "posting",
        "entry_id IN (SELECT entry_id FROM journal_entry WHERE source LIKE $no || '%')",
        {"entry_id": "g * 2 + (t.debit_account LIKE 'patient_funds%')::int"},
    ),
    Copies("idempotency", "subject = $no", {"key": "md5('k' || g)", "subject": _NUMBER, "created_at": _AT}),
    Copies(
        "audit",
        "subject = $no",
        {
            "audit_id": "g",
            "at": _AT,
            "patient_id": _PATIENT,
            "subject": _NUMBER,
            "correlation_id": "md5('c' || g)",
            "place": "g",
            "hash": "sha256(g::text::bytea)",
            "sealed_at": _AT,
        },
    ),
)
_TABLES = [copies.table for copies in COPIES]
_LATEST = "SELECT payment_id, payment_no FROM payment ORDER BY payment_id DESC LIMIT 1"
_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position
"""
_CONSTRAINTS = """
SELECT conrelid::regclass::text AS of, conname AS name, pg_get_constraintdef(oid) AS how FROM pg_constraint
WHERE contype IN ('p', 'u', 'f') AND (CASE contype WHEN 'f' THEN confrelid ELSE conrelid END)::regclass::text = ANY($1)
ORDER BY contype = 'f'
"""
"""Foreign keys last, which need the others."""
_INDEXES = """
SELECT indexname AS name, indexdef AS how FROM pg_indexes i WHERE schemaname = 'public' AND tablename = ANY($1::text[])
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)
"""
_SEQUENCES = ("payment_payment_id_seq", "journal_entry_entry_id_seq", "audit_audit_id_seq")


async def remember(url: str, count: int) -> None:
    """So many payments more, after the pattern of the latest one, which has to have ended well."""
    one, other = await _connected(url), await _connected(url)
    try:
        latest = await one.fetchrow(_LATEST)
        assert latest is not None
        constraints, indexes = await one.fetch(_CONSTRAINTS, _TABLES), await one.fetch(_INDEXES, _TABLES)
        await _bare(one, constraints, indexes)
        halves = COPIES[:2], COPIES[2:]
        await asyncio.gather(*(_fill(*each, latest, count) for each in zip((one, other), halves, strict=True)))
        await _whole(one, other, constraints, indexes, 2 * (FIRST + count) + 2)
    finally:
        await one.close()
        await other.close()


async def _connected(url: str) -> Any:
    connection: Any = await asyncpg.connect(url)
    await connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET jit = off")
    return connection


async def _bare(connection: Any, constraints: list[Any], indexes: list[Any]) -> None:
    """Indexes are built quicker at the end; sealed lines come from nowhere but the sealer, except here."""
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    for each in reversed(constraints):
        await connection.execute(f"ALTER TABLE {each['of']} DROP CONSTRAINT {each['name']}")
    await connection.execute("ALTER TABLE audit DISABLE TRIGGER USER")


async def _fill(connection: Any, some: tuple[Copies, ...], latest: Any, count: int) -> None:
    for copies in some:
        names = [row["column_name"] for row in await connection.fetch(_COLUMNS, copies.table)]
        values = [copies.columns.get(name, f"t.{name}") for name in names]
        statement = (
            f"INSERT INTO {copies.table} ({', '.join(names)}) SELECT {', '.join(values)}"
            f" FROM (SELECT * FROM {copies.table} WHERE {copies.which}) AS t, generate_series($first, $last) AS g"
        )
        statement = statement.replace("$no", f"'{latest['payment_no']}'").replace("$id", str(latest["payment_id"]))
        for first in range(FIRST, FIRST + count, SLICE):
            last = min(first + SLICE, FIRST + count) - 1
            await connection.execute(
                statement.replace("$first", f"{first}::bigint").replace("$last", f"{last}::bigint")
            )


async def _whole(one: Any, other: Any, constraints: list[Any], indexes: list[Any], next_id: int) -> None:
    made = [f"ALTER TABLE {each['of']} ADD CONSTRAINT {each['name']} {each['how']}" for each in constraints]
    made += [index["how"] for index in indexes]
    for statement in made:
        await one.execute(statement)
    await one.execute("ALTER TABLE audit ENABLE TRIGGER USER")
    for sequence in _SEQUENCES:
        await one.execute(f"SELECT setval('{sequence}', {next_id})")
    halves = _TABLES[:2], _TABLES[2:]
    await asyncio.gather(*(_settled(*each) for each in zip((one, other), halves, strict=True)))


async def _settled(connection: Any, tables: list[str]) -> None:
    """As after a quiet night: nothing is left for the vacuum to do in the middle of a measurement."""
    for table in tables:
        await connection.execute(f"VACUUM (FREEZE, ANALYZE) {table}")
