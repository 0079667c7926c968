"""What goes wrong is drawn as it is played: the same dice, the same faults."""

import asyncio
import random
from collections.abc import Callable
from contextvars import ContextVar
from typing import NoReturn, Protocol

from yinyi.app.faults.model import Fault, FaultName, Moment, Verb, faults_of
from yinyi.app.faults.script import Killed, Outside, Script
from yinyi.app.faults.turns import WHO, Turns
from yinyi.business.payments.plan import Plan

ON_ITS_WAY_S = (0, 0, 0, 0, 0.5, 1, 3)
"""Some of these and back, and a time-out is over."""


class Mortal(Protocol):
    """A process as its scripts see it."""

    alive: bool
    name: str

    def kill(self) -> None: ...

    async def stand_still(self) -> None: ...


IN: "ContextVar[Mortal | None]" = ContextVar("process", default=None)
"""The process that a task belongs to; None: it is somebody outside."""


class Luck(Script):
    """Of one person's calls, or of one process's commits: up to ``most`` faults, each moment with this ``chance``.
    ``name``: of the person; empty: everybody's turns are his own."""

    def __init__(
        self, name: str, turns: Turns, outside: Outside, dice: random.Random, *, most: int, chance: float
    ) -> None:
        super().__init__(turns.clock)
        self.name, self.turns, self.dice = name, turns, dice
        self.most, self.chance = most, chance
        self.outside = outside
        self.steal = _stolen
        self.owner: Callable[[Plan], Script] = lambda _: self

    def at(self, kind: str, verb: Verb) -> FaultName | None:
        if self.calm:
            return None
        moment = Moment(kind, verb)
        self.moments.append(moment)
        if len(self.hit) >= self.most or self.dice.random() >= self.chance:
            return None
        name = self.dice.choice(faults_of(kind, verb))
        self.faults = (*self.faults, Fault(len(self.moments), name))
        self.hit.append((moment.cell, name))
        self.turns.say(f"    {name} at {moment.cell}")
        return name

    def about(self, plan: Plan) -> Script:
        return self.owner(plan)

    async def pause(self, what: str) -> None:
        process = IN.get()
        if self.name and process is not None:
            WHO.set(f"{self.name}@{process.name}")
        await _alive(self.turns)
        await self.turns.pause(what)
        await _alive(self.turns)

    async def travel(self) -> None:
        await asyncio.sleep(self.dice.choice(ON_ITS_WAY_S))

    async def silence(self, timeout_s: float) -> None:
        await asyncio.sleep(timeout_s + 1)

    async def lasts(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def die(self) -> NoReturn:
        process = IN.get()
        if process is not None:
            process.kill()
        await self.turns.stand()
        raise Killed


async def _alive(turns: Turns) -> None:
    """Nobody in a killed process comes further than this."""
    process = IN.get()
    if process is not None and not process.alive:
        await turns.stand()


async def _stolen() -> None:
    process = IN.get()
    if process is not None:
        await process.stand_still()
