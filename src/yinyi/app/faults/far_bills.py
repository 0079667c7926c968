"""Bills and an insurance that always do what they are told: what goes wrong is added in front of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from yinyi.business.billing.model import ChosenInvoice, Invoice, InvoiceLine, InvoiceState
from yinyi.business.insurance.model import Claim, Split
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Outcome, Refused


@dataclass
class SimBills:
    """The hospital's bills by the reference of their lock: ``locked``, ``settled`` or ``released``. Implements
    ``Bills`` for whoever pays. changed: a doctor has changed these since."""

    call_timeout_s: float = 5.0
    bills: dict[str, str] = field(default_factory=dict[str, str])
    changed: set[str] = field(default_factory=set[str])

    def began(self) -> None:
        """A new run: nothing of the last one is left."""
        self.bills.clear()
        self.changed.clear()

    def settled(self, references: set[str]) -> int:
        return sum(self.bills.get(each) == "settled" for each in references)

    def is_locked(self, reference: str) -> bool:
        return self.bills.get(reference) == "locked"

    def standing(self, reference: str) -> str:
        """In short."""
        return f"{self.bills.get(reference, '')}{' changed' if reference in self.changed else ''}"

    # -- the port

    async def invoices(
        self, patient_no: str, state: InvoiceState | Literal[""], first_on: date, last_on: date, limit: int
    ) -> list[Invoice]:
        return []

    async def invoice(self, number: str) -> Invoice | None:
        return None

    async def invoice_lines(self, invoice_nos: Sequence[str]) -> list[InvoiceLine]:
        return []

    async def hold_invoices(self, reference: str, chosen: Sequence[ChosenInvoice], until: datetime) -> Outcome:
        self.bills.setdefault(reference, "locked")
        return self._standing(reference)

    async def settle_invoices(
        self,
        reference: str,
        chosen: Sequence[ChosenInvoice],
        amount_fen: Fen,
        payment_no: str,
        means: str,
        paid_at: datetime,
    ) -> Outcome:
        if self.is_locked(reference) and reference in self.changed:
            return Refused(reason="changed")
        if self.is_locked(reference):
            self.bills[reference] = "settled"
        return self._standing(reference)

    async def release_invoices(self, reference: str) -> Outcome:
        self.bills[reference] = "released"
        return Done()

    async def ask_invoices(self, reference: str) -> Answer:
        if self.is_locked(reference) and reference in self.changed:
            self.bills[reference] = "released"  # what has changed is kept for nobody
        return self._standing(reference) if reference in self.bills else NotFound()

    async def refund_invoice(
        self, reference: str, invoice_no: str, line_nos: Sequence[int] | None, amount_fen: Fen
    ) -> Outcome:
        return Refused(reason="not_refundable")

    async def ask_invoice_refund(self, reference: str) -> Answer:
        return NotFound()

    def _standing(self, reference: str) -> Done | Refused:
        state = self.bills[reference]
        if state == "released":
            return Refused(reason="expired")
        return Done(evidence={"status": "paid" if state == "settled" else "held", "receipt_no": "R1"})


WHOLLY = "W"
"""The insured for whom the scheme pays all of it."""


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
