"""``Acquirer``: keys come and go, whoever has none says nothing, and every answer finds its question."""

import asyncio

from yinyi.business.lines.session_model import Approved, Declined
from yinyi.business.lines.session_ports import Acquirer
from yinyi.conformance.behaviour import Script, equal, expect
from yinyi.conformance.line.stage import Stage, never_sent
from yinyi.kernel.money import Fen

SCRIPT = Script((Acquirer,))
_AT_ONCE = 8


@SCRIPT.behaviour()
async def signing_on_brings_keys_of_their_check_values(stage: Stage) -> None:
    await stage.sign_on()
    await stage.bought(100)


@SCRIPT.behaviour()
async def every_sign_on_brings_other_keys(stage: Stage) -> None:
    before, after = await stage.sign_on(), await stage.sign_on()
    assert {each.key for each in before.keys}.isdisjoint(each.key for each in after.keys), "the same keys again"
    await stage.bought(100)


@SCRIPT.behaviour()
async def an_echo_is_answered(stage: Stage) -> None:
    expect(await stage.line.echo(stage.desk()), Approved)


@SCRIPT.behaviour()
async def without_a_key_nothing_that_needs_a_mac_leaves(stage: Stage) -> None:
    never_sent(await stage.line.purchase(stage.desk(has_mac=False), Fen(100), stage.card()))
    equal(stage.taken_fen(), 0)


@SCRIPT.behaviour()
async def after_a_sign_off_nothing_is_taken_until_the_next_sign_on(stage: Stage) -> None:
    expect(await stage.line.sign_off(stage.desk()), Approved)
    _, answer = await stage.purchase(100)
    assert expect(answer, Declined).must_sign_on, "it is not told that it has to sign on"
    equal(stage.taken_fen(), 0)
    await stage.sign_on()
    await stage.bought(100)


@SCRIPT.behaviour()
async def many_at_once_get_their_own_answers(stage: Stage) -> None:
    amounts = range(101, 101 + _AT_ONCE)
    said = await asyncio.gather(*(stage.purchase(each) for each in amounts))
    references = {expect(answer, Approved).retrieval_ref for _, answer in said}
    equal((len(references), stage.taken_fen()), (_AT_ONCE, sum(amounts)))
    for original, _ in said[::2]:
        expect((await stage.void(original))[1], Approved)
    equal(stage.taken_fen(), sum(amounts[1::2]))
