"""Migrations: what they make is what the code believes in, down to constraints and triggers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.migrations import differences, upgrade
from yinyi.app.schema import METADATA, TRIGGERS
from yinyi.app.schema_version import newest, require_schema, revision_of

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
Work = Callable[["asyncpg.Connection[Any]"], Awaitable[Any]]

CATALOGUE = {
    "columns": """
        SELECT c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
          || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || ' ' || a.attidentity::text
          || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relnamespace = 'public'::regnamespace""",
    "constraints": """
        SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": r"""
        SELECT proname || ' ' || regexp_replace(prosrc, '\s+', ' ', 'g') FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace""",
}
"""What a database consists of, one line of text for each thing."""


def with_connection(url: str, work: Work) -> Any:
    async def connected() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(connected())


def catalogue(url: str) -> dict[str, list[str]]:
    async def read(connection: "asyncpg.Connection[Any]") -> dict[str, list[str]]:
        found = {what: [row[0] for row in await connection.fetch(query)] for what, query in CATALOGUE.items()}
        return {what: sorted(line for line in lines if "alembic_version" not in line) for what, lines in found.items()}

    return with_connection(url, read)


def make_from_metadata(url: str) -> None:
    """The tables as SQLAlchemy makes them from the code, without any migration."""

    def make(connection: Connection) -> None:
        METADATA.create_all(connection)
        for statement in TRIGGERS:
            connection.exec_driver_sql(statement)

    async def made() -> None:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.begin() as connection:
            await connection.run_sync(make)
        await engine.dispose()

    asyncio.run(made())


@pytest.fixture
def from_metadata(postgres: EmbeddedPostgres) -> Iterator[str]:
    name = "from_metadata"
    postgres.create_database(name, owner="tester")
    make_from_metadata(postgres.url(name, "tester"))
    yield postgres.url(name, "tester")
    postgres.drop_database(name)


def test_the_tables_are_those_of_the_code(platform_url: str) -> None:
    assert differences(platform_url) == []


def test_down_to_the_last_constraint_and_trigger(platform_url: str, from_metadata: str) -> None:
    """Alembic compares neither CHECK constraints nor triggers; the catalogue of PostgreSQL has everything."""
    meant = catalogue(from_metadata)
    assert all(meant.values())
    assert catalogue(platform_url) == meant


def test_the_last_revision_is_the_one_this_release_wants(platform_url: str) -> None:
    assert asyncio.run(revision_of(platform_url)) == newest()
    asyncio.run(require_schema(platform_url))


def test_coming_twice_changes_nothing(platform_url: str) -> None:
    before = catalogue(platform_url)
    upgrade(platform_url)
    assert catalogue(platform_url) == before


def test_two_at_once_wait_for_each_other(database: str) -> None:
    async def both() -> None:
        await asyncio.gather(*(asyncio.to_thread(upgrade, database) for _ in range(2)))

    asyncio.run(both())
    assert differences(database) == []


@pytest.mark.parametrize("change", ["UPDATE {} SET entry_id = entry_id", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["journal_entry", "posting"])
def test_the_ledger_is_only_added_to(platform_url: str, table: str, change: str) -> None:
    async def try_it(connection: "asyncpg.Connection[Any]") -> None:
        entry_id = await connection.fetchval(
            "INSERT INTO journal_entry (hospital_id, source, kind, business_date, posted_at) "
            "VALUES (1, 'S', 'taken', $1, $2) RETURNING entry_id",
            NOW.date(),
            NOW,
        )
        await connection.execute("INSERT INTO posting VALUES (1, $1, 1, 'a', 'b', 100)", entry_id)
        with pytest.raises(asyncpg.RaiseError, match=f"rows of {table} are never changed"):
            await connection.execute(change.format(table))
        assert await connection.fetchval("SELECT sum(amount_fen) FROM posting") == 100

    with_connection(platform_url, try_it)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET actor = 'somebody else'",
        "UPDATE audit SET place = 2, hash = '\\x00', sealed_at = at",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "INSERT INTO audit SELECT (audit).* FROM (SELECT audit FROM audit) AS again",
    ],
)
def test_the_audit_log_is_only_added_to_and_sealed_once(platform_url: str, change: str) -> None:
    async def try_it(connection: "asyncpg.Connection[Any]") -> None:
        await connection.execute(
            "INSERT INTO audit (hospital_id, at, actor, patient_id, operation, subject, detail, correlation_id) "
            "VALUES (1, $1, 'kiosk:T1', 0, 'o', 's', '', 'c')",
            NOW,
        )
        assert await connection.execute("UPDATE audit SET place = 1, hash = '\\x01', sealed_at = at") == "UPDATE 1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only added to"):
            await connection.execute(change)
        assert await connection.fetchval("SELECT actor || place FROM audit") == "kiosk:T11"

    with_connection(platform_url, try_it)
