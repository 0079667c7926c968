"""``Bills``: what is released, given back, and told of afterwards."""

import asyncio
from datetime import timedelta

import pytest
from bill_hands import EVER, as_it_is, chosen, ordered, paid, settle, status, total
from hospital_offers import OFFERED
from hospital_stage import Play, Stage, confirmed, fresh_schedule, plays, reference, refused, soon

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.billing.model import Invoice
from yinyi.business.billing.ports import Bills, ListsPostings
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound


@pytest.fixture(params=OFFERED)
def play(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Play:
    """Runs a scene on the stage of each connector."""
    return plays(OFFERED[request.param], postgres)


@pytest.mark.parametrize("first", ["held", "paid"])
def test_released_as_if_it_had_never_been(play: Play, first: str) -> None:
    async def scene(stage: Stage) -> None:
        ref, invoices = reference(), await ordered(stage)
        if first == "held":
            await stage.bills.hold_invoices(ref, chosen(invoices), await soon(stage))
        else:
            await settle(stage, ref, invoices)
        outcomes = [await stage.bills.release_invoices(ref) for _ in range(2)]
        assert all(isinstance(one, Done) for one in outcomes)
        assert await status(stage, ref) == "expired"
        refused(await settle(stage, ref, invoices), "expired")
        assert isinstance(await settle(stage, reference(), invoices), Done)
        assert isinstance(await stage.bills.release_invoices(ref), Done)
        assert {(await as_it_is(stage, one)).state for one in invoices} == {"paid"}

    play(scene)


def test_what_was_released_before_it_came_finds_the_door_shut(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref, invoices = reference(), await ordered(stage)
        assert isinstance(await stage.bills.release_invoices(ref), Done)
        refused(await settle(stage, ref, invoices), "expired")
        refused(await stage.bills.hold_invoices(ref, chosen(invoices), await soon(stage)), "expired")

    play(scene)


def test_what_was_done_is_not_undone(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref, invoices = await paid(stage)
        assert await stage.hands.perform(invoices[0].invoice_no)
        refused(await stage.bills.release_invoices(ref), "not_refundable")
        whole = await stage.bills.refund_invoice(reference(), invoices[0].invoice_no, None, invoices[0].total_fen)
        refused(whole, "not_refundable")
        assert await status(stage, ref) == "paid"

    play(scene)


def test_given_back_whole_or_by_line(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref, [invoice, *_] = await paid(stage, "1002")
        lines = await stage.bills.invoice_lines([invoice.invoice_no])
        one, back = lines[0], reference()
        outcomes = await asyncio.gather(
            *(stage.bills.refund_invoice(back, invoice.invoice_no, [one.line_no], one.amount_fen) for _ in range(3))
        )
        assert all(isinstance(told, Done) and told.evidence["refunded_fen"] == one.amount_fen for told in outcomes)
        assert await stage.bills.ask_invoice_refund(back) == outcomes[0]
        assert (await as_it_is(stage, invoice)).refunded_fen == one.amount_fen
        again = await stage.bills.refund_invoice(reference(), invoice.invoice_no, [one.line_no], one.amount_fen)
        refused(again, "not_refundable")
        refused(await stage.bills.release_invoices(ref), "not_refundable")
        rest = [line.line_no for line in lines[1:]]
        left = Fen(invoice.total_fen - one.amount_fen)
        if rest:
            assert isinstance(await stage.bills.refund_invoice(reference(), invoice.invoice_no, rest, left), Done)
        assert (await as_it_is(stage, invoice)).state == "refunded"

    play(scene)


def test_no_more_goes_back_than_was_paid(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        _, [invoice, *_] = await paid(stage)
        number, fen = invoice.invoice_no, invoice.total_fen
        outcomes = await asyncio.gather(
            *(stage.bills.refund_invoice(reference(), number, None, fen) for _ in range(4)), stage.hands.refund(number)
        )
        assert sum(isinstance(one, Done) or one is True for one in outcomes) == 1
        assert (await as_it_is(stage, invoice)).refunded_fen == fen

    play(scene)


def test_refunds_that_do_not_fit_are_refused(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        _, [invoice, *_] = await paid(stage)
        [unpaid, *_] = await ordered(stage)
        number, fen, back = invoice.invoice_no, invoice.total_fen, reference()
        refund = stage.bills.refund_invoice
        refused(await refund(reference(), number, None, Fen(fen - 1)), "bad_request")
        refused(await refund(reference(), number, [999], fen), "bad_request")
        refused(await refund(reference(), number, [], fen), "bad_request")
        refused(await refund(reference(), unpaid.invoice_no, None, unpaid.total_fen), "not_refundable")
        refused(await refund(reference(), "nobody", None, fen), "bad_request")
        assert isinstance(await stage.bills.ask_invoice_refund(back), NotFound)
        assert isinstance(await refund(back, number, None, fen), Done)
        refused(await refund(back, number, None, Fen(fen - 1)), "bad_request")

    play(scene)


def test_a_registration_becomes_an_order_after_the_visit(play: Play) -> None:
    async def scene(stage: Stage) -> None:
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

    play(scene)


def test_what_was_posted_is_told(play: Play) -> None:
    async def scene(stage: Stage) -> None:
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
        assert set(found[ref].invoice_nos) == {one.invoice_no for one in invoices}
        assert (found[back].kind, found[back].amount_fen) == ("refund", first.total_fen)
        assert isinstance(stage.bills, Bills)

    play(scene)
