"""What all runs together say: how many, which cells were hit, what was wrong."""

from collections import Counter
from typing import Any

import msgspec

from yinyi.app.faults.model import EXCHANGES, IN_QUEUE, LINE, CrowdRun, Fault, Moment, Run, Verb, faults_of
from yinyi.business.payments.builder import (
    BILLING_LOCK,
    BILLING_SETTLE,
    INPATIENT_POST,
    INSURANCE_QUOTE,
    INSURANCE_SETTLE,
)
from yinyi.business.payments.plan import REFUND, TAKE
from yinyi.business.scheduling.plans import CHECK_IN, CONFIRM, HOLD, KEEP

_TAKE, _REFUND = f"{TAKE}/wechatpay", f"{REFUND}/wechatpay"
_OTHER_TAKE, _OTHER_REFUND = f"{TAKE}/alipay", f"{REFUND}/alipay"
_VERBS: dict[str, tuple[Verb, ...]] = {
    HOLD: ("do", "ask", "undo"),
    KEEP: ("do", "ask", "undo"),
    CHECK_IN: ("do", "ask", "undo"),
    CONFIRM: ("do", "ask", "undo"),
    _TAKE: ("do", "ask", "undo", "callback"),
    _REFUND: ("do", "ask", "callback"),
    _OTHER_TAKE: ("do", "ask", "undo", "callback"),
    _OTHER_REFUND: ("do", "ask"),
    INSURANCE_QUOTE: ("do",),
    INSURANCE_SETTLE: ("do", "ask", "undo"),
    BILLING_LOCK: ("do", "ask", "undo"),
    BILLING_SETTLE: ("do", "ask", "undo"),
    INPATIENT_POST: ("do", "ask", "undo"),
    "": ("write",),
    **dict.fromkeys(("line.sign_on", *EXCHANGES), ("exchange",)),
    LINE: ("write",),
}
NEVER: dict[str, str] = {}
"""Cells that cannot be, and why."""
MOST_SHOWN = 50


def cells() -> list[str]:
    """Every (effect, verb, fault) that a complete exploration has to hit."""
    possible = [
        f"{kind} {verb} {fault}".strip()
        for kind, verbs in _VERBS.items()
        for verb in verbs
        for fault in faults_of(kind, verb)
    ]
    return [cell for cell in possible if cell not in NEVER]


class Tally:
    """Counts runs as they come, and keeps the ones that ended wrongly."""

    def __init__(self) -> None:
        self.schedules = 0
        self.merged = 0
        self.seeds = 0
        self.in_flight_at_most = 0
        self.coverage: Counter[str] = Counter()
        self.endings: Counter[tuple[str, str]] = Counter()
        self.violations: list[dict[str, Any]] = []

    def add(self, run: Run) -> None:
        self.schedules += 1
        for cell, fault in run.hit:
            self.coverage[f"{cell} {fault}"] += 1
            self.endings[f"{cell} {fault}", run.ending] += 1
        if run.violations:
            told = {"schedule": msgspec.to_builtins(run.schedule), "found": list(run.violations)}
            self.violations.append(told)

    def add_crowd(self, run: CrowdRun) -> None:
        """Each of its payments counts; what is wrong is told of all of them together."""
        self.seeds += 1
        self.in_flight_at_most = max(self.in_flight_at_most, run.in_flight_at_most)
        for visit in run.visits:
            if visit.run.ending:
                self.add(visit.run)
        self.coverage += Counter(f"{cell} {name}" for cell, name in run.bank)
        if run.violations:
            told = {"seed": run.seed, "schedule": crowd_schedule(run), "found": list(run.violations)}
            self.violations.append(told)

    def merge(self, other: "Tally") -> None:
        self.schedules += other.schedules
        self.merged += other.merged
        self.seeds += other.seeds
        self.in_flight_at_most = max(self.in_flight_at_most, other.in_flight_at_most)
        self.coverage += other.coverage
        self.endings += other.endings
        self.violations += other.violations

    @property
    def missing(self) -> list[str]:
        """Cells that no schedule has hit."""
        return [cell for cell in cells() if not self.coverage[cell]]

    @property
    def unknown(self) -> list[str]:
        """Cells that were hit, and that nobody has thought of."""
        return sorted(self.coverage.keys() - set(cells()))

    def as_json(self) -> dict[str, Any]:
        return {
            "schedules": self.schedules,
            "merged": self.merged,
            "seeds": self.seeds,
            "in_flight_at_most": self.in_flight_at_most,
            "coverage": {cell: self.coverage[cell] for cell in (*cells(), *self.unknown)},
            "missing": self.missing,
            "unknown": self.unknown,
            "violations": self.violations[:MOST_SHOWN],
        }


def crowd_schedule(run: CrowdRun) -> list[dict[str, Any]]:
    """Who came, and what went wrong at which of his calls; of each process, at which of its commits; of the bank."""
    people = [
        {"who": each.name, "shape": each.run.schedule.shape, "beside": each.beside}
        | {"faults": _where(each.run.schedule.faults, each.run.moments)}
        for each in run.visits
    ]
    bank = {"who": "bank", "faults": [f"{cell} {name}" for cell, name in run.bank]}
    return [*people, *({"who": name, "faults": _where(faults, ())} for name, faults in run.processes), bank]


def _where(faults: tuple[Fault, ...], moments: tuple[Moment, ...]) -> list[str]:
    cells = [moments[fault.at - 1].cell if moments else "write" for fault in faults]
    return [f"{fault.at} {cell} {fault.name}" for fault, cell in zip(faults, cells, strict=True)]


_WORDS = {
    "fulfilled": "delivered and kept",
    "returned": "taken and given back",
    "closed": "nothing taken",
    IN_QUEUE: "people look at the statement",
}


def table(tally: Tally) -> str:
    """Every cell that was hit, and how the payments of those runs ended, as a page of the docs."""
    lines = [
        "# What becomes of the money",
        "",
        f"Made by `yinyi faults --write`: {tally.schedules:,} schedules played, {tally.merged:,} merged with others"
        f" that differ only in time and number of tries; {len(tally.violations)} ended wrongly.",
        "",
        "The real engine, driver, POS sessions, store and PostgreSQL; a channel, a bank, a hospital, a payer and a"
        " clock are simulated. A row is one thing that goes wrong at one kind of call; the numbers say how the payments"
        " of all runs in which"
        " it did have ended. No run is left open; what the bank's line alone cannot tell stands in the human queue,"
        " with what is booked and what is in doubt making up what the bank has, until people have seen its statement.",
        "",
        f"| call | what goes wrong | {' | '.join(_WORDS.values())} |",
        f"| --- | --- |{' ---: |' * len(_WORDS)}",
    ]
    for cell in sorted(tally.coverage):
        call, _, fault = cell.rpartition(" ")
        counts = " | ".join(str(tally.endings[cell, ending]) for ending in _WORDS)
        lines.append(f"| `{call}` | {fault.replace('_', ' ')} | {counts} |")
    return "\n".join(lines) + "\n"
