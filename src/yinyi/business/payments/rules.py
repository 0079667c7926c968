"""How patient the engine is with each kind of effect: data, one row a kind. Seconds everywhere."""

from datetime import datetime, timedelta, timezone
from typing import Annotated, TypeVar
from zlib import crc32

import msgspec


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """timeout_s: a call lasts at most this long. ask_every_s, wait_every_s, send_every_s, undo_every_s: pauses
    between asking, asking about a waiting payer, sending what never left, undoing; the last one repeats.
    send_within_s: what cannot be sent for so long is given up. give_up_s: what stays unknown so long is undone.
    settles_after_s: "not found" is not believed before sending + time-out + this. attempts: how often it is tried anew.
    people_after_s: people are told when it is not settled by then. repeatable: sending one reference again is harmless.
    voids: of a refund: an order can be cancelled whole on the day on which it was paid; that day begins so many seconds
    (``day_offset_s``) before the day of UTC.
    spread: each pause is longer by up to this part of it, so that those who began together do not all come at once.
    opens_after, opens_within_s, probe_every_s: see ``Breaker``. at_once: so many calls to its channel, of any kind.
    internal: it happens in our own database, by its postings, in the write that marks it done: nothing leaves, and
    nothing can stay in doubt.
    """

    timeout_s: float = 5.0
    ask_every_s: tuple[float, ...] = (1, 2, 3, 5, 5, 10, 10, 30, 60)
    wait_every_s: tuple[float, ...] = (5, 5, 5, 10, 10, 15, 15, 30, 60)
    send_every_s: tuple[float, ...] = (0.5, 1, 2, 5)
    undo_every_s: tuple[float, ...] = (1, 2, 5, 10, 30, 60, 120)
    send_within_s: float = 10.0
    give_up_s: float = 60.0
    settles_after_s: float = 0.0
    attempts: int = 2
    people_after_s: float = 900.0
    can_ask: bool = True
    can_undo: bool = True
    needs_undo: bool = True
    repeatable: bool = False
    voids: bool = False
    internal: bool = False
    day_offset_s: float = 28800.0
    spread: float = 0.25
    opens_after: int = 5
    opens_within_s: float = 60.0
    probe_every_s: tuple[float, ...] = (2, 5, 10, 20)
    at_once: int = 32


Ladder = Annotated[tuple[Annotated[float, msgspec.Meta(gt=0, le=86_400)], ...], msgspec.Meta(min_length=1)]


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a channel is asked, in seconds, and how many calls it is sent at once; of a connector's settings. See
    ``Rule``."""

    at_once: Annotated[int, msgspec.Meta(ge=1, le=64)] = 32
    ask_every_s: Ladder = (1, 2, 3, 5, 5, 10, 10, 30, 60)
    wait_every_s: Ladder = (5, 5, 5, 10, 10, 15, 15, 30, 60)


class AskPace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a hospital is asked about what is in doubt, and how often that is undone again, in seconds; of its
    connector's settings. How much at once is counted for all that it is asked."""

    ask_every_s: Ladder = (1, 2, 3, 5, 5, 10, 10, 30, 60)
    undo_every_s: Ladder = (1, 2, 5, 10, 30, 60, 120)


class CardPace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a line of cards is looked at, in seconds; of its acquirer's settings. Its bank cannot be asked: what is
    asked is what became of the message on our record, and to undo is to see to it that its reversal goes, which it does
    no more often than the acquirer wants. wait_every_s: while the bank has still time to answer. refund_…: of a refund,
    which waits for the statement in the end."""

    ask_every_s: Ladder = (0.5, 1, 2, 5)
    wait_every_s: Ladder = (1, 1, 2, 2, 5)
    undo_every_s: Ladder = (1, 2, 5, 10, 30, 60)
    refund_ask_every_s: Ladder = (2, 5, 30, 300, 1800)
    refund_wait_every_s: Ladder = (2, 2, 5, *(10,) * 6, 30, 60, 300, 1800)


P = TypeVar("P", Pace, AskPace, CardPace)


def pace_of(connector: object, kind: type[P]) -> P | None:
    """The ``pace`` that a connector says it wants, from its settings; None: it says none, and has the usual one."""
    pace: object = getattr(connector, "pace", None)
    return pace if isinstance(pace, kind) else None


def paced(rule: Rule, hospital: object) -> Rule:
    """The same at the pace of this hospital."""
    pace = pace_of(hospital, AskPace)
    if pace is None:
        return rule
    return msgspec.structs.replace(rule, ask_every_s=pace.ask_every_s, undo_every_s=pace.undo_every_s)


def pause_s(ladder: tuple[float, ...], tries: int, spread: float = 0.0, reference: str = "") -> float:
    """The pause before the next of a series: the ladder's step, its last one for ever after; with ``spread`` longer by
    a part of it that depends on nothing but ``reference`` and ``tries``."""
    part = crc32(f"{reference} {tries}".encode()) / 2**32
    return ladder[min(tries, len(ladder) - 1)] * (1 + spread * part)


def is_same_day(rule: Rule, one: datetime, other: datetime) -> bool:
    """By the calendar of the far side."""
    zone = timezone(timedelta(seconds=rule.day_offset_s))
    return one.astimezone(zone).date() == other.astimezone(zone).date()


def told_once_paid(timeout_s: float) -> Rule:
    """Of what a hospital is told once the money is there: the payer waits for nothing else, so it is tried for long."""
    return Rule(
        timeout_s=timeout_s,
        send_every_s=(0.5, 1, 2, 5, 10, 30),
        send_within_s=900,
        give_up_s=900,
        people_after_s=960,
        attempts=5,
        repeatable=True,
    )
