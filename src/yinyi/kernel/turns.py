"""Turns at a system of the hospital's: so many calls at a time, everybody else in line.

A connector asks for turns by their rules (``Surroundings.turns``) and makes each call in one. What is out is out: a
call whose caller has gone still holds its permit until the hospital has answered or the call's own time is up, because
the hospital goes on working at it. Whoever goes while he still waits leaves the line at once.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, cast

import msgspec

from yinyi.kernel.asking import Asking, asking
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import InLine, ToldPlace
from yinyi.kernel.shares import Need
from yinyi.kernel.waiting import Place, Rank, WaitingLine

T = TypeVar("T")

SOONEST_S, LATEST_S = 1.0, 5.0
"""Whoever was told his place comes again within this time."""
ASKED_S = 6.0
"""So long waits somebody who asks and cannot come again: as long as he himself is waited for, less the call."""
LEAST_S = 1.0
"""So long he is kept for each further call once the time for which he waits here is over: now he stands at the head."""
_NEWEST = 0.1
"""Of the average length of a call, the latest one makes up so much."""


class NoTurn(Exception):
    """None came in time: the call surely did not happen."""


class TurnRules(msgspec.Struct, frozen=True, kw_only=True):
    """
    system: whatever has the same name shares the same permits, in every process.
    at_once: calls that may be out at a time. waiting: how many more may wait.
    patience_s: so long waits whoever cannot come again. longest_call_s: after that a call is cut off.
    """

    system: str
    at_once: int
    waiting: int
    patience_s: float
    longest_call_s: float


class Turns(Protocol):
    """The way to one system."""

    async def run(self, call: Callable[[], Awaitable[T]], decides: bool) -> T:
        """``decides``: it holds, pays, gives back, or asks what became of that.

        Raises:
            NoTurn: too many wait, or it took too long.
            InLine: the same, for somebody who can come again.
            TimeoutError: the call took longer than a call may.
            Exception: whatever ``call`` raised.
        """
        ...


MakeTurns = Callable[[TurnRules, Clock], Turns]


class FairTurns:
    """Turns by permits that somebody else deals in: see ``allow``. ``short`` is called when somebody has to wait."""

    def __init__(self, rules: TurnRules, clock: Clock, short: Callable[[], None] = lambda: None) -> None:
        self.rules = rules
        self._clock = clock
        self._short = short
        self._line = WaitingLine()
        self._called: dict[Place, asyncio.Future[None]] = {}
        self._told: dict[str, tuple[Place, float]] = {}
        self._calling: set[asyncio.Task[None]] = set()
        self._out = 0
        self._allowed = 0
        self._until = 0.0
        self._crowd = 1.0
        self._call_s = 0.1

    # -- the dealer's side

    @property
    def need(self) -> Need:
        """As it is now. Whoever was told his place and has not come again yet still waits."""
        now = time.monotonic()
        self._told = {who: told for who, told in self._told.items() if told[1] > now}
        waiting = len(self._line) + len(self._told)
        return Need(out=self._out, wants=self._out + len(self._line), waiting=waiting)

    def allow(self, calls: int, for_s: float, crowd: float = 1.0) -> None:
        """So many may be out from now on, and this holds for so long. ``crowd``: for each who waits here, so many wait
        in all processes together."""
        self._allowed, self._until = calls, time.monotonic() + for_s
        self._crowd = crowd
        self._serve()

    def at_most(self, calls: int) -> None:
        """No more than so many from now on; what is out stays out."""
        self._allowed = min(self._allowed, calls)

    # -- the caller's side

    async def run(self, call: Callable[[], Awaitable[T]], decides: bool) -> T:
        """See ``Turns``."""
        if self._line.first is None and self._is_free():
            self._out += 1
        else:
            await self._wait(decides)
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[T] = loop.create_future()
        self._calling.add(loop.create_task(self._carry(call, answered)))
        return await answered

    async def _carry(self, call: Callable[[], Awaitable[T]], answered: "asyncio.Future[T]") -> None:
        """To its end, whoever has gone meanwhile. By hand: ``shield`` and ``timeout`` cost as much as all else that we
        add to a call."""
        try:
            answer = await self._measured(call)
        except asyncio.CancelledError:
            _tell(answered, TimeoutError("cut off"))
        except Exception as error:
            _tell(answered, error)
        else:
            if not answered.done():
                answered.set_result(answer)

    async def _measured(self, call: Callable[[], Awaitable[T]]) -> T:
        began = time.monotonic()
        calling = cast("asyncio.Task[None]", asyncio.current_task())
        cut_off = calling.get_loop().call_later(self.rules.longest_call_s, calling.cancel)
        try:
            return await call()
        finally:
            cut_off.cancel()
            self._calling.discard(calling)
            self._call_s += _NEWEST * (time.monotonic() - began - self._call_s)
            self._out -= 1
            self._serve()

    def _is_free(self) -> bool:
        return self._out < self._allowed and time.monotonic() + self.rules.longest_call_s < self._until

    def _serve(self) -> None:
        while (place := self._line.first) is not None and self._is_free():
            self._out += 1
            self._line.leave(place)
            self._called.pop(place).set_result(None)

    async def _wait(self, decides: bool) -> None:
        """Returns with a permit."""
        if len(self._line) >= self.rules.waiting:
            raise NoTurn("too many calls are waiting")
        whom = asking()
        came = whom.since if whom else self._clock.now().timestamp()
        place = self._line.join(_rank(whom, decides), whom.who if whom else "", came)
        called = self._called[place] = asyncio.get_running_loop().create_future()
        self._told.pop(place.who, None)
        self._short()
        if whom is not None:
            whom.step_aside()
        try:
            if whom is not None and whom.comes_again and not decides:
                await self._stand(whom, place, called)
            elif not await _done_within(called, self._patience_s(whom, decides)):
                raise NoTurn("all calls that the hospital allows are under way")
        except BaseException:
            self._leave(place)
            raise

    def _patience_s(self, whom: Asking | None, decides: bool) -> float:
        return self.rules.patience_s if decides or whom is None else max(self.rules.patience_s, ASKED_S)

    def _leave(self, place: Place) -> None:
        """He goes; if he has just been called, the next one may."""
        if self._called.pop(place, None) is not None:
            return self._line.leave(place)
        self._out -= 1
        self._serve()

    async def _stand(self, whom: Asking, place: Place, called: "asyncio.Future[None]") -> None:
        """
        Raises:
            InLine: it takes longer than he is kept here.
        """
        kept_s = max(whom.hold_s, LEAST_S)
        if self._about_s(place) <= kept_s:
            began = time.monotonic()
            in_time = await _done_within(called, kept_s)
            whom.hold_s -= time.monotonic() - began
            if in_time:
                return
        about_s = self._about_s(place)
        again_s = min(max(about_s - kept_s / 2, SOONEST_S), LATEST_S)
        before = round(self._before(place) * self._crowd)
        self._told[place.who] = place, time.monotonic() + again_s
        raise InLine.at(ToldPlace(before, round(about_s), again_s))

    def _before(self, place: Place) -> int:
        """Those who will come again stand where they stood."""
        now = time.monotonic()
        away = sum(told < place and until > now for told, until in self._told.values())
        return self._line.before(place) + away

    def _about_s(self, place: Place) -> float:
        return (self._before(place) + 1) * self._call_s / max(1, self._allowed)


def _tell(answered: "asyncio.Future[T]", error: Exception) -> None:
    if not answered.done():
        answered.set_exception(error)


def _rank(whom: Asking | None, decides: bool) -> Rank:
    if decides:
        return Rank.DECIDES
    if whom is None:
        return Rank.IN_BACKGROUND
    return Rank.BEFORE_DECIDING if whom.changes else Rank.LOOKS


async def _done_within(called: "asyncio.Future[None]", seconds: float) -> bool:
    """Never both called and too late: whoever was called has a permit."""
    done, _ = await asyncio.wait([called], timeout=seconds)
    return bool(done)


def turns_of_one_process(rules: TurnRules, clock: Clock) -> Turns:
    """All permits are this process's."""
    turns = FairTurns(rules, clock)
    turns.allow(rules.at_once, float("inf"))
    return turns
