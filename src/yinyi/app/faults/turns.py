"""One at a time: whoever wants to move waits for his turn, and a dice says whose it is; time passes only when nobody
can move without it. The same dice make the same run, to the last exchange with PostgreSQL."""

import asyncio
import math
import random
import selectors
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from yinyi.app.faults.far_side import START, SimClock

WHO: ContextVar[str] = ContextVar("who", default="")
"""Whose turn a task moves in."""


class NobodyCanMove(Exception):
    """All wait for each other, and time would not help."""


@dataclass(frozen=True)
class _Waiting:
    who: str
    what: str
    arrived: int
    turn: "asyncio.Future[None]"

    @property
    def order(self) -> tuple[str, int]:
        return self.who, self.arrived


@dataclass
class Turns:
    """``trace``: every move, and every step of time."""

    clock: SimClock
    dice: random.Random
    trace: list[str] = field(default_factory=list[str])
    _waiting: list[_Waiting] = field(default_factory=list[_Waiting])
    _standing: "list[asyncio.Future[None]]" = field(default_factory=list["asyncio.Future[None]"])
    _idle: "asyncio.Future[float | None] | None" = None
    _exchanges: int = 0
    _arrived: int = 0
    _over: bool = False

    async def pause(self, what: str) -> None:
        """Go on when it is one's turn."""
        if self._over:
            raise asyncio.CancelledError
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._arrived += 1
        self._waiting.append(_Waiting(WHO.get(), what, self._arrived, turn))
        await turn

    async def stand(self) -> None:
        """Never move again."""
        if self._over:
            raise asyncio.CancelledError
        self._standing.append(asyncio.get_running_loop().create_future())
        await self._standing[-1]

    @contextmanager
    def exchange(self) -> Generator[None]:
        """With PostgreSQL, in the time of the real world: nobody else moves meanwhile."""
        self._exchanges += 1
        try:
            yield
        finally:
            self._exchanges -= 1

    async def idle(self) -> float | None:
        """Wait until nobody can move; in how many seconds somebody's own patience ends, None: nobody's."""
        self._idle = asyncio.get_running_loop().create_future()
        return await self._idle

    def pass_time(self, time: timedelta) -> None:
        self.clock.at += time
        self.say(f"{self.clock.at:%d %H:%M:%S.%f}")

    def say(self, line: str) -> None:
        self.trace.append(line)

    def end(self) -> None:
        """The run is over; nobody moves any more."""
        self._over = True

    @property
    def waits_for_the_world(self) -> bool:
        """Nobody's turn: an answer of PostgreSQL is on its way, or all of it has not begun or is over."""
        return bool(self._exchanges) or self._over or (self._idle is None and not self._waiting)

    def move(self, patience_s: float | None) -> None:
        """Let one move, or time pass.

        Raises:
            NobodyCanMove
        """
        if self._waiting:
            chosen = self.dice.choice(sorted(self._waiting, key=lambda each: each.order))
            self._waiting.remove(chosen)
            self.say(f"{chosen.who}: {chosen.what}")
            if not chosen.turn.done():
                chosen.turn.set_result(None)
        elif self._idle is not None and not self._idle.done():
            self._idle.set_result(patience_s)
        else:
            raise NobodyCanMove


class _Selector(selectors.DefaultSelector):
    """Where an event loop waits when nobody in it can go on."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._turns = turns

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout == 0:
            return super().select(0)
        if self._turns.waits_for_the_world:
            return super().select(None)
        self._turns.move(timeout)
        return super().select(0)


class TurnLoop(asyncio.SelectorEventLoop):
    """An event loop in the time of a simulated clock. What is due at one instant comes in the order in which it was
    asked for: by itself, a loop would leave that to how often it has looked."""

    def __init__(self, turns: Turns) -> None:
        self._clock, self._asked = turns.clock, 0
        super().__init__(_Selector(turns))

    def time(self) -> float:
        return (_ticks(self._clock.at) + 1) / TICKS

    def call_at(
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        self._asked += 1
        order = (self._asked % _MOST_IN_TICK + 1) / (_MOST_IN_TICK + 2)
        return super().call_at((math.ceil(when * TICKS) - 1 + order) / TICKS, callback, *args, context=context)


TICKS = 2**20
"""A second, for an event loop: whole ticks are whole in a float, so that who waits until an instant has reached it."""
_MOST_IN_TICK = 10_000
_SECOND_US, _US = 1_000_000, timedelta(microseconds=1)


def _ticks(at: datetime) -> int:
    return (at - START) // _US * TICKS // _SECOND_US


def after(now: datetime, seconds: float) -> datetime:
    """The instant at which a loop's timer goes off that has so many seconds left."""
    ticks = _ticks(now) + math.ceil(seconds * TICKS)
    return START + timedelta(microseconds=-(-ticks * _SECOND_US // TICKS))
