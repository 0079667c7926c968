"""Payments of every kind by real flows, and somebody who watches over them."""

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

from bank_desk import lists
from payment_checks import pay_in_time, reference_of
from payment_far_side import Mishap
from payment_world import World
from queue_desk import in_doubt

from yinyi.app.watched import FIGURES, every_invariant
from yinyi.bus.call import Call, Principal
from yinyi.bus.operation import Caller
from yinyi.bus.outbox import Event, OutboxPublisher, add
from yinyi.business.audit import store as audit
from yinyi.business.audit.sealer import AuditSealer
from yinyi.business.payments.model import NO_LISTS, ListsExpected
from yinyi.business.payments.view import state_of
from yinyi.business.watch.messages import GetFigures, InvariantView, ListInvariants
from yinyi.business.watch.rounds import SLICE, Rounds
from yinyi.business.watch.service import WatchService


@dataclass
class Watch:
    """``delivered`` … ``waiting``: a payment's number each."""

    it: World
    rounds: Rounds
    delivered: str = ""
    returned: str = ""
    closed: str = ""
    in_queue: str = ""
    waiting: str = ""
    published: list[str] = field(default_factory=list[str])

    async def look(self, *, after: timedelta = timedelta()) -> dict[str, InvariantView]:
        """All of them, now; by name."""
        self.it.clock.advance(after)
        await self.it.means.lease.beat()
        await self.rounds.check_all()
        async with self.it.database.read() as tx:
            reply = await self.service.list(tx, staff_call(self.it), ListInvariants())
        return {each.name: each for each in reply.invariants}

    async def found(self, *, after: timedelta = timedelta()) -> dict[str, list[str]]:
        """What breaks which."""
        views = await self.look(after=after)
        assert [each.name for each in views.values() if each.problem] == []
        return {name: [each.subject for each in view.findings] for name, view in views.items() if view.violations}

    async def sql(self, *statements: str) -> None:
        """As nobody should: ``:delivered`` and so on stand for payment ids, ``:now`` for the instant."""
        it = self.it
        async with it.database.transaction() as tx:
            for statement in statements:
                text = statement.replace(":now", f"'{it.clock.now().isoformat()}'::timestamptz")
                for name in ("delivered", "returned", "closed", "in_queue", "waiting"):
                    number = getattr(self, name)
                    text = text.replace(f":{name}", f"(SELECT payment_id FROM payment WHERE payment_no = '{number}')")
                await tx.execute(text)

    @property
    def service(self) -> WatchService:
        return WatchService(self.it.database, self.rounds, FIGURES)

    async def figures(self) -> dict[str, dict[str, float]]:
        async with self.it.database.read() as tx:
            reply = await self.service.figures(tx, staff_call(self.it), GetFigures())
        return {each.name: each.values for each in reply.figures}

    async def publish(self, subject: str, body: bytes, message_id: str) -> None:
        self.published.append(subject)


def staff_call(it: World) -> Call:
    now = it.clock.now()
    who = Principal(caller=Caller.STAFF, hospital_id=1, staff_id="operator")
    return Call(principal=who, now=now, deadline=now + timedelta(seconds=8), correlation_id="c", key="k")


LISTED = ListsExpected(banks=("icbc",))


def watch(it: World, slice_rows: int = SLICE, expected: ListsExpected = NO_LISTS) -> Watch:
    rounds = Rounds(it.database, it.clock, 1, every_invariant(it.means.registry.rules, expected), slice_rows=slice_rows)
    return Watch(it, rounds)


async def grown(it: World, slice_rows: int = SLICE) -> Watch:
    """Delivered after a callback, given back because the hospital refused, closed unpaid, in the human queue, and one
    whose payer looks at his code; an event published, an audit record sealed; a bank's list of the day before."""
    them = watch(it, slice_rows, LISTED)
    await lists(it, days=-1)
    them.in_queue, _ = await in_doubt(it)
    it.script.mishaps.clear()
    it.script.mishaps["confirm"] = deque_of("refuse")
    plan = await pay_in_time(it)
    them.returned = plan.payment_no
    assert state_of(plan) == "returned"
    them.closed = await it.open()
    await it.to_the_end(them.closed)
    them.delivered = await it.open()
    await waiting_for_payer(it, them.delivered)
    it.channel.pay(reference_of(await it.plan(them.delivered)))
    await it.callback(them.delivered, "event")
    assert state_of(await it.to_the_end(them.delivered)) == "fulfilled"
    await kept_in_queue(it, them)
    them.waiting = await it.open()
    await waiting_for_payer(it, them.waiting)
    async with it.database.transaction() as tx:
        await audit.append(tx, staff_call(it), "payments.AskAgain.v1", them.in_queue)
        await add(tx, Event(hospital_id=1, subject="event.x", body={}, at=it.clock.now()))
        await tx.execute("UPDATE outbox SET claimed_until = NULL")
    await AuditSealer(it.database, it.clock).seal_some()
    await OutboxPublisher(it.database, them.publish, it.clock).publish_some()
    return them


async def waiting_for_payer(it: World, number: str) -> None:
    """The code is on the screen."""
    await it.drive(number)
    await it.choose(number)
    await it.drive(number)


async def kept_in_queue(it: World, them: Watch) -> None:
    """The channel does not answer about this one, and the engine goes on asking."""
    for verb in ("ask_channel", "close"):
        it.script.mishaps[verb] = deque_of("lost_before")
    await it.drive(them.in_queue)
    it.script.mishaps.clear()
    assert (await it.plan(them.in_queue)).attention


def deque_of(*mishaps: Mishap) -> "deque[Mishap]":
    return deque(mishaps)
