"""What the drivers write and read for each database, over connections of a stand-in, and what errors mean."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.driver import Driver, NothingLeft, Parameter
from yinyi.access.hospital.procedures.drivers import mariadb, oracle, sqlserver
from yinyi.access.hospital.procedures.drivers.address import Address, package
from yinyi.access.hospital.procedures.plugin import DRIVERS, PLUGIN
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.plugin import Surroundings

oracledb, pymysql, pytds = (package(name, "tests") for name in ("oracledb", "pymysql", "pytds"))
SOMEWHERE = "//his:p%40ss@db.hospital.example/HIS?ca="
PLUG: Any = SimpleNamespace(is_quiet=lambda: True, shut=lambda: None, close=lambda: None)


Rows = tuple[Sequence[str], Sequence[Sequence[Any]]]
"""The columns of a result set, and what stands in it."""


class Cursor:
    """``answers``: the result sets of each statement in turn; ``said``: what was executed."""

    def __init__(self, *answers: Sequence[Rows], fails: Exception | None = None) -> None:
        self.said: list[tuple[str, Any]] = []
        self.brought: list[Any] = []
        self._answers, self._sets, self._fails = list(answers), list[Rows](), fails
        self._next()

    def _next(self) -> None:
        nothing: Rows = ([], [])
        names, self._rows = self._sets.pop(0) if self._sets else nothing
        self.description = [(name,) for name in names] or None

    def execute(self, statement: str, values: Any = None) -> "Cursor":
        self.said.append((statement, values))
        if self._fails:
            raise self._fails
        self._sets = list(self._answers.pop(0)) if self._answers else []
        self._next()
        return self

    def nextset(self) -> bool:
        more = bool(self._sets)
        self._next()
        return more

    def fetchall(self) -> Sequence[Any]:
        return self._rows

    def fetchone(self) -> Any:
        return self._rows[0]

    def var(self, kind: Any, *_: int) -> Any:
        """Of Oracle: what the procedure puts there comes out of ``brought``, in turn."""
        value = self.brought.pop(0)
        return SimpleNamespace(kind=kind, getvalue=lambda: value)

    def getimplicitresults(self) -> list[Any]:
        return []


def connection(cursor: Cursor) -> Any:
    return SimpleNamespace(cursor=lambda: cursor)


SHAPE = [
    Parameter("操作员", "varchar", needed=True),
    Parameter("流水号", "varchar", needed=True),
    Parameter("返回码", "varchar", "out"),
    Parameter("金额", "decimal", "inout"),
]
GIVEN = {"流水号": "R1", "操作员": "ZZ", "金额": Decimal("12.50")}


def test_mariadb_is_called_by_position_and_read_by_name() -> None:
    outs = (("@out2", "@out3"), [("0", Decimal("3.00"))])
    cursor = Cursor([], [(("号序",), [(7,)]), ((), ())], [outs])
    line = mariadb.MariaDbLine(pymysql, connection(cursor), PLUG, "his")
    heard = line.call("前置库.锁号", SHAPE, GIVEN)
    assert heard.outs == {"返回码": "0", "金额": Decimal("3.00")}
    assert [statement for statement, _ in cursor.said] == [
        "SET @out3 = %s",
        "CALL `前置库`.`锁号`(%s, %s, @out2, @out3)",
        "SELECT @out2, @out3",
    ]
    assert cursor.said[1][1] == ["ZZ", "R1"]


@pytest.mark.parametrize(
    ("error", "nothing_left"),
    [
        (pymysql.InterfaceError(0, ""), True),
        (pymysql.OperationalError(2006, "gone"), True),
        (pymysql.OperationalError(2013, "lost"), False),
        (pymysql.OperationalError(1644, "no"), False),
    ],
)
def test_mariadb_knows_a_call_that_never_left(error: Exception, nothing_left: bool) -> None:
    line = mariadb.MariaDbLine(pymysql, connection(Cursor(fails=error)), PLUG, "his")
    with pytest.raises(NothingLeft if nothing_left else type(error)):
        line.call("a", [], {})


def test_mariadb_breaking_after_the_call_is_no_call_that_never_left() -> None:
    """The hospital may have committed by then."""

    class Breaking(Cursor):
        def execute(self, statement: str, values: Any = None) -> Cursor:
            if statement.startswith("SELECT"):
                raise pymysql.OperationalError(2006, "gone")
            return super().execute(statement, values)

    line = mariadb.MariaDbLine(pymysql, connection(Breaking()), PLUG, "his")
    with pytest.raises(pymysql.OperationalError) as failed:
        line.call("a", SHAPE[2:3], {})
    assert made("mariadb").fate(failed.value) == "lost"


def test_oracle_is_called_by_name_and_read_out_of_cursors() -> None:
    rows = Cursor([(("NO", "ROOM"), [(7, "3"), (8, "3")])]).execute("")
    cursor = Cursor()
    cursor.brought = [rows, "0"]
    shape = [
        oracle.parameter("REF", "VARCHAR2", "IN", "N"),
        oracle.parameter("ROWS_", "REF CURSOR", "OUT", "N"),
        oracle.parameter("RET_CODE", "VARCHAR2", "OUT", "N"),
        oracle.parameter("OPERATOR", "VARCHAR2", "IN", "Y"),
    ]
    assert [one.needed for one in shape] == [True, False, False, False]
    heard = oracle.OracleLine(oracledb, connection(cursor)).call("his.pkg.lock_number", shape, {"REF": "R1"})
    assert heard.rows == [{"NO": 7, "ROOM": "3"}, {"NO": 8, "ROOM": "3"}]
    assert heard.outs == {"RET_CODE": "0"}
    [(statement, bound)] = cursor.said
    assert statement == "BEGIN his.pkg.lock_number(REF => :b0, ROWS_ => :b1, RET_CODE => :b2); END;"
    assert bound["b0"] == "R1"
    assert (bound["b1"].kind, bound["b2"].kind) == (oracledb.DB_TYPE_CURSOR, str)


def test_sql_server_is_called_by_name_and_answers_last_what_stands_in_parameters() -> None:
    shape = [sqlserver.parameter("@Ref", "varchar", False), sqlserver.parameter("@Ret", "int", True)]
    cursor = Cursor([(("no",), [(7,)]), (("out1",), [(0,)])])
    heard = sqlserver.SqlServerLine(connection(cursor), PLUG).call("dbo.sp_Lock", shape, {"Ref": "R1"})
    assert (heard.rows, heard.outs) == ([{"no": 7}], {"Ret": 0})
    assert cursor.said == [
        (
            "SET NOCOUNT ON; DECLARE @out1 bigint = %s; EXEC [dbo].[sp_Lock] @Ref = %s, @Ret = @out1 OUTPUT;"
            " SELECT @out1 AS out1;",
            (None, "R1"),
        )
    ]


def test_without_parameters() -> None:
    assert mariadb.written("a.b", [], {})[0] == "CALL `a`.`b`()"
    assert oracle.written("a.b", []) == "BEGIN a.b; END;"
    assert sqlserver.written("a.b", [], {})[0] == "SET NOCOUNT ON; EXEC [a].[b];"


def made(scheme: str) -> Driver:
    return DRIVERS[scheme](f"{scheme}:{SOMEWHERE}", 3, 5)


def _of_oracle(code: int) -> Exception:
    return oracledb.DatabaseError(SimpleNamespace(code=code, full_code=f"ORA-{code:05}"))


def _of_sql_server(number: int, severity: int = 16) -> Exception:
    error: Any = pytds.OperationalError("no")
    error.number, error.severity = number, severity
    return error


FATES: Mapping[str, Mapping[str, Sequence[Callable[[], Exception]]]] = {
    "mariadb": {
        "said": [lambda: pymysql.OperationalError(1644, "no"), lambda: pymysql.ProgrammingError(4078, "no")],
        "undone": [lambda: pymysql.OperationalError(1213, ""), lambda: pymysql.OperationalError(1205, "")],
        "lost": [
            lambda: pymysql.OperationalError(2013, ""),
            lambda: pymysql.OperationalError(1927, ""),
            lambda: pymysql.InternalError("Packet sequence number wrong"),
            ConnectionResetError,
            AttributeError,
        ],
    },
    "oracle": {
        "said": [lambda: _of_oracle(20001), lambda: _of_oracle(6550)],
        "undone": [lambda: _of_oracle(60)],
        "lost": [lambda: _of_oracle(3113), lambda: _of_oracle(0), oracledb.InterfaceError, TimeoutError],
    },
    "sqlserver": {
        "said": [lambda: _of_sql_server(50000), lambda: _of_sql_server(2812)],
        "undone": [lambda: _of_sql_server(1205)],
        "lost": [lambda: _of_sql_server(596, 21), lambda: _of_sql_server(0), pytds.ClosedConnectionError, TimeoutError],
    },
}


@pytest.mark.parametrize("scheme", FATES)
def test_what_errors_mean(scheme: str) -> None:
    for fate, errors in FATES[scheme].items():
        for error in errors:
            assert made(scheme).fate(error()) == fate, error()


def test_an_address_out_of_a_url() -> None:
    found = Address.of("oracle://his:p%40ss@db.hospital.example:1530/ORCL?ca=/etc/ca.pem", 1521)
    assert (found.host, found.port, found.user, found.password, found.database, found.ca) == (
        *("db.hospital.example", 1530, "his", "p@ss", "ORCL", "/etc/ca.pem"),
    )
    assert Address.of("oracle://his@db/ORCL", 1521).port == 1521
    assert "p@ss" not in repr(found)
    for url in ("oracle:///ORCL", "oracle://db/x?sslmode=off"):
        with pytest.raises(ValueError):
            Address.of(url, 1)


@pytest.mark.parametrize(
    ("url", "mapping", "says"),
    [
        ("db2://his@db/x", "", "no driver for db2"),
        ("mariadb://his@db/x", "", "no zone"),
        ("mariadb://his@db/x", "[forms]\nzone = 'Asia/Shanghai'", "nothing between"),
        ("postgresql://his@db/x", "outs = ['ret_code']", "no outs"),
        ("mariadb://his@db/x", "[forms]\nzone = 'Mars/Olympus'", "no such zone"),
    ],
)
def test_settings_that_do_not_fit_say_why(url: str, mapping: str, says: str, tmp_path: Any) -> None:
    file = tmp_path / "hospital.toml"
    file.write_text(mapping, encoding="utf-8")
    config = ProceduresConfig(url=url, mapping=str(file) if mapping else "")
    with pytest.raises(ValueError, match=says):
        PLUGIN.build(config, Surroundings(clock=ShiftedClock(), callback_url=""))


def test_a_driver_that_is_not_installed_says_what_to_install() -> None:
    with pytest.raises(ValueError, match=r"pip install 'yinyi\[oracle\]'"):
        package("no_such_driver", "oracle")
