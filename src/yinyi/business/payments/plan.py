"""A payment as a persisted plan of effects outside the database. Plain data."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Literal, TypeVar

import msgspec

from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Evidence, Show

StepState = Literal[
    "planned",  # nothing has left
    "doing",  # on disk and maybe on its way; no answer yet
    "waiting",  # accepted; somebody has to act (a payer with a code, a bank with a refund)
    "unknown",  # may have happened; being asked
    "done",
    "refused",  # surely did not happen
    "undoing",  # an undo is on disk and maybe on its way
    "undo_unknown",  # the undo may have happened; it is sent again, by the same reference
    "undone",  # as if it had never happened
    "late",  # happened after it was refused or undone: has to be given back
]

_T = TypeVar("_T")

TAKE = "payments.take"
REFUND = "payments.refund"

PAYER_CODE = "payer_code"
"""In a take's ``params`` while its call has not been answered: the digits on the payer's phone, or his card, sealed."""

REFUSED_CODE = "refused_code"
"""In a take's evidence: what the card's bank answered."""

UNDONE_BECAUSE = "undone_because"
"""In the answer to a take's undo: why it never was, as its bank has said meanwhile, or as it never left."""

TRIES_LEFT = "tries_left"
"""The same: of the PIN, where the bank tells."""

LAST_TAKE = 37
"""Takes stand one behind the other from where the first one stands; the one that stands here takes all of the rest."""
REFUND_POSITION = 900
"""Refunds stand behind everything that moves forward."""
UNASKED_POSITION = 950
"""Money that was taken although nothing was ever to be taken stands behind them."""

ASSUMED = "amount_assumed"
"""In a take's ``params`` after a restore: its channel knows the order and has not said over how much."""

VOID = "void"
UNDO_REFUSED = "undo_refused"
"""In the evidence of a step: whoever has done it says that it is not to be undone, and why."""
WANTED_AGAIN = "wanted_again"
LEFT_IN_DOUBT = "left_in_doubt"
"""In a step's ``params`` when it was sent once more although what became of the call before is not known."""
SUPERSEDED = "superseded"
"""Why a refund of ours is not tried again: somebody at the channel has given that money back."""
SUMS = "given_back_in_all"
"""In a take's evidence: how much of it its channel has told to have gone back in all, by the number of the refund with
which it did; each until it is certain what of that is ours."""
NOT_BELIEVED = "not_believed"
"""Why a refund that somebody is said to have made at the channel is none: there was not so much left to give back."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One effect. ``position`` orders them; a new try of the same thing is a new ``attempt`` with a new reference.

    reference: ours, stored before anything leaves. tries: calls since this state began. next_at: not before then.
    until: somebody else has time until then. sent_at: when ``do`` left first. since: when this state began.
    """

    position: int
    attempt: int
    kind: str
    reference: str
    amount_fen: Fen
    since: datetime
    params: dict[str, Any] = {}
    state: StepState = "planned"
    tries: int = 0
    next_at: datetime | None = None
    until: datetime | None = None
    sent_at: datetime | None = None
    reason: str = ""
    evidence: Evidence = {}
    show: Show | None = None

    @property
    def channel(self) -> str:
        """Of a take or a refund; empty while none is chosen."""
        return self.params.get("channel", "")

    @property
    def scanned(self) -> bool:
        """Of a take: by the code on the payer's phone."""
        return bool(self.params.get("scanned"))

    @property
    def tender_no(self) -> int:
        """Of a take: which of the payer's choices it belongs to."""
        return self.params.get("tender_no", 0)

    @property
    def left_at(self) -> datetime | None:
        """When ``do`` left last; ``sent_at`` is when it left, or was about to leave, first."""
        again = self.params.get("left_again_at")
        times = [self.sent_at, datetime.fromisoformat(again) if again else None]
        return max((at for at in times if at is not None), default=None)

    @property
    def merchant(self) -> str:
        return self.params.get("merchant", "")

    @property
    def taken_at(self) -> datetime:
        """Of a take that is done: when, by the channel's own time where it tells."""
        told = self.evidence.get("paid_at")
        return datetime.fromisoformat(told) if told else self.since

    @property
    def is_void(self) -> bool:
        """Of a refund: the whole order is cancelled on the day on which it was paid."""
        return self.params.get("how") == VOID

    @property
    def by_channel(self) -> bool:
        """Of a refund: somebody has made it at the channel, without us."""
        return self.params.get("by") == "channel"

    @property
    def wish(self) -> str:
        """Of a refund that people want of what is delivered: which wish it belongs to."""
        return self.params.get("wish", "")

    @property
    def wanted_again(self) -> bool:
        """People want it sent once more, although it may have happened."""
        return bool(self.params.get(WANTED_AGAIN))

    @property
    def left_in_doubt(self) -> bool:
        """A call before the last one may have happened: that the last one has not left says nothing of it."""
        return bool(self.params.get(LEFT_IN_DOUBT))

    @property
    def booked(self) -> bool:
        """Of a refund: planned, under way or done, or refused and to be tried again. Nobody else may give this money
        back."""
        return self.state != "refused" or not (self.is_void or self.reason in (SUPERSEDED, NOT_BELIEVED))


_UNKNOWN: Any = object()


def once(find: Callable[["Plan"], _T]) -> Callable[["Plan"], _T]:
    """For what depends on nothing but a plan, its version apart: it is found out once, plans never change."""
    name = f"{find.__module__}.{find.__qualname__}"

    @wraps(find)
    def found(plan: "Plan") -> _T:
        known: Any = plan.__dict__
        answer = known.get(name, _UNKNOWN)  # most are found out once: raising would cost more than most of them
        if answer is _UNKNOWN:
            answer = known[name] = find(plan)
        return answer

    return found


class Plan(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A payment with its steps, as the engine sees it.

    direction: ``back`` once it is being undone. tender, tender_no: what the payer has chosen last, and how
    often he has chosen. pay_by: he has time until then.
    attention: why people look into it; empty: they need not. version: grows with every write, signals included.
    facts: what the purpose has to remember.
    restored: how often the database has been restored from a backup, when this was read. gap_until: it has been since,
    and what happened outside until then is asked before anything else. asked_epoch: up to which restore that was done.
    """

    hospital_id: int
    payment_id: int
    payment_no: str
    ask_no: str
    purpose: str
    scope: str
    amount_fen: Fen
    started_at: datetime
    pay_by: datetime
    patient_id: int = 0
    terminal_id: str = ""
    description: str = ""
    facts: dict[str, Any] = {}
    direction: Literal["forward", "back"] = "forward"
    reason: str = ""
    tender: str = ""
    tender_no: int = 0
    cancel_wanted: bool = False
    attention: str = ""
    attention_at: datetime | None = None
    version: int = 0
    ended_at: datetime | None = None
    restored: int = 0
    gap_until: datetime | None = None
    asked_epoch: int | None = None
    steps: tuple[Step, ...] = ()

    def at_version(self, version: int) -> "Plan":
        """This plan as it is written."""
        written = msgspec.structs.replace(self, version=version)
        vars(written).update(vars(self))  # what was found out of it, see ``once``
        return written

    @once
    def current(self) -> tuple[Step, ...]:
        """The latest attempt at each forward position, in order."""
        latest: dict[int, Step] = {}
        for step in self.steps:
            if step.position < REFUND_POSITION:
                latest[step.position] = step
        return tuple(latest[position] for position in sorted(latest))

    def latest(self, kind: str) -> Step | None:
        """The latest attempt of this kind."""
        return next((step for step in reversed(self.steps) if step.kind == kind), None)

    def with_step(self, step: Step) -> "Plan":
        """This plan with the step replaced, or added in its place."""
        for place, old in enumerate(self.steps):
            if old.position == step.position and old.attempt == step.attempt:
                return msgspec.structs.replace(self, steps=(*self.steps[:place], step, *self.steps[place + 1 :]))
        steps = sorted([*self.steps, step], key=lambda each: (each.position, each.attempt))
        return msgspec.structs.replace(self, steps=tuple(steps))

    def refunds_of(self, take: Step) -> list[Step]:
        """Attempts to give back what this step took, oldest first."""
        return [step for step in self.steps if step.kind == REFUND and step.params.get("of") == take.reference]

    def booked_fen(self, take: Step) -> Fen:
        """What is planned to go back of this take, on its way, or back. The channel gives no more than it took."""
        return Fen(min(take.amount_fen, sum(step.amount_fen for step in self.refunds_of(take) if step.booked)))

    @once
    def takes(self) -> tuple[Step, ...]:
        """All attempts to take money, oldest first."""
        return tuple(step for step in self.steps if step.kind == TAKE)

    def takes_begun(self) -> bool:
        """Whether any means of payment was ever chosen."""
        return any(step.channel for step in self.takes())

    @once
    def moved(self) -> tuple[Step, ...]:
        """The takes whose money was surely taken, given back or not."""
        return tuple(step for step in self.takes() if step.state in ("done", "late"))

    @property
    def taken_fen(self) -> Fen:
        """Surely taken, given back or not."""
        return Fen(sum(step.amount_fen for step in self.moved()))

    @property
    def returned_fen(self) -> Fen:
        """Surely given back."""
        return Fen(sum(self.refunded_fen(take) for take in self.moved()))

    @property
    def refunds_fen(self) -> Fen:
        """Given back, or planned to be."""
        return Fen(sum(self.booked_fen(take) for take in self.moved()))

    def refunded_fen(self, take: Step) -> Fen:
        """Surely given back of this take."""
        back = (step.amount_fen for step in self.refunds_of(take) if step.state in ("done", "late"))
        return Fen(min(take.amount_fen, sum(back)))
