"""Faults on demand: the next so many calls at a place go wrong in the chosen way."""

from collections import deque
from typing import Literal

import msgspec

Place = Literal["native", "query", "close", "refund", "refund_query", "certificates", "callback", "phone"]

_ANY_CALL = frozenset({"slow", "error", "lost", "down", "bad_signature", "unsigned", "stale", "garbage", "huge"})
KINDS: dict[Place, frozenset[str]] = {
    "native": _ANY_CALL | {"early"},
    "query": _ANY_CALL | {"not_found", "wrong_amount", "wrong_merchant"},
    "close": _ANY_CALL,
    "refund": _ANY_CALL | {"abnormal", "processing"},
    "refund_query": _ANY_CALL | {"not_found", "wrong_amount"},
    "certificates": _ANY_CALL,
    "callback": frozenset({"withheld", "duplicated", "delayed", "forged", "stale", "wrong_amount", "wrong_merchant"}),
    "phone": frozenset({"race"}),
}
"""What can go wrong where.

slow: answers after ``ms``. error: answers ``status`` and ``code`` and does nothing. lost: does it, then hangs up
without an answer. down: hangs up and does nothing. bad_signature, unsigned, stale (an hour old), garbage, huge: does
it, but the answer is so. not_found: denies to know the number. wrong_amount, wrong_merchant: says so, well signed.
early: is paid, and the callback sent, before the order is answered. abnormal: the refund ends ABNORMAL. processing:
the refund takes ``ms`` longer. withheld: never sent. duplicated: sent twice. delayed: by ``ms``. forged: with another
key's signature. race: the payer's password was already on its way when the order was closed, so he can pay it.
"""
_MOST_WAITING = 1_000


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``count``: how many calls in a row it hits."""

    at: Place
    kind: str
    count: int = 1
    ms: int = 0
    status: int = 500
    code: str = "SYSTEM_ERROR"

    def __post_init__(self) -> None:
        if self.kind not in KINDS[self.at]:
            raise ValueError(f"{self.kind!r} cannot happen at {self.at!r}; known: {sorted(KINDS[self.at])}")
        if not (1 <= self.count <= 1_000_000 and 0 <= self.ms <= 600_000 and 400 <= self.status <= 599):
            raise ValueError("count, ms or status is out of range")


class Faults:
    """The faults that wait, first in, first out, by place."""

    def __init__(self) -> None:
        self._waiting: dict[Place, deque[Fault]] = {place: deque() for place in KINDS}

    def add(self, fault: Fault) -> None:
        if len(self._waiting[fault.at]) >= _MOST_WAITING:
            raise ValueError(f"too many faults wait at {fault.at!r}")
        self._waiting[fault.at].append(fault)

    def take(self, place: Place) -> Fault | None:
        """The fault that hits this call, if any; one of its count is used up."""
        waiting = self._waiting[place]
        if not waiting:
            return None
        fault = waiting.popleft()
        if fault.count > 1:
            waiting.appendleft(msgspec.structs.replace(fault, count=fault.count - 1))
        return fault

    def waiting(self) -> list[Fault]:
        return [fault for waiting in self._waiting.values() for fault in waiting]

    def clear(self) -> None:
        for waiting in self._waiting.values():
            waiting.clear()
