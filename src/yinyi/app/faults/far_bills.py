"""Bills and an insurance that always do what they are told: what goes wrong is added in front of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from yinyi.business.insurance.model import Claim, Split
from yinyi.business.payments.builder import BILLING_LOCK, BILLING_SETTLE
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.rules import Rule
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Outcome, Refused


@dataclass
class SimBills:
    """The hospital's bills by the reference of their lock: ``locked``, ``settled`` or ``released``."""

    bills: dict[str, str] = field(default_factory=dict[str, str])

    def began(self) -> None:
        """A new run: nothing of the last one is left."""
        self.bills.clear()

    def settled(self, references: set[str]) -> int:
        return sum(self.bills.get(each) == "settled" for each in references)

    def is_locked(self, reference: str) -> bool:
        return self.bills.get(reference) == "locked"


WHOLLY = "W"
"""The insured for whom the scheme pays all of it."""


class Invoice:
    """What an invoice's plans are made of."""

    name = "invoice"
    version = 1
    kinds: tuple[str, ...] = (BILLING_LOCK, BILLING_SETTLE)


@dataclass
class LockBills:
    """The bills that are paid now are locked."""

    bills: SimBills
    kind = BILLING_LOCK
    version = 1
    rule = Rule(timeout_s=5.0, give_up_s=15, send_within_s=4)

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        self.bills.bills.setdefault(step.reference, "locked")
        return self._standing(step.reference)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return self._standing(step.reference) if step.reference in self.bills.bills else NotFound()

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        self.bills.bills[step.reference] = "released"
        return Done()

    def _standing(self, reference: str) -> Done | Refused:
        return Done() if self.bills.bills[reference] != "released" else Refused(reason="expired")


@dataclass
class SettleBills:
    """They are paid."""

    bills: SimBills
    kind = BILLING_SETTLE
    version = 1
    rule = Rule(
        timeout_s=5.0,
        send_every_s=(0.5, 1, 2, 5, 10, 30),
        send_within_s=900,
        give_up_s=900,
        people_after_s=960,
        attempts=5,
        repeatable=True,
    )

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        lock = _lock(plan)
        if self.bills.is_locked(lock):
            self.bills.bills[lock] = "settled"
        return Done() if self.bills.bills.get(lock) == "settled" else Refused(reason="expired")

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        state = self.bills.bills.get(_lock(plan))
        return Done() if state == "settled" else NotFound() if state == "locked" else Refused(reason="expired")

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        self.bills.bills[_lock(plan)] = "released"
        return Done()


def _lock(plan: Plan) -> str:
    lock = plan.latest(BILLING_LOCK)
    assert lock is not None, "an invoice starts with a lock"
    return lock.reference


@dataclass
class SimScheme:
    """An insurance that pays seven tenths of a bill, for some all of it; settlements by our reference."""

    scheme: str = "employees"
    settles_after: timedelta = timedelta(seconds=30)
    call_timeout_s: float = 5.0
    settlements: dict[str, Split] = field(default_factory=dict[str, Split])
    claimed: set[str] = field(default_factory=set[str])

    def began(self) -> None:
        """A new run: nothing of the last one is left."""
        self.settlements.clear()
        self.claimed.clear()

    def settled_fen(self, references: set[str]) -> int:
        """What it owes the hospital for these."""
        return sum(split.scheme_fen for each, split in self.settlements.items() if each in references)

    def standing(self, references: list[str]) -> str:
        """In short."""
        return f"{[each in self.claimed for each in references]} {[each in self.settlements for each in references]}"

    def asked(self, references: set[str]) -> bool:
        """Whether it was ever asked to settle one of these."""
        return not references.isdisjoint(self.claimed)

    async def quote(self, reference: str, claim: Claim) -> Outcome:
        return _told(self._divided(claim), "")

    async def settle(self, reference: str, claim: Claim, quoted: Split) -> Outcome:
        self.claimed.add(reference)
        self.settlements.setdefault(reference, self._divided(claim))
        return _told(self.settlements[reference], reference)

    async def ask_settlement(self, reference: str, claim: Claim) -> Answer:
        return _told(self.settlements[reference], reference) if reference in self.settlements else NotFound()

    async def reverse(self, reference: str, claim: Claim, settlement_no: str) -> Answer:
        self.settlements.pop(reference, None)
        return Done()

    def _divided(self, claim: Claim) -> Split:
        fund, account = claim.amount_fen * (9 if claim.person_no == WHOLLY else 6) // 10, claim.amount_fen // 10
        return Split(fund_fen=Fen(fund), account_fen=Fen(account), cash_fen=Fen(claim.amount_fen - fund - account))


def _told(split: Split, reference: str) -> Done:
    parts = {"fund_fen": split.fund_fen, "account_fen": split.account_fen, "cash_fen": split.cash_fen}
    return Done(evidence=parts | ({"settlement_no": f"S{reference}"} if reference else {}))
