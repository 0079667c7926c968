"""Oracle, by python-oracledb in thin mode: no client of Oracle's is needed."""

import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any

from yinyi.access.hospital.procedures.driver import Fate, Heard, NothingLeft, Parameter, Signature, Way
from yinyi.access.hospital.procedures.drivers.address import Address, package
from yinyi.access.hospital.trades.trade import Kind

PORT = 1521
_ARGUMENTS = """
SELECT argument_name, data_type, in_out, defaulted, overload FROM all_arguments
WHERE data_level = 0 AND argument_name IS NOT NULL
  AND owner || '.' || CASE WHEN package_name IS NOT NULL THEN package_name || '.' END || object_name
      IN (:whole, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') || '.' || :whole)
ORDER BY overload, sequence
"""
_THERE = """
SELECT count(*) FROM all_procedures
WHERE owner || '.' || object_name || CASE WHEN procedure_name IS NOT NULL THEN '.' || procedure_name END
      IN (:whole, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') || '.' || :whole)
"""
_WAYS: Mapping[str, Way] = {"IN": "in", "OUT": "out", "IN/OUT": "inout"}
_CURSOR = "ref cursor"
_TIMES = ("date", "timestamp", "timestamp with time zone", "timestamp with local time zone")
_LONGEST_TEXT = 32767
_UNDONE = frozenset({54, 60, 8177})
"""Busy, a deadlock, not serializable. Source: Oracle Database Error Messages."""
_GOING = frozenset({28, 600, 1012, 1013, 1033, 1034, 1089, 1090, 1092, 3113, 3114, 3135, 7445, 12571})
"""The session or the call was ended, the database goes or has gone."""
_NOT_CONNECTED = "DPY-1001"


class Oracle:
    """A ``Driver``."""

    types: Mapping[Kind, tuple[str, ...]] = {
        "text": ("varchar2", "nvarchar2", "char", "nchar", "clob", "nclob"),
        "int": ("number", "integer", "binary_integer", "pls_integer"),
        "bool": ("number", "integer"),
        "date": ("date",),
        "instant": _TIMES,
        "number": ("number", "float", "binary_float", "binary_double"),
    }

    def __init__(self, url: str, connect_s: float, call_s: float) -> None:
        """
        Raises:
            ValueError: the driver is not installed, or the URL is none.
        """
        self._package = package("oracledb", "oracle")
        self._package.defaults.fetch_lobs = False
        self._package.defaults.fetch_decimals = True
        self._address = Address.of(url, PORT)
        self._connect_s, self._call_s = connect_s, call_s
        self._tls = ssl.create_default_context(cafile=self._address.ca) if self._address.ca else None

    def connect(self) -> "OracleLine":
        to = self._address
        secured = {"protocol": "tcps", "ssl_context": self._tls} if self._tls else {}
        connection = self._package.connect(
            user=to.user,
            password=to.password,
            host=to.host,
            port=to.port,
            service_name=to.database,
            tcp_connect_timeout=self._connect_s,
            **secured,
        )
        connection.call_timeout = int(self._call_s * 1000)
        return OracleLine(self._package, connection)

    def fate(self, error: Exception) -> Fate:
        if not isinstance(error, self._package.DatabaseError):
            return "lost"
        code = getattr(error.args[0], "code", 0) if error.args else 0
        if code in _UNDONE:
            return "undone"
        return "said" if code and code not in _GOING else "lost"


class OracleLine:
    """A ``Line``."""

    def __init__(self, package: Any, connection: Any) -> None:
        self._package, self._connection = package, connection

    def signature(self, procedure: str) -> Signature | None:
        """One that is there several times has none: nobody could say which is meant."""
        whole = procedure.upper()
        with self._connection.cursor() as cursor:
            found = cursor.execute(_ARGUMENTS, whole=whole).fetchall()
            if not found:
                [(there,)] = cursor.execute(_THERE, whole=whole).fetchall()
                return [] if there else None
        if len({overload for *_, overload in found}) > 1:
            return None
        return [parameter(*one) for *one, _ in found]

    def call(self, procedure: str, signature: Signature, given: Mapping[str, Any]) -> Heard:
        cursor = self._connection.cursor()
        said = [one for one in signature if one.way != "in" or one.name in given]
        bound = {f"b{at}": self._bound(cursor, one, given) for at, one in enumerate(said)}
        try:
            cursor.execute(written(procedure, said), bound)
        except self._package.DatabaseError as error:
            if error.args and getattr(error.args[0], "full_code", "") == _NOT_CONNECTED:
                raise NothingLeft(_NOT_CONNECTED) from error
            raise
        after = {one.name: bound[f"b{at}"].getvalue() for at, one in enumerate(said) if one.way != "in"}
        brought = [after.pop(one.name) for one in said if one.way == "rows"]
        rows = [row for found in (*brought, *cursor.getimplicitresults()) if found is not None for row in _rows(found)]
        return Heard(rows, {name: _read(value) for name, value in after.items()})

    def commit(self) -> None:
        self._connection.commit()

    def undo(self) -> None:
        self._connection.rollback()

    def is_well(self) -> bool:
        return self._connection.is_healthy()

    def abandon(self) -> None:
        with suppress(Exception):
            self._connection.cancel()

    def close(self) -> None:
        with suppress(Exception):
            self._connection.close()

    def _bound(self, cursor: Any, one: Parameter, given: Mapping[str, Any]) -> Any:
        if one.way == "in":
            return given[one.name]
        variable = cursor.var(self._type(one), _LONGEST_TEXT) if self._type(one) is str else cursor.var(self._type(one))
        if one.way == "inout":
            variable.setvalue(0, given.get(one.name))
        return variable

    def _type(self, one: Parameter) -> Any:
        if one.way == "rows":
            return self._package.DB_TYPE_CURSOR
        if one.type in _TIMES:
            return self._package.DB_TYPE_TIMESTAMP
        if one.type in Oracle.types["int"] or one.type in Oracle.types["number"]:
            return Decimal
        return self._package.DB_TYPE_CLOB if one.type in ("clob", "nclob") else str


def parameter(name: str, kind: str, in_out: str, defaulted: str) -> Parameter:
    """As ``all_arguments`` has it."""
    kind = kind.lower()
    way = "rows" if kind == _CURSOR and in_out == "OUT" else _WAYS[in_out]
    return Parameter(name, kind, way, needed=way == "in" and defaulted != "Y")


def written(procedure: str, said: Signature) -> str:
    """The call. A bare name is read in capitals, of its procedure and of its parameters alike."""
    given = ", ".join(f"{one.name} => :b{at}" for at, one in enumerate(said))
    return f"BEGIN {procedure}({given}); END;" if given else f"BEGIN {procedure}; END;"


def _rows(cursor: Any) -> Iterable[dict[str, Any]]:
    names = [one[0] for one in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _read(value: Any) -> Any:
    return value.read() if hasattr(value, "read") else value
