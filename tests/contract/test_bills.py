"""``Bills``: what every connector to a hospital's outpatient invoices has to do."""

import asyncio
from datetime import datetime, timedelta

import pytest
from bill_hands import EVER, as_it_is, chosen, ordered, settle, status, total
from hospital_offers import OFFERED
from hospital_stage import Play, Stage, plays, reference, refused, soon

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, Refused


@pytest.fixture(params=OFFERED)
def play(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Play:
    """Runs a scene on the stage of each connector."""
    return plays(OFFERED[request.param], postgres)


def test_an_invoice_is_the_sum_of_its_lines(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        for invoice in await ordered(stage):
            lines = await stage.bills.invoice_lines([invoice.invoice_no])
            assert len(lines) == invoice.line_count > 0
            assert all(one.amount_fen == one.quantity * one.price_fen > 0 for one in lines)
            assert sum(one.amount_fen for one in lines) == invoice.total_fen
            assert await stage.bills.invoice(invoice.form_no) == invoice
            assert (invoice.state, invoice.version, invoice.busy) == ("open", 1, False)

    play(scene)


def test_what_nobody_knows_is_nothing(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        for number in ("", "nobody", "' OR 1=1 --", "9" * 400):
            assert await stage.bills.invoice(number) is None
            assert await stage.bills.invoices(number, "", *EVER, 10) == []
            assert await stage.bills.invoice_lines([number]) == []
            assert await status(stage, number or reference()) == "none"
        assert await stage.bills.invoice_lines([]) == []

    play(scene)


def test_open_ones_are_listed_newest_first_and_no_more_than_asked_for(play: Play) -> None:
    async def scene(stage: Stage) -> None:
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

    play(scene)


def test_what_looks_like_markup_comes_as_it_is(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        _, strange = await stage.patient_numbers(2)
        found = await stage.bills.invoices(strange, "open", *EVER, 50)
        lines = await stage.bills.invoice_lines([one.invoice_no for one in found])
        remarks = "".join(line.remark for line in lines)
        assert "<script>" in remarks
        assert "𠅤" in remarks
        assert any("<b>" in one.title for one in found)
        assert any(one.line_count == 0 and one.total_fen == 0 for one in found)

    play(scene)


def test_held_then_paid(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref, invoices, until = reference(), await ordered(stage), await soon(stage)
        outcome = await stage.bills.hold_invoices(ref, chosen(invoices), until)
        assert isinstance(outcome, Done)
        assert (outcome.evidence["status"], outcome.evidence["amount_fen"]) == ("held", total(invoices))
        assert datetime.fromisoformat(outcome.evidence["held_until"]) == until
        assert await stage.bills.ask_invoices(ref) == outcome
        assert (await as_it_is(stage, invoices[0])).busy
        assert not await stage.hands.pay(invoices[0].invoice_no)
        outcome = await settle(stage, ref, invoices)
        assert isinstance(outcome, Done)
        assert outcome.evidence["receipt_no"]
        assert outcome.evidence["places"]
        assert len(outcome.evidence["places"]) == len(outcome.evidence["places_en"])
        for one in invoices:
            now = await as_it_is(stage, one)
            assert (now.state, now.payment_no, now.receipt_no) == ("paid", f"P{ref}", outcome.evidence["receipt_no"])
        assert await settle(stage, ref, invoices) == outcome == await stage.bills.ask_invoices(ref)

    play(scene)


def test_one_reference_is_one_payment(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref, invoices = reference(), await ordered(stage)
        outcomes = await asyncio.gather(*(settle(stage, ref, invoices) for _ in range(5)))
        assert all(one == outcomes[0] and isinstance(one, Done) for one in outcomes)
        refused(await settle(stage, ref, invoices, "P-other"), "already_paid")
        refused(await settle(stage, ref, await ordered(stage)), "bad_request")
        elsewhere = await stage.bills.hold_invoices(ref, chosen(await ordered(stage)), await soon(stage))
        refused(elsewhere, "bad_request")

    play(scene)


def test_of_two_payers_at_once_one_pays(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        invoices, refs = await ordered(stage), [reference() for _ in range(6)]
        outcomes = await asyncio.gather(*(settle(stage, ref, invoices) for ref in refs))
        assert [isinstance(one, Done) for one in outcomes].count(True) == 1
        assert {one.reason for one in outcomes if isinstance(one, Refused)} == {"already_paid"}
        at_window = await asyncio.gather(*(stage.hands.pay(one.invoice_no) for one in invoices))
        assert not any(at_window)

    play(scene)


def test_the_window_and_a_kiosk_pay_at_once(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        for _ in range(4):
            invoices, ref = (await ordered(stage))[:1], reference()
            outcome, at_window = await asyncio.gather(
                settle(stage, ref, invoices), stage.hands.pay(invoices[0].invoice_no)
            )
            assert isinstance(outcome, Done) != at_window
            if at_window:
                refused(outcome, "already_paid")
            assert (await as_it_is(stage, invoices[0])).state == "paid"

    play(scene)


def test_two_who_hold_the_same_in_another_order_do_not_wait_for_each_other(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        until = await soon(stage)
        invoices = [one for _ in range(3) for one in await ordered(stage)]
        both = [chosen(invoices), chosen(invoices)[::-1]]
        outcomes = await asyncio.gather(
            *(stage.bills.hold_invoices(reference(), both[n % 2], until) for n in range(6))
        )  # fmt: skip
        assert [isinstance(one, Done) for one in outcomes].count(True) == 1
        assert {one.reason for one in outcomes if isinstance(one, Refused)} == {"held_elsewhere"}

    play(scene)


def test_a_bill_that_changes_while_it_is_paid_is_not_paid(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref, invoices = reference(), await ordered(stage)
        assert isinstance(await stage.bills.hold_invoices(ref, chosen(invoices), await soon(stage)), Done)
        assert await stage.hands.change(invoices[0].invoice_no)
        assert await status(stage, ref) == "expired"
        refused(await settle(stage, ref, invoices), "changed")
        assert {(await as_it_is(stage, one)).state for one in invoices} == {"open"}
        now = await as_it_is(stage, invoices[0])
        assert now.version == invoices[0].version + 1
        assert now.total_fen > invoices[0].total_fen
        assert isinstance(await stage.bills.hold_invoices(reference(), chosen([now]), await soon(stage)), Done)

    play(scene)


def test_a_change_and_a_payment_at_once_agree(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        for _ in range(4):
            invoices, ref = (await ordered(stage))[:1], reference()
            outcome, was_changed = await asyncio.gather(
                settle(stage, ref, invoices), stage.hands.change(invoices[0].invoice_no)
            )
            now = await as_it_is(stage, invoices[0])
            if was_changed:
                refused(outcome, "changed")
                assert (now.state, now.version) == ("open", 2)
            else:
                assert isinstance(outcome, Done)
                assert (now.state, now.version, now.total_fen) == ("paid", 1, invoices[0].total_fen)

    play(scene)


def test_all_or_none(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        invoices = [*await ordered(stage), *await ordered(stage)]
        assert await stage.hands.pay(invoices[0].invoice_no)
        refused(await settle(stage, reference(), invoices), "already_paid")
        assert {(await as_it_is(stage, one)).state for one in invoices[1:]} == {"open"}
        assert await stage.hands.cancel(invoices[1].invoice_no)
        refused(await settle(stage, reference(), invoices[1:]), "expired")
        refused(await settle(stage, reference(), []), "bad_request")
        somebody, other = await stage.patient_numbers(2)
        theirs = [one for who in (somebody, other) for one in await stage.hands.order(who, "0102")]
        mixed = [one for number in theirs if (one := await stage.bills.invoice(number))]
        refused(await settle(stage, reference(), mixed), "bad_request")

    play(scene)


@pytest.mark.parametrize("off_fen", [-1, 1, 2_000_000_000, -(10**6)])
def test_another_amount_is_not_taken(play: Play, off_fen: int) -> None:
    async def scene(stage: Stage) -> None:
        invoices, at = await ordered(stage), await stage.now()
        amount = Fen(total(invoices) + off_fen)
        outcome = await stage.bills.settle_invoices(reference(), chosen(invoices), amount, "P1", "alipay", at)
        refused(outcome, "bad_request")
        assert {(await as_it_is(stage, one)).state for one in invoices} == {"open"}

    play(scene)


def test_a_hold_runs_out_and_somebody_else_pays(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref, invoices = reference(), await ordered(stage)
        await stage.bills.hold_invoices(ref, chosen(invoices), await soon(stage, 1))
        refused(await settle(stage, reference(), invoices), "held_elsewhere")
        await stage.pass_time(timedelta(minutes=2))
        assert await status(stage, ref) == "expired"
        assert isinstance(await settle(stage, reference(), invoices), Done)
        refused(await settle(stage, ref, invoices), "already_paid")

    play(scene)


def test_a_hold_that_has_run_out_harms_nobody_who_is_alone(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        ref, invoices = reference(), await ordered(stage)
        await stage.bills.hold_invoices(ref, chosen(invoices), await soon(stage, 1))
        await stage.pass_time(timedelta(minutes=2))
        assert isinstance(await settle(stage, ref, invoices), Done)

    play(scene)
