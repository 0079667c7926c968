"""How a hospital writes what is not of our kinds, both ways, and what is no such thing; over XML as well."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from yinyi.access.hospital.procedures import mapping
from yinyi.access.hospital.procedures.values import plain, with_whole
from yinyi.access.hospital.soap import mapping as soap
from yinyi.access.hospital.trades.forms import Forms
from yinyi.access.hospital.trades.hospital import TRADES
from yinyi.access.hospital.trades.names import FarTrade, Words, load_names
from yinyi.access.hospital.trades.trade import Column, Kind

CHINA = timezone(timedelta(hours=8))
NOON = datetime(2026, 11, 27, 12, 0, 5, tzinfo=CHINA)
DIGITS = Forms(days="%Y%m%d", instants="%Y%m%d%H%M%S", zone="Asia/Shanghai", yes="Y", no="N", money="yuan", between="|")
NAIVE = Forms(zone="Asia/Shanghai")


@pytest.mark.parametrize(
    ("forms", "column", "ours", "theirs"),
    [
        (DIGITS, Column("birth_date", "date"), date(2026, 1, 2), "20260102"),
        (DIGITS, Column("paid_at", "instant"), NOON, "20261127120005"),
        (NAIVE, Column("paid_at", "instant"), NOON, NOON.replace(tzinfo=None)),
        (
            Forms(instants="%Y-%m-%d %H:%M:%S%z"),
            Column("paid_at", "instant"),
            NOON.astimezone(),
            NOON.astimezone().strftime("%Y-%m-%d %H:%M:%S%z"),
        ),
        (DIGITS, Column("printed", "bool"), True, "Y"),
        (DIGITS, Column("printed", "bool"), False, "N"),
        (DIGITS, Column("fee_fen", "int"), 1250, Decimal("12.50")),
        (DIGITS, Column("fee_fen", "int"), -1, Decimal("-0.01")),
        (DIGITS, Column("invoice_nos", "texts"), ["1", "", "乙"], "1||乙"),
        (DIGITS, Column("line_nos", "ints"), [3, 1], "3|1"),
    ],
)
def test_both_ways(forms: Forms, column: Column, ours: Any, theirs: Any) -> None:
    write, read = forms.writes(column), forms.reads(column)
    assert write is not None
    assert read is not None
    assert write(ours) == theirs
    assert read(theirs) == ours


def test_a_time_of_another_zone_leaves_in_the_hospitals() -> None:
    write = DIGITS.writes(Column("paid_at", "instant"))
    assert write is not None
    assert write(NOON.astimezone(UTC)) == "20261127120005"


def test_what_is_as_we_have_it_stays() -> None:
    for kind in ("text", "int", "bool", "date", "instant", "number", "texts", "ints"):
        column = Column("x_fen", kind)
        assert Forms().writes(column) is Forms().reads(column) is None
        assert Forms().kind(column) == kind


def test_a_kind_is_the_hospitals() -> None:
    kinds: Sequence[tuple[str, Kind, Kind]] = [
        ("a", "date", "text"),
        ("a", "instant", "text"),
        ("a", "bool", "text"),
        ("a_fen", "int", "number"),
        ("a", "ints", "text"),
        ("a", "int", "int"),
    ]
    assert [DIGITS.kind(Column(name, ours)) for name, ours, _ in kinds] == [theirs for *_, theirs in kinds]
    assert NAIVE.kind(Column("a", "instant")) == "instant"


def test_nothing_stands_where_nothing_is_written() -> None:
    for kind in ("date", "instant"):
        read = DIGITS.reads(Column("a", kind))
        assert read is not None
        assert read("        ") is None
    texts = DIGITS.reads(Column("a", "texts"))
    assert texts is not None
    assert texts("") == []


@pytest.mark.parametrize(
    ("column", "theirs"),
    [
        (Column("a", "date"), "2026-01-02"),
        (Column("a", "date"), "20261340"),
        (Column("a", "instant"), "20261127"),
        (Column("a", "bool"), "J"),
        (Column("a_fen", "int"), "12.505"),
        (Column("a_fen", "int"), "zwölf"),
        (Column("a_fen", "int"), Decimal("NaN")),
        (Column("a_fen", "int"), "1e999990"),
        (Column("a_fen", "int"), "1_0.50"),
        (Column("a_fen", "int"), "１２"),
        (Column("a", "ints"), "3|x"),
        (Column("a", "ints"), "1_0"),
    ],
)
def test_what_is_no_such_thing_is_never_guessed(column: Column, theirs: Any) -> None:
    read = DIGITS.reads(column)
    assert read is not None
    with pytest.raises(ValueError):
        read(theirs)


@pytest.mark.parametrize("values", [[], ["a|b"]])
def test_a_list_that_one_text_cannot_hold_is_not_sent(values: list[str]) -> None:
    write = DIGITS.writes(Column("a", "texts"))
    assert write is not None
    with pytest.raises(ValueError):
        write(values)


@pytest.mark.parametrize("said", [{"zone": "Mars/Olympus"}, {"yes": "Y"}, {"instants": "%Y%m%d"}])
def test_forms_that_cannot_be(said: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Forms(**said)


@pytest.mark.parametrize(
    ("kind", "value", "is_read"),
    [
        ("text", "李  ", "李"),
        ("text", b"abc", "abc"),
        ("text", 7, "7"),
        ("int", Decimal("7.00"), 7),
        ("int", "7", 7),
        ("int", Decimal("7E+1"), 70),
        ("int", 7.0, 7),
        ("bool", 1, True),
        ("bool", b"\x00", False),
        ("date", datetime(2026, 1, 2, tzinfo=UTC), date(2026, 1, 2)),
        ("number", 1, 1.0),
        ("int", None, None),
    ],
)
def test_values_as_drivers_bring_them(kind: Kind, value: Any, is_read: Any) -> None:
    assert plain(kind, value) == is_read


def test_a_column_of_decimals_is_whole_or_an_error() -> None:
    rows = [{"fee_fen": None, "room": "1"}, {"fee_fen": Decimal("1200.00"), "room": "2"}]
    read = with_whole(rows, ["fee_fen"])
    assert [(row["fee_fen"], type(row["fee_fen"]), row["room"]) for row in read] == [
        (None, type(None), "1"),
        (1200, int, "2"),
    ]
    with pytest.raises(ValueError):
        with_whole([{"fee_fen": Decimal("12.345")}], ["fee_fen"])


@pytest.mark.parametrize(
    ("kind", "value"),
    [("int", Decimal("7.5")), ("int", "x"), ("int", "1_0"), ("int", Decimal("1e999999")), ("int", float("inf")),
     ("bool", 2), ("date", "20260102"), ("instant", date(2026, 1, 2)),
     ("text", b"\xff"), ("number", "x"), ("texts", "a")],
)  # fmt: skip
def test_values_of_another_kind(kind: Kind, value: Any) -> None:
    with pytest.raises(ValueError):
        plain(kind, value)


# ---- in a mapping file

FILE = """
trades = "{Pascal}"
parameters = "{Pascal}"
columns = "{Pascal}"
outs = ["ret_code"]
[names]
amount_fen = "JE"
[forms]
days = "%Y%m%d"
zone = "Asia/Shanghai"
money = "yuan"
between = ","
[given]
Operator = "ZZ"
[trade.post_deposit]
parameters = { ref = "LSH" }
outs = ["receipt_no"]
given = { Campus = 1 }
"""


def far(tmp_path: Path, name: str, text: str = FILE) -> FarTrade:
    file = tmp_path / "names.toml"
    file.write_text(text, encoding="utf-8")
    return load_names(file, Words(), TRADES)[name]


def test_what_stands_in_every_call_and_what_comes_back_in_parameters(tmp_path: Path) -> None:
    post = far(tmp_path, "post_deposit")
    assert post.parameters == ("LSH", "AdmissionNo", "JE", "PaymentNo", "Means", "PaidAt", "Operator", "Campus")
    assert post.columns["amount_fen"] == "JE"
    assert post.outs == {"ret_code", "receipt_no"}
    told = post.values(["R1", "A1", 1250, "P1", "alipay", NOON])
    assert told == ["R1", "A1", Decimal("12.50"), "P1", "alipay", NOON.replace(tzinfo=None), "ZZ", 1]
    assert far(tmp_path, "query_stays").outs == frozenset()


def test_postgresql_is_told_what_stands_in_every_call(tmp_path: Path) -> None:
    query = mapping.query(far(tmp_path, "query_created"))
    assert query == 'SELECT "PatientNo" AS patient_no FROM "QueryCreated"("Ref" => $1, "Operator" => $2)'


def test_a_web_service_is_read_and_asked_in_forms(tmp_path: Path) -> None:
    post = far(tmp_path, "post_deposit")
    given = soap.given(post, ["R1", "A1", 1250, "P1", "alipay", NOON])
    assert (given["JE"], given["PaidAt"], given["Operator"]) == ("12.50", "2026-11-27T12:00:05", "ZZ")
    answer = etree.fromstring(
        "<a><Row><RetCode>0</RetCode><JE>12.50</JE><PaidAt>2026-11-27T12:00:05</PaidAt></Row></a>"
    )
    one = next(one for one in TRADES if one.name == "post_deposit")
    [row] = soap.rows(answer, "Row", one, post)
    assert (row["amount_fen"], row["paid_at"]) == (1250, NOON)


@pytest.mark.parametrize(
    "text", ['[names]\ncolour = "x"', 'outs = ["colour"]', '[trade.query_stay]\nouts = ["ret_code"]']
)
def test_what_is_none_of_ours_is_noticed(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="no column"):
        far(tmp_path, "query_stay", text)
