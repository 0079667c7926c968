"""``Acquirer`` when the line breaks, is answered too late, never, or by what cannot be believed: the truth about each
message, and what makes it good."""

from dataclasses import replace
from typing import get_args

from yinyi.business.lines.session_model import Approved, NeverSent, NoAnswer, Settled
from yinyi.business.lines.session_ports import Acquirer
from yinyi.conformance.behaviour import Script, equal, expect
from yinyi.conformance.line.stage import Said, Stage, Wrong, never_sent
from yinyi.kernel.far_side import Mishap
from yinyi.kernel.money import Fen

SCRIPT = Script((Acquirer,))
_BROKEN: tuple[Mishap, ...] = ("cut", "half")
_TOO_LATE: tuple[Mishap, ...] = ("silent", "slow")
_WRONG: tuple[Wrong, ...] = get_args(Wrong)
_GIVING_BACK: tuple[Said, ...] = ("void", "refund", "reversal")
_SENDS = ("purchase", "void", "refund", "reversal")
_SEALED: tuple[Wrong, ...] = ("wrong_mac", "no_mac")


@SCRIPT.behaviour([*_BROKEN, *_TOO_LATE])
async def a_purchase_without_an_answer_may_have_happened_and_is_reversed(stage: Stage, mishap: Mishap) -> None:
    stage.befall(mishap)
    original, answer = await stage.purchase(by=stage.hasty)
    expect(answer, NoAnswer)
    await stage.renewed()
    equal(stage.taken_fen(), 0 if mishap == "cut" else original.amount_fen)
    expect(await stage.reverse(original), Approved)
    equal(stage.taken_fen(), 0)


@SCRIPT.behaviour([*_BROKEN, *_TOO_LATE])
async def a_void_without_an_answer_may_have_happened_and_is_reversed(stage: Stage, mishap: Mishap) -> None:
    original = await stage.bought()
    stage.befall(mishap)
    void, answer = await stage.void(original, by=stage.hasty)
    expect(answer, NoAnswer)
    await stage.renewed()
    expect(await stage.reverse(void), Approved)
    equal(stage.taken_fen(), original.amount_fen)


@SCRIPT.behaviour([*_BROKEN, *_TOO_LATE])
async def a_refund_without_an_answer_may_have_happened(stage: Stage, mishap: Mishap) -> None:
    original = await stage.bought(1_000)
    stage.befall(mishap)
    expect(await stage.refund(original, 300, by=stage.hasty), NoAnswer)
    await stage.renewed()
    equal(stage.taken_fen(), 1_000 if mishap == "cut" else 700)


@SCRIPT.behaviour([*_BROKEN, *_TOO_LATE])
async def a_reversal_without_an_answer_goes_again(stage: Stage, mishap: Mishap) -> None:
    original = await stage.bought()
    stage.befall(mishap)
    expect(await stage.reverse(original, by=stage.hasty), NoAnswer)
    await stage.renewed()
    expect(await stage.reverse(original, 1), Approved)
    equal(stage.taken_fen(), 0)


@SCRIPT.behaviour(_WRONG)
async def an_answer_that_cannot_be_believed_is_none(stage: Stage, wrong: Wrong) -> None:
    stage.answers("purchase", wrong)
    original, answer = await stage.purchase(by=stage.hasty)
    seen = expect(answer, NoAnswer)
    if wrong in _SEALED:
        equal(seen.why, "bad_mac")
    expect(await stage.reverse(original), Approved)
    equal(stage.taken_fen(), 0)


@SCRIPT.behaviour(_GIVING_BACK, _SEALED)
async def nothing_that_moves_money_is_believed_without_its_mac(stage: Stage, at: Said, wrong: Wrong) -> None:
    original = await stage.bought(1_000)
    stage.answers(at, wrong)
    if at == "void":
        _, answer = await stage.void(original)
    else:
        answer = await (stage.reverse(original) if at == "reversal" else stage.refund(original, 300))
    equal(expect(answer, NoAnswer).why, "bad_mac")


@SCRIPT.behaviour()
async def an_answer_that_comes_too_late_is_told(stage: Stage) -> None:
    stage.befall("slow")
    original, answer = await stage.purchase(by=stage.hasty)
    expect(answer, NoAnswer)
    late = await stage.next_late()
    equal((late.slot, late.number), (stage.slot, (original.batch_no, original.trace_no)))
    expect(late.answer, Approved)
    equal(stage.taken_fen(), original.amount_fen)
    expect(await stage.reverse(original), Approved)


@SCRIPT.behaviour(_SENDS)
async def what_is_not_ours_any_more_does_not_leave(stage: Stage, what: str) -> None:
    """Whoever has taken the session over may have reversed it."""
    original = await stage.bought(1_000)
    desk = replace(stage.desk(original if what == "reversal" else None), may_send=lambda: False)
    match what:
        case "purchase":
            never_sent(await stage.line.purchase(desk, Fen(300), stage.card()))
        case "void":
            never_sent(await stage.line.void(desk, original))
        case "refund":
            never_sent(await stage.line.refund(desk, original, Fen(300)))
        case _:
            never_sent(await stage.line.reverse(desk, original, "no_answer", 0))
    equal(stage.taken_fen(), 1_000)


@SCRIPT.behaviour()
async def without_a_line_nothing_has_left_and_it_comes_back_by_itself(stage: Stage) -> None:
    original = await stage.bought()
    await stage.far.line.down(True)
    expect(await stage.line.echo(stage.desk()), NeverSent, NoAnswer)  # it may meet a line that is just breaking
    never_sent((await stage.purchase())[1])
    never_sent((await stage.void(original))[1])
    never_sent(await stage.refund(original, 100))
    never_sent(await stage.reverse(original))
    never_sent(await stage.line.sign_on(stage.desk()))
    equal(stage.taken_fen(), original.amount_fen)
    await stage.far.line.down(False)
    await stage.is_back()
    await stage.bought()


@SCRIPT.behaviour([*_BROKEN, *_TOO_LATE])
async def a_settlement_without_an_answer_is_asked_again(stage: Stage, mishap: Mishap) -> None:
    await stage.begin_batch()
    await stage.bought()
    totals = stage.totals()
    stage.befall(mishap)
    expect(await stage.hasty.settle(stage.desk(), totals), NoAnswer)
    await stage.renewed()
    equal(await stage.line.settle(stage.desk(), totals), Settled(balanced=True))
    await stage.next_batch()
