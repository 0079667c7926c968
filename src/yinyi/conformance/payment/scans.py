"""``ScansCode``: a payer shows his code and we scan it."""

from yinyi.business.payments.ports import ScansCode, TakesPayment
from yinyi.conformance.behaviour import Script, equal, expect, refused
from yinyi.conformance.payment.stage import Stage
from yinyi.kernel.outcome import Done, NotFound, Refused, Unknown, Waiting

SCRIPT = Script((TakesPayment, ScansCode))


@SCRIPT.behaviour()
async def a_payer_shows_his_code(stage: Stage) -> None:
    order, (code, url) = stage.order(scanned=True), stage.his_code("pays")
    assert stage.channel.knows_code(code)
    outcome = expect(await stage.channel.take_by_code(order, code), Done)
    equal(outcome.evidence.get("amount_fen"), order.amount_fen)
    equal(await stage.channel.ask(order), outcome)
    again = await stage.channel.take_by_code(order, code)
    expect(again, Unknown, Done)
    equal(stage.payer.refunded_fen(url), 0)


@SCRIPT.behaviour()
async def a_code_is_good_for_one_payment(stage: Stage) -> None:
    code, _ = stage.his_code("pays")
    expect(await stage.channel.take_by_code(stage.order(scanned=True), code), Done)
    refused(await stage.channel.take_by_code(stage.order(scanned=True), code), "expired")


@SCRIPT.behaviour(["", "x", "00000000000000000", "x" * 18, "9" * 30, "１3" + "0" * 16, "130000000000000000\n"])
async def what_is_no_code_of_the_channel_is_not_scanned(stage: Stage, code: str) -> None:
    assert not stage.channel.knows_code(code)
    refused(await stage.channel.take_by_code(stage.order(scanned=True), code), "bad_request")


@SCRIPT.behaviour()
async def a_password_is_waited_for(stage: Stage) -> None:
    order, (code, url) = stage.order(scanned=True), stage.his_code("password")
    expect(await stage.channel.take_by_code(order, code), Waiting)
    expect(await stage.channel.ask(order), Waiting)
    assert stage.payer.pay(url)
    expect(await stage.channel.ask(order), Done)


@SCRIPT.behaviour()
async def who_has_no_money_is_refused(stage: Stage) -> None:
    code, _ = stage.his_code("no_money")
    refused(await stage.channel.take_by_code(stage.order(scanned=True), code), "insufficient_funds")


@SCRIPT.behaviour()
async def closing_gives_back_what_was_taken(stage: Stage) -> None:
    order, (code, url) = stage.order(scanned=True), stage.his_code("pays")
    expect(await stage.channel.take_by_code(order, code), Done)
    for _ in range(2):
        expect(await stage.channel.close(order), Done)
    equal(stage.payer.refunded_fen(url), order.amount_fen)
    expect(await stage.channel.ask(order), Refused, Done)


@SCRIPT.behaviour()
async def what_waits_for_a_password_is_closed(stage: Stage) -> None:
    order, (code, url) = stage.order(scanned=True), stage.his_code("password")
    expect(await stage.channel.take_by_code(order, code), Waiting)
    expect(await stage.channel.close(order), Done)
    assert not stage.payer.pay(url), "a closed order was paid"


@SCRIPT.behaviour()
async def an_order_that_never_came_may_still_be_on_its_way(stage: Stage) -> None:
    order = stage.order(scanned=True)
    expect(await stage.channel.ask(order), NotFound)
    expect(await stage.channel.close(order), NotFound, Unknown)


@SCRIPT.behaviour()
async def the_payers_code_is_never_told(stage: Stage) -> None:
    order, (code, _) = stage.order(scanned=True), stage.his_code("no_money")
    for answer in (await stage.channel.take_by_code(order, code), await stage.channel.ask(order)):
        assert code not in repr(answer), "an outcome quotes the payer's code"
