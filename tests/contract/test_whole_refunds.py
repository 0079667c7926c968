"""All that is left of a payment for bills: undone as a whole, or line by line where some went back before; what was
done or handed out meanwhile stays paid for, and nobody is promised anything else."""

import asyncio
from collections.abc import Callable

import pytest
from bill_hall import TILL, BillHall
from test_line_refunds import WHY, Story, given_back, in_hall, listed, paid

from yinyi.bus.operation import Caller
from yinyi.business.billing.messages import GetInvoice, RefundInvoiceLines
from yinyi.business.payments.errors import LinesDone, PaymentClosed
from yinyi.business.payments.messages import GetPayment, PaymentView, RefundPayment
from yinyi.business.payments.messages_queue import ListAttention

__all__ = ["in_hall"]


async def whole(hall: BillHall, payment_no: str) -> PaymentView:
    return await hall.ask(Caller.STAFF, RefundPayment(payment_no=payment_no, reason=WHY), staff=TILL)


def test_what_is_left_behind_a_line_goes_back_line_by_line(in_hall: Callable[[Story], None]) -> None:
    async def story(hall: BillHall) -> None:
        bill, [first, *rest], plan = await paid(hall, 300)
        line = RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=[first.line_no], reason=WHY)
        await hall.ask(Caller.STAFF, line, staff=TILL)
        plan = await given_back(hall, plan, first.amount_fen)
        await whole(hall, plan.payment_no)
        plan = await given_back(hall, plan, plan.amount_fen)
        assert (plan.direction, plan.returned_fen, plan.attention) == ("forward", plan.amount_fen, "")
        assert (await hall.at_screen(GetInvoice(number=bill.invoice_no))).invoice.state == "refunded"
        assert sorted(each.line_nos for each in (await listed(hall, bill)).refunds) == sorted(
            [[first.line_no], [each.line_no for each in rest]]
        )
        assert hall.kept_fen() == 0
        with pytest.raises(PaymentClosed):
            await whole(hall, plan.payment_no)

    in_hall(story)


def test_while_lines_are_on_their_way_only_the_others_follow(in_hall: Callable[[Story], None]) -> None:
    """The hospital is silent about the first: nothing is given back twice, and nothing is forgotten."""

    async def story(hall: BillHall) -> None:
        bill, [first, *rest], plan = await paid(hall)
        await hall.stage.mishap("refund_invoice", "cut")
        line = RefundInvoiceLines(invoice_no=bill.invoice_no, line_nos=[first.line_no], reason=WHY)
        await hall.ask(Caller.STAFF, line, staff=TILL)
        await whole(hall, plan.payment_no)
        with pytest.raises(PaymentClosed):
            await whole(hall, plan.payment_no)
        refunds = (await listed(hall, bill)).refunds
        assert sorted(each.line_nos for each in refunds) == sorted([[first.line_no], [each.line_no for each in rest]])

    in_hall(story)


def test_what_is_done_stays_paid_for(in_hall: Callable[[Story], None]) -> None:
    async def story(hall: BillHall) -> None:
        bill, _, plan = await paid(hall)
        assert await hall.stage.hands.perform(bill.invoice_no)
        with pytest.raises(LinesDone):
            await whole(hall, plan.payment_no)
        shown = await hall.at_screen(GetPayment(number=plan.payment_no))
        assert (shown.state, shown.returned_fen) == ("fulfilled", 0)

    in_hall(story)


def test_done_in_between_calls_people_at_once(in_hall: Callable[[Story], None]) -> None:
    """It is done between our looking and our telling: the hospital undoes nothing, no money moves, and people know."""

    async def story(hall: BillHall) -> None:
        bill, _, plan = await paid(hall)
        desk, call = hall.business.human_queue.refunds, hall.call()
        message = RefundPayment(payment_no=plan.payment_no, reason=WHY)
        looked = await desk.look(call, message)
        assert await hall.stage.hands.perform(bill.invoice_no)
        async with hall.business.database.transaction() as tx:
            await desk.refund(tx, call, message, looked)
        async with asyncio.timeout(20):
            while not (queue := await hall.ask(Caller.STAFF, ListAttention(), staff=TILL)).items:
                await hall.business.payments.settle(call, plan.payment_no)
        [item] = queue.items
        assert (item.why, item.payment.returned_fen) == ("settle_undo_refused", 0)

    in_hall(story)
