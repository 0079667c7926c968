"""Every connector to hospitals keeps every behaviour of its ports (``yinyi.conformance.hospital``)."""

import asyncio

import pytest
from hospital_stage import OFFERED, offered

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.conformance.kits import KITS
from yinyi.conformance.run import Finding, played

SCRIPTS = KITS["hospital"].scripts


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("way", OFFERED)
def test_it_keeps_every_behaviour(postgres: EmbeddedPostgres, way: str, script: str) -> None:
    async def go() -> list[Finding]:
        async with offered(way, postgres) as (connector, stage):
            return [each async for each in played(SCRIPTS[script].behaviours, connector, stage)]

    found = asyncio.run(go())
    assert found
    wrong = [each for each in found if each.verdict != "ok"]
    assert wrong == [], "\n".join(map(str, wrong))
