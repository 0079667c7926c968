"""What the hospital does to a bill while somebody pays it, wired: nothing is taken then, or all of it is given back."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from bill_hall import BillHall, chosen, play
from hospital_stage import DATABASE

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.billing.errors import (
    FormUnknown,
    InvoiceCancelled,
    InvoiceChanged,
    InvoicePaid,
    InvoiceUnknown,
)
from yinyi.business.billing.messages import (
    InvoiceView,
    ListInvoices,
    PayInvoices,
)
from yinyi.business.documents.messages import PrintSlip
from yinyi.business.documents.model import RefundSlip
from yinyi.business.ledger.model import prepaid_account
from yinyi.business.payments.view import state_of

Story = Callable[[BillHall], Awaitable[None]]


@pytest.fixture
def in_hall(platform_url: str, postgres: EmbeddedPostgres) -> Callable[[Story], None]:
    return lambda story: play(platform_url, postgres, story)


def test_what_has_changed_before_it_is_kept_is_not_paid(in_hall: Callable[[Story], None]) -> None:
    async def story(hall: BillHall) -> None:
        hands = hall.stage.hands
        changed, cancelled = await hall.ordered()
        paid, busy = await hall.ordered()
        assert await hands.change(changed.invoice_no)
        assert await hands.cancel(cancelled.invoice_no)
        assert await hands.pay(paid.invoice_no)
        for each, error in ((changed, InvoiceChanged), (cancelled, InvoiceCancelled), (paid, InvoicePaid)):
            with pytest.raises(error):
                await hall.pay([busy, each])
        now = await hall.stage.bills.invoice(busy.invoice_no)
        assert now is not None
        assert (now.state, now.busy) == ("open", False)

    in_hall(story)


def test_noticed_at_the_lock(in_hall: Callable[[Story], None]) -> None:
    """Between our looking and our locking the window pays, or the doctor changes it: nothing is taken, and it is free
    for whoever comes next."""

    async def story(hall: BillHall) -> None:
        hands, bills = hall.stage.hands, hall.stage.bills
        one, two = await hall.ordered()
        service = hall.business.counters.billing
        for act, number, reason in ((hands.pay, one, "already_paid"), (hands.change, two, "changed")):
            call = hall.call("A")
            message = PayInvoices(chosen=chosen([number]))
            seen = await service.payable(call, message)
            assert await act(number.invoice_no)
            async with hall.business.database.transaction() as tx:
                payment_no = await service.pay(tx, call, message, seen)
            await service.settle(call, payment_no)
            plan = await hall.rests(payment_no)
            assert (state_of(plan), plan.reason, plan.taken_fen) == ("closed", reason, 0)
        now = await bills.invoice(two.invoice_no)
        assert now is not None
        assert not now.busy
        [again] = [
            each
            for each in (await hall.at_screen(ListInvoices())).invoices
            if each.invoice_no == two.invoice_no
        ]  # fmt: skip
        assert (await hall.pay([again])).payment.state == "ready"

    in_hall(story)


@pytest.mark.parametrize("what", ["dropped", "merged"])
def test_gone_without_a_trace(platform_url: str, postgres: EmbeddedPostgres, what: str) -> None:
    """The hospital drops a bill or puts it together with another: before it was listed, between our list and our
    payment, between our looking and our locking, while the payer pays. Nothing is kept of what was taken."""

    async def gone(one: InvoiceView, other: InvoiceView) -> None:
        """``other`` is there afterwards, with all that was on both if they were put together."""
        hospital: Any = await asyncpg.connect(postgres.url(DATABASE, "hospital"))
        if what == "dropped":
            code = await hospital.fetchval("SELECT his.drop_invoice_($1)", one.invoice_no)
        else:
            code = await hospital.fetchval("SELECT his.merge_invoices_($1, $2)", one.invoice_no, other.invoice_no)
        await hospital.close()
        assert code == "0"

    async def story(hall: BillHall) -> None:
        one, other = await hall.ordered()
        form = await hall.form_of(one)
        await gone(one, other)
        with pytest.raises(FormUnknown):
            await hall.scans(form)
        listed = {each.invoice_no: each for each in (await hall.at_screen(ListInvoices())).invoices}
        assert one.invoice_no not in listed
        whole = one.total_fen if what == "merged" else 0
        assert listed[other.invoice_no].total_fen == other.total_fen + whole
        one, other = await hall.ordered()
        await gone(one, other)
        for chosen_ones in ([one], [other, one]):
            with pytest.raises(InvoiceUnknown):
                await hall.pay(chosen_ones)
        one, other = await hall.ordered()
        service, call, message = hall.business.counters.billing, hall.call("A"), PayInvoices(chosen=chosen([one]))
        seen = await service.payable(call, message)
        await gone(one, other)
        async with hall.business.database.transaction() as tx:
            payment_no = await service.pay(tx, call, message, seen)
        await service.settle(call, payment_no)
        plan = await hall.rests(payment_no)
        assert (state_of(plan), plan.reason, plan.taken_fen) == ("closed", "expired", 0)
        one, other = await hall.ordered()
        payment_no = (await hall.pay([one, other])).payment.payment_no
        await gone(one, other)
        await hall.by(payment_no, "alipay")
        plan = await hall.ends(payment_no)
        assert (state_of(plan), plan.returned_fen) == ("returned", plan.amount_fen)
        slip = await hall.slip((await hall.at_screen(PrintSlip(payment_no=payment_no))).document_no)
        assert isinstance(slip, RefundSlip)
        assert slip.reason == "bill_cancelled"
        assert hall.kept_fen() == 0
        now = await hall.stage.bills.invoice(other.invoice_no)
        assert now is not None
        assert (now.state, now.busy) == ("open", False)

    play(platform_url, postgres, story)


@pytest.mark.parametrize("what", ["changed", "cancelled"])
def test_noticed_when_it_is_paid(in_hall: Callable[[Story], None], what: str) -> None:
    """The doctor changes it while the payer pays: the hospital says no, and all of it goes back, to each means."""

    async def story(hall: BillHall) -> None:
        one, two = await hall.ordered()
        await hall.has_on_account(500)
        payment_no = (await hall.pay([one, two])).payment.payment_no
        await hall.by(payment_no, "prepaid", 500)
        act = hall.stage.hands.change if what == "changed" else hall.stage.hands.cancel
        assert await act(one.invoice_no)
        await hall.by(payment_no, "alipay")
        plan = await hall.ends(payment_no)
        assert (state_of(plan), plan.returned_fen) == ("returned", plan.amount_fen)
        assert plan.reason in ("changed", "expired")
        slip = await hall.slip((await hall.at_screen(PrintSlip(payment_no=payment_no))).document_no)
        assert isinstance(slip, RefundSlip)
        assert slip.reason == f"bill_{what}"
        assert hall.kept_fen() == 0
        assert await hall.balance(prepaid_account(str(hall.ids["A"]))) == -500
        now = await hall.stage.bills.invoice(two.invoice_no)
        assert now is not None
        assert (now.state, now.busy) == ("open", False)

    in_hall(story)


def test_paid_at_the_window_in_the_same_second(in_hall: Callable[[Story], None]) -> None:
    """Whoever is first has it. If the window is, our payer has not lost a fen."""

    async def story(hall: BillHall) -> None:
        for _ in range(3):
            [bill, _other] = await hall.ordered()
            opened, at_window = await asyncio.gather(
                hall.pay([bill]), hall.stage.hands.pay(bill.invoice_no), return_exceptions=True
            )
            assert isinstance(at_window, bool)
            if isinstance(opened, BaseException):
                assert isinstance(opened, InvoicePaid)
                assert at_window
                continue
            plan = await hall.rests(opened.payment.payment_no)
            assert (state_of(plan) == "closed") is at_window
            assert not plan.taken_fen

    in_hall(story)


def test_a_lock_that_ran_out_and_somebody_else_paid(in_hall: Callable[[Story], None]) -> None:
    """The window pays while our money is on its way: it all goes back."""

    async def story(hall: BillHall) -> None:
        [bill, other] = await hall.ordered()
        payment_no = (await hall.pay([bill, other])).payment.payment_no
        assert not await hall.stage.hands.pay(bill.invoice_no), "it is kept for our payer"
        await hall.stage.pass_time(timedelta(minutes=11))
        assert await hall.stage.hands.pay(bill.invoice_no)
        await hall.by(payment_no, "wechatpay")
        plan = await hall.ends(payment_no)
        assert (state_of(plan), plan.reason, plan.returned_fen) == ("returned", "already_paid", plan.amount_fen)
        assert hall.kept_fen() == 0

    in_hall(story)
