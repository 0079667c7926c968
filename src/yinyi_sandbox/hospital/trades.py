"""What may be asked of the hospital by its web services: its procedures, as its own database describes them."""

from typing import Any

import asyncpg
import msgspec

from yinyi_sandbox.hospital.database import PROCEDURES, Connection

_ARGUMENTS = """
SELECT p.proname AS name, p.proargnames[1:p.pronargs] AS names, p.proargtypes::regtype[]::text[] AS types
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'his' AND p.proname = ANY($1)
"""
_XSD = {
    "text": "string",
    "integer": "int",
    "bigint": "long",
    "boolean": "boolean",
    "date": "date",
    "timestamp with time zone": "dateTime",
    "double precision": "double",
}


class Field(msgspec.Struct, frozen=True):
    """``name``: as the database has it. ``xsd``: its simple type."""

    name: str
    sql: str
    xsd: str
    many: bool

    @property
    def word(self) -> str:
        """As the web services have it."""
        return pascal(self.name)


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """One procedure. ``query`` takes every parameter as text, or as a list of texts, and answers rows of JSON."""

    procedure: str
    code: str
    parameters: tuple[Field, ...]
    columns: tuple[Field, ...]
    query: str

    @property
    def method(self) -> str:
        return pascal(self.procedure)


async def described(connection: Connection) -> list[Trade]:
    """All that may be called, in the order of ``PROCEDURES``."""
    found = {row["name"]: row for row in await connection.fetch(_ARGUMENTS, list(PROCEDURES))}
    return [await _trade(connection, f"HIS{number:03}", found[name]) for number, name in enumerate(PROCEDURES, 1)]


async def run(pool: asyncpg.Pool, trade: Trade, given: dict[str, list[str]]) -> list[dict[str, Any]]:
    """``given``: texts by the words of parameters; one that is missing is NULL.

    Raises:
        asyncpg.PostgresError: as the procedure does; ``DataError``: a text is none of its kind.
    """
    values = [_value(one, given.get(one.word)) for one in trade.parameters]
    return [msgspec.json.decode(row[0]) for row in await pool.fetch(trade.query, *values)]


def pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _value(field: Field, texts: list[str] | None) -> Any:
    if texts is None:
        return None
    return texts if field.many else texts[0]


async def _trade(connection: Connection, code: str, row: asyncpg.Record) -> Trade:
    arguments = zip(row["names"] or [], row["types"], strict=True)
    parameters = tuple(_field(name.removeprefix("p_"), kind) for name, kind in arguments)
    casts = ", ".join(f"${at}::text{'[]' * one.many}::{one.sql}" for at, one in enumerate(parameters, 1))
    call = f"his.{row['name']}({casts})"
    statement = await connection.prepare(" ".join(("SELECT * FROM", call)))
    columns = tuple(_field(one.name, _long_name(one.type.name)) for one in statement.get_attributes())
    query = " ".join(("SELECT to_json(found)::text FROM (SELECT * FROM", call, ") AS found"))
    return Trade(procedure=row["name"], code=code, parameters=parameters, columns=columns, query=query)


_SHORT = {"int4": "integer", "int8": "bigint", "bool": "boolean", "timestamptz": "timestamp with time zone"}


def _long_name(short: str) -> str:
    many = short.endswith("[]")
    plain = short.removesuffix("[]")
    return (_SHORT | {"float8": "double precision"}).get(plain, plain) + "[]" * many


def _field(name: str, sql: str) -> Field:
    return Field(name, sql, _XSD[sql.removesuffix("[]")], sql.endswith("[]"))
