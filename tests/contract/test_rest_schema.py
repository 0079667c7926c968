"""What REST says of itself is true: a stranger's tool reads the document and asks everything in it, well and badly,
of all of the business layer behind a real socket."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from holder_stage import HolderStage, InProcess
from hypothesis import HealthCheck, given, settings
from starlette.applications import Starlette
from web_line import Signer, serving
from whole_stage import busy_morning, play

from examples import examples
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.client import BusClient
from yinyi.bus.operation import Caller
from yinyi.business.identity.errors import CheckDigitWrong
from yinyi.business.institutions.model import Institution
from yinyi.conformance.hospital.stage import Stage
from yinyi.interface.metrics import Metrics
from yinyi.interface.rest.openapi import document
from yinyi.interface.rest.server import Rest
from yinyi.interface.served import served_operations

HIS = Institution(hospital_id=1, institution_id="his", kind="hospital", name="HIS", per_minute=1_000_000)
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
ACCEPTED = ["2xx", "401", "403", "404", "409", "422", "503"]
"""What may come of a request that fits the document: 422 where two fields do not go together (an end before its begin),
which no schema says; 503 where a hospital or a bank would have to answer. 400 where the check digit of a number is
wrong, which no schema says either."""


@asynccontextmanager
async def rest_of(stage: HolderStage) -> AsyncGenerator[tuple[str, Signer]]:
    """Where it answers, and whoever may ask there."""
    business = stage.business
    async with stage.line.database.transaction() as tx:
        secret = await business.institutions.add(tx, HIS, "HMAC-SM3", stage.line.clock.now())
    rest = Rest(BusClient(InProcess(stage.business.dispatcher), Caller.HOSPITAL.value, stage.line.clock), Metrics())
    async with serving(Starlette(routes=rest.routes())) as port:
        yield f"http://127.0.0.1:{port}", Signer("his", secret, stage.line.clock, "HMAC-SM3")


def test_a_stranger_finds_nothing(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    async def story(stage: HolderStage, hospital: Stage) -> None:
        await busy_morning(stage.hall, hospital)
        async with rest_of(stage) as (address, signer):
            await asyncio.to_thread(ask_everything, address, signer)

    play(platform_url, tmp_path, postgres, story)


def ask_everything(address: str, signer: Signer) -> None:
    import schemathesis  # a third of what all workers would have to load
    from schemathesis.generation import GenerationMode

    served = served_operations(Caller.HOSPITAL)
    described: Any = schemathesis.openapi.from_dict(document(served))
    described.config.update(base_url=address)
    described.config.generation.with_security_parameters = False  # whoever signs has them right
    asked: set[str] = set()
    for found in described.get_all_operations():
        operation = found.ok()
        asked.add(operation.path)
        errors = served[operation.path.removeprefix("/api/v1/")].errors
        accepted = [*ACCEPTED, *(["400"] if CheckDigitWrong in errors else [])]
        described.config.checks.positive_data_acceptance.expected_statuses = accepted
        for mode in GenerationMode:
            ask(operation.as_strategy(generation_mode=mode), signer)
    assert asked == {f"/api/v1/{name}" for name in served}


def ask(strategy: Any, signer: Signer) -> None:
    @settings(max_examples=examples(25), deadline=None, derandomize=True, suppress_health_check=SLOW)
    @given(case=strategy)
    def each(case: Any) -> None:
        case.call_and_validate(auth=signer, timeout=20)

    each()
