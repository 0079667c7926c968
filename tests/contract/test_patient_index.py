"""``PatientIndex``: what every connector to a hospital's master index has to do, whatever the hospital does."""

import asyncio
from datetime import date
from typing import Any

import msgspec
import pytest
from hospital_offers import OFFERED
from hospital_stage import Mishap, Play, Stage, plays, reference

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.identity.model import Person
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import Done, NotFound, NotSent, Outcome, Refused, Unknown
from yinyi.wire import gb11643
from yinyi_sandbox.people.people import PEOPLE, DemoPerson


@pytest.fixture(params=OFFERED)
def play(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Play:
    """Runs a scene on the stage of each connector."""
    return plays(OFFERED[request.param], postgres)


def newcomer(name: str = "钱多多") -> Person:
    """Somebody whom no hospital knows."""
    number = gb11643.number_of("510199", date(2001, 2, 3), int(reference()[1:]) % 1000)
    return Person(kind="resident_card", number=number, name=name, sex="male", born_on=date(2001, 2, 3))


def number_in(outcome: Outcome) -> str:
    assert isinstance(outcome, Done), outcome
    return outcome.evidence["patient_no"]


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.key)
def test_everybody_with_a_record_is_found_by_his_card(play: Play, person: DemoPerson) -> None:
    async def scene(stage: Stage) -> None:
        found = await stage.patients.find(person.kind, person.card.number)
        numbers = [one.patient_no for one in found]
        assert numbers == sorted(record.patient_no for record in person.records)
        for one in found:
            assert (one.name, one.sex, one.born_on) == (person.name, person.card.sex, person.card.born_on)
            assert await stage.patients.by_number(one.patient_no) == one
            assert await stage.patients.find("hospital_number", one.patient_no) == [one]

    play(scene)


@pytest.mark.parametrize("number", ["", "11010519491231002X", "' OR 1=1 --", "<script>", "䶮㛃𠅤", "9" * 500])
def test_nobody_is_found_by_what_is_nobodys(play: Play, number: str) -> None:
    async def scene(stage: Stage) -> None:
        assert await stage.patients.find("resident_card", number) == []
        assert await stage.patients.find("wechat", number) == []
        assert await stage.patients.by_number(number) is None

    play(scene)


def test_a_first_visit_makes_a_number(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        person, ref = newcomer(), reference()
        assert isinstance(await stage.patients.ask_created(ref), NotFound)
        first = await stage.patients.create(ref, person)
        assert await stage.patients.create(ref, person) == first
        assert await stage.patients.ask_created(ref) == first
        [record] = await stage.patients.find(person.kind, person.number)
        assert record.patient_no == number_in(first)
        assert (record.name, record.sex, record.born_on) == (person.name, person.sex, person.born_on)

    play(scene)


def test_an_old_number_is_kept(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        known = next(one for one in PEOPLE if len(one.records) == 1)
        person = Person(kind=known.kind, number=known.card.number, name=known.name)
        outcome = await stage.patients.create(reference(), person)
        assert number_in(outcome) == known.records[0].patient_no
        stranger = msgspec.structs.replace(person, name="别人")
        refused = await stage.patients.create(reference(), stranger)
        assert isinstance(refused, Refused)
        assert refused.reason == "not_permitted"

    play(scene)


def test_two_at_once_get_one_number(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        person = newcomer()
        outcomes = await asyncio.gather(*(stage.patients.create(reference(), person) for _ in range(8)))
        assert len({number_in(one) for one in outcomes}) == 1
        assert len(await stage.patients.find(person.kind, person.number)) == 1

    play(scene)


@pytest.mark.parametrize(
    "name", ["刘䶮", "赵㛃", "周𠅤文", "<b>王</b>'; DROP TABLE his.patient; --", "阿卜杜热西提·买买提"]
)
def test_any_name_comes_back_as_it_was(play: Play, name: str) -> None:
    async def scene(stage: Stage) -> None:
        person = msgspec.structs.replace(newcomer(name), address=name, phone="13900000000")
        number = number_in(await stage.patients.create(reference(), person))
        record = await stage.patients.by_number(number)
        assert record is not None
        assert (record.name, record.phone) == (name, "13900000000")

    play(scene)


@pytest.mark.parametrize("change", [{"name": ""}, {"number": ""}, {"kind": "face"}, {"name": "\0"}, {"name": "\ud800"}])
def test_who_is_nobody_gets_no_number(play: Play, change: dict[str, Any]) -> None:
    async def scene(stage: Stage) -> None:
        ref = reference()
        outcome = await stage.patients.create(ref, msgspec.structs.replace(newcomer(), **change))
        assert isinstance(outcome, Refused)
        assert outcome.reason == "bad_request"
        assert isinstance(await stage.patients.ask_created(ref), NotFound)

    play(scene)


@pytest.mark.parametrize(("mishap", "happened"), [("cut", False), ("lost", True)])
def test_a_broken_line_is_unknown_and_asking_tells(play: Play, mishap: Mishap, happened: bool) -> None:
    async def scene(stage: Stage) -> None:
        person, ref = newcomer(), reference()
        await stage.mishap("create", mishap)
        assert isinstance(await stage.patients.create(ref, person), Unknown)
        answer = await stage.patients.ask_created(ref)
        assert isinstance(answer, Done if happened else NotFound)
        again = await stage.patients.create(ref, person)
        assert isinstance(again, Done)
        assert not happened or again == answer

    play(scene)


def test_a_busy_hospital_has_surely_done_nothing(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        person, ref = newcomer(), reference()
        await stage.mishap("create", "refuse")
        assert isinstance(await stage.patients.create(ref, person), NotSent)
        assert isinstance(await stage.patients.ask_created(ref), NotFound)

    play(scene)


@pytest.mark.parametrize("mishap", ["cut", "lost", "refuse"])
def test_reading_that_fails_says_that_the_hospital_is_unavailable(play: Play, mishap: Mishap) -> None:
    async def scene(stage: Stage) -> None:
        await stage.mishap("find", mishap)
        with pytest.raises(HospitalUnavailable):
            await stage.patients.find("resident_card", "1")
        await stage.mishap("by_number", mishap)
        with pytest.raises(HospitalUnavailable):
            await stage.patients.by_number("1")
        await stage.mishap("ask_created", mishap)
        assert isinstance(await stage.patients.ask_created("T1"), Unknown)

    play(scene)


def test_a_hospital_that_is_down_is_not_reached(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        person, ref = newcomer(), reference()
        await stage.line_down(True)
        assert isinstance(await stage.patients.create(ref, person), NotSent)
        assert isinstance(await stage.patients.ask_created(ref), NotSent)
        with pytest.raises(HospitalUnavailable):
            await stage.patients.find("resident_card", person.number)
        await stage.line_down(False)
        assert isinstance(await stage.patients.create(ref, person), Done)

    play(scene)
