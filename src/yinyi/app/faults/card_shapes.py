"""Who comes with a card, and what he does. The number and its registration go right here: others explore them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from yinyi.app.faults import cardholder
from yinyi.app.faults.at_terminal import AtTerminal
from yinyi.kernel.money import Fen

CardShape = Callable[[AtTerminal], Awaitable[None]]


async def pays_by_card(stage: AtTerminal) -> None:
    """Inserts his card; if nothing was taken, once more. Whoever comes next pays at the same terminal."""
    await _begin(stage)
    await cardholder.pays(stage, times=2)
    await cardholder.next_pays(stage)


async def pays_by_card_first(stage: AtTerminal) -> None:
    """The first one of the day: the terminal signs on."""
    await _begin(stage, signed_on=False)
    await cardholder.pays(stage)


async def card_and_cancels(stage: AtTerminal) -> None:
    """Inserts his card and wants it no more."""
    await _begin(stage)
    await cardholder.inserts(stage)
    await stage.cancel()
    await stage.drive()


async def bank_is_silent(stage: AtTerminal) -> None:
    """The bank has taken the money and says nothing: it is reversed, before the next one pays."""
    await _begin(stage)
    stage.line.bank.next["purchase"] = "silent_after"
    with stage.calm():
        await cardholder.inserts(stage)
    await cardholder.next_pays(stage)


async def line_breaks(stage: AtTerminal) -> None:
    """The line breaks behind a purchase that was made: it is reversed at once."""
    await _begin(stage)
    stage.line.bank.next["purchase"] = "lost_after"
    await cardholder.pays(stage, times=2)


async def card_is_given_back(stage: AtTerminal) -> None:
    """Pays, and the hospital has given the number away: the purchase is voided."""
    with stage.calm():
        await _begin(stage)
        await stage.number_is_given_away()
    await cardholder.pays(stage)
    await cardholder.next_pays(stage)


async def void_is_in_doubt(stage: AtTerminal) -> None:
    """The same, and the void gets no answer: it is reversed, and the money goes back by a refund."""
    with stage.calm():
        await _begin(stage)
        await stage.number_is_given_away()
        stage.line.bank.next["void"] = "lost_after"
        await cardholder.inserts(stage)
    await stage.until_the_end()


async def card_refunded(stage: AtTerminal) -> None:
    """Paid; staff gives back a part, and then another."""
    with stage.calm():
        await _is_delivered(stage)
    await stage.refund(Fen(2000))
    await stage.drive()
    await stage.until_the_end()
    with stage.calm():
        await stage.refund(Fen(500))
        await stage.drive()


async def card_refunded_next_day(stage: AtTerminal) -> None:
    """Paid; the batch is settled, and a day later all of it goes back: the terminal signs on for that."""
    with stage.calm():
        await _is_delivered(stage)
        await cardholder.batch_is_settled(stage)
        await stage.wait(timedelta(days=1))
    await stage.refund()
    await stage.drive()


async def batch_is_settled(stage: AtTerminal) -> None:
    """Paid, and the batch is settled; then all of it goes back."""
    with stage.calm():
        await _is_delivered(stage)
    await cardholder.batch_is_settled(stage)
    with stage.calm():
        await stage.refund()
        await stage.drive()


async def batch_differs(stage: AtTerminal) -> None:
    """The bank counts something else: it is sent every detail, and the next one pays in the next batch."""
    with stage.calm():
        await _is_delivered(stage)
    stage.line.bank.next["settle"] = "unbalanced"
    await cardholder.batch_is_settled(stage)
    with stage.calm():
        await cardholder.next_pays(stage)


async def batch_waits_for_a_reversal(stage: AtTerminal) -> None:
    """A purchase is in doubt when the batch is settled: it is reversed before."""
    await _begin(stage)
    stage.line.bank.next["purchase"] = "silent_after"
    with stage.calm():
        await cardholder.inserts(stage)
    await stage.wait(timedelta(minutes=1))
    await cardholder.batch_is_settled(stage)
    with stage.calm():
        await cardholder.next_pays(stage)


async def day_ends_before_the_reversal(stage: AtTerminal) -> None:
    """The line breaks behind a purchase, and the bank's day ends: nothing of the day before is reversed any more."""
    await _begin(stage)
    stage.line.bank.next |= {"purchase": "lost_after", "reverse": "cut_over"}
    await cardholder.pays(stage)
    await cardholder.next_pays(stage)


async def day_ends_before_the_void(stage: AtTerminal) -> None:
    """Paid in vain, and the bank's day ends: what cannot be voided any more is refunded."""
    with stage.calm():
        await _is_delivered(stage)
    stage.line.bank.next["void"] = "cut_over"
    await stage.refund()
    await stage.drive()


async def bank_wants_a_sign_on(stage: AtTerminal) -> None:
    """Beside its approval; the void that comes next waits for it."""
    with stage.calm():
        await _begin(stage)
        stage.line.bank.next["purchase"] = "asks_sign_on"
        await cardholder.inserts(stage)
        await stage.until_the_end()
    await stage.refund()
    await stage.drive()


async def refund_waits_for_the_statement(stage: AtTerminal) -> None:
    """A refund gets no answer, and stays out of the batch that is settled; the statement tells."""
    with stage.calm():
        await _is_delivered(stage)
        stage.line.bank.next["refund"] = "lost_after"
        await stage.refund(Fen(2000))
        await stage.drive()
    await cardholder.batch_is_settled(stage)


CARD_SHAPES: Mapping[str, CardShape] = {
    each.__name__: each
    for each in (
        *(pays_by_card, pays_by_card_first, card_and_cancels, bank_is_silent, line_breaks),
        *(card_is_given_back, void_is_in_doubt, card_refunded, card_refunded_next_day),
        *(batch_is_settled, batch_differs, batch_waits_for_a_reversal),
        *(day_ends_before_the_reversal, day_ends_before_the_void, bank_wants_a_sign_on),
        refund_waits_for_the_statement,
    )
}


async def _begin(stage: AtTerminal, *, signed_on: bool = True) -> None:
    await stage.comes_with_card(signed_on=signed_on)
    calm, stage.script.calm = stage.script.calm, True
    await stage.open()
    await stage.drive()
    stage.script.calm = calm


async def _is_delivered(stage: AtTerminal) -> None:
    await _begin(stage)
    await cardholder.pays(stage)
    await stage.until_the_end()
