"""Many at once, from one seed: who comes, what goes wrong, and who moves when; the same seed is the same run."""

import asyncio
import random
from collections.abc import Awaitable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from yinyi.app.faults.all_shapes import ALL_SHAPES
from yinyi.app.faults.crowd_line import CrowdWire
from yinyi.app.faults.house import House
from yinyi.app.faults.line_house import LineHouse
from yinyi.app.faults.luck import Luck
from yinyi.app.faults.processes import Ground, Process
from yinyi.app.faults.script import Outside, Script
from yinyi.app.faults.turns import WHO, NobodyCanMove, Turns, after
from yinyi.app.faults.visitor import Visitor, WentAway
from yinyi.bus.lending import Lending
from yinyi.business.payments.driver import EVERY_S
from yinyi.business.payments.lease import BEAT_S, LEASE_S
from yinyi.business.payments.plan import Plan

PROCESSES = ("one", "two", "three")
RESTARTED_WITHIN_S = 20.0
MOST_IDLE_STEPS, LONGEST = 500, timedelta(days=14)
"""Steps of time in which somebody has a lease and nobody writes, and all of it; a crowd that needs more never ends."""
MOST_FAULTS, CALLS_FAIL, COMMITS_FAIL = 10, 0.3, 0.02

_STANDS = """
SELECT min(next_at) FILTER (WHERE lease_epoch IS NULL) AS due_at,
  count(*) FILTER (WHERE lease_epoch IS NOT NULL) AS driven
FROM payment
"""


@dataclass
class Crowd:
    """``errands``: what the channels have still to tell. ``in_flight_at_most``: payments that were open at a time."""

    seed: int
    lending: Lending
    turns: Turns
    house: House
    line: LineHouse
    visitors: list[Visitor] = field(default_factory=list[Visitor])
    in_flight_at_most: int = 0
    wrong: list[str] = field(default_factory=list[str])
    processes: dict[str, Process] = field(default_factory=dict[str, Process])
    scripts: dict[str, Luck] = field(default_factory=dict[str, Luck])
    outside: Outside = field(init=False)
    bank: Luck = field(init=False)
    """Of everything that is said on the line, whoever says it."""
    calm: Luck = field(init=False)
    """Of whom nothing goes wrong."""
    _numbers: dict[str, Visitor] = field(default_factory=dict[str, Visitor])
    _supervisors: list["asyncio.Task[None]"] = field(default_factory=list["asyncio.Task[None]"])
    _all_processes: list[Process] = field(default_factory=list[Process])
    """Also the killed ones: what never comes further must not be tidied up either."""
    _idle_steps: int = 0
    _open: set[str] = field(default_factory=set[str])
    _tasks: list["asyncio.Task[None]"] = field(default_factory=list["asyncio.Task[None]"])

    def __post_init__(self) -> None:
        self.outside = Outside(self.house.clock)
        self.calm = self.luck("calm", most=0, chance=0)
        self.bank = self.luck("bank", most=MOST_FAULTS, chance=CALLS_FAIL)
        wire = partial(CrowdWire, self.line.bank, self.bank)
        self.ground = Ground(self.house, self.turns, self.lending, self._seen, self.ring, self.line, wire)
        self.line.bank.unsure = self._gone_wrong

    def _gone_wrong(self) -> int:
        """So much may have kept a message from leaving, or an answer from being heard."""
        scripts = (self.bank, *self.scripts.values(), *(each.script for each in self.visitors))
        return sum(len(each.hit) for each in scripts)

    # -- what visitors and processes see of each other

    def alive(self) -> list[Process]:
        return [each for each in self.processes.values() if each.alive]

    def opened(self, number: str, visitor: Visitor) -> None:
        self._numbers[number] = visitor

    def errand(self, work: Coroutine[Any, Any, None], who: str) -> None:
        """Somebody outside is on his way."""
        self._tasks.append(asyncio.create_task(self._outside(work, who)))

    async def _outside(self, work: Awaitable[None], who: str) -> None:
        WHO.set(who)
        try:
            await work
        except WentAway:
            return
        except Exception as error:
            self.wrong.append(f"{who}: {type(error).__name__}: {error}")

    def ring(self) -> None:
        """All look for what is due."""
        for process in self.alive():
            process.bell.set()

    def _seen(self, plan: Plan) -> None:
        self._idle_steps = 0
        self._numbers[plan.payment_no].see(plan)
        (self._open.add if plan.ended_at is None else self._open.discard)(plan.payment_no)
        self.in_flight_at_most = max(self.in_flight_at_most, len(self._open))

    def _owner(self, plan: Plan) -> Script:
        return self._numbers[plan.payment_no].script

    # -- playing

    async def play(self) -> None:
        """Until everybody has gone and nothing is due any more."""
        for name in PROCESSES[: self.turns.dice.randint(2, len(PROCESSES))]:
            most = self.turns.dice.randint(0, MOST_FAULTS)
            self.scripts[name] = self.luck(name, most=most, chance=COMMITS_FAIL)
            self.scripts[name].owner = self._owner
            await self._start(name)
            self._supervised(name)
        for visitor in self.visitors:
            self.errand(self._visit(visitor), visitor.name)
        end = self.house.clock.now() + LONGEST
        while self._idle_steps < MOST_IDLE_STEPS and self.house.clock.now() < end:
            patience_s = await self.turns.idle()
            if not await self._step(patience_s):
                return
        self.wrong.append("it never ends")

    def luck(self, who: str, name: str = "", *, most: int, chance: float) -> Luck:
        """Dice of one's own: who comes in addition changes nobody's faults."""
        dice = random.Random(f"{self.seed} {who}")
        return Luck(name, self.turns, self.outside, dice, most=most, chance=chance)

    async def _visit(self, visitor: Visitor) -> None:
        await visitor.wait(visitor.comes_after)
        await ALL_SHAPES[visitor.shape](visitor)
        await visitor.is_seen_to()

    async def _start(self, name: str) -> None:
        process = Process(name, self.ground, self.scripts[name])
        await process.lease.take()
        self.processes[name] = process
        self._all_processes.append(process)

    def _supervised(self, name: str) -> None:
        task = asyncio.create_task(self._supervise(name))
        self._supervisors.append(task)

    async def _supervise(self, name: str) -> None:
        """A process that was killed is started anew, sooner or later than its lease has run out."""
        while True:
            await self.processes[name].died
            WHO.set(f"supervisor of {name}")
            await asyncio.sleep(self.scripts[name].dice.uniform(0.5, RESTARTED_WITHIN_S))
            await self.turns.pause("starts it")
            WHO.set("")
            await self._start(name)

    # -- time

    async def _step(self, patience_s: float | None) -> bool:
        """Time passes until somebody can move; False: nobody ever will again."""
        async with self.ground.database.read() as tx:
            stands = await tx.fetchrow(_STANDS)
        assert stands is not None
        self._idle_steps = self._idle_steps + 1 if stands["driven"] else 0
        now = self.house.clock.now()
        found = [at for at, _ in self.outside.late]
        if stands["driven"]:
            found.append(now + timedelta(seconds=EVERY_S))
        if stands["due_at"] is not None:
            found.append(max(stands["due_at"], now + timedelta(milliseconds=100)))
        if not found and all(task.done() for task in self._tasks):
            return False
        if patience_s is not None:
            found.append(after(now, patience_s))
        if not found:
            raise NobodyCanMove
        await self._pass(min(found))
        if stands["driven"] or (stands["due_at"] is not None and stands["due_at"] <= self.house.clock.now()):
            self.ring()
        return True

    async def _pass(self, until: datetime) -> None:
        """All hearts that beat have beaten until then."""
        clock = self.house.clock
        beating = [each for each in self.alive() if not each.still]
        weak = [each.lease for each in beating if not _good_until(each, until)]
        if weak:
            await self.house.beaten(self.ground.database, weak, until)
        self.turns.pass_time(until - clock.now())
        await self.outside.take_late_effects()
        for process in self.alive():
            if process.still:
                process.still = False
                await process.lease.beat()


def _good_until(process: Process, until: datetime) -> bool:
    alive_until = process.lease.alive_until
    return alive_until is not None and until + timedelta(seconds=LEASE_S - BEAT_S) < alive_until
