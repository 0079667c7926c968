"""MariaDB and MySQL, by PyMySQL."""

import ssl
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from yinyi.access.hospital.procedures.driver import Fate, Heard, NothingLeft, Parameter, Signature, Way
from yinyi.access.hospital.procedures.drivers.address import Address, package
from yinyi.access.hospital.procedures.drivers.plug import Plug, plugged
from yinyi.access.hospital.trades.trade import Kind

PORT = 3306
_SIGNATURE = """
SELECT p.parameter_mode, p.parameter_name, p.data_type
FROM information_schema.routines r
LEFT JOIN information_schema.parameters p
    ON p.specific_schema = r.routine_schema AND p.specific_name = r.specific_name
WHERE r.routine_schema = %s AND r.routine_name = %s AND r.routine_type = 'PROCEDURE'
ORDER BY p.ordinal_position
"""
_TEXT, _INT = ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum"), ("int", "bigint", "smallint")
_WAYS: Mapping[str, Way] = {"IN": "in", "OUT": "out", "INOUT": "inout"}
_UNDONE = frozenset({1205, 1213})
"""A lock that did not come in time, a deadlock. Source: MariaDB error codes."""
_GOING = frozenset({1053, 1317, 1927})
"""The server ends, the call or its connection was killed."""
_GONE = 2006
"""The bytes of the call could not all be handed over, so it is none. Source: PyMySQL, ``_write_bytes``."""


class MariaDb:
    """A ``Driver``."""

    types: Mapping[Kind, tuple[str, ...]] = {
        "text": _TEXT,
        "int": (*_INT, "mediumint", "tinyint", "decimal"),
        "bool": ("tinyint", "bit"),
        "date": ("date",),
        "instant": ("datetime", "timestamp"),
        "number": ("decimal", "double", "float"),
    }

    def __init__(self, url: str, connect_s: float, call_s: float) -> None:
        """
        Raises:
            ValueError: the driver is not installed, or the URL is none.
        """
        self._package = package("pymysql", "mariadb")
        self._address = Address.of(url, PORT)
        self._connect_s, self._call_s = connect_s, call_s
        self._tls = ssl.create_default_context(cafile=self._address.ca) if self._address.ca else None

    def connect(self) -> "MariaDbLine":
        to = self._address
        with plugged(to, self._connect_s) as plug:
            connection = self._package.connect(
                host=to.host,
                port=to.port,
                user=to.user,
                password=to.password,
                database=to.database or None,
                charset="utf8mb4",
                autocommit=False,
                read_timeout=self._call_s,
                write_timeout=self._call_s,
                ssl=self._tls,
                defer_connect=True,
            )
            connection.connect(plug.socket)
            return MariaDbLine(self._package, connection, plug, to.database)

    def fate(self, error: Exception) -> Fate:
        if not isinstance(error, self._package.MySQLError):
            return "lost"
        code = error.args[0] if error.args else 0
        if code in _UNDONE:
            return "undone"
        return "said" if _is_the_servers(code) and code not in _GOING else "lost"


class MariaDbLine:
    """A ``Line``."""

    def __init__(self, package: Any, connection: Any, plug: Plug, database: str) -> None:
        self._package, self._connection, self._plug, self._database = package, connection, plug, database

    def signature(self, procedure: str) -> Signature | None:
        schema, _, name = procedure.rpartition(".")
        cursor = self._connection.cursor()
        cursor.execute(_SIGNATURE, (schema or self._database, name))
        found = cursor.fetchall()
        self._connection.rollback()
        if not found:
            return None
        return [parameter(mode, name, kind) for mode, name, kind in found if name is not None]

    def call(self, procedure: str, signature: Signature, given: Mapping[str, Any]) -> Heard:
        statement, values, outs = written(procedure, signature, given)
        cursor = self._connection.cursor()
        try:
            for variable, value in values.items():
                cursor.execute(f"SET {variable} = %s", (value,))
            cursor.execute(statement, [given.get(one.name) for one in signature if one.way == "in"])
        except self._package.MySQLError as error:
            if isinstance(error, self._package.InterfaceError) or error.args[:1] == (_GONE,):
                raise NothingLeft(type(error).__name__) from error
            raise
        rows = _rows(cursor)
        while cursor.nextset():
            rows = rows or _rows(cursor)
        if not outs:
            return Heard(rows, {})
        cursor.execute("SELECT " + ", ".join(outs.values()))
        return Heard(rows, dict(zip(outs, cursor.fetchone(), strict=True)))

    def commit(self) -> None:
        self._connection.commit()

    def undo(self) -> None:
        self._connection.rollback()

    def is_well(self) -> bool:
        return self._plug.is_quiet() and self._connection.open

    def abandon(self) -> None:
        self._plug.shut()

    def close(self) -> None:
        with suppress(Exception):
            self._connection.close()
        self._plug.close()


def parameter(mode: str, name: str, kind: str) -> Parameter:
    """As ``information_schema.parameters`` has it. No parameter has anything to put in its place."""
    return Parameter(name, kind.lower(), _WAYS[mode], needed=mode == "IN")


def written(
    procedure: str, signature: Signature, given: Mapping[str, Any]
) -> tuple[str, dict[str, Any], dict[str, str]]:
    """The call; the variables that have to hold something before; and those that hold something after it, by
    parameters. Parameters go by position, in the order that the database tells."""
    outs = {one.name: f"@out{at}" for at, one in enumerate(signature) if one.way != "in"}
    words = ", ".join(outs.get(one.name, "%s") for one in signature)
    values = {outs[one.name]: given.get(one.name) for one in signature if one.way == "inout"}
    return f"CALL {_quoted(procedure)}({words})", values, outs


def _rows(cursor: Any) -> list[dict[str, Any]]:
    names = [one[0] for one in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()] if names else []


def _quoted(name: str) -> str:
    """No name has a quote in it: see ``mapping.names``."""
    return ".".join(f"`{part}`" for part in name.split("."))


def _is_the_servers(code: object) -> bool:
    """Below 2000, or since MySQL 5.7 and MariaDB 10 from 3000 on; between them are the client's own."""
    return isinstance(code, int) and (1000 <= code < 2000 or code >= 3000)
