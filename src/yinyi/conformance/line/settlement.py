"""``Acquirer``: a batch is closed by the same totals on both sides, or by all that stands in it."""

from msgspec.structs import replace

from yinyi.business.lines.session_model import Approved, NoAnswer, Settled
from yinyi.business.lines.session_ports import Acquirer
from yinyi.conformance.behaviour import Script, equal, expect
from yinyi.conformance.line.stage import Stage
from yinyi.kernel.money import Fen

SCRIPT = Script((Acquirer,))


async def _of_everything(stage: Stage) -> None:
    """Purchases, one of them void, one refunded in part, one as if it had never been."""
    await stage.begin_batch()
    await stage.bought(1_000)
    await stage.void(await stage.bought(2_000))
    await stage.refund(await stage.bought(3_000), 500)
    await stage.reverse(await stage.bought(4_000))


@SCRIPT.behaviour()
async def the_same_totals_are_balanced(stage: Stage) -> None:
    await _of_everything(stage)
    equal(await stage.line.settle(stage.desk(), stage.totals()), Settled(balanced=True))
    if stage.line.habits.ends_balanced:
        expect(await stage.line.end_upload(stage.desk(), 0, balanced=True), Approved)
    await stage.next_batch()
    await stage.bought(100)


@SCRIPT.behaviour()
async def an_empty_batch_is_balanced(stage: Stage) -> None:
    await stage.begin_batch()
    equal(await stage.line.settle(stage.desk(), stage.totals()), Settled(balanced=True))
    await stage.next_batch()


@SCRIPT.behaviour(["debit_fen", "credit_fen"])
async def other_totals_are_not_and_everything_is_told(stage: Stage, which: str) -> None:
    await _of_everything(stage)
    ours = stage.totals()
    wrong = replace(ours, **{which: Fen(getattr(ours, which) + 1)})
    equal(await stage.line.settle(stage.desk(), wrong), Settled(balanced=False))
    await stage.upload()
    await stage.next_batch()
    await stage.bought(100)


@SCRIPT.behaviour()
async def more_than_fits_into_one_message_is_told_in_several(stage: Stage) -> None:
    await stage.begin_batch()
    for nth in range(stage.line.habits.most_details + 1):
        await stage.bought(100 + nth)
    wrong = replace(stage.totals(), debits=stage.totals().debits + 1)
    equal(await stage.line.settle(stage.desk(), wrong), Settled(balanced=False))
    await stage.upload()
    await stage.next_batch()


@SCRIPT.behaviour()
async def a_host_that_cannot_say_has_said_nothing(stage: Stage) -> None:
    await stage.begin_batch()
    await stage.bought()
    stage.answers("settle", "undecided")
    expect(await stage.line.settle(stage.desk(), stage.totals()), NoAnswer)
    equal(await stage.line.settle(stage.desk(), stage.totals()), Settled(balanced=True))
    await stage.next_batch()
