"""What the payment engine asks of the outside. Small protocols; a connector opts in by implementing them.

Connectors never raise for what the other side does: a time-out, a reset, nonsense in a reply is ``Unknown``
(or ``NotSent`` when the bytes surely never left). An exception out of a connector is taken as ``Unknown``.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from yinyi.business.payments.model import CallbackRead, CallbackReply, Order, RefundOrder
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.rules import Rule
from yinyi.kernel.outcome import Answer, Evidence, Outcome


@runtime_checkable
class TakesPayment(Protocol):
    """A channel that takes money, and what the engine needs to know of its habits."""

    channel: str
    """Its name in ledgers and on slips, for example ``wechatpay``."""
    settles_after: timedelta
    """How long after the time-out of an attempt "not found" is not yet believed."""
    call_timeout_s: float
    """No single call lasts longer."""

    async def ask(self, order: Order) -> Answer:
        """What became of the order, by our reference."""
        ...

    async def close(self, order: Order) -> Answer:
        """Make sure nobody can pay this order any more. ``Done``: closed and unpaid, for ever.
        ``Refused("already_paid")``: the money was taken."""
        ...


@runtime_checkable
class ShowsCode(Protocol):
    """A channel whose payer scans a code that we show."""

    async def show_code(self, order: Order) -> Outcome:
        """``Waiting(until, show)`` with the code's text."""
        ...


@runtime_checkable
class ScansCode(Protocol):
    """A channel whose payer shows a code on his phone that we scan. ``close`` reverses such an order: it is closed if
    it was not paid, and what was taken goes back by itself."""

    def knows_code(self, payer_code: str) -> bool:
        """Whether digits that were scanned are a payer's code of this channel."""
        ...

    async def take_by_code(self, order: Order, payer_code: str) -> Outcome:
        """``Done``, or ``Waiting(until)`` while the payer types his password. A code is used once: the same order is
        never sent with another one."""
        ...


@runtime_checkable
class Refunds(Protocol):
    """A channel that gives money back as a new movement."""

    async def refund(self, order: RefundOrder) -> Outcome:
        """Sending the same reference again is the same refund."""
        ...

    async def ask_refund(self, order: RefundOrder) -> Answer: ...


@runtime_checkable
class Reverses(Protocol):
    """A channel that cancels an order on the day on which it was paid, whole only: no refund, it never was."""

    async def reverse(self, order: Order) -> Outcome:
        """Sending it again is the same reversal, and asks what became of it. ``Refused``: too late, or not any more
        whole; a refund is still possible."""
        ...


class CallbackRefused(Exception):
    """The callback is forged, stale or unreadable: nothing of it is believed."""


@runtime_checkable
class ReceivesCallbacks(Protocol):
    """A channel that tells us by itself. Pure: no I/O, no memory; the engine stores and de-duplicates."""

    def read_callback(self, path: str, headers: Mapping[str, str], body: bytes) -> CallbackRead:
        """Header names are lower case.

        Raises:
            CallbackRefused: bad or missing signature, older than five minutes, or not to be read.
        """
        ...

    def accepted(self) -> CallbackReply: ...

    def rejected(self, why: str) -> CallbackReply: ...


@runtime_checkable
class Effect(Protocol):
    """Something outside that a plan makes happen. Domains implement it, ``app`` registers it.

    ``kind`` is a stable name, ``version`` that of its parameters: open plans outlive a release.
    """

    kind: str
    version: int
    rule: Rule

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        """Make it happen, under ``step.reference``."""
        ...

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        """Did it happen? Only called when the rule says that it can be asked."""
        ...

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        """As if it had never happened; by the same reference, so that it can be repeated. ``Refused("already_paid")``:
        too late, it happened. Only called when the rule says that it can be undone."""
        ...


@runtime_checkable
class Promises(Protocol):
    """An effect by which somebody else comes to owe a part."""

    def promised(self, plan: Plan) -> Evidence:
        """What its success says of that where only people know of it: who owes, and how much, as was agreed."""
        ...


@runtime_checkable
class Purpose(Protocol):
    """What a payment is for. ``version`` is that of ``Plan.facts``."""

    name: str
    version: int
    kinds: tuple[str, ...]
    """The effects its plans are made of, besides taking and refunding."""


@runtime_checkable
class BooksRefunds(Protocol):
    """A purpose whose hospital books what people want back of what is delivered before the money leaves."""

    name: str
    book_timeout_s: float

    async def book_refund(self, plan: Plan, refund: Step, now: datetime) -> Outcome:
        """However often it is asked, and however often this refund is tried anew, it is booked once."""
        ...
