"""A number that is kept for longer, to be paid at a window: the cashier takes money for what is held, and once."""

import pytest
from booking_desk import Desk, play
from msgspec.structs import replace
from payment_far_side import FEE

from yinyi.bus.operation import Caller
from yinyi.business.payments.errors import PaymentClosed
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling.messages import CollectHoldSlip, IssueHoldSlip


async def slip(desk: Desk, plan: Plan) -> None:
    """What the patient has asked for; the hospital does not know of it yet."""
    call, message = desk.call(), IssueHoldSlip(payment_no=plan.payment_no)
    async with desk.it.database.transaction() as tx:
        await desk.today.issue_hold_slip(tx, call, message, None)


async def collect(desk: Desk, plan: Plan) -> Plan:
    """By the cashier, up to the end."""
    call = desk.call()
    call = replace(call, principal=replace(call.principal, caller=Caller.STAFF, patient_id=0))
    message = CollectHoldSlip(number=plan.payment_no, operator="C12", amount_fen=FEE)
    async with desk.it.database.transaction() as tx:
        await desk.today.collect(tx, call, message, None)
    return await desk.driven(call, plan.payment_no)


def test_money_is_taken_for_a_number_that_the_hospital_keeps(platform_url: str) -> None:
    """And for no other: it has not said so yet, or it has given the number away meanwhile."""

    async def story(desk: Desk) -> None:
        plan, gone = await desk.register(), await desk.register("B")
        for each in (plan, gone):
            await slip(desk, each)
            with pytest.raises(PaymentClosed):
                await collect(desk, each)
        await desk.it.drive(plan.payment_no)
        assert state_of(await collect(desk, plan)) == "fulfilled"
        with pytest.raises(PaymentClosed):
            await collect(desk, plan)
        for number in desk.his.numbers.values():
            if number.state == "held":
                number.state = "released"
        await desk.it.drive(gone.payment_no)
        with pytest.raises(PaymentClosed):
            await collect(desk, gone)
        assert await desk.it.books_differ() == []

    play(platform_url, story)
