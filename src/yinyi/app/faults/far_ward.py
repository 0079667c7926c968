"""A ward's deposits that are always what they are told to be: what goes wrong is added in front of them."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from yinyi.app.faults.far_side import START, SimClock
from yinyi.business.inpatient.model import CostCategory, CostDay, Deposit, Stay, StayItem
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Outcome, Refused, Unknown


@dataclass
class SimWard:
    """Deposits by our reference, and what was returned of each. Implements ``Inpatients`` for whoever pays. settled:
    stays that take none any more. mute_until: it does what it is told until then, and says nothing."""

    clock: SimClock
    call_timeout_s: float = 5.0
    deposits_fen: dict[str, int] = field(default_factory=dict[str, int])
    returns: dict[str, tuple[str, int]] = field(default_factory=dict[str, "tuple[str, int]"])
    settled: set[str] = field(default_factory=set[str])
    mute_until: datetime = START

    def began(self) -> None:
        """A new run: nothing of the last one is left."""
        for kept in (self.deposits_fen, self.returns, self.settled):
            kept.clear()
        self.mute_until = START

    def posted(self, references: set[str]) -> int:
        """How many of these are in its books."""
        return len(references & self.deposits_fen.keys())

    def left_fen(self, references: set[str]) -> int:
        """Of these deposits, less what was returned of them."""
        returned = Counter[str]()
        for of, fen in self.returns.values():
            returned[of] += fen
        return sum(fen - returned[each] for each, fen in self.deposits_fen.items() if each in references)

    def standing(self, reference: str) -> str:
        """In short."""
        stands = f"{self.deposits_fen.get(reference, '')} {self.left_fen({reference})} {sorted(self.settled)}"
        return f"{stands}{' mute' if self._is_mute() else ''}"

    def _is_mute(self) -> bool:
        return self.clock.now() < self.mute_until

    # -- the port

    async def stays(self, patient_no: str) -> list[Stay]:
        return []

    async def stay(self, admission_no: str) -> Stay | None:
        return None

    async def stay_items(self, admission_no: str, first_on: date, last_on: date) -> list[StayItem]:
        return []

    async def cost_days(self, admission_no: str) -> list[CostDay]:
        return []

    async def cost_categories(self, admission_no: str) -> list[CostCategory]:
        return []

    async def deposits(self, admission_no: str) -> list[Deposit]:
        return []

    async def post_deposit(
        self, reference: str, admission_no: str, amount_fen: Fen, payment_no: str, means: str, paid_at: datetime
    ) -> Outcome:
        if reference not in self.deposits_fen and admission_no in self.settled:
            return Refused(reason="not_permitted")
        self.deposits_fen.setdefault(reference, amount_fen)
        return self._told(reference)

    async def reverse_deposit(self, reference: str) -> Outcome:
        self.deposits_fen.pop(reference, None)
        return Unknown() if self._is_mute() else Done()

    async def return_deposit(self, reference: str, deposit_reference: str, amount_fen: Fen) -> Outcome:
        if reference not in self.returns:
            if self.left_fen({deposit_reference}) < amount_fen:
                return Refused(reason="not_refundable")
            self.returns[reference] = (deposit_reference, amount_fen)
        return Done()

    async def ask_deposit(self, reference: str) -> Answer:
        if self._is_mute():
            return Unknown()
        return self._told(reference) if reference in self.deposits_fen else NotFound()

    def _told(self, reference: str) -> Done | Unknown:
        if self._is_mute():
            return Unknown()
        return Done(evidence={"status": "posted", "amount_fen": self.deposits_fen[reference], "receipt_no": "R1"})
