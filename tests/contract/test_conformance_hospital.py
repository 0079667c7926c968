"""Every connector to hospitals keeps every behaviour of its ports (``yinyi.conformance.hospital``)."""

import asyncio

import pytest
from hospital_stage import OFFERED, offered

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.conformance.kits import KITS
from yinyi.conformance.run import Finding, played

SCRIPTS = KITS["hospital"].scripts
LONG_AND_ALIKE = {("desk", "faults"), ("hip", "faults"), ("mariadb", "faults")}
"""Half a minute each, by the code of ``soap`` and ``procedures``, whose own are tried every time."""
EACH = [
    pytest.param(way, script, marks=[pytest.mark.slow] if (way, script) in LONG_AND_ALIKE else [])
    for way in OFFERED
    for script in SCRIPTS
]


@pytest.mark.parametrize(("way", "script"), EACH)
def test_it_keeps_every_behaviour(postgres: EmbeddedPostgres, way: str, script: str) -> None:
    async def go() -> list[Finding]:
        async with offered(way, postgres) as (connector, stage):
            return [each async for each in played(SCRIPTS[script].behaviours, connector, stage)]

    found = asyncio.run(go())
    assert found
    wrong = [each for each in found if each.verdict != "ok"]
    assert wrong == [], "\n".join(map(str, wrong))
