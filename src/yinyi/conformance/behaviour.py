"""What a connector has to do, one behaviour after the other, and what is said of each that it does not keep."""

import itertools
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from yinyi.kernel.outcome import Refused

T = TypeVar("T")
Play = Callable[..., Awaitable[None]]


class NotTried(Exception):
    """The far side has not what this behaviour takes to be tried."""


class NotKept(AssertionError):
    """A behaviour was seen to be another one."""


@dataclass(frozen=True)
class Behaviour:
    """``ports``: what a connector implements that has it. ``play(stage)`` returns when it was kept.

    Raises (``play``):
        AssertionError: what was seen instead.
        NotTried
    """

    name: str
    ports: tuple[type, ...]
    play: Callable[[Any], Awaitable[None]]

    def offered_by(self, connector: object) -> bool:
        return all(isinstance(connector, port) for port in self.ports)


@dataclass
class Script:
    """The behaviours of one port, in the order in which they stand in their file."""

    ports: tuple[type, ...]
    behaviours: list[Behaviour] = field(default_factory=list[Behaviour])

    def behaviour(self, *cases: Iterable[Any], also: Sequence[type] = ()) -> Callable[[Play], Play]:
        """The function's name says it. ``cases``: what its further parameters are; every combination is a behaviour of
        its own. ``also``: further ports that it takes."""

        def add(play: Play) -> Play:
            name = play.__name__.strip("_").replace("_", " ")
            for values in itertools.product(*cases):
                self._add(name, play, values, also)
            return play

        return add

    def _add(self, name: str, play: Play, values: tuple[Any, ...], also: Sequence[type]) -> None:
        async def played(stage: Any) -> None:
            await play(stage, *values)

        shown = f" ({', '.join(_shown(value) for value in values)})" if values else ""
        self.behaviours.append(Behaviour(name + shown, (*self.ports, *also), played))


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if text.isascii() and text.isprintable() and 0 < len(text) <= 40 else ascii(text)[:40]


# ---- what is expected


def expect(seen: object, *kinds: type[T]) -> T:
    """
    Raises:
        NotKept: it is of none of these kinds.
    """
    if not isinstance(seen, kinds):
        raise NotKept(f"expected {_names(kinds)}, saw {seen!r}")
    return seen


def equal(seen: object, expected: object) -> None:
    """
    Raises:
        NotKept: it is something else.
    """
    if seen != expected:
        raise NotKept(f"expected {expected!r}, saw {seen!r}")


def refused(outcome: object, reason: str) -> None:
    """
    Raises:
        NotKept: it is no refusal for this reason.
    """
    if not isinstance(outcome, Refused) or outcome.reason != reason:
        raise NotKept(f"expected Refused({reason!r}), saw {outcome!r}")


async def raises(error: type[Exception], call: Awaitable[object]) -> None:
    """
    Raises:
        NotKept: it does not raise this.
    """
    try:
        seen = await call
    except error:
        return
    raise NotKept(f"expected {error.__name__}, saw {seen!r}")


def _names(kinds: Sequence[Any]) -> str:
    flat = [one for kind in kinds for one in (get_args(kind) or (kind,))]
    return " or ".join(one.__name__ for one in flat)
