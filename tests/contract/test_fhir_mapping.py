"""Another hospital's FHIR: its addresses, columns and codes are a mapping file, and what does not fit is noticed before
anything is asked."""

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from fhir_far import APPOINTMENT, Far, bundle, outcome, told

from yinyi.access.hospital.fhir.config import FhirConfig
from yinyi.access.hospital.fhir.plugin import PLUGIN
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import Done, NotSent, Outcome
from yinyi.kernel.plugin import Surroundings

MAPPING = """
base = "https://fhir.hospital.example/"
none = ["query_analyte"]
[systems]
booking = "urn:oid:1.2.3"
[at]
query_registration = "Appointment?our-number=@booking|{ref}"
[paths.query_registration]
room = "comment"
"""


def test_another_hospitals_addresses(tmp_path: Path) -> None:
    file = tmp_path / "addresses.toml"
    file.write_text(MAPPING, encoding="utf-8")
    far = Far(bundle(APPOINTMENT | {"comment": "三楼"}))
    answer = told(far, lambda hospital: hospital.ask("R1"), mapping=str(file))
    assert isinstance(answer, Done), answer
    assert answer.evidence["room"] == "三楼"
    assert parse_qs(far.asked[0][3].decode())["our-number"] == ["urn:oid:1.2.3|R1"]
    with pytest.raises(HospitalUnavailable, match="query_analyte"):
        told(far, lambda hospital: hospital.trend("1", "WBC", 3), mapping=str(file))


@pytest.mark.parametrize(
    ("says", "codes", "means"),
    [
        (outcome("1001"), "", "bad_request"),
        (outcome("1001"), "1001 = 'N03'", "session_stopped"),
        (outcome("N05"), "1001 = 'N03'", "expired"),
        (outcome("x", "conflict", "urn:elsewhere"), "conflict = 'N01'", "slot_taken"),
        (outcome("1001", "conflict"), "conflict = 'N01'\n1001 = 'N03'", "session_stopped"),
        (outcome("1001"), "1001 = 'S01'", NotSent),
        (outcome("1008"), "1008 = '0'", Done),
        ({"resourceType": "OperationOutcome", "issue": []}, "conflict = 'N01'", "bad_request"),
    ],
)
def test_another_hospitals_codes(tmp_path: Path, says: Any, codes: str, means: str | type[Outcome]) -> None:
    file = tmp_path / "addresses.toml"
    file.write_text(f"[codes]\n{codes}", encoding="utf-8")
    answer = told(Far(says, 422), lambda hospital: hospital.release("R1"), mapping=str(file))
    assert answer.reason == means if isinstance(means, str) else isinstance(answer, means)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("none = ['query_nothing']", "no trade query_nothing"),
        ("[paths.query_registration]\nshoe = 'comment'", "no column shoe"),
        ("[paths.query_registration]\nroom = 'a b.c['", "no step"),
        ("[codes]\n1007 = 'A99'", "no code A99"),
        ("bases = 'x'", "cannot be read"),
    ],
)
def test_what_is_none_of_ours_is_noticed_at_start(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "addresses.toml"
    file.write_text(text, encoding="utf-8")
    around = Surroundings(clock=ShiftedClock(), callback_url="")
    with pytest.raises(ValueError, match=says):
        PLUGIN.build(FhirConfig(url="http://127.0.0.1:1/", mapping=str(file)), around)
    with pytest.raises(ValueError, match="address"):
        PLUGIN.build(FhirConfig(url="nowhere"), around)


def test_what_the_server_has_not_is_noticed_before_it_is_asked() -> None:
    has = [{"type": "Patient"}, {"type": "Appointment"}]
    far = Far({"resourceType": "CapabilityStatement", "rest": [{"mode": "server", "resource": has}]})
    wrong = told(far, lambda hospital: hospital.misfits())
    assert "query_invoice: the server has no Invoice" in wrong
    assert not any("Patient" in why or "Appointment" in why for why in wrong)
    nowhere = PLUGIN.build(FhirConfig(url="http://127.0.0.1:1/"), Surroundings(clock=ShiftedClock(), callback_url=""))
    assert asyncio.run(nowhere.misfits()) == []


def test_the_settings_tell_no_token() -> None:
    assert "s3cret" not in repr(FhirConfig(url="x", token="s3cret"))
