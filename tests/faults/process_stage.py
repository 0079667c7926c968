"""Business processes as far as payments are concerned: started, hanging, dead, all on one database."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from payment_world import ZONE, World, world

from yinyi.business.payments import store
from yinyi.business.payments.drive import Means
from yinyi.business.payments.driver import AT_ONCE, Driver
from yinyi.business.payments.lease import LEASE_S, Lease
from yinyi.business.payments.limits import Limits
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.service import PaymentService
from yinyi.kernel.outcome import Outcome

PATIENCE_S = 40.0
LEASE = timedelta(seconds=LEASE_S)
Story = Callable[[World], Awaitable[None]]


def play(url: str, story: Story) -> None:
    async def on_stage() -> None:
        async with world(url) as it, asyncio.timeout(PATIENCE_S):
            await story(it)

    asyncio.run(on_stage())


@dataclass
class Process:
    """A business process, as far as payments are concerned."""

    lease: Lease
    driver: Driver

    async def idle(self, *payment_ids: int) -> None:
        """Returns when it drives none of these."""
        for payment_id in payment_ids:
            while self.driver.active(payment_id):
                await self.driver.moved(payment_id, PATIENCE_S)


async def start(it: World, name: str, at_once: int = AT_ONCE) -> Process:
    lease = Lease(it.database, it.clock, name)
    await lease.take()
    means = Means(it.database, it.means.registry, lease, Limits(), it.clock, ZONE)
    return Process(lease, Driver(means, at_once=at_once))


def ids_of(claimed: list[store.Claimed]) -> list[tuple[int, int]]:
    return [(each.hospital_id, each.payment_id) for each in claimed]


async def opened(it: World, count: int = 1) -> list[Plan]:
    """Payments of a process that had no good lease when it opened them: nothing has left, whoever finds them begins."""
    it.clock.advance(LEASE)
    numbers = [await it.open() for _ in range(count)]
    return [await it.plan(number) for number in numbers]


async def history(it: World, plan: Plan) -> list[Any]:
    """Every line that was ever written about it."""
    async with it.database.read() as tx:
        rows = await tx.fetch("SELECT version, what FROM payment_event WHERE payment_id = $1", plan.payment_id)
    return [tuple(row) for row in rows]


async def owner(it: World, plan: Plan) -> int | None:
    async with it.database.read() as tx:
        return await tx.fetchval("SELECT lease_epoch FROM payment WHERE payment_id = $1", plan.payment_id)


@dataclass
class Gate:
    """Holds at the hospital take effect at once, and answer when it is opened. ``calls``: how often each was made."""

    it: World
    open: asyncio.Event = field(default_factory=asyncio.Event)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    calls: dict[str, int] = field(default_factory=dict[str, int])
    hanging: str = ""
    somebody_came: asyncio.Event = field(default_factory=asyncio.Event)

    async def all_came(self, count: int) -> None:
        while len(self.calls) < count:
            self.somebody_came.clear()
            await self.somebody_came.wait()

    def __post_init__(self) -> None:
        self._hold = self.it.hospital.hold
        self.it.hospital.hold = self.hold

    async def hold(self, reference: str, schedule_id: str, slot_id: str, patient_no: str, until: datetime) -> Outcome:
        self.calls[reference] = self.calls.get(reference, 0) + 1
        outcome = await self._hold(reference, schedule_id, slot_id, patient_no, until)
        self.came.set()
        self.somebody_came.set()
        if self.hanging in ("", reference):
            await self.open.wait()
        return outcome


def opening(it: World, process: Process) -> None:
    """Payments are opened by this process from now on; the call of their first step is marked with the opening."""
    it.payments = PaymentService(it.database, it.means.registry, process.driver, ZONE)
