"""What follows from how much a channel says to have given back of an order in all: it says so where it should say how
much went back by one refund, of which it tells by itself and which may not be ours. Pure.

Of our own refunds some are surely in such a sum, and of some it is not certain when it comes whether they happened, nor
whether they did before or after. So it is kept until that is certain.
"""

from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from yinyi.business.payments.plan import SUMS, Plan, Step
from yinyi.kernel.money import Fen

_BACK = ("done", "late")
_IN_DOUBT = ("doing", "waiting", "unknown")


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """``surely``, ``perhaps``: references of ours that are in it."""

    amount_fen: Fen
    surely: list[str]
    perhaps: list[str]


class Told(NamedTuple):
    """``their_id``: the number of the refund with which the sum came. ``theirs_fen``: what is not ours of it, and not
    known yet."""

    their_id: str
    theirs_fen: int


def noted(plan: Plan, take: Step, told_with: str, amount_fen: Fen) -> Plan:
    """With this sum, which came with the refund of that number."""
    ours = _ours(plan, take)
    told = Sum(
        amount_fen=amount_fen,
        surely=[each.reference for each in ours if each.state in _BACK],
        perhaps=[each.reference for each in ours if each.state in _IN_DOUBT],
    )
    return _with_sums(plan, take, _sums(take) | {told_with: told})


def is_noted(take: Step, told_with: str) -> bool:
    return told_with in _sums(take)


def next_of(plan: Plan, take: Step) -> tuple[Plan, Told] | None:
    """The least sum, and the plan without it. None: there is none, or what has become of ours is not certain."""
    sums = _sums(take)
    if not sums or any(each.state in _IN_DOUBT for each in _ours(plan, take)):
        return None
    told_with = min(sums, key=lambda each: sums[each].amount_fen)
    rest = {name: each for name, each in sums.items() if name != told_with}
    return _with_sums(plan, take, rest), Told(told_with, _theirs_fen(plan, take, told_with, sums[told_with]))


def _theirs_fen(plan: Plan, take: Step, told_with: str, told: Sum) -> int:
    """What may be ours counts as ours, as long as something is left of a sum that came with one of theirs: too little
    is found out by the next sum."""
    back = [each for each in _by_channel(plan, take) if each.state in _BACK]
    least_fen = 0 if any(step.reference == told_with for step in plan.steps) else 1
    left_fen = told.amount_fen - sum(each.amount_fen for each in back if each.by_channel)
    left_fen -= sum(each.amount_fen for each in back if each.reference in told.surely)
    for each in back:
        if each.reference in told.perhaps and left_fen - each.amount_fen >= least_fen:
            left_fen -= each.amount_fen
    return left_fen


def _by_channel(plan: Plan, take: Step) -> list[Step]:
    """Not what goes back another way, over the counter: its channel knows nothing of that."""
    return [each for each in plan.refunds_of(take) if each.channel == take.channel]


def _ours(plan: Plan, take: Step) -> list[Step]:
    return [each for each in _by_channel(plan, take) if not each.by_channel]


def _sums(take: Step) -> dict[str, Sum]:
    return msgspec.convert(take.evidence.get(SUMS, {}), dict[str, Sum])


def _with_sums(plan: Plan, take: Step, sums: dict[str, Sum]) -> Plan:
    evidence = {name: each for name, each in take.evidence.items() if name != SUMS}
    return plan.with_step(replace(take, evidence=evidence | ({SUMS: msgspec.to_builtins(sums)} if sums else {})))
