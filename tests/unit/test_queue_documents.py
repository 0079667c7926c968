"""The AsyncAPI document and the XSD of a queue say what the queue does."""

import re
from collections.abc import Iterator
from typing import Any, cast

import msgspec
import pytest
from lxml import etree

from yinyi.app.operations import declared_operations
from yinyi.bus.operation import Caller
from yinyi.interface.examples import example_of
from yinyi.interface.problem import problem
from yinyi.interface.queue.documents import document, xsd
from yinyi.interface.queue.letter import ASKED
from yinyi.interface.served import served_operations
from yinyi.kernel.errors import NotFound
from yinyi.wire.xml_shapes import written

declared_operations()
SERVED = served_operations(Caller.HOSPITAL)
TOLD = document("yinyi.hospital", SERVED)
SCHEMA = etree.XMLSchema(etree.fromstring(xsd(SERVED).encode()))


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in cast(dict[str, Any], value).items():
            yield from [each] if name == "$ref" else references(each)
    elif isinstance(value, list):
        for each in cast(list[Any], value):
            yield from references(each)


def at(reference: str) -> Any:
    found: Any = TOLD
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def test_every_reference_leads_somewhere() -> None:
    found = set(references(TOLD))
    assert len(found) > len(SERVED)
    for each in found:
        assert at(each), each


def test_exactly_what_is_served_is_described() -> None:
    assert TOLD["operations"].keys() == SERVED.keys()
    assert TOLD["channels"]["requests"]["address"] == "yinyi.hospital"
    assert TOLD["channels"]["dead"]["address"] == "yinyi.hospital.dead"


@pytest.mark.parametrize("name", ASKED)
def test_properties_have_names_that_jms_takes(name: str) -> None:
    assert re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$]*", name)


@pytest.mark.parametrize("name", SERVED)
def test_examples_are_what_may_travel(name: str) -> None:
    spec = SERVED[name]
    [example] = TOLD["components"]["messages"][name]["examples"]
    message = msgspec.convert(example["payload"], spec.request)
    reply = msgspec.convert(example_of(spec.reply), spec.reply)
    for element, value in ((name, message), (f"{name}Response", reply), ("Problem", problem(NotFound("x"), "c"))):
        SCHEMA.assertValid(etree.fromstring(written(element, value).encode()))
    needed = TOLD["components"]["messages"][name]["headers"]["required"]
    assert ("YinyiKey" in needed) == spec.changes
