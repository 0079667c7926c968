"""Codes under the scanner: which kind each may be, and where it leads."""

from collections.abc import Sequence
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kiosk_platform import PAYMENT, TERMINAL, page, paired, payment, run

from yinyi.bus.operation import OpenedBy
from yinyi.business.billing.errors import FormUnknown
from yinyi.business.identity.errors import (
    CertificateExpired,
    CertificateForeign,
    CertificateUnreadable,
    CertificateUsed,
    DecoderUnavailable,
    NoCard,
    TooManyTries,
)
from yinyi.business.identity.messages import Identified
from yinyi.business.payments.errors import NothingScanned, PaymentUnknown
from yinyi.business.reports.errors import TubeUnknown
from yinyi.business.scheduling.errors import NoSuchBooking
from yinyi.business.terminals.media import CODE_KINDS, MOST_CHARACTERS, CodeKind, Media, MediumRule
from yinyi.business.terminals.messages_media import ClassifyCode, KindsOfCode, ScannedNumber
from yinyi.business.terminals.model import SERVICES, Offer
from yinyi.interface.journeys import codes
from yinyi.interface.journeys.identify import EXPECTS
from yinyi.interface.journeys.visitor import ALONE
from yinyi.kernel.errors import NotYours
from yinyi.kernel.ids import number_on_slip

USUAL = Media()
SAMPLES: dict[CodeKind, str] = {
    "payer_code": "134567890123456789",
    "insurance_code": "3100000000000000000000000017",
    "hospital_number": "0000821236",
    "request_form": "RF2611230000157",
    "tube": "2611230000012",
    "booking_slip": "BK26112309300000ABCDEFGH",
    "payment_slip": "PY26112309300000ABCDEFGH",
    "resident_number": "11010519491231002X",
}


def test_each_kind_has_a_rule_a_name_and_a_sample() -> None:
    said = codes.words(str)
    assert set(CODE_KINDS) == {kind for kind in CODE_KINDS if USUAL.rules(kind)} == set(SAMPLES)
    assert set(said["code"]) == set(said["code_for"]) == set(get_args(CodeKind))


@pytest.mark.parametrize("kind", CODE_KINDS)
def test_a_code_is_known_for_what_it_is(kind: CodeKind) -> None:
    assert USUAL.codes(SAMPLES[kind]) == [kind]


def test_an_older_slip_does_not_say_what_it_is_and_still_works() -> None:
    """It carries the number alone, as what the window scans does."""
    assert USUAL.codes(PAYMENT) == ["booking_slip", "payment_slip"]
    for code in (PAYMENT, SAMPLES["booking_slip"], SAMPLES["payment_slip"]):
        assert number_on_slip(code) == PAYMENT
    for other in ("", "BK", "BKS" + PAYMENT, "XX" + PAYMENT, "BK7Q4-8XK9"):
        assert number_on_slip(other) == other


def test_an_id_cards_number_may_look_like_a_payers_code() -> None:
    """One in eleven payers' codes has the check digit of an ID card: people are asked."""
    both = [code for code in (f"13010519491231002{last}" for last in range(10)) if len(USUAL.codes(code)) == 2]
    assert len(both) == 1


@pytest.mark.parametrize("text", ["6923450657713", "", "https://example.org/", "二维码", "RF", "٣" * 10, "1" * 4000])
def test_what_is_of_no_kind_is_unknown(text: str) -> None:
    assert USUAL.codes(text) == []


@given(st.text(max_size=200))
def test_whatever_is_scanned_is_told_apart(text: str) -> None:
    found = USUAL.codes(text)
    assert found == [kind for kind in CODE_KINDS if kind in found]
    assert not found or len(text) <= MOST_CHARACTERS


@given(st.sampled_from(["2611230000012", "11010519491231002X"]), st.integers(0, 12), st.integers(1, 9))
def test_a_misread_digit_is_noticed(code: str, at: int, by: int) -> None:
    wrong = code[:at] + str((int(code[at]) + by) % 10) + code[at + 1 :]
    assert not {"tube", "resident_number"} & set(USUAL.codes(wrong))


# ---- each hospital has its own


def test_a_hospitals_own_rules_take_the_place_of_the_usual_ones() -> None:
    own = MediumRule(kind="hospital_number", prefixes=("ZY", "MZ"), alphabet="capitals", least=9, most=12)
    own_media = Media(own={"hospital_number": [own], "insurance_code": []})
    assert own_media.codes("MZ0082123") == ["hospital_number"]
    assert own_media.codes("0000821236") == []
    assert own_media.codes(SAMPLES["insurance_code"]) == [], "it has none of these"
    assert own_media.codes(SAMPLES["tube"]) == ["tube"]


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
    assert after_scanning(["booking_slip", "payment_slip"], kind="payment_slip")[0] == "/kiosk/identify"
    told = after_scanning(["payer_code"], kind="payment_slip")[0]
    assert told == "/kiosk/code?is=payer_code&after=7", "nobody says what it is not"
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
        assert [each["opens"] for each in view["choices"]] == [True, False, True]
        assert [each["to"] for each in view["choices"]] == ["", "", "/kiosk/payments"]
        assert view["after"] == 7
        empty = (await browser.see("/code?is=&after=x"))["v"]
        assert (empty["choices"], empty["after"]) == ([], 0)
        assert (await browser.post("/code", key="k" * 20)).status_code == 409, "no page of ours sends no version"
        assert page(await browser.post("/code", key="k" * 20, after="-1"))["v"]["kind"] == "old_page"

    run(work())


def test_a_hospital_number_is_filled_in_and_still_asks_for_its_proof() -> None:
    async def work() -> None:
        number = KindsOfCode(scanned=True, kinds=["hospital_number"])
        browser = paired(known=False, ClassifyCode=number, ReadHospitalNumber=ScannedNumber(number="0000821236"))
        went = await browser.post("/code", key="k" * 20, after="7")
        assert went.headers["location"] == "/kiosk/identify/number?scanned=7"
        view = (await browser.see("/identify/number?scanned=7"))["v"]
        assert (view["stage"], view["number"]) == ("proof", "0000821236")
        browser.platform.answers["ReadHospitalNumber"] = ScannedNumber()
        assert (await browser.see("/identify/number?scanned=7"))["v"]["stage"] == "number"
        known = paired(ClassifyCode=number)
        went = await known.post("/code", key="k" * 20, after="7")
        assert went.headers["location"] == "/kiosk/code?is=hospital_number&after=7", "somebody is known already"

    run(work())


@pytest.mark.parametrize(("wants", "kind"), [(want, kind) for want, kind in EXPECTS.items() if want not in ALONE])
def test_who_is_asked_for_may_show_the_code_of_what_he_came_for(wants: str, kind: CodeKind) -> None:
    """Also one that is of no known kind; any other code leads where it belongs."""

    async def work() -> None:
        unknown = KindsOfCode(scanned=True)
        failures = {"IdentifyByTube": TubeUnknown(), "IdentifyByForm": FormUnknown(), "IdentifyBySlip": NoSuchBooking()}
        browser = paired(known=False, ClassifyCode=unknown, Identify=NoCard(), **failures)
        browser.set_cookie("yinyi_visit", f"{wants}.ticket.")
        page = await browser.see("/identify")
        assert (page["v"]["expects"], "code=" in page["c"]["events"]) == (kind, True)
        await browser.post("/code", after="7", expects=kind)
        asked = {"tube": "IdentifyByTube", "request_form": "IdentifyByForm", "booking_slip": "IdentifyBySlip"}
        assert browser.platform.last(asked[kind]).message
        went = await browser.post("/code", after="7", expects="nonsense")
        assert went.headers["location"] == "/kiosk/code?is=&after=7"

    run(work())


@pytest.mark.parametrize(
    ("answer", "leads_to"),
    [
        (Identified(status="known", session_token="new"), "/kiosk/"),
        (Identified(status="first_visit", ticket="t"), "/kiosk/first-visit"),
        (CertificateUnreadable(), "/kiosk/identify?insurance=code_unreadable"),
        (CertificateExpired(), "/kiosk/identify?insurance=code_expired"),
        (CertificateUsed(), "/kiosk/identify?insurance=code_used"),
        (CertificateForeign(), "/kiosk/identify?insurance=code_foreign"),
        (DecoderUnavailable(), "/kiosk/identify?insurance=code_away"),
        (TooManyTries(), "/kiosk/identify?insurance=too_many_tries"),
    ],
)
def test_an_insurance_code_says_who_it_is_or_why_not(answer: object, leads_to: str) -> None:
    async def work() -> None:
        code = KindsOfCode(scanned=True, kinds=["insurance_code"])
        browser = paired(known=False, ClassifyCode=code, IdentifyByCertificate=answer, Identify=NoCard())
        went = await browser.post("/code", key="k" * 20, after="7")
        assert went.headers["location"] == leads_to
        if "?" in leads_to:
            view = (await browser.see(leads_to.removeprefix("/kiosk")))["v"]
            assert view["problem"] == leads_to.partition("=")[2]

    run(work())


@pytest.mark.parametrize("kind", CODE_KINDS)
def test_each_code_is_good_for_what_it_is_meant_for(kind: CodeKind) -> None:
    """As the table of identity media has it: a number and an insurance code for everything, with a proof where it is
    easily copied; forms, tubes and slips for their own purpose; what pays identifies nobody, nor does a copied number.
    """
    meant: dict[CodeKind, str] = {
        "payer_code": "pays",
        "insurance_code": "everything",
        "hospital_number": "everything",
        "request_form": "bills",
        "tube": "reports",
        "booking_slip": "check_in",
        "payment_slip": "find_payment",
        "resident_number": "nothing",
    }
    opens = {"insurance_code", "hospital_number", "request_form", "tube", "booking_slip", "payment_slip"}
    assert (kind in codes.OPENS) is (kind in opens)
    assert (kind in codes.IDENTIFIES) is (meant[kind] == "everything")
    assert codes.BELONGS.get(kind, "") == (meant[kind] if meant[kind] in SERVICES else "")
    alone = {"request_form": "form", "tube": "specimen", "booking_slip": "booking"}
    assert set(alone.values()) == set(get_args(OpenedBy)), "what opens only one thing"


def test_a_slip_of_a_payment_opens_that_payment_once_it_is_known_whose_it_is() -> None:
    slip = KindsOfCode(scanned=True, kinds=["payment_slip"])

    async def work() -> None:
        browser = paired(known=False, ClassifyCode=slip)
        went = await browser.post("/code", key="k" * 20, after="7")
        assert went.headers["location"] == "/kiosk/identify"
        browser = paired(ClassifyCode=slip, GetScannedPayment=payment("returning"))
        went = await browser.post("/code", key="k" * 20, after="7")
        assert went.headers["location"] == "/kiosk/payments?slip=1"
        assert (await browser.get("/payments?slip=1")).headers["location"] == f"/kiosk/trouble/{PAYMENT}"
        for error, strange in ((NotYours(), True), (PaymentUnknown(), True), (NothingScanned(), False)):
            browser.platform.answers["GetScannedPayment"] = error
            view = (await browser.see("/payments?slip=1"))["v"]
            assert view["strange"] is strange

    run(work())
