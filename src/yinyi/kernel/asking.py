"""For whom this process is working just now: known to whoever has to decide who waits for whom."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

HOLD_S = 3.0
"""So long at most somebody who can come again is kept waiting before he is told his place in the line."""


@dataclass
class Asking:
    """One request.

    who: the terminal or institution. since: when it began to wait, in seconds since 1970; earlier than it came, where
    it has come before. changes: something is about to be changed. comes_again: it can be told its place in the line and
    asks again by itself; ``hold_s`` is then what is left of the time for which it waits here.
    step_aside: from now on it works no more than the system that it waits for lets it.
    """

    who: str
    since: float
    changes: bool = False
    comes_again: bool = False
    hold_s: float = HOLD_S
    step_aside: Callable[[], None] = lambda: None
    is_over: bool = False


_asking: ContextVar[Asking | None] = ContextVar("asking", default=None)


def asking() -> Asking | None:
    """None: nobody waits for what is being done."""
    whom = _asking.get()
    return None if whom is None or whom.is_over else whom


@contextmanager
def asking_for(whom: Asking) -> Generator[Asking]:
    """In this task, and in those that it starts, until it ends."""
    mark = _asking.set(whom)
    try:
        yield whom
    finally:
        whom.is_over = True
        _asking.reset(mark)


def nobody_asks() -> None:
    """From now on in this task: what it does goes on, whoever has gone."""
    _asking.set(None)


def cannot_come_again() -> None:
    """What this request needs is used up: it goes before those who can."""
    if (whom := asking()) is not None:
        whom.comes_again = False
        whom.changes = True
