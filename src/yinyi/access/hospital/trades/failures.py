"""What may become of a call that brings no rows, and when the hospital is left alone."""

import asyncio
from collections.abc import Callable


class CallFailed(Exception):
    """The hospital did not answer as it should."""


class NotReached(CallFailed):
    """The call surely did not happen: no connection, too many calls, or undone by the other side."""


class Unanswered(CallFailed):
    """The call left and nobody knows what became of it."""


class Rejected(CallFailed):
    """The hospital refuses the call itself: another trade, other parameters, no right."""


_LEAVES_OPEN = (408, 409, 412, 429)


def http_failure(status: int, why: str = "") -> CallFailed:
    """What a status of HTTP means that brings no answer. 408 and 429 may come from a gateway in between, of a call that
    has gone through it; what stands in the way of 409 and 412 may be our own first call. Source: RFC 9110 sections
    15.5.9, 15.5.10 and 15.5.13, RFC 6585 section 4."""
    detail = f"HTTP {status} {why}".strip()[:200]
    return Rejected(detail) if 400 <= status < 500 and status not in _LEAVES_OPEN else Unanswered(detail)


def _loop_seconds() -> float:
    return asyncio.get_running_loop().time()


class Breaker:
    """Leaves the hospital alone for a while after several failures in a row; then one failure more is enough."""

    def __init__(self, rest_after: int, rest_s: float, seconds: Callable[[], float] = _loop_seconds) -> None:
        """``seconds`` counts on steadily from wherever."""
        self._rest_after, self._rest_s, self._seconds = rest_after, rest_s, seconds
        self._failures = 0
        self._rests_until = 0.0

    def require(self) -> None:
        """
        Raises:
            NotReached: it is resting.
        """
        if self._seconds() < self._rests_until:
            raise NotReached("the hospital does not answer; it is left alone for a moment")

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= self._rest_after:
            self._rests_until = self._seconds() + self._rest_s

    def succeeded(self) -> None:
        self._failures = 0
