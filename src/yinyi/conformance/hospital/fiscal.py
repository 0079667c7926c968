"""``FiscalInvoices``: what every connector to a hospital's electronic receipts has to do."""

import asyncio
import hashlib
from datetime import timedelta

from yinyi.business.fiscal.ports import FiscalInvoices
from yinyi.conformance.behaviour import Script, equal, expect, refused
from yinyi.conformance.hospital.actions import EVER, issue, issued
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound, Waiting

SCRIPT = Script((FiscalInvoices,))


@SCRIPT.behaviour()
async def it_is_issued_once_however_often_it_is_asked_for(stage: Stage) -> None:
    ref = reference()
    await stage.hands.receipts_take(0)
    outcomes = await asyncio.gather(*(issue(stage, ref) for _ in range(4)))
    first = outcomes[0]
    assert isinstance(first, Done), first
    assert all(one == first for one in outcomes)
    equal(await stage.fiscal.ask_fiscal_invoice(ref), first)
    told = first.evidence
    equal((len(told["code"]), len(told["number"]), len(told["check_code"])), (8, 10, 6))
    equal(told["amount_fen"], 5_000)
    assert told["number"] in told["url"]
    refused(await issue(stage, ref, 5_001), "bad_request")


@SCRIPT.behaviour()
async def what_is_accepted_is_issued_by_itself_later(stage: Stage) -> None:
    ref, [patient_no] = reference(), await stage.patient_numbers(1)
    await stage.hands.receipts_take(3600)
    expect(await issue(stage, ref), Waiting)
    expect(await stage.fiscal.ask_fiscal_invoice(ref), Waiting)
    assert await stage.fiscal.fiscal_file(ref) is None
    assert ref not in {each.reference for each in await stage.fiscal.fiscal_invoices(patient_no, *EVER)}
    refused(await stage.fiscal.mark_fiscal_printed(ref), "expired")
    refused(await stage.fiscal.reverse_fiscal_invoice(reference(), ref, Fen(1), "x"), "expired")
    await stage.pass_time(timedelta(hours=2))
    expect(await stage.fiscal.ask_fiscal_invoice(ref), Done)
    [found] = [each for each in await stage.fiscal.fiscal_invoices(patient_no, *EVER) if each.reference == ref]
    equal((found.amount_fen, found.payment_no, found.of, found.printed), (5_000, f"P{ref}", "", False))


@SCRIPT.behaviour()
async def no_more_is_reversed_than_was_issued(stage: Stage) -> None:
    of, first, second = await issued(stage), reference(), reference()
    done = await stage.fiscal.reverse_fiscal_invoice(first, of, Fen(2_000), "x")
    assert isinstance(done, Done), done
    equal(await stage.fiscal.reverse_fiscal_invoice(first, of, Fen(2_000), "x"), done)
    refused(await stage.fiscal.reverse_fiscal_invoice(first, of, Fen(1), "x"), "bad_request")
    refused(await stage.fiscal.reverse_fiscal_invoice(second, of, Fen(3_001), "x"), "not_refundable")
    refused(await stage.fiscal.reverse_fiscal_invoice(second, first, Fen(1), "x"), "expired")
    expect(await stage.fiscal.reverse_fiscal_invoice(second, of, Fen(3_000), "x"), Done)
    equal((await stage.fiscal.ask_fiscal_invoice(first)), done)
    refused(await issue(stage, first), "bad_request")


@SCRIPT.behaviour()
async def the_file_is_the_one_that_was_announced(stage: Stage) -> None:
    ref = await issued(stage)
    answer, content = await stage.fiscal.ask_fiscal_invoice(ref), await stage.fiscal.fiscal_file(ref)
    assert isinstance(answer, Done), answer
    assert content is not None
    assert content.startswith(b"%PDF-")
    assert answer.evidence["number"].encode() in content
    equal(hashlib.sha256(content).hexdigest(), answer.evidence["digest"])


@SCRIPT.behaviour()
async def it_is_marked_as_printed_once_and_for_all(stage: Stage) -> None:
    ref = await issued(stage)
    for _ in range(2):
        answer = await stage.fiscal.mark_fiscal_printed(ref)
        assert isinstance(answer, Done), answer
        assert answer.evidence["printed"] is True


@SCRIPT.behaviour()
async def what_nobody_knows_is_nothing(stage: Stage) -> None:
    expect(await stage.fiscal.ask_fiscal_invoice("nobody"), NotFound)
    assert await stage.fiscal.fiscal_file("nobody") is None
    equal(await stage.fiscal.fiscal_invoices("nobody", *EVER), [])
    refused(await stage.fiscal.mark_fiscal_printed("nobody"), "bad_request")
    refused(await issue(stage, reference(), patient_no="nobody"), "bad_request")
    refused(await issue(stage, reference(), fen=0), "bad_request")
