"""The FHIR connector before a server that says whatever it is told to: what each answer means, and what is asked."""

import json
from collections.abc import Awaitable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from fhir_far import APPOINTMENT, SID, Far, bundle, outcome, told

from yinyi.access.hospital.trades.hospital import TradesHospital
from yinyi.business.billing.model import ChosenInvoice
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound, NotSent, Outcome, Refused, Unknown

AT = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
NOTICE: dict[str, Any] = {
    "resourceType": "PaymentNotice",
    "status": "active",
    "created": "2026-11-27T09:30:00+08:00",
    "payment": {"identifier": {"system": f"{SID}payment", "value": "P1"}},
    "recipient": {"display": "云山医院"},
    "amount": {"value": 12.34, "currency": "CNY"},
}


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in APPOINTMENT.items() if key != name}


def test_an_appointment_in_words_of_ours() -> None:
    far = Far()
    answer = told(far, lambda hospital: hospital.release("R1"), token="s3cret-word")
    assert isinstance(answer, Done), answer
    assert answer.evidence == {
        "status": "confirmed",
        "number": 3,
        "slot_id": "12-3",
        "starts_at": "2026-11-27T09:30:00+08:00",
        "ends_at": "2026-11-27T09:40:00+08:00",
        "room": "2A05",
        "registration_no": "MZ1",
    }
    [(method, address, headers, body)] = far.asked
    assert (method, address) == ("POST", f"{far.base}/Appointment/$book")
    assert headers["authorization"] == "Bearer s3cret-word"
    asked = json.loads(body)["parameter"][0]
    assert (asked["name"], asked["resource"]["status"]) == ("appointment-resource", "cancelled")
    assert asked["resource"]["identifier"] == [{"system": f"{SID}booking", "value": "R1"}]


@pytest.mark.parametrize(
    ("says", "status", "means"),
    [
        (outcome("N05"), 422, Refused),
        (outcome("S01", "transient"), 503, NotSent),
        (outcome("N05", system="urn:elsewhere"), 422, Refused),
        (outcome("S01", system="urn:elsewhere"), 503, Unknown),
        (outcome("x", "duplicate", "urn:elsewhere"), 409, Unknown),
        (outcome("x", "multiple-matches", "urn:elsewhere"), 412, Unknown),
        ("who are you?", 401, Refused),
        ("slow down", 429, Unknown),
        ("down for a moment", 503, Unknown),
        ("moved", 302, Unknown),
        ("", 200, Unknown),
        ("not json", 200, Unknown),
        ("[" * 5000, 200, Unknown),
        ('{"a":' * 5000, 200, Unknown),
        (b'{"resourceType": "Appointment", "status": "\xff"}', 200, Unknown),
        ([], 200, Unknown),
        ({"resourceType": "Patient"}, 200, Unknown),
        (without("status"), 200, Unknown),
        (APPOINTMENT | {"status": "swapped"}, 200, Unknown),
        (APPOINTMENT | {"status": ["booked"]}, 200, Unknown),
        (APPOINTMENT | {"status": "entered-in-error"}, 200, Unknown),
        (APPOINTMENT | {"modifierExtension": [{"url": "urn:not", "valueBoolean": True}]}, 200, Unknown),
        (APPOINTMENT | {"implicitRules": "urn:else"}, 200, Unknown),
        (APPOINTMENT | {"start": "2026-11-27T09:30:00"}, 200, Unknown),
        (APPOINTMENT | {"extension": {"url": "x"}}, 200, Unknown),
        (APPOINTMENT | {"participant": ["x"]}, 200, Unknown),
    ],
)
def test_what_an_answer_means(says: Any, status: int, means: type[Outcome]) -> None:
    assert isinstance(told(Far(says, status), lambda hospital: hospital.release("R1")), means)


def test_an_answer_that_is_too_long_is_unknown() -> None:
    far = Far(APPOINTMENT | {"comment": "x" * 50_000})
    assert isinstance(told(far, lambda hospital: hospital.release("R1"), longest_answer=40_000), Unknown)


def pay(hospital: TradesHospital) -> Awaitable[Outcome]:
    chosen = [ChosenInvoice(invoice_no="A1", version=4), ChosenInvoice(invoice_no="A2", version=1)]
    return hospital.settle_invoices("R1", chosen, Fen(1234), "P1", "alipay", AT)


def test_a_payment_is_created_once() -> None:
    far = Far(NOTICE, 201)
    answer = told(far, pay)
    assert isinstance(answer, Done), answer
    assert (answer.evidence["status"], answer.evidence["amount_fen"]) == ("paid", 1234)
    [(_, address, headers, body)] = far.asked
    assert address == f"{far.base}/PaymentNotice"
    assert parse_qs(headers["if-none-exist"]) == {"identifier": [f"{SID}bill|R1"]}
    sent = json.loads(body)
    assert b'"value":12.34' in body
    assert [one["item"]["identifier"]["value"] for one in sent["contained"][0]["entry"]] == ["A1", "A2"]
    assert [one["item"]["extension"][0]["valueInteger"] for one in sent["contained"][0]["entry"]] == [4, 1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount": {"value": 12.35, "currency": "CNY"}}, "bad_request"),
        ({"payment": {"identifier": {"system": f"{SID}payment", "value": "P2"}}}, "already_paid"),
        ({"status": "cancelled"}, "expired"),
    ],
)
def test_what_was_there_before_is_not_taken_for_what_we_have_sent(change: dict[str, Any], reason: str) -> None:
    answer = told(Far(NOTICE | change), pay)
    assert isinstance(answer, Refused), answer
    assert answer.reason == reason


@pytest.mark.parametrize(
    "amount",
    [
        {"value": 12.345},
        {"value": 1e300},
        {"value": 12.34, "currency": "USD"},
        {"value": "12.34"},
        12.34,
    ],
)
def test_money_that_is_none_is_unknown(amount: Any) -> None:
    assert isinstance(told(Far(NOTICE | {"amount": amount}), pay), Unknown)


def test_nobodys_papers_stand_in_an_address() -> None:
    number = {"system": f"{SID}patient", "value": "7"}
    far = Far(bundle({"resourceType": "Patient", "identifier": [number], "gender": "other", "birthDate": "1950"}))
    [found] = told(far, lambda hospital: hospital.find("passport", r"E1|2,3\4$ &"))
    assert (found.sex, found.born_on, found.phone) == ("unknown", None, "")
    [(method, address, _, body)] = far.asked
    assert (method, address) == ("POST", f"{far.base}/Patient/_search")
    assert parse_qs(body.decode())["identifier"] == [SID + "document/05|" + r"E1\|2\,3\\4\$ &"]


def test_a_search_without_its_key_asks_nothing() -> None:
    far = Far(bundle(NOTICE))
    assert isinstance(told(far, lambda hospital: hospital.ask_invoices("")), NotFound)
    assert told(far, lambda hospital: hospital.find("passport", "")) == []
    assert far.asked == []


def test_nothing_found_is_not_found_and_what_comes_along_is_nothing() -> None:
    for empty in (bundle(), bundle(outcome("x"), mode="outcome"), bundle(APPOINTMENT, mode="include")):
        assert isinstance(told(Far(empty), lambda hospital: hospital.ask("R1")), NotFound)
    for strange in (APPOINTMENT, {"resourceType": "Bundle", "type": "history"}, bundle(APPOINTMENT, APPOINTMENT)):
        assert isinstance(told(Far(strange), lambda hospital: hospital.ask("R1")), Unknown)


def department(nth: int) -> dict[str, Any]:
    return {
        "resourceType": "Organization",
        "name": f"{nth}",
        "identifier": [{"system": f"{SID}department", "value": f"{nth}"}],
    }


def test_page_by_page_until_the_last() -> None:
    def says(nth: int) -> dict[str, Any]:
        return bundle(department(nth), further=f"?page={nth + 1}" if nth < 3 else "")

    far = Far(says)
    found = told(far, lambda hospital: hospital.departments())
    assert [one.department_id for one in found] == ["1", "2", "3"]
    assert [one[0] for one in far.asked] == ["POST", "GET", "GET"]


@pytest.mark.parametrize(
    ("further", "why"),
    [
        ("http://127.0.0.1:1/elsewhere", "another server"),
        ("https://127.0.0.1/r4?page=2", "another server"),
        ("//elsewhere.example/", "another server"),
        ("http://[elsewhere", "without an address"),
        ("?page=\x01", "InvalidURL"),
    ],
)
def test_a_page_leads_nowhere_else(further: str, why: str) -> None:
    far = Far(bundle(department(1), further=further))
    with pytest.raises(HospitalUnavailable, match=why):
        told(far, lambda hospital: hospital.departments(), token="s3cret-word")
    assert len(far.asked) == 1


def test_pages_without_an_end_are_left() -> None:
    far = Far(bundle(department(1), further="?page=1"))
    with pytest.raises(HospitalUnavailable, match="without an end"):
        told(far, lambda hospital: hospital.departments(), most_pages=4)
    assert len(far.asked) == 5


def report(status: str) -> dict[str, Any]:
    return {
        "resourceType": "DiagnosticReport",
        "status": status,
        "meta": {"versionId": "1"},
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "CT"}]}],
        "code": {"text": "胸部 CT"},
        "identifier": [{"system": f"{SID}order", "value": "O1"}],
        "extension": [
            {
                "url": "http://yinyi.example/fhir/StructureDefinition/requested-at",
                "valueDateTime": "2026-11-27T09:30:00Z",
            }
        ],
    }


@pytest.mark.parametrize(
    ("status", "ours"),
    [
        ("final", "final"),
        ("amended", "corrected"),
        ("appended", "corrected"),
        ("registered", "ordered"),
        ("preliminary", "testing"),
        ("partial", "testing"),
    ],
)
def test_only_what_is_final_is_final(status: str, ours: str) -> None:
    found = told(Far(bundle(report(status))), lambda hospital: hospital.report("O1"))
    assert (found.state, found.kind) == (ours, "examination")


def test_what_was_entered_in_error_is_not_there_and_what_nobody_knows_is_no_report() -> None:
    def ask(hospital: TradesHospital) -> Awaitable[Any]:
        return hospital.reports("1", date(2026, 1, 1), date(2026, 12, 31), 5)

    assert told(Far(bundle(report("entered-in-error"))), ask) == []
    with pytest.raises(HospitalUnavailable, match="no code"):
        told(Far(bundle(report("unknown"))), ask)


def test_a_file_that_is_not_there_is_none_but_a_wrong_address_is_not() -> None:
    gone = Far(outcome("N00", "not-found"), 404)
    assert told(gone, lambda hospital: hospital.fiscal_file("R1")) is None
    with pytest.raises(HospitalUnavailable):
        told(Far("<html>not found</html>", 404), lambda hospital: hospital.fiscal_file("R1"))
