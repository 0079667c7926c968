"""So many are worked for at once, so many wait inside; whoever can come again is told his place in the line outside."""

import asyncio
import re
from collections.abc import Callable
from datetime import datetime

from yinyi.bus.call import Principal
from yinyi.bus.envelope import RequestEnvelope
from yinyi.bus.operation import OperationSpec
from yinyi.bus.together import Together
from yinyi.kernel.asking import HOLD_S, Asking
from yinyi.kernel.errors import Busy, InLine, ToldPlace

AGAIN_S = 3.0
"""Whoever can come again does so then, where everybody here is at work."""
WORK_S = 4.0
"""So much of the time until somebody's deadline is left for the work itself."""
PLACE_KEPT_S = 600.0
"""Nobody waits longer in a line outside."""
_TOLD = re.compile(r"[0-9]{1,12}\.[0-9]{2}", re.ASCII)


class Place:
    """A place to work, until the end of the block or until whoever works steps aside; in hand just as long."""

    __slots__ = ("_free", "_is_taken", "_together")

    def __init__(self, free: asyncio.Semaphore, together: Together) -> None:
        """``free``: it was taken from there."""
        self._free = free
        self._together = together
        self._is_taken = True
        together.count(1)

    def leave(self) -> None:
        if self._is_taken:
            self._is_taken = False
            self._together.count(-1)
            self._free.release()

    def __enter__(self) -> None:
        """It was taken before."""

    def __exit__(self, *_: object) -> None:
        self.leave()


class Places:
    """Of one process."""

    def __init__(self, at_once: int, waiting: int, together: Together) -> None:
        """``together``: told how many are in hand."""
        self._at_once = at_once
        self._free = asyncio.Semaphore(at_once)
        self._limit = at_once + waiting
        self._inside = 0
        self._together = together

    def come(self, envelope: RequestEnvelope, now: datetime) -> None:
        """He is inside until he goes (``go``).

        Raises:
            Busy, InLine: there is no room to wait in.
        """
        if self._inside >= self._limit:
            raise self._turned_away(envelope, now)
        self._inside += 1

    def go(self) -> None:
        self._inside -= 1

    async def take(self, envelope: RequestEnvelope, now: datetime) -> Place:
        """As soon as one is free.

        Raises:
            InLine: none was for as long as somebody is kept waiting who can come again.
        """
        if envelope.place is None or not self._free.locked():
            await self._free.acquire()
        else:
            try:
                async with asyncio.timeout(hold_s(envelope, now)):
                    await self._free.acquire()
            except TimeoutError:
                raise self._turned_away(envelope, now) from None
        return Place(self._free, self._together)

    def _turned_away(self, envelope: RequestEnvelope, now: datetime) -> Busy:
        """Nobody can be worked for: it is we who have too much to do, not the hospital."""
        if envelope.place is None:
            return Busy()
        before = max(0, self._inside - self._at_once)
        told = ToldPlace(before, round(AGAIN_S), AGAIN_S, f"{_since(envelope, now):.2f}")
        return InLine.at(told)


def asking_of(
    spec: OperationSpec, principal: Principal, envelope: RequestEnvelope, now: datetime, step_aside: Callable[[], None]
) -> Asking:
    """The place in the line is his own word: who says that he came earlier than he did gains ``PLACE_KEPT_S``."""
    who = principal.terminal_id or principal.institution_id or principal.staff_id or str(principal.patient_id or "")
    return Asking(
        who=who,
        since=_since(envelope, now),
        changes=spec.changes,
        comes_again=envelope.place is not None,
        step_aside=step_aside,
    )


def hold_s(envelope: RequestEnvelope, now: datetime) -> float:
    """So long may he be kept waiting from now on, if he can come again."""
    return min(HOLD_S, max(0.0, (envelope.deadline - now).total_seconds() - WORK_S))


def _since(envelope: RequestEnvelope, now: datetime) -> float:
    came = now.timestamp()
    since = float(told) if _TOLD.fullmatch(told := envelope.place or "") else came
    return min(max(since, came - PLACE_KEPT_S), came)
