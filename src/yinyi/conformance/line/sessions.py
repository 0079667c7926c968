"""``Acquirer``: keys come and go, whoever has none says nothing, and every answer finds its question."""

import asyncio

from yinyi.business.lines.session_model import Approved, Declined, NeverSent, NoAnswer
from yinyi.business.lines.session_ports import Acquirer, TellsWhetherUp
from yinyi.conformance.behaviour import NotKept, Script, equal, expect
from yinyi.conformance.line.stage import Stage, never_sent
from yinyi.kernel.money import Fen

SCRIPT = Script((Acquirer,))
_AT_ONCE = 8
_WITHIN_S = 20.0
_AGAIN_S = 0.05


@SCRIPT.behaviour()
async def it_says_whose_line_it_is(stage: Stage) -> None:
    equal(stage.line.name, stage.far.acquirer)


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


@SCRIPT.behaviour(also=(TellsWhetherUp,))
async def whether_the_line_is_up_is_told_and_why_not(stage: Stage) -> None:
    expect(await stage.line.echo(stage.desk()), Approved)
    equal((stage.line.is_up, stage.line.why_down), (True, ""))
    await stage.far.line.down(True)
    try:
        async with asyncio.timeout(_WITHIN_S):
            while stage.line.is_up or not stage.line.why_down:
                expect(await stage.line.echo(stage.desk()), NeverSent, NoAnswer)
                await asyncio.sleep(_AGAIN_S)
    except TimeoutError:
        raise NotKept("expected that the line is down and why, saw that it is up, or no reason") from None
    await stage.far.line.down(False)
    await stage.is_back()
    equal((stage.line.is_up, stage.line.why_down), (True, ""))


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
