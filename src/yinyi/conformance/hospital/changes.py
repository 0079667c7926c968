"""Everything that changes something in a hospital, prepared so that it can go wrong."""

import itertools
import secrets
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import NamedTuple

from yinyi.business.billing.ports import Bills
from yinyi.business.fiscal.ports import FiscalInvoices
from yinyi.business.identity.model import Person
from yinyi.business.identity.ports import PatientIndex
from yinyi.business.inpatient.ports import Inpatients
from yinyi.business.scheduling.ports import ChecksIn, ReturnsLater, Schedules
from yinyi.conformance.behaviour import expect
from yinyi.conformance.hospital import actions
from yinyi.conformance.hospital.actions import arrived, chosen, confirmed, fresh_schedule, held, ordered, soon, total
from yinyi.conformance.hospital.stage import Stage, Verb, reference
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Outcome
from yinyi.wire import gb11643

_births = itertools.count(1)
_FIRST_DAY = date(1950, 1, 1) + timedelta(days=secrets.randbelow(14_000))
"""A hospital that stays where it is has seen the newcomers of other runs."""
Call = Callable[[], Awaitable[Outcome]]
Ask = Callable[[], Awaitable[Answer]]


class Prepared(NamedTuple):
    """The call, the question about it, and what that tells before and after it took effect: its status, or ``done``."""

    call: Call
    ask: Ask
    before: str
    after: str


class Change(NamedTuple):
    """``prepare(stage, hasty)``: by the connector that is soon out of patience, or the other one."""

    port: type
    prepare: Callable[[Stage, bool], Awaitable[Prepared]]


def newcomer(name: str = "钱多多") -> Person:
    """Somebody whom no hospital knows: a thousand are born on a day."""
    days, sequence = divmod(next(_births), 1000)
    born_on = _FIRST_DAY + timedelta(days=days)
    number = gb11643.number_of("510199", born_on, sequence)
    return Person(kind="resident_card", number=number, name=name, sex="male", born_on=born_on)


async def _hold(stage: Stage, hasty: bool) -> Prepared:
    ports, schedule = stage.hasty if hasty else stage.schedules, await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref, until = reference(), await soon(stage)

    async def call() -> Outcome:
        return await ports.hold(ref, schedule.schedule_id, "", patient_no, until)

    return Prepared(call, lambda: stage.schedules.ask(ref), "none", "held")


async def _confirm(stage: Stage, hasty: bool) -> Prepared:
    ports, schedule = stage.hasty if hasty else stage.schedules, await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref, paid_at = await held(stage, schedule, patient_no), await stage.now()

    async def call() -> Outcome:
        return await ports.confirm(ref, "P1", schedule.fee_fen, paid_at)

    return Prepared(call, lambda: stage.schedules.ask(ref), "held", "confirmed")


async def _release(stage: Stage, hasty: bool) -> Prepared:
    ports, schedule = stage.hasty if hasty else stage.schedules, await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref = await confirmed(stage, schedule, patient_no)
    return Prepared(lambda: ports.release(ref), lambda: stage.schedules.ask(ref), "confirmed", "expired")


async def _extend(stage: Stage, hasty: bool) -> Prepared:
    ports, schedule = stage.hasty if hasty else stage.schedules, await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref, until = await held(stage, schedule, patient_no), await soon(stage, 20)
    return Prepared(lambda: ports.extend(ref, until), lambda: stage.schedules.ask(ref), "held", "held")


async def _give_back(stage: Stage, hasty: bool) -> Prepared:
    ports, schedule = stage.hasty_whole if hasty else stage.whole, await fresh_schedule(stage)
    [patient_no] = await stage.patient_numbers(1)
    ref, free_at = await confirmed(stage, schedule, patient_no), await soon(stage)
    return Prepared(lambda: ports.give_back(ref, free_at), lambda: stage.schedules.ask(ref), "confirmed", "expired")


async def _due(stage: Stage) -> str:
    """A number whose time has come."""
    [patient_no] = await stage.patient_numbers(1)
    number = await confirmed(stage, await fresh_schedule(stage), patient_no)
    await arrived(stage, number)
    return number


async def _check_in(stage: Stage, hasty: bool) -> Prepared:
    ports, number, ref = stage.hasty_whole if hasty else stage.whole, await _due(stage), reference()
    return Prepared(lambda: ports.check_in(ref, number), lambda: stage.whole.ask_check_in(ref), "none", "done")


async def _undo_check_in(stage: Stage, hasty: bool) -> Prepared:
    ports, number, ref = stage.hasty_whole if hasty else stage.whole, await _due(stage), reference()
    expect(await stage.whole.check_in(ref, number), Done)
    return Prepared(lambda: ports.undo_check_in(ref), lambda: stage.whole.ask_check_in(ref), "confirmed", "expired")


async def _create(stage: Stage, hasty: bool) -> Prepared:
    ports, person, ref = stage.hasty_patients if hasty else stage.patients, newcomer(), reference()
    return Prepared(lambda: ports.create(ref, person), lambda: stage.patients.ask_created(ref), "none", "done")


async def _hold_invoices(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_bills if hasty else stage.bills
    ref, these, until = reference(), chosen(await ordered(stage)), await soon(stage)
    return Prepared(
        lambda: ports.hold_invoices(ref, these, until), lambda: stage.bills.ask_invoices(ref), "none", "held"
    )


async def _settle_invoices(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_bills if hasty else stage.bills
    ref, invoices, at = reference(), await ordered(stage), await stage.now()
    these, fen = chosen(invoices), total(invoices)
    return Prepared(
        lambda: ports.settle_invoices(ref, these, fen, "P1", "alipay", at),
        lambda: stage.bills.ask_invoices(ref),
        *("none", "paid"),
    )


async def _release_invoices(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_bills if hasty else stage.bills
    ref, _ = await actions.paid(stage)
    return Prepared(lambda: ports.release_invoices(ref), lambda: stage.bills.ask_invoices(ref), "paid", "expired")


async def _refund_invoice(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_bills if hasty else stage.bills
    (_, [paid, *_]), back = await actions.paid(stage), reference()
    return Prepared(
        lambda: ports.refund_invoice(back, paid.invoice_no, None, paid.total_fen),
        lambda: stage.bills.ask_invoice_refund(back),
        *("none", "done"),
    )


async def _post_deposit(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_inpatients if hasty else stage.inpatients
    stay, ref, at = await actions.admitted(stage), reference(), await stage.now()
    return Prepared(
        lambda: ports.post_deposit(ref, stay.admission_no, Fen(7), "P1", "alipay", at),
        lambda: stage.inpatients.ask_deposit(ref),
        *("none", "posted"),
    )


async def _reverse_deposit(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_inpatients if hasty else stage.inpatients
    stay, ref = await actions.admitted(stage), reference()
    expect(await actions.deposit(stage, ref, stay, 7), Done)
    return Prepared(lambda: ports.reverse_deposit(ref), lambda: stage.inpatients.ask_deposit(ref), "posted", "expired")


async def _return_deposit(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_inpatients if hasty else stage.inpatients
    (_, deposit), ref = await actions.settled(stage, 100_000), reference()
    return Prepared(
        lambda: ports.return_deposit(ref, deposit, Fen(1)), lambda: stage.inpatients.ask_deposit(ref), "none", "posted"
    )


async def _issue(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_fiscal if hasty else stage.fiscal
    await stage.hands.receipts_take(0)
    ref, [patient_no], at = reference(), await stage.patient_numbers(1), await stage.now()
    return Prepared(
        lambda: ports.issue_fiscal_invoice(ref, "P1", patient_no, "x", Fen(1000), at),
        lambda: stage.fiscal.ask_fiscal_invoice(ref),
        *("none", "done"),
    )


async def _reverse_receipt(stage: Stage, hasty: bool) -> Prepared:
    ports = stage.hasty_fiscal if hasty else stage.fiscal
    of, ref = await actions.issued(stage), reference()
    return Prepared(
        lambda: ports.reverse_fiscal_invoice(ref, of, Fen(300), "x"),
        lambda: stage.fiscal.ask_fiscal_invoice(ref),
        *("none", "done"),
    )


async def _mark(stage: Stage, hasty: bool) -> Prepared:
    ports, ref = stage.hasty_fiscal if hasty else stage.fiscal, await actions.issued(stage)

    async def ask() -> Answer:
        answer = expect(await stage.fiscal.ask_fiscal_invoice(ref), Done)
        return answer if answer.evidence["printed"] else NotFound()

    return Prepared(lambda: ports.mark_fiscal_printed(ref), ask, "none", "done")


CHANGES: dict[Verb, Change] = {
    "create": Change(PatientIndex, _create),
    "hold": Change(Schedules, _hold),
    "extend": Change(Schedules, _extend),
    "confirm": Change(Schedules, _confirm),
    "release": Change(Schedules, _release),
    "give_back": Change(ReturnsLater, _give_back),
    "check_in": Change(ChecksIn, _check_in),
    "undo_check_in": Change(ChecksIn, _undo_check_in),
    "hold_invoices": Change(Bills, _hold_invoices),
    "settle_invoices": Change(Bills, _settle_invoices),
    "release_invoices": Change(Bills, _release_invoices),
    "refund_invoice": Change(Bills, _refund_invoice),
    "post_deposit": Change(Inpatients, _post_deposit),
    "reverse_deposit": Change(Inpatients, _reverse_deposit),
    "return_deposit": Change(Inpatients, _return_deposit),
    "issue_fiscal_invoice": Change(FiscalInvoices, _issue),
    "reverse_fiscal_invoice": Change(FiscalInvoices, _reverse_receipt),
    "mark_fiscal_printed": Change(FiscalInvoices, _mark),
}
