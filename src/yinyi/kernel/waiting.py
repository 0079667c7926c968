"""A line of people before one thing that only some may use at a time. Pure: no clock, no loop.

What decides something goes before what is only looked at, and that before what nobody waits for; whoever came first is
first. Each further wish of one and the same asker counts as if it had come ``APART_S`` later than his last, so that
one terminal cannot fill the line, however much it asks for.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass
from enum import IntEnum

APART_S = 1.0


class Rank(IntEnum):
    """Who goes first."""

    DECIDES = 0
    """It holds, pays, gives back; or asks what became of that."""
    BEFORE_DECIDING = 1
    """It is looked at because something is about to be changed."""
    LOOKS = 2
    IN_BACKGROUND = 3
    """Nobody waits for it."""


@dataclass(frozen=True, order=True)
class Place:
    """Where somebody stands; nobody else has the same. ``counts_from``: seconds, as he came or a little later."""

    rank: Rank
    counts_from: float
    serial: int
    who: str


class WaitingLine:
    """Who waits, in order."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._latest: dict[tuple[Rank, str], Place] = {}
        self._serial = 0

    def __len__(self) -> int:
        return len(self._places)

    def join(self, rank: Rank, who: str, came: float) -> Place:
        """``came``: seconds since wherever all are counted from; ``who`` empty: nobody in particular."""
        last = self._latest.get((rank, who)) if who else None
        self._serial += 1
        place = Place(rank, came if last is None else max(came, last.counts_from + APART_S), self._serial, who)
        insort(self._places, place)
        if who:
            self._latest[rank, who] = place
        return place

    def leave(self, place: Place) -> None:
        """Called or given up."""
        del self._places[bisect_left(self._places, place)]
        if self._latest.get((place.rank, place.who)) is place:
            del self._latest[place.rank, place.who]

    @property
    def first(self) -> Place | None:
        return self._places[0] if self._places else None

    def before(self, place: Place) -> int:
        """How many stand before him, or would if he stood there."""
        return bisect_left(self._places, place)
