"""What the engine can want next."""

from datetime import datetime
from typing import Literal

import msgspec

from yinyi.business.payments.plan import Step


class Send(msgspec.Struct, frozen=True):
    """Let this step's ``do`` leave."""

    step: Step


class Ask(msgspec.Struct, frozen=True):
    """Ask what became of this step."""

    step: Step


class Undo(msgspec.Struct, frozen=True):
    """Let this step's ``undo`` leave."""

    step: Step


class GiveUp(msgspec.Struct, frozen=True):
    """This step could not be sent for too long; it surely did not happen."""

    step: Step


class Retry(msgspec.Struct, frozen=True):
    """Try the same again: a new attempt with a new reference."""

    step: Step


class Choose(msgspec.Struct, frozen=True):
    """The payer has chosen a means: an attempt to take by it."""

    step: Step
    channel: str


class TakeRest(msgspec.Struct, frozen=True):
    """This take was done for less than is owed: another one for the rest, once the payer has chosen a means."""

    take: Step


class Again(msgspec.Struct, frozen=True):
    """A refund that was refused is tried once more, under the same reference: the channel never pays it twice."""

    step: Step


class GiveBack(msgspec.Struct, frozen=True):
    """A refund of what this step took and nobody is giving back yet. ``how``: ``void``, or empty."""

    take: Step
    how: str = ""


class Drop(msgspec.Struct, frozen=True):
    """This refund cannot happen any more: somebody at the channel has given that money back."""

    refund: Step


class TurnBack(msgspec.Struct, frozen=True):
    """Undo what was done so far."""

    reason: str


class CallPeople(msgspec.Struct, frozen=True):
    """Past its deadline: people are told, the engine goes on."""

    why: str


class Wait(msgspec.Struct, frozen=True):
    """Nothing to do before then."""

    until: datetime


class End(msgspec.Struct, frozen=True):
    """Nothing more to do, unless something late arrives."""

    how: Literal["fulfilled", "closed", "returned"]


Action = (
    Send
    | Ask
    | Undo
    | GiveUp
    | Retry
    | Choose
    | TakeRest
    | Again
    | GiveBack
    | Drop
    | TurnBack
    | CallPeople
    | Wait
    | End
)
