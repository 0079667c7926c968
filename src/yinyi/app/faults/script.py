"""What goes wrong in one run, and where; and what everybody outside shares."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NoReturn

from yinyi.app.faults.far_side import SimClock
from yinyi.app.faults.model import Fault, FaultName, Moment, Verb, faults_of
from yinyi.business.payments.amounts import AGREED
from yinyi.business.payments.plan import Plan, Step
from yinyi.kernel.outcome import Done

_LOOKED = "| write| write"
_IDLE = _LOOKED * 2 + "| write"
"""Somebody takes a payment up, finds nothing to do and lets go, again and again: it stands as it stood before."""


class Killed(BaseException):
    """kill -9: nothing after this line happens."""


class CommitLost(Exception):
    """The connection broke; nobody told us that it was committed."""


@dataclass
class Outside:
    """What everybody outside shares: who is away until when, and what is still on its way."""

    clock: SimClock
    late: list[tuple[datetime, Callable[[], Awaitable[object]]]] = field(default_factory=list[Any])
    down_until: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def is_down(self, side: str) -> bool:
        until = self.down_until.get(side)
        return until is not None and self.clock.now() < until

    def away(self) -> str:
        """In short, to compare situations by."""
        return "".join(side for side in sorted(self.down_until) if self.is_down(side)) + "+" * len(self.late)

    async def take_late_effects(self) -> None:
        """What was on its way and arrives by now."""
        due = [each for each in self.late if each[0] <= self.clock.now()]
        self.late = [each for each in self.late if each not in due]
        for _, effect in due:
            await effect()


@dataclass
class Script:
    """The faults of one run, and everything that has happened in it."""

    clock: SimClock
    faults: tuple[Fault, ...] = ()
    outside: Outside = field(init=False)
    moments: list[Moment] = field(default_factory=list[Moment])
    hit: list[tuple[str, FaultName]] = field(default_factory=list[tuple[str, FaultName]])
    stands: str = ""
    """How the payment stood at the latest call, and what has happened since."""
    steal: Callable[[], Awaitable[None]] | None = None
    """Another process takes the payment over; set while a payment is driven."""
    tell: Callable[[Step, Done], Awaitable[None]] | None = None
    """The channel tells by itself what it is just about to answer."""
    pays: Callable[[Step], bool] = lambda _: False
    """Whoever sees this order's code pays it just now; False: he cannot."""
    beat: Callable[[], Awaitable[None]] | None = None
    """The hearts of processes beat while time passes within a call."""
    stray: list[str] = field(default_factory=list[str])
    """Faults that came to where they cannot happen: the run is another one than it was planned for."""
    calm: bool = False
    """Nothing goes wrong for now: what is played has been explored by others."""
    look: Callable[[Plan], str] = lambda _: ""
    """At everything else, when a call is about to leave."""
    world: str = ""
    aside: tuple[str, ...] = ()
    """Kinds of calls with which nothing goes wrong: other shapes explore them."""
    beside: Callable[[], str] = lambda: ""
    """How the bank line stands, in short: a payment's situation depends on it."""
    sent_back: list[str] = field(default_factory=list[str])
    """Refunds, by our references, in the order in which their calls have left."""
    dead: bool = False
    """The process has been killed; set anew with every process."""

    def __post_init__(self) -> None:
        self.outside = Outside(self.clock)

    def at(self, kind: str, verb: Verb) -> FaultName | None:
        """A moment is reached; what goes wrong there."""
        if self.calm or (kind and kind.startswith(self.aside)):
            return None
        moment = Moment(kind, verb, f"{self.stands} {kind} {verb} {self.outside.away()}", self.world)
        self.moments.append(moment)
        self.stands = f"{self.stands}|{kind} {verb}"
        if self.stands.endswith(_IDLE):
            self.stands = self.stands.removesuffix(_LOOKED)
        for fault in self.faults:
            if fault.at == len(self.moments):
                if fault.name not in faults_of(kind, verb):
                    self.stray.append(f"{fault.name} cannot happen at {moment.cell}")
                    return None
                self.hit.append((moment.cell, fault.name))
                self.happened(fault.name)
                return fault.name
        return None

    def in_vain(self, kind: str, verb: Verb, name: FaultName) -> None:
        """What was to go wrong there made no difference: it does not count as tried."""
        self.hit.reverse()
        self.hit.remove((Moment(kind, verb).cell, name))
        self.hit.reverse()

    def call_about(self, plan: Plan, step: Step) -> None:
        """A call is about to leave: how the payment stands."""
        steps = ",".join(f"{each.kind}.{each.attempt}.{each.state}.{each.channel}" for each in plan.steps)
        self.stands = (
            f"{steps} {plan.direction} {plan.tender_no} {plan.cancel_wanted} {plan.attention} {AGREED in plan.facts} "
            f"{step.reference[-2:]} {self.beside()}"
        )
        self.world = self.look(plan)

    def happened(self, what: str) -> None:
        """Since the latest call."""
        self.world += f"|{what}"

    def began(self, faults: tuple[Fault, ...]) -> None:
        """A new run."""
        self.faults, self.stands, self.world, self.calm, self.aside, self.dead = faults, "", "", False, (), False
        self.moments, self.hit, self.stray, self.outside = [], [], [], Outside(self.clock)
        self.sent_back = []

    @asynccontextmanager
    async def commit(self, kind: str = "") -> AsyncGenerator[None]:
        """One commit, and what goes wrong before and after it. ``kind``: whose; empty: the driver's."""
        name = self.at(kind, "write")
        if name == "crash_before":
            await self.die()
        if name == "stolen":
            await self._stolen(kind)
        yield
        if name == "crash_after":
            await self.die()
        if name == "commit_lost":
            raise CommitLost

    async def _stolen(self, kind: str) -> None:
        if self.steal is None:
            self.in_vain(kind, "write", "stolen")
        else:
            await self.steal()

    # -- what many at once do otherwise

    def about(self, plan: Plan) -> "Script":
        """Of whoever's payment it is."""
        return self

    async def pause(self, what: str) -> None:
        """Others may move here."""

    async def travel(self) -> None:
        """A call or an answer is on its way."""

    async def silence(self, timeout_s: float) -> None:
        """No answer comes: whoever waits has waited for so long."""
        await self.lasts(timeout_s)

    async def lasts(self, seconds: float) -> None:
        """A call takes so long."""
        self.clock.at += timedelta(seconds=seconds)
        if self.beat is not None:
            await self.beat()
        await self.outside.take_late_effects()

    async def die(self) -> NoReturn:
        """The process is killed here."""
        self.dead = True
        raise Killed
