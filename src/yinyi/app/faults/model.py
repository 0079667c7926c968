"""Words of the fault simulation: where something may go wrong, what may, and what was found. Plain data."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from yinyi.business.payments.plan import REFUND, TAKE
from yinyi.kernel.money import Fen

Verb = Literal["do", "ask", "undo", "write", "callback", "exchange"]
"""``write``: one commit of the driver. ``callback``: the channel tells by itself that it was paid. ``exchange``: one
message of the bank line and its answer."""

FaultName = Literal[
    "crash_before",  # kill -9 before the call or the commit
    "crash_after",  # the same after it
    "lost_before",  # the call got lost on its way; no answer
    "lost_after",  # it took effect; the answer got lost
    "late_effect",  # no answer in time; it takes effect at the last moment that the channel's rules allow
    "refused",
    "not_sent",
    "down",  # the whole other side is away for minutes, from this call on
    "not_found",  # the other side does not know it yet, although it does
    "commit_lost",  # committed, but the answer of PostgreSQL got lost
    "stolen",  # another process, which is alive, has taken the payment over before the commit
    "early",  # a callback comes before the answer: it says the same, or that he has paid just now
    "taken_over",  # another process, which is alive, takes the payment over while the call is on its way
    "missing",
    "twice",
    "after_the_end",
    "wrong_amount",  # genuine, over another amount; the right one never comes
    "silent_before",  # the message got lost on its way; the bank is waited for as long as its rules say
    "silent_after",  # the same; it took effect
    "slow",  # the right answer, just in time; of a message to the bank: later than the engine waits within one call
    "bad_mac",  # it took effect; the answer cannot be believed
    "late_answer",  # it took effect; the answer comes when nobody waits any more, and before the reversal leaves
    "crossed",  # the same, and the answer comes when the reversal has left
    "overtaken",  # the same, and the answer comes behind that to the reversal
    "sign_on_first",  # the bank wants a sign-on before anything else
    "asks_sign_on",  # it took effect; the answer asks for a sign-on besides
    "cut_over",  # the bank's day ends before this message comes
    "unbalanced",  # the bank has other totals of this batch: it wants every detail
    "mute",  # this reversal and all later ones stay without an answer
]

FAULTS: dict[Verb, tuple[FaultName, ...]] = {
    "do": (
        *("crash_before", "crash_after", "lost_before", "lost_after", "late_effect", "refused", "not_sent", "down"),
        *("taken_over", "slow"),
    ),
    "ask": ("crash_before", "crash_after", "lost_before", "not_found", "down", "taken_over", "slow"),
    "undo": (
        *("crash_before", "crash_after", "lost_before", "lost_after", "refused", "not_sent", "down", "taken_over"),
        "slow",
    ),
    "write": ("crash_before", "crash_after", "commit_lost", "stolen"),
    "callback": ("missing", "twice", "after_the_end", "wrong_amount"),
    "exchange": ("crash_before", "crash_after", "lost_before", "refused", "not_sent"),
}
"""What may go wrong with each verb."""

_OF_MONEY: tuple[FaultName, ...] = (
    *("lost_after", "silent_before", "silent_after", "slow", "bad_mac", "late_answer", "taken_over"),
    *("sign_on_first", "asks_sign_on", "cut_over"),
)
EXCHANGES: dict[str, tuple[FaultName, ...]] = {
    "line.purchase": (*_OF_MONEY, "crossed", "overtaken"),
    "line.void": (*_OF_MONEY, "crossed", "overtaken"),
    "line.refund": _OF_MONEY,
    "line.reverse": ("lost_after", "silent_before", "silent_after", "bad_mac", "sign_on_first", "cut_over", "mute"),
    "line.settle": ("lost_after", "sign_on_first", "cut_over", "unbalanced"),
    "line.upload": ("lost_after", "sign_on_first"),
}
"""What may go wrong besides with a message of the bank line. A refund cannot be reversed."""


def faults_of(kind: str, verb: Verb) -> tuple[FaultName, ...]:
    """The same for a verb of one kind: of takes and refunds the channel tells by itself, too."""
    if verb == "exchange":
        return (*FAULTS[verb], *EXCHANGES.get(kind, ()))
    told = verb in ("do", "ask") and kind.startswith((TAKE, REFUND))
    return (*FAULTS[verb], "early") if told else FAULTS[verb]


LINE = "line"
"""The kind of commits of the bank line."""
IN_QUEUE = "queue"
"""The ending of a run that only people could settle."""
DOWN_FOR = timedelta(minutes=3)


class Moment(msgspec.Struct, frozen=True):
    """A point of a run at which something may go wrong. ``kind``: of the step; empty for a commit. ``situation``: how
    the payment stands there, but for the time and how often it was tried: what follows two equal ones of one run is the
    same. ``world``: how everything else stands, the time roughly: with it, also of two runs of one shape."""

    kind: str
    verb: Verb
    situation: str = ""
    world: str = ""

    @property
    def cell(self) -> str:
        return f"{self.kind} {self.verb}".strip()


class Fault(msgspec.Struct, frozen=True):
    """``at``: which of the run's moments, from 1."""

    at: int
    name: FaultName


class Schedule(msgspec.Struct, frozen=True):
    """One run: who comes, and what goes wrong."""

    shape: str
    faults: tuple[Fault, ...] = ()

    def with_fault(self, fault: Fault) -> "Schedule":
        return Schedule(self.shape, (*self.faults, fault))


class Told(msgspec.Struct, frozen=True):
    """What the patient's screen said, and when."""

    at: datetime
    state: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a schedule. ``hit``: faults that took effect, by cell. ``violations``: sentences; none is right.

    ending: what became of the money, for the table: ``fulfilled``, ``returned``, ``closed``, ``queue``.
    """

    schedule: Schedule
    moments: tuple[Moment, ...]
    hit: tuple[tuple[str, FaultName], ...]
    ending: str
    took: timedelta
    violations: tuple[str, ...]


class Visit(msgspec.Struct, frozen=True):
    """One of a crowd. ``beside``: with whom he shares a patient or what he wants."""

    name: str
    run: Run
    beside: str = ""


class CrowdRun(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a seed. ``processes``: each one's faults, at its commits; ``bank``: of the line, at its messages.
    ``trace``: who moved when."""

    seed: int
    visits: tuple[Visit, ...]
    processes: tuple[tuple[str, tuple[Fault, ...]], ...]
    bank: tuple[tuple[str, FaultName], ...]
    in_flight_at_most: int
    violations: tuple[str, ...]
    trace: tuple[str, ...]


FEE = Fen(5000)
