"""Who may make how many calls at a time, when several processes share one number of permits. Pure arithmetic.

Each process holds a share and says what it could use. Whoever has more than is fair gives back what lies idle, whoever
has less takes what is free: a process that looks at the book now and then, and writes its own line, is all it needs.
A share that is not renewed in time is free again, so a process that dies gives its permits back by being silent.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

TURN_S = 2
"""Where there are more processes than permits, the next one has its turn then."""

KEPT_READY = 5
"""Of all permits one in so many is held though it is not wanted, so that the next call need not ask for one; the rest
is free for others, and is not lost for a while with a process that dies."""


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """held: so many calls may be out. wants: so many could be, now. waiting: so many people wait for one."""

    held: int
    wants: int
    waiting: int
    until: datetime


Book = Mapping[str, Share]
"""By process. The sum of what is held is never more than there are permits."""


class Settled(NamedTuple):
    """calls: so many may I have out. Fewer than I hold, where some that are out now are not mine to use again."""

    book: dict[str, Share]
    calls: int


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """out: calls that are out now. wants, waiting: as ``Share`` has them."""

    out: int = 0
    wants: int = 0
    waiting: int = 0


def settled(book: Book, me: str, need: Need, permits: int, now: datetime, until: datetime) -> Settled:
    """The book as I leave it: the dead are struck out, my line is new, and nobody else's has changed."""
    others = {name: share for name, share in book.items() if name != me and share.until > now}
    mine = book.get(me)
    held = mine.held if mine is not None and mine.until > now else 0
    wants = {**{name: share.wants for name, share in others.items()}, me: need.wants}
    fair = fair_shares(wants, permits, int(now.timestamp()) // TURN_S)[me]
    fair = min(fair, need.wants + max(1, permits // KEPT_READY))
    free = max(0, permits - sum(share.held for share in others.values()) - held)
    held = max(fair, min(held, need.out)) if held >= fair else min(fair, held + free)
    mine = Share(held=held, wants=need.wants, waiting=need.waiting, until=until)
    return Settled({**others, me: mine}, min(held, fair))


def fair_shares(wants: Mapping[str, int], permits: int, turn: int = 0) -> dict[str, int]:
    """All permits, given out: to each what it wants while that is no more than the same for all, and what nobody wants
    to all alike, so that the first call of a quiet process need not ask for one. ``turn``: where there are fewer
    permits than processes, another one goes without each time."""
    given = dict.fromkeys(wants, 0)
    hungry: dict[str, int] = {name: wanted for name, wanted in wants.items() if wanted > 0}
    left = permits
    first = turn % len(hungry) if permits < len(hungry) else 0
    while left and hungry:
        level = max(1, left // len(hungry))
        names = sorted(hungry)
        for name in names[first:] + names[:first]:
            more = min(level, hungry[name], left)
            given[name] += more
            hungry[name] -= more
            left -= more
        hungry = {name: wanted for name, wanted in hungry.items() if wanted > 0}
    return _spread(given, left)


def _spread(given: Mapping[str, int], left: int) -> dict[str, int]:
    """What is left over, evenly."""
    names = sorted(given)
    return {name: given[name] + left // len(names) + (at < left % len(names)) for at, name in enumerate(names)}
