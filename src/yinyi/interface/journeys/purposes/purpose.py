"""What the pages of a payment have to know of its purpose. Each purpose has a file beside this one and a line in
``table.py``; its check page and its done page are views and templates of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from yinyi.bus.operation import Operation
from yinyi.business.documents.messages import SlipKind
from yinyi.business.payments.messages import PaymentView
from yinyi.interface.journeys import views
from yinyi.interface.journeys.visitor import Visitor

Say = Callable[[str], str]
Problem = Literal["declined", "expired", "unavailable", "paid_late"]
"""Why the last try to pay ended; nothing was taken, or it goes back, and it can be tried again."""
LISTED_DAYS = 31
"""So far back payments and papers are listed."""


@dataclass(frozen=True, kw_only=True)
class Paid:
    """A payment and what it is for.

    check, done: the page before paying, given until when it can be paid, and the one after it. paper: what is printed
    once it is fulfilled.
    held: before anybody can pay, the hospital is asked to keep something for the payer, until ``held_until``.
    hold: asks for a slip with which the window takes the money; None: there is none for it. hold_slip: there is one.
    """

    payment: PaymentView
    subject: views.Subject
    steps: tuple[views.StepName, ...]
    paper: SlipKind
    check: Callable[[Problem | None, datetime], views.View]
    done: Callable[[views.Printing | None], views.View]
    held: bool = False
    held_until: datetime | None = None
    hold: Operation[Any] | None = None
    hold_slip: bool = False

    @property
    def kept_until(self) -> datetime:
        """Until then it can be paid."""
        payment = self.payment
        return min(filter(None, (self.held_until, payment.pay_by)), default=payment.since)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What all pages say of a purpose, in one language.

    what: its name. paid, undelivered: how it stands, in a list. leave: the button that gives up.
    kept: nothing was taken. safe: while it is confirmed. untouched: while it is not known whether anything was taken.
    either: how that can end. told: the last step. not_yet, not_known, not_yet_next: paid, and not delivered yet.
    gone, refused, late, cancelled: why money goes back. closed, closed_how, closed_next: nothing was taken.
    again: the button that begins anew; again_now, again_else: that one can.
    holding, holding_who: while something is kept for the payer. slip, slip_kept, slip_until, slip_then, slip_how: of
    the slip for the window.
    """

    what: str
    paid: str
    undelivered: str
    leave: str
    kept: str
    safe: str
    untouched: str
    either: str
    told: str
    not_yet: str
    not_known: str
    not_yet_next: str
    gone: str
    refused: str
    late: str
    cancelled: str
    closed: str
    closed_how: str
    closed_next: str
    again: str
    again_now: str
    again_else: str
    holding: str = ""
    holding_who: str = ""
    slip: str = ""
    slip_kept: str = ""
    slip_until: str = ""
    slip_then: str = ""
    slip_how: str = ""


class Purpose(Protocol):
    """``name``: as in ``PaymentView.purpose``. paper: what is printed once one is fulfilled."""

    name: str
    paper: SlipKind

    def words(self, _: Say) -> Words: ...

    async def paid(self, visitor: Visitor, payment_no: str) -> Paid:
        """One payment with all that its pages show, asked for at once."""
        ...

    async def subjects(self, visitor: Visitor, payments: list[PaymentView]) -> Mapping[str, views.Subject]:
        """What these are for, by payment number, for lists; one that is not in it is not listed."""
        ...
