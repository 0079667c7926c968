"""``Bills``: what every connector to a hospital's outpatient invoices has to do."""

import asyncio
from datetime import datetime, timedelta

from yinyi.business.billing.ports import Bills
from yinyi.conformance.behaviour import Script, equal, expect, refused
from yinyi.conformance.hospital.actions import (
    EVER,
    as_it_is,
    chosen,
    is_other,
    ordered,
    posting_status,
    settle,
    soon,
    total,
)
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, Refused

SCRIPT = Script((Bills,))


@SCRIPT.behaviour()
async def an_invoice_is_the_sum_of_its_lines(stage: Stage) -> None:
    for invoice in await ordered(stage):
        lines = await stage.bills.invoice_lines([invoice.invoice_no])
        assert len(lines) == invoice.line_count > 0
        assert all(one.amount_fen == one.quantity * one.price_fen > 0 for one in lines)
        equal(sum(one.amount_fen for one in lines), invoice.total_fen)
        equal(await stage.bills.invoice(invoice.form_no), invoice)
        equal((invoice.state, invoice.version, invoice.busy), ("open", 1, False))
        assert is_other(invoice.title_en, invoice.title)


@SCRIPT.behaviour()
async def what_nobody_knows_is_nothing(stage: Stage) -> None:
    for number in ("", "nobody", "' OR 1=1 --", "9" * 400):
        assert await stage.bills.invoice(number) is None
        equal(await stage.bills.invoices(number, "", *EVER, 10), [])
        equal(await stage.bills.invoice_lines([number]), [])
        assert await posting_status(stage, number or reference()) == "none"
    equal(await stage.bills.invoice_lines([]), [])


@SCRIPT.behaviour()
async def held_then_paid(stage: Stage) -> None:
    ref, invoices, until = reference(), await ordered(stage), await soon(stage)
    outcome = await stage.bills.hold_invoices(ref, chosen(invoices), until)
    assert isinstance(outcome, Done), outcome
    equal((outcome.evidence["status"], outcome.evidence["amount_fen"]), ("held", total(invoices)))
    equal(datetime.fromisoformat(outcome.evidence["held_until"]), until)
    equal(await stage.bills.ask_invoices(ref), outcome)
    assert (await as_it_is(stage, invoices[0])).busy
    assert not await stage.hands.pay(invoices[0].invoice_no)
    outcome = await settle(stage, ref, invoices)
    assert isinstance(outcome, Done), outcome
    assert outcome.evidence["receipt_no"]
    assert outcome.evidence["places"]
    equal(len(outcome.evidence["places"]), len(outcome.evidence["places_en"]))
    for one in invoices:
        now = await as_it_is(stage, one)
        equal((now.state, now.payment_no, now.receipt_no), ("paid", f"P{ref}", outcome.evidence["receipt_no"]))
    assert await settle(stage, ref, invoices) == outcome == await stage.bills.ask_invoices(ref)


@SCRIPT.behaviour()
async def one_reference_is_one_payment(stage: Stage) -> None:
    ref, invoices = reference(), await ordered(stage)
    outcomes = await asyncio.gather(*(settle(stage, ref, invoices) for _ in range(5)))
    assert all(one == outcomes[0] and isinstance(one, Done) for one in outcomes)
    refused(await settle(stage, ref, invoices, "P-other"), "already_paid")
    refused(await settle(stage, ref, await ordered(stage)), "bad_request")
    elsewhere = await stage.bills.hold_invoices(ref, chosen(await ordered(stage)), await soon(stage))
    refused(elsewhere, "bad_request")


@SCRIPT.behaviour()
async def of_two_payers_at_once_one_pays(stage: Stage) -> None:
    invoices, refs = await ordered(stage), [reference() for _ in range(6)]
    outcomes = await asyncio.gather(*(settle(stage, ref, invoices) for ref in refs))
    equal([isinstance(one, Done) for one in outcomes].count(True), 1)
    assert {one.reason for one in outcomes if isinstance(one, Refused)} == {"already_paid"}
    at_window = await asyncio.gather(*(stage.hands.pay(one.invoice_no) for one in invoices))
    assert not any(at_window)


@SCRIPT.behaviour()
async def the_window_and_a_kiosk_pay_at_once(stage: Stage) -> None:
    for _ in range(4):
        invoices, ref = (await ordered(stage))[:1], reference()
        outcome, at_window = await asyncio.gather(settle(stage, ref, invoices), stage.hands.pay(invoices[0].invoice_no))
        assert isinstance(outcome, Done) != at_window
        if at_window:
            refused(outcome, "already_paid")
        equal((await as_it_is(stage, invoices[0])).state, "paid")


@SCRIPT.behaviour()
async def two_who_hold_the_same_in_another_order_do_not_wait_for_each_other(stage: Stage) -> None:
    until = await soon(stage)
    invoices = [one for _ in range(3) for one in await ordered(stage)]
    both = [chosen(invoices), chosen(invoices)[::-1]]
    outcomes = await asyncio.gather(
        *(stage.bills.hold_invoices(reference(), both[n % 2], until) for n in range(6))
    )  # fmt: skip
    equal([isinstance(one, Done) for one in outcomes].count(True), 1)
    assert {one.reason for one in outcomes if isinstance(one, Refused)} == {"held_elsewhere"}


@SCRIPT.behaviour()
async def a_bill_that_changes_while_it_is_paid_is_not_paid(stage: Stage) -> None:
    ref, invoices = reference(), await ordered(stage)
    expect(await stage.bills.hold_invoices(ref, chosen(invoices), await soon(stage)), Done)
    assert await stage.hands.change(invoices[0].invoice_no)
    equal(await posting_status(stage, ref), "expired")
    refused(await settle(stage, ref, invoices), "changed")
    equal({(await as_it_is(stage, one)).state for one in invoices}, {"open"})
    now = await as_it_is(stage, invoices[0])
    equal(now.version, invoices[0].version + 1)
    assert now.total_fen > invoices[0].total_fen
    expect(await stage.bills.hold_invoices(reference(), chosen([now]), await soon(stage)), Done)


@SCRIPT.behaviour()
async def a_change_and_a_payment_at_once_agree(stage: Stage) -> None:
    for _ in range(4):
        invoices, ref = (await ordered(stage))[:1], reference()
        outcome, was_changed = await asyncio.gather(
            settle(stage, ref, invoices), stage.hands.change(invoices[0].invoice_no)
        )
        now = await as_it_is(stage, invoices[0])
        if was_changed:
            refused(outcome, "changed")
            equal((now.state, now.version), ("open", 2))
        else:
            assert isinstance(outcome, Done), outcome
            equal((now.state, now.version, now.total_fen), ("paid", 1, invoices[0].total_fen))


@SCRIPT.behaviour()
async def all_or_none(stage: Stage) -> None:
    invoices = [*await ordered(stage), *await ordered(stage)]
    assert await stage.hands.pay(invoices[0].invoice_no)
    refused(await settle(stage, reference(), invoices), "already_paid")
    equal({(await as_it_is(stage, one)).state for one in invoices[1:]}, {"open"})
    assert await stage.hands.cancel(invoices[1].invoice_no)
    refused(await settle(stage, reference(), invoices[1:]), "expired")
    refused(await settle(stage, reference(), []), "bad_request")
    somebody, other = await stage.patient_numbers(2)
    theirs = [one for who in (somebody, other) for one in await stage.hands.order(who, "")]
    mixed = [one for number in theirs if (one := await stage.bills.invoice(number))]
    refused(await settle(stage, reference(), mixed), "bad_request")


@SCRIPT.behaviour([-1, 1, 2_000_000_000, -(10**6)])
async def another_amount_is_not_taken(stage: Stage, off_fen: int) -> None:
    invoices, at = await ordered(stage), await stage.now()
    amount = Fen(total(invoices) + off_fen)
    outcome = await stage.bills.settle_invoices(reference(), chosen(invoices), amount, "P1", "alipay", at)
    refused(outcome, "bad_request")
    equal({(await as_it_is(stage, one)).state for one in invoices}, {"open"})


@SCRIPT.behaviour()
async def a_hold_runs_out_and_somebody_else_pays(stage: Stage) -> None:
    ref, invoices = reference(), await ordered(stage)
    await stage.bills.hold_invoices(ref, chosen(invoices), await soon(stage, 1))
    refused(await settle(stage, reference(), invoices), "held_elsewhere")
    await stage.pass_time(timedelta(minutes=2))
    equal(await posting_status(stage, ref), "expired")
    expect(await settle(stage, reference(), invoices), Done)
    refused(await settle(stage, ref, invoices), "already_paid")


@SCRIPT.behaviour()
async def a_hold_that_has_run_out_harms_nobody_who_is_alone(stage: Stage) -> None:
    ref, invoices = reference(), await ordered(stage)
    await stage.bills.hold_invoices(ref, chosen(invoices), await soon(stage, 1))
    await stage.pass_time(timedelta(minutes=2))
    expect(await settle(stage, ref, invoices), Done)
