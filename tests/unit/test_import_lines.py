"""Lines of a former system's files: what each says, and every way in which it can say nothing."""

import re
from datetime import date
from pathlib import Path

import pytest

from yinyi.business.identity.media import TYPED_FORMS
from yinyi.business.imports.errors import HeaderWrong
from yinyi.business.imports.lines import CHECKED, PERSON, balance_line, balances_columns, patient_line, patients_columns
from yinyi.business.imports.model import (
    NO_LINES,
    REASONS,
    BalanceLine,
    Problem,
    Reason,
    chained,
    fingerprint,
    same_fingerprint,
)
from yinyi.wire import gb11643

TODAY = date(2026, 3, 2)
PATIENTS = patients_columns("patient_no,name,sex,born_on,phone,resident_card,public_card")
BALANCES = balances_columns("patient_no,balance_yuan")
LIMIT_FEN = 20_000_00


def card(n: int) -> str:
    return gb11643.number_of("110105", date(1960, 2, 3), n)


SURELY_WRONG = card(7)[:-1] + ("0" if card(7)[-1] != "0" else "1")
PATIENT_LINES: dict[str, tuple[str, str, Reason]] = {
    "no quotation mark's partner": ('P1,"张明,,,,,', "line", "not_csv"),
    "a field too few": ("P1,张明,,,,", "line", "fields"),
    "a field too many": ("P1,张明,,,,,,", "line", "fields"),
    "no number": (",张明,,,,,", "patient_no", "missing"),
    "a number that is none": ("P 1,张明,,,,,", "patient_no", "form"),
    "no name": ("P1,,,,,,", "name", "missing"),
    "a name without end": (f"P1,{'张' * 101},,,,,", "name", "too_long"),
    "a bell in the name": ("P1,张\x07明,,,,,", "name", "control_character"),
    "another sex": ("P1,张明,x,,,,", "sex", "form"),
    "no such day": ("P1,张明,,1960-02-30,,,", "born_on", "form"),
    "another way to write a day": ("P1,张明,,19600203,,,", "born_on", "form"),
    "not born yet": ("P1,张明,,2031-01-01,,,", "born_on", "form"),
    "born too long ago": ("P1,张明,,1799-01-01,,,", "born_on", "form"),
    "a telephone of the house": ("P1,张明,,,010-12345678,,", "phone", "form"),
    "a wrong check digit": (f"P1,张明,,,,{SURELY_WRONG},", "resident_card", "check_digit"),
    "an impossible birth date": ("P1,张明,,,,110105196013310028,", "resident_card", "check_digit"),
    "fifteen places": ("P1,张明,,,,110105600203002,", "resident_card", "form"),
    "two identity cards": (f"P1,张明,,,,{card(1)};{card(2)},", "resident_card", "one_only"),
    "born on another day than the card says": (f"P1,张明,,1960-02-04,,{card(7)},", "born_on", "not_of_card"),
    "a card with letters": ("P1,张明,,,,,GJ_1", "public_card", "form"),
    "eleven cards": (f"P1,张明,,,,,{';'.join(f'GJ{n:04}' for n in range(11))}", "public_card", "too_many"),
}
BALANCE_LINES: dict[str, tuple[str, str, Reason]] = {
    "no amount": ("P000001,", "balance_yuan", "missing"),
    "whole yuan, or fen?": ("P000001,1250", "balance_yuan", "amount"),
    "one decimal": ("P000001,12.5", "balance_yuan", "amount"),
    "three decimals": ("P000001,12.500", "balance_yuan", "amount"),
    "thousands": ('P000001,"1,250.00"', "balance_yuan", "amount"),
    "a float": ("P000001,1e3", "balance_yuan", "amount"),
    "other digits": ("P000001,１２.５０", "balance_yuan", "amount"),
    "less than nothing": ("P000001,-0.01", "balance_yuan", "negative"),
    "absurd": ("P000001,20000.01", "balance_yuan", "too_much"),
}


@pytest.mark.parametrize("bad", PATIENT_LINES)
def test_a_patient_that_cannot_be_taken_over(bad: str) -> None:
    line, field, reason = PATIENT_LINES[bad]
    _, problems = patient_line(PATIENTS, 3, line, TODAY)
    assert problems == [Problem(line=3, field=field, reason=reason)]


DOCUMENTS = patients_columns("patient_no,name,resident_card,hmt_resident_card,permanent_resident_card")


@pytest.mark.parametrize(
    ("region", "kind"),
    [
        ("110105", "resident_card"),
        ("659001", "resident_card"),
        *((f"{start}0000", "hmt_resident_card") for start in (81, 82, 83)),
        ("911344", "permanent_resident_card"),
    ],
)
def test_a_number_stands_in_the_column_under_which_a_reader_finds_it(region: str, kind: str) -> None:
    number = gb11643.number_of(region, date(1990, 1, 1), 42)
    for column in CHECKED:
        fields = [number if each == column else "" for each in CHECKED]
        said, problems = patient_line(DOCUMENTS, 3, f"P1,张明,{','.join(fields)}", TODAY)
        if column == kind:
            assert problems == []
            assert said is not None
            assert said.numbers == ((kind, number),)
        else:
            assert problems == [Problem(line=3, field=column, reason="form")]


@pytest.mark.parametrize("bad", BALANCE_LINES)
def test_a_balance_that_cannot_be_opened(bad: str) -> None:
    line, field, reason = BALANCE_LINES[bad]
    _, problems = balance_line(BALANCES, 3, line, LIMIT_FEN)
    assert problems == [Problem(line=3, field=field, reason=reason)]


def test_every_fault_of_a_line_is_named() -> None:
    _, problems = patient_line(PATIENTS, 3, "P 1,,x,y,z,1,_", TODAY)
    fields = [each.field for each in problems]
    assert sorted(fields) == sorted(PATIENTS)


def test_a_whole_line() -> None:
    said, problems = patient_line(PATIENTS, 2, f' p-1 ,"张,明",女,1960-02-03,13800000001,{card(42)},gj1 ;GJ22', TODAY)
    assert problems == [Problem(line=2, field="public_card", reason="form")], "gj1 is too short"
    said, problems = patient_line(PATIENTS, 2, f' p-1 ,"张,明",女,1960-02-03,13800000001,{card(42)},gj01 ;GJ22', TODAY)
    assert problems == []
    assert said is not None
    assert (said.patient_no, said.name, said.sex, said.born_on) == ("P-1", "张,明", "female", date(1960, 2, 3))
    assert said.numbers == (("resident_card", card(42)), ("public_card", "GJ01"), ("public_card", "GJ22"))


@pytest.mark.parametrize(("sequence", "sex"), [(42, "female"), (43, "male")])
def test_birth_date_and_sex_are_taken_from_the_card_where_nobody_says_them(sequence: int, sex: str) -> None:
    said, problems = patient_line(PATIENTS, 2, f"P1,张明,,,,{card(sequence)},", TODAY)
    assert problems == []
    assert said is not None
    assert (said.sex, said.born_on) == (sex, date(1960, 2, 3))


def test_capitals_of_wallets_stay() -> None:
    said, problems = patient_line(patients_columns("patient_no,name,wechat"), 2, "P1,张明,oUpF8uMuAJO_M2pxb1Q9", TODAY)
    assert problems == []
    assert said is not None
    assert said.numbers == (("wechat", "oUpF8uMuAJO_M2pxb1Q9"),)


@pytest.mark.parametrize(("text", "fen"), [("0.00", 0), ("-0.00", 0), ("0.01", 1), ("20000.00", 20_000_00)])
def test_amounts_are_yuan_with_two_decimals(text: str, fen: int) -> None:
    said, problems = balance_line(BALANCES, 2, f"P1,{text}", LIMIT_FEN)
    assert problems == []
    assert said == BalanceLine(line=2, patient_no="P1", amount_fen=fen)


def test_reasons_are_told_in_two_languages() -> None:
    assert all(english and chinese for english, chinese in REASONS.values())


@pytest.mark.parametrize(
    "header", ["name", "patient_no,name,name", "patient_no,name,face", "patient_no,name,", 'patient_no,"name', "\x00"]
)
def test_a_header_names_columns_that_are_known(header: str) -> None:
    with pytest.raises(HeaderWrong):
        patients_columns(header)


def test_columns_come_in_any_order() -> None:
    assert patients_columns(" name , patient_no,wechat") == ["name", "patient_no", "wechat"]
    assert balances_columns("balance_yuan,patient_no") == ["balance_yuan", "patient_no"]


# ---- the fingerprint


def test_lines_cannot_be_parted_in_another_way() -> None:
    assert chained(NO_LINES, ["ab", "c"]) != chained(NO_LINES, ["a", "bc"])
    assert chained(chained(NO_LINES, ["ab"]), ["c"]) == chained(NO_LINES, ["ab", "c"])


def test_a_fingerprint_is_read_as_it_is_told() -> None:
    one = fingerprint(chained(NO_LINES, ["a"]), NO_LINES, 20_000_00)
    assert len(one) == 19
    assert same_fingerprint(one.lower().replace("-", " "), one)
    other = fingerprint(NO_LINES, chained(NO_LINES, ["a"]), 20_000_00)
    assert not same_fingerprint(other, one)
    assert not same_fingerprint(fingerprint(chained(NO_LINES, ["a"]), NO_LINES, 50_000_00), one)
    assert not same_fingerprint(one[:-1], one)
    assert not same_fingerprint("", one)


# ---- the manual

MANUAL = (Path(__file__).parents[2] / "docs/operate/import.md").read_text(encoding="utf-8")


def test_the_examples_of_the_manual_can_be_taken_over() -> None:
    patients, balances = (block.splitlines() for block in re.findall(r"(?s)```csv\n(.*?)\n```", MANUAL))
    columns = patients_columns(patients[0])
    for line in patients[1:]:
        assert patient_line(columns, 2, line, TODAY)[1] == []
    columns = balances_columns(balances[0])
    for line in balances[1:]:
        assert balance_line(columns, 2, line, LIMIT_FEN)[1] == []


def test_the_manual_names_every_column() -> None:
    table = MANUAL[MANUAL.index("| column |") : MANUAL.index("### Balances")]
    named = {name for row in re.findall(r"(?m)^\| (`.*?) \|", table) for name in re.findall(r"`(\w+)`", row)}
    assert named == {*PERSON, *TYPED_FORMS}
