"""``Acquirer``: what is taken from a card, what is given back, and what is made as if it had never happened."""

from yinyi.business.lines.session_model import Approved, Declined
from yinyi.business.lines.session_ports import Acquirer
from yinyi.conformance.behaviour import Script, equal, expect
from yinyi.conformance.line.stage import Stage
from yinyi.kernel.money import Fen

SCRIPT = Script((Acquirer,))


@SCRIPT.behaviour()
async def a_purchase_is_taken_and_can_be_referred_to(stage: Stage) -> None:
    original = await stage.bought(5_050)
    assert original.approved is not None
    assert original.approved.retrieval_ref, "an approval without a reference"
    equal(stage.taken_fen(), 5_050)


@SCRIPT.behaviour()
async def a_wrong_pin_is_declined_and_takes_nothing(stage: Stage) -> None:
    wrong = "".join(str((int(each) + 1) % 10) for each in stage.far.pin)
    expect(await stage.line.purchase(stage.desk(), Fen(100), stage.card(wrong)), Declined)
    equal(stage.taken_fen(), 0)
    await stage.bought(100)


@SCRIPT.behaviour()
async def what_the_card_has_not_is_declined(stage: Stage) -> None:
    _, answer = await stage.purchase(stage.far.balance_fen() + 1)
    equal(expect(answer, Declined).reason, "insufficient_funds")
    equal(stage.taken_fen(), 0)


@SCRIPT.behaviour()
async def a_balance_is_told(stage: Stage) -> None:
    answer = expect(await stage.line.balance(stage.desk(), stage.card()), Approved)
    equal(answer.amount_fen, stage.far.balance_fen())


@SCRIPT.behaviour()
async def a_void_gives_all_back_once(stage: Stage) -> None:
    original = await stage.bought()
    expect((await stage.void(original))[1], Approved)
    equal(stage.taken_fen(), 0)
    expect((await stage.void(original))[1], Declined)
    equal(stage.taken_fen(), 0)


@SCRIPT.behaviour()
async def what_is_not_whole_any_more_is_not_void_but_refunded(stage: Stage) -> None:
    original = await stage.bought(1_000)
    expect(await stage.refund(original, 300), Approved)
    expect((await stage.void(original))[1], Declined)
    equal(stage.taken_fen(), 700)
    expect(await stage.refund(original, 700), Approved)
    equal(stage.taken_fen(), 0)


@SCRIPT.behaviour()
async def what_is_void_is_not_refunded_as_well(stage: Stage) -> None:
    original = await stage.bought()
    expect((await stage.void(original))[1], Approved)
    expect(await stage.refund(original, original.amount_fen), Declined)
    equal(stage.taken_fen(), 0)


@SCRIPT.behaviour()
async def a_refund_gives_a_part_back_and_no_more_than_was_taken(stage: Stage) -> None:
    original = await stage.bought(1_000)
    expect(await stage.refund(original, 300), Approved)
    equal(stage.taken_fen(), 700)
    expect(await stage.refund(original, 701), Declined)
    equal(stage.taken_fen(), 700)
    expect(await stage.refund(original, 700), Approved)
    equal(stage.taken_fen(), 0)


@SCRIPT.behaviour()
async def a_reversal_is_as_if_it_had_never_happened_however_often_it_goes(stage: Stage) -> None:
    original = await stage.bought()
    for tries in range(3):
        expect(await stage.reverse(original, tries), Approved)
        equal(stage.taken_fen(), 0)


@SCRIPT.behaviour()
async def a_void_that_is_reversed_leaves_the_purchase(stage: Stage) -> None:
    original = await stage.bought()
    void, answer = await stage.void(original)
    expect(answer, Approved)
    expect(await stage.reverse(void), Approved)
    equal(stage.taken_fen(), original.amount_fen)


@SCRIPT.behaviour()
async def what_never_came_is_as_good_as_reversed(stage: Stage) -> None:
    """A host that has no record of it has taken nothing."""
    original = await stage.bought()
    expect(await stage.reverse(original), Approved)
    desk = stage.desk()
    unknown = type(original)(
        kind="purchase",
        batch_no=desk.batch_no,
        trace_no=desk.trace_no,
        sent_at=desk.at,
        amount_fen=original.amount_fen,
        card=original.card,
    )
    expect(await stage.reverse(unknown), Approved)
    equal(stage.taken_fen(), 0)
