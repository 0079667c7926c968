"""``ReceivesCallbacks``: the channel tells us by itself, and nothing is believed that it has not said."""

from dataclasses import replace
from datetime import timedelta

from yinyi.business.payments.ports import CallbackRefused, ReceivesCallbacks, Refunds, ShowsCode, TakesPayment
from yinyi.conformance.behaviour import NotKept, Script, equal, expect
from yinyi.conformance.payment.stage import Stage, refund_of
from yinyi.conformance.place import Callback
from yinyi.kernel.outcome import Done, Waiting

SCRIPT = Script((TakesPayment, ShowsCode, ReceivesCallbacks))
_STALE = timedelta(days=3)


async def _told(stage: Stage) -> Callback:
    order = stage.order()
    await stage.paid(order)
    return (await stage.callback("take", order.reference))[0]


def _believed_not(stage: Stage, callback: Callback) -> None:
    try:
        told = stage.read(callback)
    except CallbackRefused:
        return
    raise NotKept(f"expected CallbackRefused, saw {told!r}")


@SCRIPT.behaviour()
async def a_payment_is_told(stage: Stage) -> None:
    order = stage.order()
    await stage.paid(order)
    _, told = await stage.callback("take", order.reference)
    equal((told.merchant, told.amount_fen), (order.merchant, order.amount_fen))
    equal(told.outcome, expect(await stage.channel.ask(order), Done))
    assert told.event_id, "an event without an id cannot be told from its repeats"


@SCRIPT.behaviour()
async def told_twice_is_one_event(stage: Stage) -> None:
    callback, other = await _told(stage), await _told(stage)
    equal(stage.read(callback).event_id, stage.read(callback).event_id)
    assert stage.read(other).event_id != stage.read(callback).event_id, "two events have one id"


@SCRIPT.behaviour(also=(Refunds,))
async def a_refund_is_told(stage: Stage) -> None:
    order = stage.order(1_000)
    await stage.paid(order)
    refund = refund_of(order, 300)
    expect(await stage.channel.refund(refund), Done, Waiting)
    _, told = await stage.callback("refund", refund.reference)
    equal((told.merchant, told.amount_fen), (order.merchant, refund.amount_fen))
    expect(told.outcome, Done)


@SCRIPT.behaviour()
async def what_was_altered_is_not_believed(stage: Stage) -> None:
    """Every seventh byte of the body, one at a time; cut, empty, something else."""
    callback = await _told(stage)
    body = callback.body
    for at in range(0, len(body), 7):
        _believed_not(stage, replace(callback, body=body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]))
    for wrong in (b"", b"{}", body[: len(body) // 2], b"\0" * len(body), b"<x/>", b"\xff\xfe"):
        _believed_not(stage, replace(callback, body=wrong))


@SCRIPT.behaviour()
async def what_is_old_is_not_believed(stage: Stage) -> None:
    """Somebody has kept it."""
    callback = await _told(stage)
    stage.clock.offset += _STALE
    try:
        _believed_not(stage, callback)
    finally:
        stage.clock.offset -= _STALE


@SCRIPT.behaviour()
async def yes_and_no_are_told_apart(stage: Stage) -> None:
    yes, no = stage.channel.accepted(), stage.channel.rejected("why")
    assert (yes.status, yes.body) != (no.status, no.body), "the sender cannot tell whether it was accepted"
