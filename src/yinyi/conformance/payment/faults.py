"""Every port of a payment channel when the line breaks, answers too late or not at all: the truth about each call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from yinyi.business.payments.model import Order
from yinyi.business.payments.ports import Refunds, Reverses, ScansCode, ShowsCode, TakesPayment
from yinyi.conformance.behaviour import Script, equal, expect
from yinyi.conformance.payment.reversals import paid_today
from yinyi.conformance.payment.stage import Stage, refund_of
from yinyi.kernel.far_side import Mishap
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Refused, Unknown, Waiting

SCRIPT = Script((TakesPayment, ShowsCode))
_AFTERWARDS: dict[Mishap, tuple[type[Any], ...]] = {
    "cut": (NotFound, Waiting),  # a channel that knows of no order until it is scanned shows its code again
    "half": (Waiting,),
    "spoilt": (Waiting,),
    "silent": (Waiting,),
    "slow": (Waiting,),
}
_TOO_LATE: tuple[Mishap, ...] = ("silent", "slow")
_TRIES = 4


@dataclass(frozen=True)
class Question:
    """``asked(connector, what)``: of an order that was paid and a refund of it that was made."""

    ports: tuple[type, ...]
    asked: Callable[[Any, Order, Any], Awaitable[Answer]]


QUESTIONS: dict[str, Question] = {
    "ask": Question((), lambda channel, order, _: channel.ask(order)),
    "close": Question((), lambda channel, order, _: channel.close(order)),
    "ask_refund": Question((Refunds,), lambda channel, _, refund: channel.ask_refund(refund)),
}


@SCRIPT.behaviour(_AFTERWARDS)
async def an_order_whose_answer_did_not_come_is_unknown_and_asking_tells(stage: Stage, mishap: Mishap) -> None:
    order, channel = stage.order(), stage.hasty if mishap in _TOO_LATE else stage.channel
    stage.line.befall(mishap)
    expect(await channel.show_code(order), Unknown)
    await stage.line.settled()
    expect(await stage.channel.ask(order), *_AFTERWARDS[mishap])
    code = await stage.shown(order)
    assert stage.payer.pay(code)
    expect(await stage.channel.ask(order), Done)


@SCRIPT.behaviour(_AFTERWARDS, also=(Refunds,))
async def a_refund_whose_answer_did_not_come_is_unknown_and_made_once(stage: Stage, mishap: Mishap) -> None:
    order = stage.order(1_000)
    code, refund = await stage.paid(order), refund_of(order, 300)
    channel = stage.hasty if mishap in _TOO_LATE else stage.channel
    stage.line.befall(mishap)
    expect(await channel.refund(refund), Unknown)
    await stage.line.settled()
    asked = await stage.channel.ask_refund(refund)
    expect(asked, *((NotFound,) if mishap == "cut" else (Done, Waiting)))
    expect(await stage.channel.refund(refund), Done, Waiting)
    expect(await stage.channel.ask_refund(refund), Done, Waiting)
    equal(stage.payer.refunded_fen(code), 300)


@SCRIPT.behaviour(_AFTERWARDS, also=(Reverses,))
async def a_cancelling_whose_answer_did_not_come_is_unknown_and_made_once(stage: Stage, mishap: Mishap) -> None:
    order, code = await paid_today(stage)
    channel = stage.hasty if mishap in _TOO_LATE else stage.channel
    stage.line.befall(mishap)
    expect(await channel.reverse(order), Unknown)
    await stage.line.settled()
    equal(stage.payer.refunded_fen(code), 0 if mishap == "cut" else order.amount_fen)
    expect(await stage.channel.reverse(order), Done, Waiting)
    equal(stage.payer.refunded_fen(code), order.amount_fen)


@SCRIPT.behaviour(_AFTERWARDS, also=(ScansCode,))
async def a_code_payment_whose_answer_did_not_come_is_asked_for(stage: Stage, mishap: Mishap) -> None:
    order, (code, url) = stage.order(scanned=True), stage.his_code("pays")
    channel = stage.hasty if mishap in _TOO_LATE else stage.channel
    stage.line.befall(mishap)
    expect(await channel.take_by_code(order, code), Unknown)
    await stage.line.settled()
    expect(await stage.channel.ask(order), NotFound if mishap == "cut" else Done)
    if mishap != "cut":
        expect(await stage.channel.close(order), Done)
        equal(stage.payer.refunded_fen(url), order.amount_fen)


async def a_question_that_is_not_answered_tells_nothing(stage: Stage, verb: str, mishap: Mishap) -> None:
    order = stage.order(1_000)
    code = await stage.paid(order)
    refund = refund_of(order, 300)
    if verb == "ask_refund":
        expect(await stage.channel.refund(refund), Done, Waiting)
    channel = stage.hasty if mishap in _TOO_LATE else stage.channel
    stage.line.befall(mishap)
    answer = expect(await QUESTIONS[verb].asked(channel, order, refund), Unknown, Refused)
    if isinstance(answer, Refused):  # whose closing was not to be read, but who asks all the same
        equal((verb, answer.reason), ("close", "already_paid"))
    await stage.line.settled()
    expect(await stage.channel.ask(order), Done)
    if verb == "close":
        expect(await stage.channel.close(order), Refused)
        equal(stage.payer.refunded_fen(code), 0)


for _verb, _question in QUESTIONS.items():
    SCRIPT.behaviour([_verb], _AFTERWARDS, also=_question.ports)(a_question_that_is_not_answered_tells_nothing)


@SCRIPT.behaviour()
async def without_a_connection_no_order_has_left(stage: Stage) -> None:
    order = stage.order()
    await stage.line.down(True)
    for _ in range(_TRIES):
        expect(
            await stage.channel.show_code(order), NotSent, Unknown
        )  # the first may meet a line that was just breaking
    expect(await stage.channel.show_code(order), NotSent)
    for answer in (await stage.channel.ask(order), await stage.channel.close(order)):
        expect(answer, Unknown, NotSent)
    await stage.line.down(False)
    assert stage.payer.pay(await stage.shown(order))


@SCRIPT.behaviour(also=(Refunds,))
async def without_a_connection_no_refund_has_left(stage: Stage) -> None:
    order = stage.order(1_000)
    code, refund = await stage.paid(order), refund_of(order, 300)
    await stage.line.down(True)
    for _ in range(_TRIES):
        expect(await stage.channel.refund(refund), NotSent, Unknown)
    expect(await stage.channel.refund(refund), NotSent)
    expect(await stage.channel.ask_refund(refund), Unknown, NotSent)
    await stage.line.down(False)
    expect(await stage.channel.ask_refund(refund), NotFound)
    equal(stage.payer.refunded_fen(code), 0)


@SCRIPT.behaviour(also=(Reverses,))
async def without_a_connection_no_cancelling_has_left(stage: Stage) -> None:
    order, code = await paid_today(stage)
    await stage.line.down(True)
    for _ in range(_TRIES):
        expect(await stage.channel.reverse(order), NotSent, Unknown)
    expect(await stage.channel.reverse(order), NotSent)
    await stage.line.down(False)
    equal(stage.payer.refunded_fen(code), 0)
    expect(await stage.channel.reverse(order), Done, Waiting)
