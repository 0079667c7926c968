"""Bills as plans: the hospital keeps what was chosen, in the version that the payer has seen, and is told once it is
paid. What has changed or was paid elsewhere meanwhile is refused, and the money goes back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from yinyi.business.billing.model import ChosenInvoice
from yinyi.business.billing.ports import Bills
from yinyi.business.payments import builder
from yinyi.business.payments.one_step import of_amount
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.rules import Rule, paced, told_once_paid
from yinyi.business.payments.view import paid_at
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Outcome, Refused

INVOICE = "invoice"
LOCK, SETTLE = builder.BILLING_LOCK, builder.BILLING_SETTLE


class PaidFor(msgspec.Struct, frozen=True, kw_only=True):
    """A bill as it was when it was chosen."""

    invoice_no: str
    version: int
    title: str
    department: str
    department_en: str
    ordered_at: datetime
    total_fen: Fen
    title_en: str = ""


class InvoiceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the plan remembers of the bills that it pays. held_until: so long the hospital keeps them for the payer.
    form: of a session that is good for this bill alone; empty: its patient pays. operator, window: of the cashier who
    has opened it; empty: nobody has."""

    patient_no: str
    invoices: tuple[PaidFor, ...]
    held_until: datetime
    form: str = ""
    operator: str = ""
    window: str = ""

    @classmethod
    def of(cls, plan: Plan) -> "InvoiceFacts":
        return msgspec.convert(plan.facts, cls)

    def as_json(self) -> dict[str, Any]:
        """For ``Plan.facts``."""
        return msgspec.to_builtins(self)

    @property
    def chosen(self) -> Sequence[ChosenInvoice]:
        return [ChosenInvoice(invoice_no=each.invoice_no, version=each.version) for each in self.invoices]

    @property
    def total_fen(self) -> Fen:
        return Fen(sum(each.total_fen for each in self.invoices))

    @property
    def title_en(self) -> str:
        """In a few English words, with the first clinic where that has an English name."""
        return ", ".join(filter(None, ("Outpatient bills", *(each.department_en for each in self.invoices[:1]))))

    @property
    def numbers(self) -> tuple[str, ...]:
        return tuple(each.invoice_no for each in self.invoices)


def lock_reference(plan: Plan) -> str:
    """The hospital knows the bills of this payment under the reference of the latest lock."""
    lock = plan.latest(LOCK)
    assert lock is not None, "paying bills starts with a lock"
    return lock.reference


def means(plan: Plan) -> str:
    """By what it was paid, as the hospital is told: every means that has taken a part, in order."""
    return "+".join(dict.fromkeys(take.channel for take in plan.moved()))


class InvoicePurpose:
    """What the plans of bills are made of."""

    name = INVOICE
    version = 1
    kinds: tuple[str, ...] = (LOCK, SETTLE)


class LockInvoices:
    """Keep the bills for the payer while he pays."""

    kind = LOCK
    version = 1

    def __init__(self, bills: Bills) -> None:
        self._bills = bills
        rule = Rule(timeout_s=bills.call_timeout_s, give_up_s=15, send_within_s=4, people_after_s=900)
        self.rule = paced(rule, bills)

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        facts = InvoiceFacts.of(plan)
        outcome = await self._bills.hold_invoices(step.reference, facts.chosen, facts.held_until)
        return await _said_of_gone(self._bills, outcome, facts)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._bills.ask_invoices(step.reference)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._bills.release_invoices(step.reference)


class SettleInvoices:
    """The bills are paid. The lock is not needed for it: one that has run out does no harm while nothing else has
    happened to them."""

    kind = SETTLE
    version = 1

    def __init__(self, bills: Bills) -> None:
        self._bills = bills
        self.rule = paced(told_once_paid(bills.call_timeout_s), bills)

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        facts = InvoiceFacts.of(plan)
        outcome = await self._bills.settle_invoices(
            lock_reference(plan), facts.chosen, plan.amount_fen, plan.payment_no, means(plan), paid_at(plan) or now
        )
        return of_amount(await _said_of_gone(self._bills, outcome, facts), plan.amount_fen)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        """Only what is paid is settled. A lock that is still there, or has run out, leaves the way open: the hospital
        decides when it is told again."""
        answer = await self._bills.ask_invoices(lock_reference(plan))
        if isinstance(answer, Done) and answer.evidence.get("status") != "paid":
            return NotFound(detail="kept, not paid")
        if isinstance(answer, Refused) and answer.reason == "expired":
            return NotFound(detail="kept no more, not paid")
        return of_amount(answer, plan.amount_fen)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._bills.release_invoices(lock_reference(plan))


async def _said_of_gone(bills: Bills, outcome: Outcome, facts: InvoiceFacts) -> Outcome:
    """A hospital that does not know a bill any more, dropped or put together with another, calls it a bad request; to
    its payer that is what a cancelled one is. Where it does not say whether it knows them, its word stands."""
    if not isinstance(outcome, Refused) or outcome.reason != "bad_request":
        return outcome
    try:
        known = [await bills.invoice(number) for number in facts.numbers]
    except HospitalUnavailable:
        return outcome
    gone = [number for number, found in zip(facts.numbers, known, strict=True) if found is None]
    return Refused(reason="expired", detail=f"not there any more: {gone[0]}") if gone else outcome
