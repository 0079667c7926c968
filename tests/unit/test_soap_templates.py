"""Calls by a hospital's own templates: what stands in a place stays there, whatever it is."""

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from yinyi.access.hospital.soap import mapping
from yinyi.access.hospital.soap.config import SoapConfig
from yinyi.access.hospital.soap.templates import Templated
from yinyi.access.hospital.trades.failures import Rejected
from yinyi.access.hospital.trades.hospital import TRADES
from yinyi.access.hospital.trades.names import FarTrade, load_names
from yinyi.kernel.clock import ShiftedClock
from yinyi.wire import xml
from yinyi_sandbox.hospital import desk

PLAIN = "<Envelope><Body><{{trade}}>{{parameters}}</{{trade}}></Body></Envelope>"


def templated(folder: Path, envelope: str = desk.ENVELOPE, inner: str = desk.INNER, **more: Any) -> Templated:
    files = {"envelope": envelope, "inner": inner}
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    paths = {name: str(folder / name) if text else "" for name, text in files.items()}
    told: dict[str, Any] = {"address": "http://his/desk", **paths, **desk.STYLED, **more}
    return Templated(SoapConfig(**told), ShiftedClock())


def trade(name: str) -> FarTrade:
    return load_names(None, mapping.USUAL, TRADES)[name]


@pytest.mark.parametrize("value", ["{{password}}", "a]]>b", "<ITEM/>&amp;", "\"'", "㐂𠮷"])
def test_a_value_stays_what_it_is(tmp_path: Path, value: str) -> None:
    far = trade("query_patient_no")
    address, headers, body = templated(tmp_path).written(far, [value])
    assert (address, headers["SOAPAction"]) == ("http://his/desk", f'"{desk.ACTION}"')
    envelope = xml.parsed(body)
    paper = xml.parsed((envelope.findtext(".//paper") or "").encode(), "utf-8")
    assert [each.text for each in paper.iter("ITEM")] == [value]
    assert envelope.findtext(f".//{{{desk.SPACE}}}Ticket") == desk.TICKET
    assert desk.TICKET not in etree.tostring(paper, encoding="unicode")


def test_parameters_may_stand_in_the_envelope_itself(tmp_path: Path) -> None:
    far = trade("query_patient_no")
    made = templated(tmp_path, PLAIN, "", parameter=SoapConfig().parameter, charset="utf-8")
    _, headers, body = made.written(far, ["2016000001"])
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    assert xml.parsed(body).findtext(f"Body/{far.name}/{far.parameters[0]}") == "2016000001"


def test_what_xml_cannot_hold_is_not_sent(tmp_path: Path) -> None:
    with pytest.raises(Rejected):
        templated(tmp_path).written(trade("query_patient_no"), ["\0"])


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"envelope": "<a>{{nobody}}{{message}}{{trade}}</a>"}, "there is no {{nobody}} here"),
        ({"envelope": "<a>{{trade}}</a>"}, "it needs {{message}}"),
        ({"envelope": "<a>{{message}}</a>"}, "which trade"),
        ({"envelope": "<a>{{trade}}{{message}}"}, "not well-formed"),
        ({"envelope": "<!DOCTYPE a []><a>{{trade}}{{message}}</a>"}, "document type"),
        ({"inner": "<a/>"}, "it needs {{parameters}}"),
        ({"parameter": "{{name}}"}, "not well-formed"),
        ({"address": ""}, "an address"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused_at_the_start(
    tmp_path: Path, wrong: dict[str, Any], why: str
) -> None:
    with pytest.raises(ValueError, match=why.replace("{", "\\{")):
        templated(tmp_path, **wrong)


def test_a_template_that_is_not_there_is_named() -> None:
    config = SoapConfig(address="http://his", style="template", envelope="nowhere.xml")
    with pytest.raises(ValueError, match="nowhere"):
        Templated(config, ShiftedClock())
