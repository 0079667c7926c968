"""``TakesPayment`` and ``ShowsCode``: a payer scans the code that we show."""

import asyncio

import msgspec

from yinyi.business.payments.ports import ShowsCode, TakesPayment
from yinyi.conformance.behaviour import Script, equal, expect, refused
from yinyi.conformance.payment.stage import Stage
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound, Refused, Unknown, Waiting

SCRIPT = Script((TakesPayment, ShowsCode))


@SCRIPT.behaviour()
async def it_says_how_patient_to_be(stage: Stage) -> None:
    assert stage.channel.channel, "no name of the channel"
    assert 0 < stage.channel.call_timeout_s <= 60
    assert stage.channel.settles_after.total_seconds() >= 0


@SCRIPT.behaviour()
async def a_payer_scans_and_pays(stage: Stage) -> None:
    order = stage.order()
    outcome = expect(await stage.channel.show_code(order), Waiting)
    assert outcome.show is not None, "Waiting without a code to show"
    equal(outcome.until, order.expires_at)
    code = outcome.show.code_url
    equal(stage.payer.asked_fen(code), order.amount_fen)
    expect(await stage.channel.ask(order), Waiting)
    assert stage.payer.pay(code)
    answer = expect(await stage.channel.ask(order), Done)
    equal(answer.evidence.get("amount_fen"), order.amount_fen)


@SCRIPT.behaviour()
async def the_same_order_again_shows_the_same_code(stage: Stage) -> None:
    order = stage.order()
    code = await stage.shown(order)
    equal(await stage.shown(order), code)
    assert stage.payer.pay(code)
    assert not stage.payer.pay(code), "one order was paid twice"


@SCRIPT.behaviour()
async def another_amount_under_the_same_reference_is_not_taken(stage: Stage) -> None:
    order = stage.order()
    code = await stage.shown(order)
    other = msgspec.structs.replace(order, amount_fen=Fen(order.amount_fen - 1))
    expect(await stage.channel.show_code(other), Unknown, Refused)
    equal(stage.payer.asked_fen(code), order.amount_fen)
    assert stage.payer.pay(code)
    answer = expect(await stage.channel.ask(other), Unknown)
    equal(answer.evidence, {"amount_fen": order.amount_fen})
    expect(await stage.channel.ask(order), Done)


@SCRIPT.behaviour([("abcdefgh", 0), ("abcdefgh", -5), ("a", 100), ("x'; --abc", 100), ("9" * 33, 100)])
async def what_is_out_of_form_is_a_bad_request(stage: Stage, wrong: tuple[str, int]) -> None:
    order = msgspec.structs.replace(stage.order(), reference=wrong[0], amount_fen=Fen(wrong[1]))
    refused(await stage.channel.show_code(order), "bad_request")


@SCRIPT.behaviour()
async def a_merchant_that_is_not_configured_takes_nothing(stage: Stage) -> None:
    stranger = stage.order(merchant="nobody")
    refused(await stage.channel.show_code(stranger), "not_permitted")
    expect(await stage.channel.ask(stranger), Unknown)
    expect(await stage.channel.close(stranger), Unknown)


@SCRIPT.behaviour()
async def an_order_that_never_came_is_neither_done_nor_refused(stage: Stage) -> None:
    """A channel that knows of no order until its code is scanned may show the code again."""
    expect(await stage.channel.ask(stage.order()), NotFound, Waiting)


@SCRIPT.behaviour()
async def what_is_closed_nobody_pays(stage: Stage) -> None:
    order = stage.order()
    code = await stage.shown(order)
    for _ in range(2):
        expect(await stage.channel.close(order), Done)
    assert not stage.payer.pay(code), "a closed order was paid"
    expect(await stage.channel.show_code(order), Refused, Unknown)


@SCRIPT.behaviour()
async def what_was_paid_is_not_closed(stage: Stage) -> None:
    order = stage.order()
    code = await stage.paid(order)
    refused(await stage.channel.close(order), "already_paid")
    equal(stage.payer.refunded_fen(code), 0)
    expect(await stage.channel.ask(order), Done)


@SCRIPT.behaviour()
async def nobody_pays_an_expired_code(stage: Stage) -> None:
    order = stage.order()
    code = await stage.shown(order)
    stage.clock.offset += order.expires_at - stage.clock.now()
    assert not stage.payer.pay(code), "an expired code was paid"
    expect(await stage.channel.ask(order), Waiting, Refused)
    expect(await stage.channel.close(order), Done)


@SCRIPT.behaviour()
async def many_at_once_are_kept_apart(stage: Stage) -> None:
    orders = [stage.order(1_000 + n) for n in range(20)]
    codes = await asyncio.gather(*(stage.shown(order) for order in orders))
    equal(len(set(codes)), len(orders))
    for code in codes[::2]:
        assert stage.payer.pay(code)
    answers = await asyncio.gather(*(stage.channel.ask(order) for order in orders))
    equal([isinstance(each, Done) for each in answers], [n % 2 == 0 for n in range(20)])
    equal([each.evidence["amount_fen"] for each in answers[::2]], [order.amount_fen for order in orders[::2]])
