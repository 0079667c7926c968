"""What people do at the human queue, and payments that stand in it."""

from collections import deque
from datetime import timedelta

from payment_checks import reference_of
from payment_far_side import Mishap
from payment_world import ZONE, World

from yinyi.bus.call import Call, Principal
from yinyi.bus.operation import Caller
from yinyi.business.payments.human_queue import HumanQueue
from yinyi.business.payments.messages_queue import Case, GetCase, SettleByHand
from yinyi.business.payments.model import ByHand


def lost(times: int) -> deque[Mishap]:
    """So many calls get lost on their way."""
    mishaps: list[Mishap] = ["lost_before"] * times
    return deque(mishaps)


def as_staff(it: World, name: str, account: str = "") -> Call:
    """``name``: who sits there, as he has proved; ``account``: by which he asks, if not by one of his own."""
    now = it.clock.now()
    who = Principal(caller=Caller.STAFF, hospital_id=1, staff_id=account or name, person=name)
    return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key="k")


def queue_of(it: World) -> HumanQueue:
    return HumanQueue(it.payments, ZONE)


async def case(it: World, number: str) -> Case:
    async with it.database.read() as tx:
        return await queue_of(it).case(tx, as_staff(it, "operator"), GetCase(number=number))


async def say(it: World, number: str, reference: str, name: str, outcome: ByHand, account: str = "") -> None:
    message = SettleByHand(payment_no=number, reference=reference, outcome=outcome, note="by the statement")
    async with it.database.transaction() as tx:
        await queue_of(it).settle_by_hand(tx, as_staff(it, name, account), message, None)


async def in_doubt(it: World) -> tuple[str, str]:
    """Nobody knows whether WeChat has taken the money: it answers neither the question nor the closing. The payment's
    number and the reference of the take, once it stands in the queue."""
    number = await it.open()
    await it.drive(number)
    await it.choose(number)
    await it.drive(number)
    reference = reference_of(await it.plan(number))
    it.channel.pay(reference)
    for verb in ("ask_channel", "close"):
        it.script.mishaps[verb] = lost(500)
    while not (await it.plan(number)).attention:
        it.clock.advance(timedelta(seconds=60))
        await it.drive(number)
    return number, reference
