"""``Bills``: what every connector to a hospital's outpatient invoices has to do."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest
from hospital_stage import OFFERED, Play, Stage, confirmed, fresh_schedule, plays, reference, refused, soon

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.billing.model import ChosenInvoice, Invoice
from yinyi.business.billing.ports import Bills, ListsPostings
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound, Outcome, Refused

EVER = (date(2000, 1, 1), date(2100, 1, 1))


@pytest.fixture(params=OFFERED)
def play(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Play:
    """Runs a scene on the stage of each connector."""
    return plays(OFFERED[request.param], postgres)


async def ordered(stage: Stage, department_id: str = "0102") -> list[Invoice]:
    """Fresh invoices of somebody's."""
    [patient_no] = await stage.patient_numbers(1)
    found = [await stage.bills.invoice(one) for one in await stage.hands.order(patient_no, department_id)]
    return [one for one in found if one is not None]


async def as_it_is(stage: Stage, invoice: Invoice) -> Invoice:
    found = await stage.bills.invoice(invoice.invoice_no)
    assert found is not None
    return found


def chosen(invoices: Sequence[Invoice]) -> list[ChosenInvoice]:
    return [ChosenInvoice(invoice_no=one.invoice_no, version=one.version) for one in invoices]


def total(invoices: Sequence[Invoice]) -> Fen:
    return Fen(sum(one.total_fen for one in invoices))


async def settle(stage: Stage, ref: str, invoices: Sequence[Invoice], payment_no: str = "") -> Outcome:
    return await stage.bills.settle_invoices(
        *(ref, chosen(invoices), total(invoices), payment_no or f"P{ref}", "wechatpay", await stage.now())
    )


async def paid(stage: Stage, department_id: str = "0102") -> tuple[str, list[Invoice]]:
    """A reference and what was paid by it."""
    ref, invoices = reference(), await ordered(stage, department_id)
    assert isinstance(await settle(stage, ref, invoices), Done)
    return ref, [await as_it_is(stage, one) for one in invoices]


async def status(stage: Stage, ref: str) -> str:
    answer = await stage.bills.ask_invoices(ref)
    if isinstance(answer, NotFound):
        return "none"
    if isinstance(answer, Refused):
        return answer.reason
    assert isinstance(answer, Done), answer
    return str(answer.evidence["status"])


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
