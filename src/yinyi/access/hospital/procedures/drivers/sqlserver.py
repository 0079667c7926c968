"""SQL Server, by python-tds."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from yinyi.access.hospital.procedures.driver import Fate, Heard, Parameter, Signature, Way
from yinyi.access.hospital.procedures.drivers.address import Address, package
from yinyi.access.hospital.procedures.drivers.plug import Plug, plugged
from yinyi.access.hospital.trades.trade import Kind

PORT = 1433
_SIGNATURE = """
SELECT p.name, TYPE_NAME(p.system_type_id), p.is_output
FROM sys.objects o LEFT JOIN sys.parameters p ON p.object_id = o.object_id AND p.parameter_id > 0
WHERE o.object_id = OBJECT_ID(%s) AND o.type IN ('P', 'PC')
ORDER BY p.parameter_id
"""
_TEXT = ("varchar", "nvarchar", "char", "nchar", "text", "ntext")
_INT = ("int", "bigint", "smallint", "tinyint")
_DECIMAL = ("decimal", "numeric", "money", "smallmoney")
_VARIABLES: Mapping[str, str] = {
    **dict.fromkeys(_TEXT, "nvarchar(max)"),
    **dict.fromkeys(_INT, "bigint"),
    **dict.fromkeys(_DECIMAL, "decimal(38, 6)"),
    "date": "date",
    "bit": "bit",
    **dict.fromkeys(("datetime", "datetime2", "smalldatetime"), "datetime2(6)"),
    **dict.fromkeys(("float", "real"), "float"),
}
"""Of what a variable has to be to hold a parameter."""
_UNDONE = frozenset({1205, 1222})
"""The victim of a deadlock, a lock that did not come in time. Source: Database Engine errors."""
_FATAL = 20
"""From this severity on the server ends the connection."""


class SqlServer:
    """A ``Driver``."""

    types: Mapping[Kind, tuple[str, ...]] = {
        "text": _TEXT,
        "int": (*_INT, "decimal", "numeric"),
        "bool": ("bit", "tinyint"),
        "date": ("date", "datetime"),
        "instant": ("datetime", "datetime2", "smalldatetime"),
        "number": (*_DECIMAL, "float", "real"),
    }

    def __init__(self, url: str, connect_s: float, call_s: float) -> None:
        """
        Raises:
            ValueError: the driver is not installed, or the URL is none.
        """
        self._package = package("pytds", "sqlserver")
        self._address = Address.of(url, PORT)
        self._connect_s, self._call_s = connect_s, call_s

    def connect(self) -> "SqlServerLine":
        to = self._address
        with plugged(to, self._connect_s) as plug:
            connection = self._package.connect(
                dsn=to.host,
                port=to.port,
                user=to.user,
                password=to.password,
                database=to.database or None,
                timeout=self._call_s,
                login_timeout=self._connect_s,
                cafile=to.ca or None,
                autocommit=False,
                disable_connect_retry=True,
                sock=plug.socket,
            )
            return SqlServerLine(connection, plug)

    def fate(self, error: Exception) -> Fate:
        number = getattr(error, "number", 0) if isinstance(error, self._package.DatabaseError) else 0
        if number in _UNDONE:
            return "undone"
        return "said" if number and getattr(error, "severity", 0) < _FATAL else "lost"


class SqlServerLine:
    """A ``Line``."""

    def __init__(self, connection: Any, plug: Plug) -> None:
        self._connection, self._plug = connection, plug

    def signature(self, procedure: str) -> Signature | None:
        cursor = self._connection.cursor()
        cursor.execute(_SIGNATURE, (_quoted(procedure),))
        found = cursor.fetchall()
        self._connection.rollback()
        return [parameter(*one) for one in found if one[0] is not None] if found else None

    def call(self, procedure: str, signature: Signature, given: Mapping[str, Any]) -> Heard:
        statement, values, outs = written(procedure, signature, given)
        cursor = self._connection.cursor()
        cursor.execute(statement, tuple(values))
        sets: list[list[dict[str, Any]]] = [_rows(cursor)] if cursor.description else []
        while cursor.nextset():
            sets += [_rows(cursor)] if cursor.description else []
        told = sets.pop()[0] if outs else {}
        return Heard(sets[0] if sets else [], {name: told[alias] for name, alias in outs.items()})

    def commit(self) -> None:
        self._connection.commit()

    def undo(self) -> None:
        self._connection.rollback()

    def is_well(self) -> bool:
        return self._plug.is_quiet()

    def abandon(self) -> None:
        self._plug.shut()

    def close(self) -> None:
        with suppress(Exception):
            self._connection.close()
        self._plug.close()


def parameter(name: str, kind: str, is_output: bool) -> Parameter:
    """As ``sys.parameters`` has it: what comes out may be told something before."""
    way: Way = "inout" if is_output else "in"
    return Parameter(name.removeprefix("@"), kind, way)


def written(procedure: str, signature: Signature, given: Mapping[str, Any]) -> tuple[str, list[Any], dict[str, str]]:
    """The batch; its values; and, by parameters, what the columns of its last row are called. Parameters that are not
    given keep what the procedure has for them."""
    outs = {one.name: f"out{at}" for at, one in enumerate(signature) if one.way != "in"}
    asked = [one for one in signature if one.way == "in" and one.name in given]
    words = [f"@{one.name} = %s" for one in asked]
    words += [f"@{one.name} = @{outs[one.name]} OUTPUT" for one in signature if one.name in outs]
    kinds = {one.name: _VARIABLES.get(one.type, "nvarchar(max)") for one in signature}
    declared = [f"DECLARE @{alias} {kinds[name]} = %s;" for name, alias in outs.items()]
    values = [given.get(name) for name in outs] + [given[one.name] for one in asked]
    said = [f"SELECT {', '.join(f'@{alias} AS {alias}' for alias in outs.values())};"] if outs else []
    call = f"EXEC {_quoted(procedure)} {', '.join(words)}".rstrip() + ";"
    return " ".join(("SET NOCOUNT ON;", *declared, call, *said)), values, outs


def _rows(cursor: Any) -> list[dict[str, Any]]:
    names = [one[0] for one in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _quoted(name: str) -> str:
    """No name has a bracket in it: see ``mapping.names``."""
    return ".".join(f"[{part}]" for part in name.split("."))
