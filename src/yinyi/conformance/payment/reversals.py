"""``Reverses``: what was paid today never was, whole, and once."""

import asyncio
from datetime import timedelta

from yinyi.business.payments.model import Order
from yinyi.business.payments.ports import Refunds, Reverses, ShowsCode, TakesPayment
from yinyi.conformance.behaviour import Script, equal, expect, refused
from yinyi.conformance.payment.stage import Stage, refund_of
from yinyi.kernel.outcome import Done, NotSent, Refused, Unknown, Waiting
from yinyi.wire.beijing_time import BEIJING

SCRIPT = Script((TakesPayment, ShowsCode, Reverses))


async def paid_today(stage: Stage) -> tuple[Order, str]:
    """An order of 10 yuan and the code that it was paid by, at a noon, so that the day does not end in between."""
    now = stage.clock.now().astimezone(BEIJING)
    stage.clock.offset += (now + timedelta(days=1)).replace(hour=12, minute=0) - now
    order = stage.order(1_000)
    return order, await stage.paid(order)


@SCRIPT.behaviour()
async def a_paid_order_is_cancelled_whole_and_once(stage: Stage) -> None:
    order, code = await paid_today(stage)
    expect(await stage.channel.reverse(order), Done, Waiting)
    for each in await asyncio.gather(*(stage.channel.reverse(order) for _ in range(3))):
        expect(each, Done, Waiting, Unknown)
    equal(stage.payer.refunded_fen(code), 1_000)


@SCRIPT.behaviour()
async def what_was_not_paid_is_not_cancelled(stage: Stage) -> None:
    order = stage.order(1_000)
    await stage.shown(order)
    for each in (order, stage.order(1_000)):
        expect(await stage.channel.reverse(each), Refused, NotSent, Unknown)


@SCRIPT.behaviour(also=(Refunds,))
async def what_is_not_whole_any_more_is_not_cancelled_but_refunded(stage: Stage) -> None:
    order, code = await paid_today(stage)
    expect(await stage.channel.refund(refund_of(order, 300)), Done, Waiting)
    expect(await stage.channel.reverse(order), Refused)
    equal(stage.payer.refunded_fen(code), 300)
    expect(await stage.channel.refund(refund_of(order, 700)), Done, Waiting)
    equal(stage.payer.refunded_fen(code), 1_000)


@SCRIPT.behaviour(also=(Refunds,))
async def what_was_cancelled_is_not_refunded_as_well(stage: Stage) -> None:
    order, code = await paid_today(stage)
    expect(await stage.channel.reverse(order), Done, Waiting)
    expect(await stage.channel.refund(refund_of(order, 1_000)), Refused, NotSent, Unknown)
    equal(stage.payer.refunded_fen(code), 1_000)


@SCRIPT.behaviour(also=(Refunds,))
async def what_was_paid_another_day_is_refused_and_can_be_refunded(stage: Stage) -> None:
    order, code = await paid_today(stage)
    stage.clock.offset += timedelta(days=1)
    expect(await stage.channel.reverse(order), Refused)
    equal(stage.payer.refunded_fen(code), 0)
    expect(await stage.channel.refund(refund_of(order, 1_000)), Done, Waiting)
    equal(stage.payer.refunded_fen(code), 1_000)


@SCRIPT.behaviour()
async def a_merchant_that_is_not_configured_cancels_nothing(stage: Stage) -> None:
    refused(await stage.channel.reverse(stage.order(merchant="nobody")), "not_permitted")
