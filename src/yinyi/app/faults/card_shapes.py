"""Who comes with a card, and what he does. The number and its registration go right here: others explore them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from yinyi.app.faults import cardholder
from yinyi.app.faults.stage import Stage
from yinyi.kernel.money import Fen

CardShape = Callable[[Stage], Awaitable[None]]


async def pays_by_card(stage: Stage) -> None:
    """Inserts his card; if nothing was taken, once more. Whoever comes next pays at the same terminal."""
    await _begin(stage)
    await cardholder.pays(stage, times=2)
    await cardholder.next_pays(stage)


async def pays_by_card_first(stage: Stage) -> None:
    """The first one of the day: the terminal signs on."""
    await _begin(stage, signed_on=False)
    await cardholder.pays(stage)


async def card_and_cancels(stage: Stage) -> None:
    """Inserts his card and wants it no more."""
    await _begin(stage)
    await cardholder.inserts(stage)
    await stage.cancel()
    await stage.drive()


async def bank_is_silent(stage: Stage) -> None:
    """The bank has taken the money and says nothing: it is reversed, before the next one pays."""
    await _begin(stage)
    stage.line.bank.next["purchase"] = "silent_after"
    with stage.calm():
        await cardholder.inserts(stage)
    await cardholder.next_pays(stage)


async def line_breaks(stage: Stage) -> None:
    """The line breaks behind a purchase that was made: it is reversed at once."""
    await _begin(stage)
    stage.line.bank.next["purchase"] = "lost_after"
    await cardholder.pays(stage, times=2)


async def card_is_given_back(stage: Stage) -> None:
    """Pays, and the hospital has given the number away: the purchase is voided."""
    with stage.calm():
        await _begin(stage)
        await stage.number_is_given_away()
    await cardholder.pays(stage)
    await cardholder.next_pays(stage)


async def void_is_in_doubt(stage: Stage) -> None:
    """The same, and the void gets no answer: it is reversed, and the money goes back by a refund."""
    with stage.calm():
        await _begin(stage)
        await stage.number_is_given_away()
        stage.line.bank.next["void"] = "lost_after"
        await cardholder.inserts(stage)
    await stage.until_the_end()


async def card_refunded(stage: Stage) -> None:
    """Paid; staff gives back a part, and then another."""
    with stage.calm():
        await _is_delivered(stage)
    await stage.refund(Fen(2000))
    await stage.drive()
    await stage.until_the_end()
    with stage.calm():
        await stage.refund(Fen(500))
        await stage.drive()


async def card_refunded_next_day(stage: Stage) -> None:
    """Paid; the batch is settled, and a day later all of it goes back: the terminal signs on for that."""
    with stage.calm():
        await _is_delivered(stage)
        await stage.line.settles()
        await stage.wait(timedelta(days=1))
    await stage.refund()
    await stage.drive()


CARD_SHAPES: Mapping[str, CardShape] = {
    each.__name__: each
    for each in (
        *(pays_by_card, pays_by_card_first, card_and_cancels, bank_is_silent, line_breaks),
        *(card_is_given_back, void_is_in_doubt, card_refunded, card_refunded_next_day),
    )
}


async def _begin(stage: Stage, *, signed_on: bool = True) -> None:
    stage.by_card = True
    stage.script.aside = ("scheduling",)
    await stage.line.begins(signed_on=signed_on)
    calm, stage.script.calm = stage.script.calm, True
    await stage.open()
    await stage.drive()
    stage.script.calm = calm


async def _is_delivered(stage: Stage) -> None:
    await _begin(stage)
    await cardholder.pays(stage)
    await stage.until_the_end()
