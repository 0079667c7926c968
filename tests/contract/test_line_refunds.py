"""Giving back some lines of a paid bill: the hospital first, then the money, each once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from bill_hall import TILL, BillHall, play
from msgspec.structs import replace

from yinyi.app.demo_hospital import ZONE
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.people import MasterIndex
from yinyi.bus.operation import Caller, Operation
from yinyi.business.billing.errors import InvoiceUnknown, LinesGivenBack, LineUnknown, PaidElsewhere
from yinyi.business.billing.messages import (
    GetInvoice,
    InvoiceRefund,
    InvoiceRefunds,
    InvoiceView,
    ListInvoiceRefunds,
    RefundInvoiceLines,
)
from yinyi.business.billing.model import InvoiceLine
from yinyi.business.billing.refunds import Known, LineRefunds
from yinyi.business.documents.messages import PrintSlip, ReprintSlip
from yinyi.business.documents.model import RefundSlip
from yinyi.business.fiscal.issuing import Issuing
from yinyi.business.fiscal.messages import GetFiscalInvoice
from yinyi.business.ledger.model import income_account, prepaid_account
from yinyi.business.payments.ends import Ends
from yinyi.business.payments.errors import LinesDone, MoreThanLeft, NotDelivered
from yinyi.business.payments.messages import RefundPayment
from yinyi.business.payments.plan import REFUND, Plan
from yinyi.business.payments.refunds import RefundDesk
from yinyi.conformance.hospital.stage import Mishap
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import IdempotencyConflict, NotAllowed
from yinyi.kernel.money import Fen

Story = Callable[[BillHall], Awaitable[None]]
WHY = "药房无货"


@pytest.fixture
def in_hall(platform_url: str, postgres: EmbeddedPostgres) -> Callable[[Story], None]:
    return lambda story: play(platform_url, postgres, story)


async def as_staff(hall: BillHall, message: Operation[InvoiceRefund], key: str = "") -> InvoiceRefund:
    return await hall.ask(Caller.STAFF, message, key, staff=TILL)


async def listed(hall: BillHall, bill: InvoiceView) -> InvoiceRefunds:
    return await hall.ask(Caller.STAFF, ListInvoiceRefunds(invoice_no=bill.invoice_no), staff=TILL)


async def paid(hall: BillHall, prepaid_fen: int = 0) -> tuple[InvoiceView, list[InvoiceLine], Plan]:
    """A bill with several lines, a part of it from the account and the rest by WeChat Pay."""
    bill = await _of_several_lines(hall)
    payment_no = (await hall.pay([bill])).payment.payment_no
    if prepaid_fen:
        await hall.has_on_account(prepaid_fen)
        await hall.by(payment_no, "prepaid", prepaid_fen)
    await hall.by(payment_no, "wechatpay")
    plan = await hall.ends(payment_no)
    lines = (await hall.at_screen(GetInvoice(number=bill.invoice_no))).lines
    assert len(lines) > 1
    return bill, lines, plan


async def _of_several_lines(hall: BillHall) -> InvoiceView:
    """What doctors order is a matter of chance."""
    while True:
        bill = max(await hall.ordered(department_id="1002"), key=lambda each: each.line_count)
        if bill.line_count > 1:
            return bill


async def given_back(hall: BillHall, plan: Plan, fen: int) -> Plan:
    """The plan once so much of it is back, and it has ended."""
    async with asyncio.timeout(20):
        plan = await hall.ends(plan.payment_no)
        while plan.returned_fen < fen or plan.ended_at is None:
            await hall.business.driver.moved(plan.payment_id, 0.2)
            plan = await hall.ends(plan.payment_no)
    return plan


@dataclass
class Later:
    """A clock by which whatever waits for its next try is due."""

    clock: Clock
    step: timedelta
    by: timedelta = timedelta()

    def now(self) -> datetime:
        self.by += self.step
        return self.clock.now() + self.by


def seeing_to(hall: BillHall) -> LineRefunds:
    """Another process that sees to what is wanted."""
    business = hall.business
    of_money = (business.payments, RefundDesk(business.payments, ZONE))
    return LineRefunds(
        business.database, business.outside.hospital, *of_money, Later(business.clock, timedelta(seconds=1.5))
    )


def test_line_by_line_to_where_it_came_from(in_hall: Callable[[Story], None]) -> None:
    """What was taken last goes back first; the hospital has it in its books, and the receipt is reversed by as much."""

    async def story(hall: BillHall) -> None:
        bill, [first, *rest], plan = await paid(hall, 300)
        receipt = await hall.at_screen(PrintSlip(payment_no=plan.payment_no))
        message = RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=[first.line_no], reason=WHY)
        done = await as_staff(hall, message, "the-same-key-twice")
        assert (done.state, done.amount_fen, done.line_nos) == ("booked", first.amount_fen, [first.line_no])
        assert await as_staff(hall, message, "the-same-key-twice") == done
        plan = await given_back(hall, plan, first.amount_fen)
        assert plan.returned_fen == first.amount_fen
        assert [step.channel for step in plan.steps if step.kind == REFUND] == ["wechatpay"]
        shown = await hall.at_screen(GetInvoice(number=bill.invoice_no))
        assert shown.invoice.refunded_fen == first.amount_fen
        assert [line.line_no for line in shown.lines if line.refunded] == [first.line_no]
        for again in ([first.line_no], [first.line_no, *(line.line_no for line in rest)]):
            with pytest.raises(LinesGivenBack):
                await as_staff(hall, RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=again, reason=WHY))
        others = [line.line_no for line in rest]
        await as_staff(hall, RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=others * 2, reason=WHY))
        plan = await given_back(hall, plan, plan.amount_fen)
        assert plan.returned_fen == plan.amount_fen
        instead = await hall.at_screen(ReprintSlip(document_no=receipt.document_no))
        slip = await hall.slip(instead.document_no)
        assert isinstance(slip, RefundSlip), "nothing is paid any more"
        assert (slip.state, slip.reason, slip.amount_fen) == ("done", "other", plan.amount_fen)
        assert (await hall.at_screen(GetInvoice(number=bill.invoice_no))).invoice.state == "refunded"
        assert hall.kept_fen() == 0
        assert await hall.balance(prepaid_account(str(hall.ids["A"]))) == -300
        assert await hall.balance(income_account("outpatient", "invoice")) == 0
        refunds = (await listed(hall, bill)).refunds
        assert sorted(each.amount_fen for each in refunds) == sorted(
            [first.amount_fen, Fen(sum(line.amount_fen for line in rest))]
        )

    in_hall(story)


def test_its_electronic_receipt_is_reversed_by_as_much(in_hall: Callable[[Story], None]) -> None:
    async def story(hall: BillHall) -> None:
        await hall.stage.hands.receipts_take(0)
        business = hall.business
        bill, [first, *_], plan = await paid(hall)
        index = MasterIndex(business.database)
        issuing = Issuing(business.database, hall.stage.fiscal, index, Later(business.clock, timedelta(seconds=10)))
        ends = Ends(business.database, [issuing], business.clock)
        seen = GetFiscalInvoice(payment_no=plan.payment_no)
        for _ in range(5):
            await ends.turn()
            await issuing.turn()
        assert (await hall.at_screen(seen)).standing == "issued"
        await as_staff(hall, RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=[first.line_no], reason=WHY))
        await given_back(hall, plan, first.amount_fen)
        for _ in range(5):
            await ends.turn()
            await issuing.turn()
        receipt = await hall.at_screen(seen)
        assert (receipt.standing, [red.amount_fen for red in receipt.red]) == ("partly_reversed", [first.amount_fen])
        assert receipt.red[0].number

    in_hall(story)


@pytest.mark.parametrize("mishap", ["cut", "half", "busy"])
def test_whatever_becomes_of_the_call_it_is_booked_once(in_hall: Callable[[Story], None], mishap: Mishap) -> None:
    """Until the hospital has surely booked it no money moves; what it says no to moves none at all."""

    async def story(hall: BillHall) -> None:
        bill, [first, *_], plan = await paid(hall)
        await hall.stage.mishap("refund_invoice", mishap)
        message = RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=[first.line_no], reason=WHY)
        asked = await as_staff(hall, message)
        if asked.state == "sent":
            assert not hall.channel.refunds, "the hospital has not said that it has booked it"
            with pytest.raises(LinesGivenBack):
                await as_staff(hall, message)
            process = seeing_to(hall)
            for _ in range(3):
                await process.turn()
            [asked] = (await listed(hall, bill)).refunds
            assert asked.state == "booked"
        if asked.state == "booked":
            plan = await given_back(hall, plan, first.amount_fen)
        back_fen = first.amount_fen if asked.state == "booked" else 0
        assert plan.returned_fen == back_fen
        assert (await hall.at_screen(GetInvoice(number=bill.invoice_no))).invoice.refunded_fen == back_fen
        if asked.state == "refused":
            assert (await as_staff(hall, message)).state == "booked", "it can be wanted anew"

    in_hall(story)


def test_what_the_hospital_refuses_moves_nothing(in_hall: Callable[[Story], None]) -> None:
    """It was handed out between our looking and our telling."""

    async def story(hall: BillHall) -> None:
        bill, [first, *_], plan = await paid(hall)
        service, call = hall.business.counters.line_refunds, hall.call()
        message = RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=[first.line_no], reason=WHY)
        known = await service.known(call, message)
        assert await hall.stage.hands.perform(bill.invoice_no)
        async with hall.business.database.transaction() as tx:
            reference = await service.want(tx, call, message, known)
        await service.settle(call, reference)
        [refund] = (await listed(hall, bill)).refunds
        assert (refund.state, refund.problem.split()[0]) == ("refused", "not_refundable")
        assert (await hall.ends(plan.payment_no)).returned_fen == 0
        with pytest.raises(LinesDone):
            await as_staff(hall, message)

    in_hall(story)


def test_never_more_than_was_paid(in_hall: Callable[[Story], None]) -> None:
    """Money that people have given back without the hospital is not there a second time; many at once want the same."""

    async def story(hall: BillHall) -> None:
        bill, [first, *rest], plan = await paid(hall)
        message = RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=[first.line_no], reason=WHY)
        told = await asyncio.gather(*(as_staff(hall, message) for _ in range(4)), return_exceptions=True)
        assert sum(isinstance(each, InvoiceRefund) for each in told) == 1
        assert {type(each) for each in told if isinstance(each, BaseException)} == {LinesGivenBack}
        plan = await given_back(hall, plan, first.amount_fen)
        left_fen = plan.amount_fen - first.amount_fen
        part = RefundPayment(payment_no=plan.payment_no, reason="误收", amount_fen=Fen(left_fen - 1))
        await hall.ask(Caller.STAFF, part, staff=TILL)
        others = [line.line_no for line in rest]
        with pytest.raises(MoreThanLeft):
            await as_staff(hall, RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=others, reason=WHY))

    in_hall(story)


def test_what_cannot_be_given_back_here(in_hall: Callable[[Story], None]) -> None:
    async def story(hall: BillHall) -> None:
        [at_window, unpaid] = await hall.ordered()
        assert await hall.stage.hands.pay(at_window.invoice_no)
        bill, [first, *_], _ = await paid(hall)
        for number, line_no, error in (
            ("nobody", 1, InvoiceUnknown),
            (await hall.form_of(bill), first.line_no, InvoiceUnknown),
            (at_window.invoice_no, 1, PaidElsewhere),
            (unpaid.invoice_no, 1, PaidElsewhere),
            (bill.invoice_no, 999, LineUnknown),
        ):
            with pytest.raises(error):
                await as_staff(hall, RefundInvoiceLines(invoice_no=number, line_nos=[line_no], reason=WHY))
        wanted = RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=[first.line_no], reason=WHY)
        with pytest.raises(NotAllowed):
            await hall.at_screen(wanted)
        await as_staff(hall, wanted, "a-key-of-my-own")
        other = RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=[first.line_no], reason="别的原因")
        with pytest.raises(IdempotencyConflict):
            await as_staff(hall, other, "a-key-of-my-own")

    in_hall(story)


def test_not_before_it_is_delivered(in_hall: Callable[[Story], None]) -> None:
    """Whatever the hospital says: a payment that is still under way is not given back by lines."""

    async def story(hall: BillHall) -> None:
        [bill, _] = await hall.ordered()
        payment_no = (await hall.pay([bill])).payment.payment_no
        found = await hall.stage.bills.invoice(bill.invoice_no)
        assert found is not None
        lines = await hall.stage.bills.invoice_lines([bill.invoice_no])
        message = RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=[lines[0].line_no], reason=WHY)
        with pytest.raises(PaidElsewhere):
            await as_staff(hall, message)
        known = Known(replace(found, state="paid", payment_no=payment_no), lines)
        with pytest.raises(NotDelivered):
            async with hall.business.database.transaction() as tx:
                await hall.business.counters.line_refunds.want(tx, hall.call(), message, known)

    in_hall(story)
