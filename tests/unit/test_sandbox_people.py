"""What the sandbox makes up: a hospital from a seed, and people with cards that can be read."""

from datetime import date
from typing import Any

import pytest

from yinyi.wire import gb11643, resident_card
from yinyi_sandbox.hospital import seed
from yinyi_sandbox.hospital.departments import DIVISIONS
from yinyi_sandbox.people.people import PEOPLE, person

TODAY = date(2026, 11, 23)


def test_the_same_seed_makes_the_same_hospital() -> None:
    assert seed.tables(1, TODAY) == seed.tables(1, TODAY)
    assert seed.tables(1, TODAY) != seed.tables(2, TODAY)


def test_the_hospital_is_large_enough() -> None:
    tables = seed.tables(1, TODAY)
    clinics = [clinic for division in DIVISIONS for clinic in division.clinics]
    assert len(clinics) >= 30
    assert len(tables["doctor"]) >= 200
    assert len(tables["patient"]) >= 300
    ranks = sorted(clinic.common_rank for clinic in clinics if clinic.common_rank)
    assert ranks == list(range(1, len(ranks) + 1))


def test_documents_of_the_made_up_are_valid() -> None:
    documents = {row[1] for row in seed.tables(1, TODAY)["patient_document"]}
    assert all(gb11643.is_valid(str(one)) for one in documents if not str(one).startswith("CAN"))
    names = "".join(str(row[2]) for row in seed.tables(1, TODAY)["patient"])
    assert {"䶮", "𠅤"} <= set(names)


@pytest.mark.parametrize("one", PEOPLE, ids=lambda one: one.key)
def test_every_card_can_be_read(one: Any) -> None:
    assert resident_card.decode(resident_card.encode(one.card)) == one.card
    assert person(one.key) == one
    if one.card.form != "permanent_2017":
        assert gb11643.is_valid(one.card.number)
        assert gb11643.born_on(one.card.number) == one.card.born_on
        assert gb11643.sex(one.card.number) == one.card.sex


def test_the_people_of_the_demo_cover_the_hard_cases() -> None:
    assert len(PEOPLE) >= 12
    assert len({one.key for one in PEOPLE}) == len(PEOPLE)
    assert {one.card.number[:2] for one in PEOPLE if one.kind == "hmt_resident_card"} == {"81", "82", "83"}
    assert {one.card.form for one in PEOPLE} == {"resident", "hmt", "permanent_2017", "permanent_2023"}
    assert {len(one.records) for one in PEOPLE} == {0, 1, 2}
    assert any(len(record.visits) > 3 for one in PEOPLE for record in one.records)
