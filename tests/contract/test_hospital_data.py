"""What the sandbox hospital has on record comes over every connector as it is."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hospital_stage import OFFERED, offered

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.billing.model import Invoice
from yinyi.business.identity.model import Person
from yinyi.conformance.behaviour import refused
from yinyi.conformance.hospital.actions import EVER, confirmed, fresh_schedule
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.outcome import Done
from yinyi_sandbox.people.people import PEOPLE

WITH_VISITS = "083214"
SETTLED_LONG_AGO = "083214"
WITH_A_PAST = "2016000002"
Scene = Callable[[Stage], Coroutine[Any, Any, None]]


async def everybody_with_a_record_is_found_by_his_card(stage: Stage) -> None:
    for person in PEOPLE:
        found = await stage.patients.find(person.kind, person.card.number)
        numbers = [one.patient_no for one in found]
        assert numbers == sorted(record.patient_no for record in person.records), person.key
        for one in found:
            assert (one.name, one.sex, one.born_on) == (person.name, person.card.sex, person.card.born_on)
            assert await stage.patients.by_number(one.patient_no) == one
            assert await stage.patients.find("hospital_number", one.patient_no) == [one]


async def an_old_number_is_kept(stage: Stage) -> None:
    known = next(one for one in PEOPLE if len(one.records) == 1)
    person = Person(kind=known.kind, number=known.card.number, name=known.name)
    outcome = await stage.patients.create(reference(), person)
    assert isinstance(outcome, Done)
    assert outcome.evidence["patient_no"] == known.records[0].patient_no
    stranger = msgspec.structs.replace(person, name="别人")
    refused(await stage.patients.create(reference(), stranger), "not_permitted")


async def visits_are_newest_first(stage: Stage) -> None:
    visits = await stage.schedules.visits(WITH_VISITS, 10)
    assert len(visits) == 4
    assert visits == sorted(visits, key=lambda one: one.visited_on, reverse=True)
    assert await stage.schedules.visits(WITH_VISITS, 2) == visits[:2]
    assert await stage.schedules.visits("nobody", 10) == []


async def open_invoices_are_listed_newest_first_and_no_more_than_asked_for(stage: Stage) -> None:
    [patient_no] = await stage.patient_numbers(1)
    everything = await stage.bills.invoices(patient_no, "open", *EVER, 1000)
    assert len(everything) > 100
    assert [one.ordered_at for one in everything] == sorted((one.ordered_at for one in everything), reverse=True)
    assert await stage.bills.invoices(patient_no, "open", *EVER, 3) == everything[:3]
    assert {one.state for one in everything} == {"open"}
    assert {one.patient_no for one in everything} == {patient_no}
    day = everything[-1].ordered_at.astimezone().date()
    some = await stage.bills.invoices(patient_no, "open", day - timedelta(days=1), day, 1000)
    assert 0 < len(some) < len(everything)


async def what_looks_like_markup_comes_as_it_is(stage: Stage) -> None:
    _, strange = await stage.patient_numbers(2)
    found = await stage.bills.invoices(strange, "open", *EVER, 50)
    lines = await stage.bills.invoice_lines([one.invoice_no for one in found])
    remarks = "".join(line.remark for line in lines)
    assert "<script>" in remarks
    assert "𠅤" in remarks
    assert any("<b>" in one.title for one in found)
    assert any(one.line_count == 0 and one.total_fen == 0 for one in found)


async def a_registration_becomes_an_order_after_the_visit(stage: Stage) -> None:
    schedule, patient_no = await fresh_schedule(stage), (await stage.patient_numbers(30))[-1]
    told = await stage.schedules.ask(await confirmed(stage, schedule, patient_no))
    assert isinstance(told, Done)

    async def of_this_visit() -> list[Invoice]:
        found = await stage.bills.invoices(patient_no, "open", *EVER, 1000)
        return [one for one in found if one.registration_no == told.evidence["registration_no"]]

    await stage.hands.work()
    assert await of_this_visit() == []
    await stage.pass_time(schedule.starts_at - await stage.now() + timedelta(hours=1))
    await stage.hands.work()
    made = await of_this_visit()
    assert {(one.department_id, one.practitioner_id) for one in made} == {
        (schedule.department_id, schedule.practitioner_id)
    }
    await stage.hands.work()
    assert await of_this_visit() == made


async def one_day_of_a_stay_is_one_day(stage: Stage) -> None:
    [stay, *_] = await stage.inpatients.stays(SETTLED_LONG_AGO)
    assert stay.state == "settled"
    days = await stage.inpatients.cost_days(stay.admission_no)
    one = days[1]
    items = await stage.inpatients.stay_items(stay.admission_no, one.charged_on, one.charged_on)
    assert {item.charged_on for item in items} == {one.charged_on}
    assert sum(item.amount_fen for item in items) == one.amount_fen
    assert one.running_fen == days[0].running_fen + one.amount_fen


async def a_very_long_stay_and_an_empty_one(stage: Stage) -> None:
    long, empty = await stage.patient_numbers(2)
    first = min(await stage.inpatients.stays(long), key=lambda stay: stay.admitted_at)
    assert len(await stage.inpatients.cost_days(first.admission_no)) > 100
    stay = min(await stage.inpatients.stays(empty), key=lambda stay: stay.admitted_at)
    assert stay.deposit_fen == 0


async def reports_of_the_past_are_listed_newest_first(stage: Stage) -> None:
    found = await stage.reports.reports(WITH_A_PAST, *EVER, 1000)
    assert len(found) > 5
    assert [one.requested_at for one in found] == sorted((one.requested_at for one in found), reverse=True)
    assert await stage.reports.reports(WITH_A_PAST, *EVER, 2) == found[:2]
    assert {one.patient_no for one in found} == {WITH_A_PAST}
    assert await stage.reports.reports("nobody", *EVER, 5) == []


async def a_trend_is_of_one_analyte_and_one_patient(stage: Stage) -> None:
    found = [one for one in await stage.reports.reports(WITH_A_PAST, *EVER, 1000) if one.kind == "laboratory"]
    [code, *_] = [one.analyte_code for one in await stage.reports.observations(found[0].order_no, 1)]
    trend = await stage.reports.trend(WITH_A_PAST, code, 50)
    assert found[0].order_no in {one.order_no for one in trend}
    assert [one.sampled_at for one in trend] == sorted((one.sampled_at for one in trend), reverse=True)
    assert await stage.reports.trend(WITH_A_PAST, code, 1) == trend[:1]
    assert await stage.reports.trend(WITH_A_PAST, "nothing", 50) == []


SCENES: list[Scene] = [
    everybody_with_a_record_is_found_by_his_card,
    an_old_number_is_kept,
    visits_are_newest_first,
    open_invoices_are_listed_newest_first_and_no_more_than_asked_for,
    what_looks_like_markup_comes_as_it_is,
    a_registration_becomes_an_order_after_the_visit,
    one_day_of_a_stay_is_one_day,
    a_very_long_stay_and_an_empty_one,
    reports_of_the_past_are_listed_newest_first,
    a_trend_is_of_one_analyte_and_one_patient,
]


@pytest.mark.parametrize("way", OFFERED)
def test_what_is_on_record_comes_as_it_is(postgres: EmbeddedPostgres, way: str) -> None:
    async def go() -> None:
        async with offered(way, postgres) as (_, stage):
            for scene in SCENES:
                await scene(stage)

    asyncio.run(go())
