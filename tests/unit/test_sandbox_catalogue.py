"""What the sandbox hospital charges for and tests: complete, sane, and the same in every row."""

import re

import msgspec
import pytest

from yinyi_sandbox.hospital.catalogue.analytes import Analyte, analytes
from yinyi_sandbox.hospital.catalogue.imaging import EXAMINATIONS
from yinyi_sandbox.hospital.catalogue.panels import panels
from yinyi_sandbox.hospital.catalogue.rows import tables
from yinyi_sandbox.hospital.departments import DIVISIONS

AGES = (0, 1, 5, 13, 17, 30, 49, 55, 64, 80, 110)


def test_there_is_enough_of_everything() -> None:
    rows = tables()
    assert len(rows["charge_item"]) >= 150
    assert len(panels()) >= 40
    assert len(EXAMINATIONS) >= 15
    assert {row[1] for row in rows["charge_item"]} == {row[0] for row in rows["charge_category"]}
    assert sum(one.sensitive for one in panels()) >= 8


@pytest.mark.parametrize("table", tables())
def test_nothing_is_there_twice(table: str) -> None:
    rows = tables()[table]
    keys = {"panel_analyte": 2, "reference_range": 4, "picture": 2}.get(table, 1)
    assert len({row[:keys] for row in rows}) == len(rows)


def test_prices_are_prices() -> None:
    for code, _, name, name_en, unit, price_fen in tables()["charge_item"]:
        assert isinstance(price_fen, int)
        assert 50 <= price_fen <= 200_000, code
        assert all((name, name_en, unit)), code


def test_every_code_leads_somewhere() -> None:
    rows = tables()
    items = {row[0] for row in rows["charge_item"]}
    known = {one.code for one in analytes()}
    assert {row[2] for row in rows["panel_analyte"]} == known
    assert {code for _, tests, medicines in rows["habit"] for code in [*_texts(tests), *_texts(medicines)]} <= items
    assert {row[1] for row in rows["ward_habit"]} <= items
    departments = {clinic.code for division in DIVISIONS for clinic in division.clinics}
    assert {row[0] for row in rows["habit"]} == departments
    assert {row[3] for row in rows["ward"]} <= departments


def test_a_measured_value_has_one_range_at_every_age() -> None:
    for one in analytes():
        if one.words:
            assert len(set(one.words)) == len(one.words) >= 2
            assert not one.ranges
        else:
            assert [(sex, age) for sex in ("1", "2") for age in AGES if _fitting(one, sex, age) != 1] == [], one.code
            assert all((part.low or 0) < (part.high or 1e9) for part in one.ranges), one.code


def _fitting(one: Analyte, sex_code: str, age: int) -> int:
    return sum(r.sex_code in ("0", sex_code) and r.age_from <= age < r.age_to for r in one.ranges)


def test_a_loinc_has_its_check_digit() -> None:
    """Mod 10 as LOINC defines it: double every second digit from the right (LOINC Users' Guide, appendix C)."""
    codes = [one.loinc for one in analytes() if one.loinc]
    assert len(codes) > 60
    for code in codes:
        number, _, check = code.partition("-")
        digits = "".join(str(int(digit) * (2 - place % 2)) for place, digit in enumerate(reversed(number)))
        assert (10 - sum(map(int, digits)) % 10) % 10 == int(check), code


def test_what_is_calculated_has_what_it_is_calculated_from() -> None:
    known = {analyte.code: analyte for analyte in analytes()}
    for panel in panels():
        for code in panel.analytes:
            kind, *others = known[code].sum or ("",)
            assert kind in ("", "any") or set(others) <= set(panel.analytes), (panel.code, code)
        assert re.fullmatch(r"L\d{4}", panel.code)
        assert all((panel.specimen, panel.specimen_en, panel.tube))


def _texts(value: object) -> list[str]:
    return msgspec.convert(value, list[str])
