"""What those who watch over the platform can ask."""

from datetime import datetime

import msgspec

from yinyi.bus.operation import Caller, Operation, operation


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something that breaks an invariant. ``subject``: a payment number, or what else people can look it up by."""

    subject: str
    detail: str
    found_at: datetime


class InvariantView(msgspec.Struct, frozen=True, kw_only=True):
    """meaning, meaning_zh: what has to hold, for people. violations: found and not gone; the oldest are ``findings``.
    checked_at: None before the first time. problem: why it could not be checked since. rounds: how often its table was
    walked through to the end; 0 also where it has none to walk through.
    """

    name: str
    meaning: str
    meaning_zh: str
    violations: int
    every_s: float
    checked_at: datetime | None = None
    problem: str = ""
    took_ms: int = 0
    rounds: int = 0
    findings: list[Finding] = []


class Invariants(msgspec.Struct, frozen=True, kw_only=True):
    """What has to hold at any time, and whether it does."""

    invariants: list[InvariantView]


@operation(callers=[Caller.STAFF])
class ListInvariants(Operation[Invariants], frozen=True, kw_only=True):
    """Whether what has to hold at any time does, as it was found last."""


@operation(callers=[Caller.STAFF])
class CheckInvariants(Operation[Invariants], frozen=True, kw_only=True):
    """The same, looked at now. Large tables are walked through slice by slice: this is one slice."""


class FigureView(msgspec.Struct, frozen=True, kw_only=True):
    """``values`` by what ``label`` names; by the empty text when there is only one."""

    name: str
    meaning: str
    label: str
    values: dict[str, float]


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Counts and ages, no data."""

    figures: list[FigureView]


@operation(callers=[Caller.KIOSK, Caller.TERMINAL, Caller.CALLBACKS, Caller.STAFF])
class GetFigures(Operation[Figures], frozen=True, kw_only=True):
    """How the platform is, in numbers, for ``/metrics``."""
