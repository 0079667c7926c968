"""Citizen identification numbers."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yinyi.wire import gb11643

regions = st.integers(110000, 989999).map(str)
births = st.dates(date(1900, 1, 1), date(2099, 12, 31))
sequences = st.integers(0, 999)


def test_the_example_of_the_standard() -> None:
    number = "11010519491231002X"
    assert gb11643.is_valid(number)
    assert gb11643.born_on(number) == date(1949, 12, 31)
    assert gb11643.sex(number) == "female"


@given(regions, births, sequences)
def test_parts_come_back(region: str, born: date, sequence: int) -> None:
    number = gb11643.number_of(region, born, sequence)
    assert gb11643.is_valid(number)
    assert gb11643.born_on(number) == born
    assert (gb11643.sex(number) == "male") == bool(sequence % 2)


@given(regions, births, sequences, st.integers(0, 16), st.integers(1, 9))
def test_any_one_wrong_digit_is_noticed(region: str, born: date, sequence: int, place: int, step: int) -> None:
    number = gb11643.number_of(region, born, sequence)
    wrong = str((int(number[place]) + step) % 10)
    assert not gb11643.is_valid(number[:place] + wrong + number[place + 1 :])


@given(regions, births, sequences, st.integers(0, 15))
def test_two_neighbours_changed_about_are_noticed(region: str, born: date, sequence: int, place: int) -> None:
    number = gb11643.number_of(region, born, sequence)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert swapped == number or not gb11643.is_valid(swapped)


@given(st.text(max_size=20))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert gb11643.is_valid(text) in (True, False)


@pytest.mark.parametrize(
    "number",
    ["", "11010519491231002x", "110105194912310021", "11010519490230002X", "110105491231002", "１" * 18],
)
def test_what_is_no_number(number: str) -> None:
    assert not gb11643.is_valid(number)


def test_a_small_x_is_made_large() -> None:
    assert gb11643.is_valid(gb11643.normalised(" 11010519491231002x "))
