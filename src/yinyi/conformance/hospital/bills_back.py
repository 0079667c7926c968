"""``Bills``: what is released, given back, and told of afterwards."""

import asyncio
from datetime import timedelta

from yinyi.business.billing.ports import Bills, ListsPostings
from yinyi.business.prepaid.ports import ListsCharges
from yinyi.conformance.behaviour import Script, equal, expect, refused
from yinyi.conformance.hospital.actions import (
    as_it_is,
    chosen,
    ordered,
    paid,
    posting_status,
    settle,
    soon,
    total,
)
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound

SCRIPT = Script((Bills,))


@SCRIPT.behaviour(["held", "paid"])
async def released_as_if_it_had_never_been(stage: Stage, first: str) -> None:
    ref, invoices = reference(), await ordered(stage)
    if first == "held":
        await stage.bills.hold_invoices(ref, chosen(invoices), await soon(stage))
    else:
        await settle(stage, ref, invoices)
    outcomes = [await stage.bills.release_invoices(ref) for _ in range(2)]
    assert all(isinstance(one, Done) for one in outcomes)
    equal(await posting_status(stage, ref), "expired")
    refused(await settle(stage, ref, invoices), "expired")
    expect(await settle(stage, reference(), invoices), Done)
    expect(await stage.bills.release_invoices(ref), Done)
    equal({(await as_it_is(stage, one)).state for one in invoices}, {"paid"})


@SCRIPT.behaviour()
async def what_was_released_before_it_came_finds_the_door_shut(stage: Stage) -> None:
    ref, invoices = reference(), await ordered(stage)
    expect(await stage.bills.release_invoices(ref), Done)
    refused(await settle(stage, ref, invoices), "expired")
    refused(await stage.bills.hold_invoices(ref, chosen(invoices), await soon(stage)), "expired")


@SCRIPT.behaviour()
async def what_was_done_is_not_undone(stage: Stage) -> None:
    ref, invoices = await paid(stage)
    assert await stage.hands.perform(invoices[0].invoice_no)
    refused(await stage.bills.release_invoices(ref), "not_refundable")
    whole = await stage.bills.refund_invoice(reference(), invoices[0].invoice_no, None, invoices[0].total_fen)
    refused(whole, "not_refundable")
    equal(await posting_status(stage, ref), "paid")


@SCRIPT.behaviour()
async def given_back_whole_or_by_line(stage: Stage) -> None:
    ref, invoices = await paid(stage)
    invoice = max(invoices, key=lambda one: one.line_count)
    lines = await stage.bills.invoice_lines([invoice.invoice_no])
    one, back = lines[0], reference()
    outcomes = await asyncio.gather(
        *(stage.bills.refund_invoice(back, invoice.invoice_no, [one.line_no], one.amount_fen) for _ in range(3))
    )
    assert all(isinstance(told, Done) and told.evidence["refunded_fen"] == one.amount_fen for told in outcomes)
    equal(await stage.bills.ask_invoice_refund(back), outcomes[0])
    equal((await as_it_is(stage, invoice)).refunded_fen, one.amount_fen)
    again = await stage.bills.refund_invoice(reference(), invoice.invoice_no, [one.line_no], one.amount_fen)
    refused(again, "not_refundable")
    refused(await stage.bills.release_invoices(ref), "not_refundable")
    rest = [line.line_no for line in lines[1:]]
    left = Fen(invoice.total_fen - one.amount_fen)
    if rest:
        expect(await stage.bills.refund_invoice(reference(), invoice.invoice_no, rest, left), Done)
    equal((await as_it_is(stage, invoice)).state, "refunded")


@SCRIPT.behaviour()
async def no_more_goes_back_than_was_paid(stage: Stage) -> None:
    _, [invoice, *_] = await paid(stage)
    number, fen = invoice.invoice_no, invoice.total_fen
    outcomes = await asyncio.gather(
        *(stage.bills.refund_invoice(reference(), number, None, fen) for _ in range(4)), stage.hands.refund(number)
    )
    assert sum(isinstance(one, Done) or one is True for one in outcomes) == 1
    equal((await as_it_is(stage, invoice)).refunded_fen, fen)


@SCRIPT.behaviour()
async def refunds_that_do_not_fit_are_refused(stage: Stage) -> None:
    _, [invoice, *_] = await paid(stage)
    [unpaid, *_] = await ordered(stage)
    number, fen, back = invoice.invoice_no, invoice.total_fen, reference()
    refund = stage.bills.refund_invoice
    refused(await refund(reference(), number, None, Fen(fen - 1)), "bad_request")
    refused(await refund(reference(), number, [999], fen), "bad_request")
    refused(await refund(reference(), number, [], fen), "bad_request")
    refused(await refund(reference(), unpaid.invoice_no, None, unpaid.total_fen), "not_refundable")
    refused(await refund(reference(), "nobody", None, fen), "bad_request")
    expect(await stage.bills.ask_invoice_refund(back), NotFound)
    expect(await refund(back, number, None, fen), Done)
    refused(await refund(back, number, None, Fen(fen - 1)), "bad_request")


@SCRIPT.behaviour(also=(ListsPostings,))
async def what_was_posted_is_told(stage: Stage) -> None:
    since = await stage.now()
    ref, invoices = await paid(stage)
    back, [first, *_] = reference(), invoices
    await stage.bills.refund_invoice(back, first.invoice_no, None, first.total_fen)
    assert isinstance(stage.bills, ListsPostings)
    found = {one.reference: one for one in await stage.bills.postings(since, await stage.now())}
    assert (found[ref].kind, found[ref].amount_fen, found[ref].payment_no) == (
        "payment",
        total(invoices),
        f"P{ref}",
    )
    equal(set(found[ref].invoice_nos), {one.invoice_no for one in invoices})
    equal((found[back].kind, found[back].amount_fen), ("refund", first.total_fen))


@SCRIPT.behaviour(also=(ListsCharges,))
async def what_was_charged_to_accounts_is_told_once_and_in_its_time(stage: Stage) -> None:
    since, ref = await stage.now(), reference()
    [patient_no] = await stage.patient_numbers(1)
    for _ in range(2):
        assert await stage.hands.charge_account(patient_no, ref, 1_250)
    until = await stage.now()
    [found] = [each for each in await stage.charges.account_charges(since, until) if each.charge_no == ref]
    equal((found.patient_no, found.amount_fen, found.returned_fen), (patient_no, 1_250, 0))
    assert found.institution_id
    assert since <= found.charged_at <= until
    before = await stage.charges.account_charges(since - timedelta(hours=2), since - timedelta(hours=1))
    assert ref not in {each.charge_no for each in before}
