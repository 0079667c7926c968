"""``Refunds``: what was taken goes back, once, and no more than was taken."""

import asyncio

import msgspec

from yinyi.business.payments.ports import Refunds, ShowsCode, TakesPayment
from yinyi.conformance.behaviour import Script, equal, expect, refused
from yinyi.conformance.payment.stage import Stage, refund_of
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound, NotSent, Refused, Unknown, Waiting

SCRIPT = Script((TakesPayment, ShowsCode, Refunds))


@SCRIPT.behaviour()
async def what_was_not_paid_does_not_go_back(stage: Stage) -> None:
    order = stage.order(1_000)
    await stage.shown(order)
    expect(await stage.channel.refund(refund_of(order, 300)), Refused, NotSent, Unknown)


@SCRIPT.behaviour()
async def one_reference_is_one_refund(stage: Stage) -> None:
    order = stage.order(1_000)
    code, refund = await stage.paid(order), refund_of(order, 300)
    expect(await stage.channel.ask_refund(refund), NotFound)
    outcomes = [await stage.channel.refund(refund) for _ in range(2)]
    outcomes += await asyncio.gather(*(stage.channel.refund(refund) for _ in range(3)))
    for each in outcomes:
        expect(each, Done, Waiting, Unknown)
    expect(outcomes[0], Done, Waiting)
    expect(await stage.channel.ask_refund(refund), Done, Waiting)
    equal(stage.payer.refunded_fen(code), 300)
    expect(await stage.channel.ask(order), Done)


@SCRIPT.behaviour()
async def no_more_goes_back_than_was_paid(stage: Stage) -> None:
    order = stage.order(1_000)
    code = await stage.paid(order)
    expect(await stage.channel.refund(refund_of(order, 300)), Done, Waiting)
    refused(await stage.channel.refund(refund_of(order, 701)), "not_refundable")
    expect(await stage.channel.refund(refund_of(order, 700)), Done, Waiting)
    expect(await stage.channel.refund(refund_of(order, 1)), Refused)
    equal(stage.payer.refunded_fen(code), 1_000)


@SCRIPT.behaviour()
async def another_amount_than_ours_is_unknown(stage: Stage) -> None:
    order = stage.order(1_000)
    await stage.paid(order)
    refund = refund_of(order, 300)
    expect(await stage.channel.refund(refund), Done, Waiting)
    answer = expect(await stage.channel.ask_refund(msgspec.structs.replace(refund, amount_fen=Fen(1_000))), Unknown)
    equal(answer.evidence, {"amount_fen": 300})


@SCRIPT.behaviour()
async def a_merchant_that_is_not_configured_gives_nothing_back(stage: Stage) -> None:
    stranger = stage.order(merchant="nobody")
    refused(await stage.channel.refund(refund_of(stranger, 100)), "not_permitted")
    expect(await stage.channel.ask_refund(refund_of(stranger, 100)), Unknown)
