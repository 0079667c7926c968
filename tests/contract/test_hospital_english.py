"""What the hospital has in English comes through every connector; what it has not is empty."""

import asyncio

import pytest
from hospital_stage import offered

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.conformance.hospital.actions import ordered
from yinyi_sandbox.hospital.diseases import DISEASES_EN


@pytest.mark.parametrize("way", ["procedures", "soap", "fhir"])
def test_doctors_and_bills_have_english_beside_their_own_words(postgres: EmbeddedPostgres, way: str) -> None:
    async def go() -> None:
        async with offered(way, postgres) as (_, stage):
            for doctor in await stage.schedules.practitioners():
                said = ", ".join(DISEASES_EN[each] for each in doctor.specialty.split("、"))
                assert doctor.specialty_en.lower() == said.lower()
                assert said in doctor.introduction_en
            names = {each.title: each.title_en for each in await ordered(stage)}
            assert names
            assert names.items() <= {"检验检查申请单": "Tests and examinations", "处方": "Prescription"}.items()

    asyncio.run(go())
