"""Codes under the scanner: which kind each may be, and where it leads."""

from collections.abc import Sequence
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kiosk_platform import TERMINAL, page, paired, run

from yinyi.business.reports.errors import TubeUnknown
from yinyi.business.terminals.codes import CODE_KINDS, MOST_CHARACTERS, USUAL, CodeKind, CodeRule, kinds_of, rules_of
from yinyi.business.terminals.messages_codes import ClassifyCode, KindsOfCode
from yinyi.business.terminals.model import Offer
from yinyi.interface.journeys import codes

SAMPLES: dict[CodeKind, str] = {
    "payer_code": "134567890123456789",
    "insurance_code": "3100000000000000000000000017",
    "hospital_number": "0000821236",
    "request_form": "RF2611230000157",
    "tube": "2611230000012",
    "booking_slip": "26112309300000ABCDEFGH",
    "payment_slip": "26112309300000ABCDEFGH",
    "resident_number": "11010519491231002X",
}


def test_each_kind_has_a_rule_a_name_and_a_sample() -> None:
    said = codes.words(str)
    assert set(CODE_KINDS) == {rule.kind for rule in USUAL} == set(SAMPLES)
    assert set(said["code"]) == set(said["code_for"]) == set(get_args(CodeKind))


@pytest.mark.parametrize("kind", CODE_KINDS)
def test_a_code_is_known_for_what_it_is(kind: CodeKind) -> None:
    slips = ["booking_slip", "payment_slip"]
    assert kinds_of(SAMPLES[kind], USUAL) == (slips if kind in slips else [kind])


def test_an_id_cards_number_may_look_like_a_payers_code() -> None:
    """One in eleven payers' codes has the check digit of an ID card: people are asked."""
    both = [code for code in (f"13010519491231002{last}" for last in range(10)) if len(kinds_of(code, USUAL)) == 2]
    assert len(both) == 1


@pytest.mark.parametrize("text", ["6923450657713", "", "https://example.org/", "二维码", "RF", "٣" * 10, "1" * 4000])
def test_what_is_of_no_kind_is_unknown(text: str) -> None:
    assert kinds_of(text, USUAL) == []


@given(st.text(max_size=200))
def test_whatever_is_scanned_is_told_apart(text: str) -> None:
    found = kinds_of(text, USUAL)
    assert found == [kind for kind in CODE_KINDS if kind in found]
    assert not found or len(text) <= MOST_CHARACTERS


@given(st.sampled_from(["2611230000012", "11010519491231002X"]), st.integers(0, 12), st.integers(1, 9))
def test_a_misread_digit_is_noticed(code: str, at: int, by: int) -> None:
    wrong = code[:at] + str((int(code[at]) + by) % 10) + code[at + 1 :]
    assert not {"tube", "resident_number"} & set(kinds_of(wrong, USUAL))


# ---- each hospital has its own


def test_a_hospitals_own_rules_take_the_place_of_the_usual_ones() -> None:
    own = CodeRule(kind="hospital_number", prefixes=("ZY", "MZ"), alphabet="capitals", least=9, most=12)
    rules = rules_of({"hospital_number": [own], "insurance_code": []})
    assert kinds_of("MZ0082123", rules) == ["hospital_number"]
    assert kinds_of("0000821236", rules) == []
    assert kinds_of(SAMPLES["insurance_code"], rules) == [], "it has none of these"
    assert kinds_of(SAMPLES["tube"], rules) == ["tube"]


# ---- at the kiosk


def after_scanning(kinds: Sequence[CodeKind], *, scanned: bool = True, **form: str) -> tuple[str, int]:
    """Where it leads, and the version that was asked about."""
    told: list[tuple[str, int]] = []

    async def work() -> None:
        answer = KindsOfCode(scanned=scanned, kinds=list(kinds))
        browser = paired(known=False, ClassifyCode=answer)
        went = await browser.post("/code", key="k" * 20, after="7", **form)
        asked = browser.platform.last("ClassifyCode").message
        assert isinstance(asked, ClassifyCode)
        told.append((went.headers["location"], asked.after))

    run(work())
    return told[0]


def test_what_it_may_be_is_asked_and_said() -> None:
    assert after_scanning(["booking_slip", "payment_slip"]) == ("/kiosk/code?is=booking_slip.payment_slip&after=7", 7)
    assert (
        after_scanning(["booking_slip", "payment_slip"], kind="payment_slip")[0]
        == "/kiosk/code?is=payment_slip&after=7"
    )
    assert after_scanning(["insurance_code"], kind="payment_slip")[0] == "/kiosk/code?is=insurance_code&after=7", (
        "nobody says what it is not"
    )
    assert after_scanning([])[0] == "/kiosk/code?is=&after=7"
    assert after_scanning([], scanned=False)[0] == "/kiosk/"


def test_a_code_opens_what_it_belongs_to_where_that_can_be_had() -> None:
    tube = KindsOfCode(scanned=True, kinds=["tube"])
    night = msgspec.structs.replace(TERMINAL, offers=[Offer(service="reports", shut="hours")])

    async def work() -> None:
        browser = paired(known=False, ClassifyCode=tube, IdentifyByTube=TubeUnknown())
        went = await browser.post("/code", key="k" * 20, after="7")
        assert went.headers["location"] == "/kiosk/identify?tube=unknown"
        browser = paired(known=False, ClassifyCode=tube, GetTerminal=night)
        went = await browser.post("/code", key="k" * 20, after="7")
        assert went.headers["location"] == "/kiosk/code?is=tube&after=7"

    run(work())


def test_the_page_leads_to_what_is_open_here() -> None:
    offers = [Offer(service="find_payment")]
    terminal = msgspec.structs.replace(TERMINAL, offers=offers)

    async def work() -> None:
        browser = paired(known=False, GetTerminal=terminal)
        view = (await browser.see("/code?is=payment_slip.tube.hospital_number.nonsense&after=7"))["v"]
        assert [each["kind"] for each in view["choices"]] == ["hospital_number", "tube", "payment_slip"]
        assert [each["to"] for each in view["choices"]] == ["/kiosk/identify/number", "", "/kiosk/payments"]
        assert view["after"] == 7
        empty = (await browser.see("/code?is=&after=x"))["v"]
        assert (empty["choices"], empty["after"]) == ([], 0)
        assert (await browser.post("/code", key="k" * 20)).status_code == 409, "no page of ours sends no version"
        assert page(await browser.post("/code", key="k" * 20, after="-1"))["v"]["kind"] == "old_page"

    run(work())
