"""``PatientIndex``: what every connector to a hospital's master index has to do, whatever the hospital does."""

import asyncio
from typing import Any

import msgspec

from yinyi.business.identity.ports import PatientIndex
from yinyi.conformance.behaviour import Script, equal, expect
from yinyi.conformance.hospital.changes import newcomer
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.outcome import Done, NotFound, Outcome, Refused

SCRIPT = Script((PatientIndex,))


def number_in(outcome: Outcome) -> str:
    assert isinstance(outcome, Done), outcome
    return outcome.evidence["patient_no"]


@SCRIPT.behaviour(["", "11010519491231002X", "' OR 1=1 --", "<script>", "䶮㛃𠅤", "9" * 500])
async def nobody_is_found_by_what_is_nobodys(stage: Stage, number: str) -> None:
    equal(await stage.patients.find("resident_card", number), [])
    equal(await stage.patients.find("wechat", number), [])
    assert await stage.patients.by_number(number) is None


@SCRIPT.behaviour()
async def a_first_visit_makes_a_number(stage: Stage) -> None:
    person, ref = newcomer(), reference()
    expect(await stage.patients.ask_created(ref), NotFound)
    first = await stage.patients.create(ref, person)
    equal(await stage.patients.create(ref, person), first)
    equal(await stage.patients.ask_created(ref), first)
    [record] = await stage.patients.find(person.kind, person.number)
    equal(record.patient_no, number_in(first))
    equal((record.name, record.sex, record.born_on), (person.name, person.sex, person.born_on))


@SCRIPT.behaviour()
async def two_at_once_get_one_number(stage: Stage) -> None:
    person = newcomer()
    outcomes = await asyncio.gather(*(stage.patients.create(reference(), person) for _ in range(8)))
    equal(len({number_in(one) for one in outcomes}), 1)
    equal(len(await stage.patients.find(person.kind, person.number)), 1)


@SCRIPT.behaviour(["刘䶮", "赵㛃", "周𠅤文", "<b>王</b>'; DROP TABLE his.patient; --", "阿卜杜热西提·买买提"])
async def any_name_comes_back_as_it_was(stage: Stage, name: str) -> None:
    person = msgspec.structs.replace(newcomer(name), address=name, phone="13900000000")
    number = number_in(await stage.patients.create(reference(), person))
    record = await stage.patients.by_number(number)
    assert record is not None
    equal((record.name, record.phone), (name, "13900000000"))


@SCRIPT.behaviour([{"name": ""}, {"number": ""}, {"kind": "face"}, {"name": "\0"}, {"name": "\ud800"}])
async def who_is_nobody_gets_no_number(stage: Stage, change: dict[str, Any]) -> None:
    ref = reference()
    outcome = await stage.patients.create(ref, msgspec.structs.replace(newcomer(), **change))
    assert isinstance(outcome, Refused), outcome
    equal(outcome.reason, "bad_request")
    expect(await stage.patients.ask_created(ref), NotFound)
