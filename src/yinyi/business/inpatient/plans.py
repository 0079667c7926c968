"""Deposits as plans: money is taken, then the hospital books it for the stay. What goes back it books first."""

from datetime import datetime
from typing import Any

import msgspec

from yinyi.business.inpatient.ports import Inpatients
from yinyi.business.ledger.model import deposit_account
from yinyi.business.payments import builder
from yinyi.business.payments.one_step import of_amount
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.postings import CREDITED
from yinyi.business.payments.rules import paced, told_once_paid
from yinyi.business.payments.view import paid_at
from yinyi.kernel.outcome import Answer, Outcome

DEPOSIT = "deposit"
POST = builder.INPATIENT_POST


class DepositFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a deposit's plan remembers. credited: the stay's account in the ledger."""

    admission_no: str
    ward: str
    ward_en: str
    bed: str
    credited: str

    @classmethod
    def of(cls, plan: Plan) -> "DepositFacts":
        return msgspec.convert(plan.facts, cls)

    @classmethod
    def for_stay(cls, admission_no: str, ward: str, ward_en: str, bed: str) -> dict[str, Any]:
        """For ``Plan.facts``."""
        told = {"admission_no": admission_no, "ward": ward, "ward_en": ward_en, "bed": bed}
        return told | {CREDITED: deposit_account(admission_no)}


def deposit_reference(plan: Plan) -> str:
    """The hospital knows the deposit under the reference of the first try to post it."""
    return next(step.reference for step in plan.steps if step.kind == POST)


def return_reference(refund: Step) -> str:
    """The hospital knows a return under what was taken and which wish gives it back: however often the refund is
    tried, it is one return. 32 characters at most."""
    return f"{refund.params['of']}R{refund.wish}"


class PostDeposit:
    """Tell the hospital that a deposit was paid."""

    kind = POST
    version = 1

    def __init__(self, inpatients: Inpatients) -> None:
        self._inpatients = inpatients
        self.rule = paced(told_once_paid(inpatients.call_timeout_s), inpatients)

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        moved = plan.moved()
        outcome = await self._inpatients.post_deposit(
            deposit_reference(plan),
            DepositFacts.of(plan).admission_no,
            plan.amount_fen,
            plan.payment_no,
            moved[-1].channel if moved else "",
            paid_at(plan) or now,
        )
        return of_amount(outcome, plan.amount_fen)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return of_amount(await self._inpatients.ask_deposit(deposit_reference(plan)), plan.amount_fen)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._inpatients.reverse_deposit(deposit_reference(plan))


class DepositPurpose:
    """What a deposit's plans are made of. Implements ``BooksRefunds``: the hospital gives the money back in its books
    before it leaves, so that no window gives it back a second time."""

    name = DEPOSIT
    version = 1
    kinds: tuple[str, ...] = (POST,)

    def __init__(self, inpatients: Inpatients) -> None:
        self._inpatients = inpatients
        self.book_timeout_s = inpatients.call_timeout_s

    async def book_refund(self, plan: Plan, refund: Step, now: datetime) -> Outcome:
        return await self._inpatients.return_deposit(
            return_reference(refund), deposit_reference(plan), refund.amount_fen
        )
