"""The document of the REST interface: well made, complete, and with examples that could be sent."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from kiosk_platform import Platform
from msgspec import inspect as shape
from openapi_spec_validator import validate
from starlette.applications import Starlette

from yinyi.app.operations import declared_operations
from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller, OperationSpec
from yinyi.interface.examples import example_of
from yinyi.interface.metrics import Metrics
from yinyi.interface.rest.errors import status_of
from yinyi.interface.rest.openapi import COMMON, PREFIXES, document
from yinyi.interface.rest.server import DOCUMENT, Rest
from yinyi.interface.served import served_operations
from yinyi.kernel.errors import IdempotencyConflict, SessionEnded

OPERATIONS = declared_operations()
PAGES = Path(__file__).parents[2] / "docs" / "protocols"


CALLERS = {Caller.HOSPITAL: "openapi.json", Caller.INSTITUTION: "openapi-institutions.json"}
SERVED = {(caller, name): spec for caller in CALLERS for name, spec in served_operations(caller).items()}


def client_of(caller: Caller) -> httpx.AsyncClient:
    rest = Rest(BusClient(Platform(), caller.value, Platform().clock), Metrics(), caller)
    transport = httpx.ASGITransport(Starlette(routes=rest.routes()))
    return httpx.AsyncClient(transport=transport, base_url="http://rest.test")


def served(caller: Caller = Caller.HOSPITAL) -> Any:
    async def got() -> httpx.Response:
        async with client_of(caller) as client:
            return await client.get(PREFIXES[caller] + DOCUMENT)

    answer = asyncio.run(got())
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize("caller", CALLERS)
def test_it_is_served_as_it_stands_in_the_docs_and_is_well_made(caller: Caller) -> None:
    found = served(caller)
    assert found == json.loads((PAGES / CALLERS[caller]).read_text(encoding="utf-8"))
    validate(found)


@pytest.mark.parametrize("caller", CALLERS)
def test_every_operation_says_every_error_and_a_key_where_it_needs_one(caller: Caller) -> None:
    paths = served(caller)["paths"]
    for name, spec in served_operations(caller).items():
        told = paths[f"{PREFIXES[caller]}{name}"]["post"]
        ends = [*spec.errors, *COMMON, *([IdempotencyConflict] if spec.changes else [])]
        ends += [SessionEnded] if spec.needs_patient else []
        for error in ends:
            answer = told["responses"][str(status_of(error()))]["content"]["application/problem+json"]
            assert answer["examples"][error.code()]["value"]["title_zh"] == error.sentence("zh-CN")
        assert ({"$ref": "#/components/parameters/key"} in told["parameters"]) == spec.changes


@pytest.mark.parametrize("caller", CALLERS)
def test_every_answer_has_an_example_and_what_is_wrong_with_http_is_answered_as_in_it(caller: Caller) -> None:
    refused = {status: told.json() for status, told in amiss(caller).items()}
    assert set(refused) == {404, 405, 415}
    for path, told in served(caller)["paths"].items():
        for status, answer in told["post"]["responses"].items():
            [content] = answer["content"].values()
            assert content.get("example") is not None or content.get("examples"), (path, status)
        for status, problem in refused.items():
            content = told["post"]["responses"][str(status)]["content"]["application/problem+json"]
            assert content["examples"][problem["code"]]["value"] == problem, path


def amiss(caller: Caller) -> dict[int, httpx.Response]:
    """By status: asked for what there is not, in another way than by POST, and in no JSON."""
    prefix = PREFIXES[caller]
    known = prefix + next(iter(served_operations(caller)))

    async def asked() -> list[httpx.Response]:
        async with client_of(caller) as client:
            return [
                await client.post(f"{prefix}DropTables", json={}),
                await client.get(known),
                await client.post(known, content=b"{}", headers={"content-type": "text/plain"}),
            ]

    return {answer.status_code: answer for answer in asyncio.run(asked())}


@pytest.mark.parametrize("spec", [pytest.param(spec, id=f"{caller}-{name}") for (caller, name), spec in SERVED.items()])
def test_an_example_is_what_it_is_an_example_of(spec: OperationSpec) -> None:
    for struct in (spec.request, spec.reply):
        example = msgspec.json.encode(example_of(struct))
        msgspec.json.decode(example, type=struct)


def numbers(info: shape.Type, where: str) -> dict[str, shape.IntType]:
    """All that can be sent, by where it stands."""
    match info:
        case shape.IntType():
            return {where: info}
        case shape.Metadata(type=inner) | shape.ListType(item_type=inner) | shape.VarTupleType(item_type=inner):
            return numbers(inner, where)
        case shape.UnionType(types=types):
            return {at: each for kind in types for at, each in numbers(kind, where).items()}
        case shape.StructType(fields=fields):
            return {at: each for field in fields for at, each in numbers(field.type, f"{where}.{field.name}").items()}
        case _:
            return {}


def test_no_number_that_can_be_sent_is_larger_than_the_database_counts() -> None:
    found = {at: each for spec in OPERATIONS for at, each in numbers(shape.type_info(spec.request), spec.path).items()}
    assert found
    unbounded = [at for at, each in found.items() if each.le is None or each.ge is None or each.le >= 2**63]
    assert unbounded == []


def test_the_document_has_nothing_of_other_interfaces() -> None:
    text = json.dumps(document(served_operations(Caller.HOSPITAL)))
    for other in ("RegisterToday", "EnrolTerminal", "AddInstitution"):
        assert other not in text


def test_who_asks_for_a_patient_brings_his_session() -> None:
    found = served(Caller.INSTITUTION)
    asked = {spec.name for (caller, _), spec in SERVED.items() if caller is Caller.INSTITUTION and spec.needs_patient}
    reference = {"$ref": "#/components/parameters/patient"}
    bring = {each["post"]["operationId"] for each in found["paths"].values() if reference in each["post"]["parameters"]}
    assert bring == asked != set()
    assert found["components"]["parameters"]["patient"]["required"] is True
