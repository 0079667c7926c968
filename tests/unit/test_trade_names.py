"""A hospital's own names for our trades: rules, exceptions, codes, and what a mapping file may not say."""

import re
from pathlib import Path
from typing import Any

import pytest

from yinyi.access.hospital.procedures import mapping as sql
from yinyi.access.hospital.trades.hospital import TRADES
from yinyi.access.hospital.trades.names import FarTrade, Names, Words, load_names

OTHER = """
trades = "dbo.sp_{Pascal}"
parameters = "{UPPER}"
columns = "{camel}"

[codes.sex_code]
M = "1"
F = "2"

[trade.query_patient]
is = "dbo.查询病人"
parameters = { doc_no = "ZJHM" }
columns = { full_name = "XM" }
fixed = { phone = "" }

[trade.query_doctor]
columns = { introduction = "" }

[trade.query_analyte]
is = ""
"""


def named(tmp_path: Path, text: str) -> Names:
    path = tmp_path / "hospital.toml"
    path.write_text(text, encoding="utf-8")
    return load_names(path, Words(), TRADES)


def patient(tmp_path: Path) -> FarTrade:
    return named(tmp_path, OTHER)["query_patient"]


def test_each_trade_is_there_once() -> None:
    names = [trade.name for trade in TRADES]
    assert len(names) == len(set(names)) == len(sql.names(""))


def test_rules_and_their_exceptions(tmp_path: Path) -> None:
    names = named(tmp_path, OTHER)
    assert names["query_patient_no"].name == "dbo.sp_QueryPatientNo"
    assert names["query_analyte"].name == ""
    far = names["query_patient"]
    assert far.name == "dbo.查询病人"
    assert far.parameters == ("DOC_TYPE", "ZJHM")
    wanted = {"patient_no": "patientNo", "full_name": "XM", "sex_code": "sexCode", "birth_date": "birthDate"}
    assert far.columns == wanted | {"phone": ""}


def test_a_row_comes_in_our_codes(tmp_path: Path) -> None:
    found: dict[str, Any] = {"patient_no": "9", "full_name": "李", "sex_code": "F", "birth_date": None}
    row = patient(tmp_path).row(found)
    assert [row[name] for name in ("patient_no", "full_name", "sex_code", "birth_date", "phone")] == (
        ["9", "李", "2", None, ""]
    )
    unknown = patient(tmp_path).row(found | {"sex_code": "9"})
    assert unknown["sex_code"] == "9", "a code that is in no table stays"


def test_a_column_that_the_hospital_has_not_is_empty(tmp_path: Path) -> None:
    far = named(tmp_path, OTHER)["query_doctor"]
    assert far.columns["introduction"] == ""
    assert far.row(dict.fromkeys(far.columns))["introduction"] is None
    assert "introduction" not in re.findall(r"\w+", sql.query(far).split(" FROM ")[0])


def test_values_leave_in_the_hospitals_codes(tmp_path: Path) -> None:
    create = named(tmp_path, OTHER)["create_patient"]
    given = ["R1", "01", "1", "李", "2", None, "", "", "", "", ""]
    assert create.values(given) == [*given[:4], "F", *given[5:]]


def test_a_call_in_sql(tmp_path: Path) -> None:
    far = patient(tmp_path)
    assert sql.query(far) == (
        'SELECT "patientNo" AS patient_no, "XM" AS full_name, "sexCode" AS sex_code, "birthDate" AS birth_date'
        ' FROM dbo."查询病人"("DOC_TYPE" => $1, "ZJHM" => $2)'
    )
    usual = sql.names("")["query_created"]
    assert sql.query(usual) == "SELECT patient_no AS patient_no FROM his.query_created(p_ref => $1)"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[trade.sell_horse]\n", "no trade sell_horse"),
        ("[trade.query_patient]\nparameters = { colour = 'x' }", "query_patient has no parameter colour"),
        ("[trade.query_patient]\ncolumns = { colour = 'x' }", "query_patient has no column colour"),
        ("[trade.query_patient]\ncolumns = { phone = 'x' }\nfixed = { phone = '' }", "both fixed and named"),
        ("[codes.colour]\nr = '1'", "no column colour for codes"),
        ("trades = '{Kebab}'", "no such rule for names"),
        ("colour = 1", "unknown field `colour`"),
        ("trades = ", "cannot be read"),
    ],
)
def test_a_file_that_does_not_fit_says_where(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=says):
        named(tmp_path, text)


@pytest.mark.parametrize("name", ["his.x; DROP TABLE y", 'a"b', "a b", "a.b.c.d", "1a"])
def test_what_is_no_name_in_sql_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hospital.toml"
    path.write_text(f"[trade.query_created]\nis = '{name}'\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no name in SQL"):
        sql.names(str(path))
