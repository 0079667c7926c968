"""Refunds of what is delivered, where the hospital has to book them before the money leaves."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.ports import BooksRefunds, Effect
from yinyi.kernel.outcome import Answer, Done, NotSent, Outcome, Refused


class BookedFirst:
    """A channel's refund behind the hospital's booking. Booking again by the same reference is harmless: until the
    hospital has surely booked it, nothing has left for the channel."""

    def __init__(self, refund: Effect, books: Mapping[str, BooksRefunds]) -> None:
        """``books``: by purpose."""
        self.kind, self.version = refund.kind, refund.version
        self._refund = refund
        self._books = books
        longest_s = max(each.book_timeout_s for each in books.values())
        self.rule = replace(refund.rule, timeout_s=refund.rule.timeout_s + longest_s)

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        books = self._books.get(plan.purpose) if step.wish else None
        if books is not None:
            match await books.book_refund(plan, step, now):
                case Done():
                    pass
                case Refused() as no:
                    return Refused(reason="not_refundable", detail=no.detail or no.reason)
                case other:
                    return NotSent(detail=f"the hospital has not booked it: {other}")
        return await self._refund.do(plan, step, now)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._refund.ask(plan, step, now)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._refund.undo(plan, step, now)
