"""Somebody gives money back at the channel itself: what it tells of that, and when."""

from collections.abc import Mapping
from datetime import timedelta

from yinyi.app.faults.model import FEE
from yinyi.app.faults.person import Person
from yinyi.app.faults.shapes import Shape, begin, is_delivered, open_take, pay
from yinyi.business.payments.plan import TAKE, Step
from yinyi.kernel.money import Fen


async def refunded_there(person: Person) -> None:
    """Somebody gives back a part at the channel itself, and staff all the rest."""
    with person.calm():
        take = await is_delivered(person)
    if take is None:
        return
    await _is_given_back_there(person, take, 900)
    await person.refund(Fen(2000))
    await person.drive()


async def refunded_there_in_all(person: Person) -> None:
    """Staff give back a part, and somebody gives back another one at the channel itself, which says how much went back
    in all; then staff give back a third one."""
    with person.calm():
        await begin(person, tender="alipay")
        await pay(person, tells=True)
        await person.until_the_end()
    take = (await person.plan()).latest(TAKE)
    assert take is not None
    await person.refund(Fen(2000))
    await person.drive()
    await _is_given_back_there(person, take, 900)
    await person.refund(Fen(1000))
    await person.drive()


async def given_back_unheard(person: Person) -> None:
    """Somebody gives all of it back at the channel before we have heard that it was paid; that is told late."""
    with person.calm():
        await begin(person)
        take = await open_take(person)
    assert take is not None
    person.pays(take)
    their_id = person.channel.refund_there(take.reference, FEE)
    for _ in range(3):
        await person.wait(timedelta(seconds=40))
        await person.drive()
    await person.refunded_there(take, their_id)
    await person.drive()


async def _is_given_back_there(person: Person, take: Step, amount_fen: int) -> None:
    far = person.channels[take.channel]
    amount_fen = min(amount_fen, take.amount_fen - far.back_fen(take.reference))
    if far.orders.get(take.reference) != "paid" or not amount_fen:
        return
    their_id = far.refund_there(take.reference, amount_fen)
    person.gone_fen += amount_fen
    await person.refunded_there(take, their_id)
    await person.drive()


THERE_SHAPES: Mapping[str, Shape] = {
    each.__name__: each for each in (refunded_there, refunded_there_in_all, given_back_unheard)
}
