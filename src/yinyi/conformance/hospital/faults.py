"""Every port when the hospital is slow, has too much to do, breaks the line or is down: the truth about each call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from yinyi.business.billing.ports import Bills, ListsPostings
from yinyi.business.fiscal.ports import FiscalInvoices
from yinyi.business.identity.ports import PatientIndex
from yinyi.business.inpatient.ports import Inpatients, ListsDeposits
from yinyi.business.prepaid.ports import ListsCharges
from yinyi.business.reports.ports import ReportPictures, Reports
from yinyi.business.scheduling.ports import ChecksIn, KnowsMissed, ListsNumbers, Schedules, TellsChanges
from yinyi.conformance.behaviour import Script, equal, expect, raises
from yinyi.conformance.hospital.actions import EVER, fresh_schedule, soon, status, told
from yinyi.conformance.hospital.changes import CHANGES, Ask, Prepared
from yinyi.conformance.hospital.stage import Mishap, Stage, Verb, reference
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import Done, NotFound, NotSent, Outcome, Unknown

SCRIPT = Script(())
_TRIES = 8
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_NEVER = 1_000_000_000
"""A change that no hospital has come to."""
_AN_HOUR = (_LONG_AGO, _LONG_AGO + timedelta(hours=1))


@dataclass(frozen=True)
class Reading:
    port: type
    read: Callable[[Stage], Awaitable[object]]


@dataclass(frozen=True)
class Question:
    port: type
    ask: Callable[[Stage], Ask]


READINGS: dict[Verb, Reading] = {
    "find": Reading(PatientIndex, lambda stage: stage.patients.find("resident_card", "1")),
    "by_number": Reading(PatientIndex, lambda stage: stage.patients.by_number("1")),
    "slots": Reading(Schedules, lambda stage: stage.schedules.slots("1")),
    "visits": Reading(Schedules, lambda stage: stage.schedules.visits("1", 1)),
    "schedules": Reading(Schedules, lambda stage: stage.schedules.schedules("1", *EVER)),
    "numbers": Reading(ListsNumbers, lambda stage: stage.whole.numbers(*_AN_HOUR)),
    "session_changes": Reading(TellsChanges, lambda stage: stage.whole.session_changes(_NEVER)),
    "session_numbers": Reading(TellsChanges, lambda stage: stage.whole.session_numbers("1")),
    "missed": Reading(KnowsMissed, lambda stage: stage.whole.missed("nobody")),
    "invoices": Reading(Bills, lambda stage: stage.bills.invoices("1", "", *EVER, 5)),
    "invoice": Reading(Bills, lambda stage: stage.bills.invoice("1")),
    "invoice_lines": Reading(Bills, lambda stage: stage.bills.invoice_lines(["1"])),
    "postings": Reading(ListsPostings, lambda stage: stage.whole.postings(*_AN_HOUR)),
    "account_charges": Reading(ListsCharges, lambda stage: stage.charges.account_charges(*_AN_HOUR)),
    "stays": Reading(Inpatients, lambda stage: stage.inpatients.stays("1")),
    "stay": Reading(Inpatients, lambda stage: stage.inpatients.stay("1")),
    "stay_items": Reading(Inpatients, lambda stage: stage.inpatients.stay_items("1", *EVER)),
    "cost_days": Reading(Inpatients, lambda stage: stage.inpatients.cost_days("1")),
    "cost_categories": Reading(Inpatients, lambda stage: stage.inpatients.cost_categories("1")),
    "deposits": Reading(Inpatients, lambda stage: stage.inpatients.deposits("1")),
    "deposit_postings": Reading(ListsDeposits, lambda stage: stage.whole.deposit_postings(*_AN_HOUR)),
    "reports": Reading(Reports, lambda stage: stage.reports.reports("1", *EVER, 5)),
    "report": Reading(Reports, lambda stage: stage.reports.report("1")),
    "reports_of_tube": Reading(Reports, lambda stage: stage.reports.reports_of_tube("1")),
    "report_texts": Reading(Reports, lambda stage: stage.reports.report_texts("1")),
    "observations": Reading(Reports, lambda stage: stage.reports.observations("1", 1)),
    "trend": Reading(Reports, lambda stage: stage.reports.trend("1", "1", 5)),
    "report_pictures": Reading(ReportPictures, lambda stage: stage.pictures.report_pictures("1", 1)),
    "report_picture": Reading(ReportPictures, lambda stage: stage.pictures.report_picture("1", 1, 1)),
    "fiscal_invoices": Reading(FiscalInvoices, lambda stage: stage.fiscal.fiscal_invoices("1", *EVER)),
    "fiscal_file": Reading(FiscalInvoices, lambda stage: stage.fiscal.fiscal_file("1")),
}
QUESTIONS: dict[Verb, Question] = {
    "ask_created": Question(PatientIndex, lambda stage: lambda: stage.patients.ask_created("nobody")),
    "ask": Question(Schedules, lambda stage: lambda: stage.schedules.ask("nobody")),
    "ask_check_in": Question(ChecksIn, lambda stage: lambda: stage.whole.ask_check_in("nobody")),
    "ask_invoices": Question(Bills, lambda stage: lambda: stage.bills.ask_invoices("nobody")),
    "ask_invoice_refund": Question(Bills, lambda stage: lambda: stage.bills.ask_invoice_refund("nobody")),
    "ask_deposit": Question(Inpatients, lambda stage: lambda: stage.inpatients.ask_deposit("nobody")),
    "ask_fiscal_invoice": Question(FiscalInvoices, lambda stage: lambda: stage.fiscal.ask_fiscal_invoice("nobody")),
}


async def _state(prepared: Prepared) -> str:
    answer = await prepared.ask()
    return "done" if prepared.after == "done" and isinstance(answer, Done) else told(answer)


async def a_broken_line_is_unknown_and_asking_tells(stage: Stage, verb: Verb, mishap: Mishap) -> None:
    """Cut before it arrived, or on the way back: what asking tells is what happened, and again is once."""
    prepared = await CHANGES[verb].prepare(stage, False)
    await stage.mishap(verb, mishap)
    expect(await prepared.call(), Unknown)
    equal(await _state(prepared), prepared.after if mishap == "half" else prepared.before)
    expect(await prepared.call(), Done)
    equal(await _state(prepared), prepared.after)


async def no_answer_in_time_is_unknown_and_may_still_happen(stage: Stage, verb: Verb, mishap: Mishap) -> None:
    prepared = await CHANGES[verb].prepare(stage, True)
    await stage.mishap(verb, mishap)
    for _ in range(_TRIES):
        expect(await prepared.call(), Unknown)
        if await stage.struck():
            break
    await stage.settled()
    equal(await _state(prepared), prepared.after)


async def a_busy_hospital_has_surely_done_nothing(stage: Stage, verb: Verb) -> None:
    prepared = await CHANGES[verb].prepare(stage, False)
    await stage.mishap(verb, "busy")
    expect(await prepared.call(), NotSent)
    equal(await _state(prepared), prepared.before)
    expect(await prepared.call(), Done)
    equal(await _state(prepared), prepared.after)


async def a_hospital_that_is_down_is_not_reached(stage: Stage, verb: Verb) -> None:
    prepared = await CHANGES[verb].prepare(stage, False)
    await stage.line_down(True)
    outcomes: list[Outcome] = [await prepared.call() for _ in range(_TRIES)]
    for each in outcomes[:-1]:
        expect(each, NotSent, Unknown)  # the first ones may have met a line that was just breaking
    expect(outcomes[-1], NotSent)
    await stage.line_down(False)
    equal(await _state(prepared), prepared.before)
    expect(await prepared.call(), Done)
    equal(await _state(prepared), prepared.after)


async def a_reading_that_fails_says_that_the_hospital_is_unavailable(stage: Stage, verb: Verb) -> None:
    reading = READINGS[verb].read
    for mishap in stage.failures:
        await stage.mishap(verb, mishap)
        await raises(HospitalUnavailable, reading(stage))
        await reading(stage)
    await stage.line_down(True)
    await raises(HospitalUnavailable, reading(stage))
    await stage.line_down(False)
    await reading(stage)


async def asking_that_fails_tells_nothing(stage: Stage, verb: Verb) -> None:
    ask = QUESTIONS[verb].ask(stage)
    for mishap in stage.failures:
        await stage.mishap(verb, mishap)
        expect(await ask(), Unknown)
        expect(await ask(), NotFound)
    await stage.line_down(True)
    expect([await ask() for _ in range(_TRIES)][-1], NotSent)
    await stage.line_down(False)
    expect(await ask(), NotFound)


for _verb, _change in CHANGES.items():
    _port = (_change.port,)
    SCRIPT.behaviour([_verb], ["cut", "half"], also=_port)(a_broken_line_is_unknown_and_asking_tells)
    SCRIPT.behaviour([_verb], ["silent", "slow"], also=_port)(no_answer_in_time_is_unknown_and_may_still_happen)
    SCRIPT.behaviour([_verb], also=_port)(a_busy_hospital_has_surely_done_nothing)
    SCRIPT.behaviour([_verb], also=_port)(a_hospital_that_is_down_is_not_reached)
for _verb, _reading in READINGS.items():
    SCRIPT.behaviour([_verb], also=(_reading.port,))(a_reading_that_fails_says_that_the_hospital_is_unavailable)
for _verb, _question in QUESTIONS.items():
    SCRIPT.behaviour([_verb], also=(_question.port,))(asking_that_fails_tells_nothing)


@SCRIPT.behaviour(also=(Schedules,))
async def a_hold_that_comes_too_late_finds_the_door_shut(stage: Stage) -> None:
    schedule, ref, until = await fresh_schedule(stage), reference(), await soon(stage)
    [patient_no] = await stage.patient_numbers(1)
    await stage.mishap("hold", "slow")
    expect(await stage.hasty.hold(ref, schedule.schedule_id, "", patient_no, until), Unknown)
    expect(await stage.schedules.release(ref), Done)
    await stage.settled()
    equal(await status(stage.schedules, ref), "expired")


@SCRIPT.behaviour(also=(Schedules,))
async def a_line_that_broke_heals_by_itself(stage: Stage) -> None:
    await stage.line_down(True)
    await stage.line_down(False)
    for _ in range(_TRIES):
        try:
            await stage.schedules.visits("nobody", 10)
        except HospitalUnavailable:
            continue
        return
    equal(await stage.schedules.visits("nobody", 10), [])
