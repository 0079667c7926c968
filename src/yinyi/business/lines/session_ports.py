"""What the bank line asks of a connector. One object an acquirer; it knows messages, not money."""

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.session_model import (
    Approved,
    Card,
    Declined,
    Desk,
    Detail,
    Habits,
    LineAnswer,
    MessageNo,
    MessageState,
    NeverSent,
    NoAnswer,
    Original,
    PinKey,
    ReversalReason,
    Settled,
    SignedOn,
    Standing,
    Totals,
)
from yinyi.kernel.money import Fen

Late = Callable[[PosSession, MessageNo, Approved | Declined], None]
"""Session, message, and what came after nobody waited for it any more. Returns at once."""


@runtime_checkable
class Acquirer(Protocol):
    """A line to a bank that takes cards. Never raises for what the other side does.

    ``NeverSent`` only if surely not one byte has left; whatever else is not an answer that can be believed (none in
    time, a connection lost in the middle, a wrong MAC, a code that leaves it open) is ``NoAnswer``. Nothing leaves once
    ``desk.may_send()`` says no: somebody else may have reversed it already.
    """

    name: str
    habits: Habits

    def hear_late(self, late: Late) -> None:
        """Who wants to know of answers that come too late."""
        ...

    async def sign_on(self, desk: Desk) -> SignedOn | Declined | NeverSent | NoAnswer:
        """Ask for new working keys."""
        ...

    async def sign_off(self, desk: Desk) -> LineAnswer: ...

    async def echo(self, desk: Desk) -> LineAnswer:
        """Is anybody there?"""
        ...

    async def balance(self, desk: Desk, card: Card) -> LineAnswer:
        """What the card's account has: ``Approved.amount_fen``."""
        ...

    async def purchase(self, desk: Desk, amount_fen: Fen, card: Card) -> LineAnswer: ...

    async def void(self, desk: Desk, original: Original) -> LineAnswer:
        """Cancel a purchase of this batch, whole."""
        ...

    async def refund(self, desk: Desk, original: Original, amount_fen: Fen) -> LineAnswer:
        """Give back (a part of) an earlier purchase."""
        ...

    async def reverse(self, desk: Desk, original: Original, why: ReversalReason, tries: int) -> LineAnswer:
        """As if the original had never been sent; under its own trace number. ``tries``: as often it has gone out
        before. ``Approved``: it is reversed, or the host has no record of it. ``Declined``: it is not
        reversed, and goes again only where it ``may_retry``."""
        ...

    async def settle(self, desk: Desk, totals: Totals) -> Settled | LineAnswer:
        """Our totals of the batch against the host's."""
        ...

    async def upload(self, desk: Desk, details: Sequence[Detail]) -> LineAnswer:
        """At most ``habits.most_details`` of an unbalanced batch."""
        ...

    async def end_upload(self, desk: Desk, count: int, *, balanced: bool = False) -> LineAnswer:
        """So many details were all. ``balanced``: none were asked for, and the host wants to hear that this is the end
        (``habits.ends_balanced``)."""
        ...


@runtime_checkable
class TellsWhetherUp(Protocol):
    """An acquirer's connector that knows whether its line is up just now, and if not, why: for those who look after
    it."""

    @property
    def is_up(self) -> bool: ...

    @property
    def why_down(self) -> str: ...


class CardSessions(Protocol):
    """What payments, and whoever binds cards, ask of the POS sessions of a hospital; see ``sessions.PosSessions``."""

    async def choose(self, terminal_id: str, acquirer: str, scope: str) -> int | None: ...

    async def shown(self, session_id: int) -> tuple[PosSession, str]: ...

    async def pin_key(self, acquirer: str, session_id: int) -> PinKey | LineAnswer: ...

    async def purchase(
        self, acquirer: str, session_id: int, reference: str, amount_fen: Fen, card: Card
    ) -> LineAnswer: ...

    async def balance(self, acquirer: str, session_id: int, card: Card) -> LineAnswer: ...

    async def void(self, acquirer: str, reference: str, of_reference: str) -> LineAnswer: ...

    async def refund(self, acquirer: str, reference: str, of_reference: str, amount_fen: Fen) -> LineAnswer: ...

    async def standing(self, reference: str) -> Standing | None: ...

    async def reverse(self, reference: str) -> MessageState | None: ...

    async def forbid(self, acquirer: str, session_id: int, reference: str) -> MessageState | None: ...
