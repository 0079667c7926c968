"""Faults on demand: the next so many calls at a place go wrong in the chosen way."""

from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

_MOST_WAITING = 1_000


class Mishap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fault of any channel. ``at``: where it hits; ``count``: how many calls in a row; ``ms``: for how long."""

    at: str
    kind: str
    count: int = 1
    ms: int = 0


F = TypeVar("F", bound=Mishap)


class FaultQueue(Generic[F]):
    """The faults that wait, first in, first out, by place."""

    def __init__(self, places: Iterable[str]) -> None:
        self._waiting: dict[str, deque[F]] = {place: deque() for place in places}

    def add(self, fault: F) -> None:
        """
        Raises:
            ValueError: too many wait at this place.
        """
        if len(self._waiting[fault.at]) >= _MOST_WAITING:
            raise ValueError(f"too many faults wait at {fault.at!r}")
        self._waiting[fault.at].append(fault)

    def take(self, place: str) -> F | None:
        """The fault that hits this call, if any; one of its count is used up."""
        waiting = self._waiting[place]
        if not waiting:
            return None
        fault = waiting.popleft()
        if fault.count > 1:
            waiting.appendleft(msgspec.structs.replace(fault, count=fault.count - 1))
        return fault

    def waiting(self) -> list[F]:
        return [fault for waiting in self._waiting.values() for fault in waiting]

    def clear(self) -> None:
        for waiting in self._waiting.values():
            waiting.clear()
