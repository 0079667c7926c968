"""Field 39: every code of the specification has a meaning, and a kind and true sentence in two languages."""

import re

import pytest

from yinyi.wire.iso8583.response_codes import RESPONSES, UNKNOWN_CODE, Response, response_of

SPECIFIED = [
    "00",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "07",
    "09",
    "12",
    "13",
    "14",
    "15",
    "19",
    "20",
    "21",
    "22",
    "23",
    "25",
    "30",
    "31",
    "33",
    "34",
    "35",
    "36",
    "37",
    "38",
    "39",
    "40",
    "41",
    "42",
    "43",
    "44",
    "51",
    "52",
    "53",
    "54",
    "55",
    "56",
    "57",
    "58",
    "59",
    "60",
    "61",
    "62",
    "63",
    "64",
    "65",
    "66",
    "67",
    "68",
    "75",
    "77",
    "79",
    "90",
    "91",
    "92",
    "93",
    "94",
    "95",
    "96",
    "97",
    "98",
    "99",
    "A0",
]
NOT_CERTAIN = {"09", "10", "11", "16", "68", "96", "98"}
"""Three of them are on the safe side: done or under way with some hosts, so that what they leave is reversed."""
WANT_A_SIGN_ON = {"22", "77", "A0"}
PASSES = {"19", "90", "91"}


def test_every_code_of_the_specification_is_known() -> None:
    assert set(SPECIFIED) <= RESPONSES.keys()


@pytest.mark.parametrize("code", [*RESPONSES, "ZZ", ""])
def test_what_it_means(code: str) -> None:
    found = response_of(code)
    assert found.code == code
    expected = (
        "approved" if code == "00"
        else "unknown" if code in NOT_CERTAIN
        else "sign_on" if code in WANT_A_SIGN_ON
        else "retry" if code in PASSES
        else "refused" if code in RESPONSES
        else "unknown"
    )  # fmt: skip
    assert found.verdict == expected


@pytest.mark.parametrize("response", [*RESPONSES.values(), UNKNOWN_CODE], ids=[*RESPONSES, "another"])
def test_who_is_refused_hears_that_nothing_was_taken_and_what_to_do(response: Response) -> None:
    assert re.search("[一-鿿]", response.zh)
    assert response.zh.endswith("。")
    assert response.en.endswith(".")
    if response.verdict in ("refused", "retry", "sign_on") and response.code != "25":
        assert "没有扣款" in response.zh
        assert "nothing was taken" in response.en.lower()
    if response.verdict == "unknown":
        assert "没有扣款" not in response.zh
        assert "nothing was taken" not in response.en.lower()
    if response.verdict == "retry":
        assert "再试" in response.zh
        assert "in a while" in response.en


def test_a_code_that_is_in_no_table_has_a_sentence_of_its_own() -> None:
    assert UNKNOWN_CODE.zh not in {each.zh for each in RESPONSES.values()}
    assert UNKNOWN_CODE.en not in {each.en for each in RESPONSES.values()}
