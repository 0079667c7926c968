"""A card that is read without any money: how far the card terminal is, in the facts of its page."""

import contextlib
from datetime import timedelta
from typing import Literal, cast, get_args

import msgspec

from yinyi.business.identity.messages_cards import LeaveCard
from yinyi.business.identity.model import BALANCE_CARDS
from yinyi.business.terminals.messages import GetTerminal
from yinyi.business.terminals.model import LIVE, CardReading, TerminalView
from yinyi.interface.journeys import card, present, views_cards
from yinyi.interface.journeys.visitor import Show, Visitor
from yinyi.kernel.errors import YinyiError

WAITED = timedelta(seconds=90)
OVER = timedelta(seconds=11)
"""So long after its time a card that never came is given up."""
LOOK_AGAIN = timedelta(seconds=5)
_PROBLEMS: frozenset[str] = frozenset(get_args(views_cards.CardProblem))
_KINDS: dict[str, views_cards.CardKind] = {
    "bank_card": "bank_card",
    "public_card": "public_card",
    "social_security_card": "social_security_card",
}
Purpose = Literal["identify", "bind", "balance"]


def kinds_of(terminal: TerminalView) -> tuple[views_cards.CardKind, ...]:
    """Which cards can be read at this terminal now to identify somebody; none while its card terminal does not work."""
    if not card.works(terminal):
        return ()
    return tuple(_KINDS[kind] for kind in terminal.identity_cards if kind in _KINDS)


def _kinds_for(terminal: TerminalView, purpose: Purpose) -> tuple[views_cards.CardKind, ...]:
    if purpose != "balance":
        return kinds_of(terminal)
    return BALANCE_CARDS if card.works(terminal) else ()


async def terminal_now(visitor: Visitor) -> TerminalView:
    """As it is after what this visitor has just asked for."""
    return await visitor.ask_as_anybody(GetTerminal())


async def forget(visitor: Visitor) -> None:
    """Whoever goes elsewhere is not asked for a card any more."""
    reading = visitor.terminal.reading
    if reading.purpose != "pay" and reading.state in LIVE:
        with contextlib.suppress(YinyiError):
            await visitor.ask_as_anybody(LeaveCard(), key=present.new_key())


def waiting(visitor: Visitor, terminal: TerminalView, purpose: Purpose) -> Show:
    """No card was read whole so far: it is waited for, or it will not come."""
    reading = terminal.reading
    if reading.purpose != purpose or reading.state not in LIVE:
        return problem(visitor, terminal, purpose, _why(reading, purpose))
    state = "insert" if reading.state == "asked" else "pin"
    expires_at = reading.until or visitor.now + WAITED
    view = _view(visitor, terminal, purpose, state, expires_at=expires_at, digits=reading.digits)
    at = max(expires_at + OVER, visitor.now + LOOK_AGAIN)
    return Show(view, listens={**card.LISTENS, "terminal": "1", "at": f"{at.timestamp():.1f}"}, can_time_out=False)


def asking(visitor: Visitor, terminal: TerminalView, purpose: Purpose, number_tail: str) -> Show:
    """Its bank is being asked."""
    view = _view(visitor, terminal, purpose, "asking", number_tail=number_tail)
    at = visitor.now + LOOK_AGAIN
    return Show(view, listens={**card.LISTENS, "at": f"{at.timestamp():.1f}"}, can_time_out=False)


def problem(
    visitor: Visitor, terminal: TerminalView, purpose: Purpose, why: views_cards.CardProblem, number_tail: str = ""
) -> Show:
    view = _view(visitor, terminal, purpose, "problem", problem=why, number_tail=number_tail)
    return Show(view, listens={**card.LISTENS, "terminal": "1"})


def _why(reading: CardReading, purpose: Purpose) -> views_cards.CardProblem:
    """Another reading, or none any more: then this one's time is over."""
    of_this = reading.purpose == purpose and reading.state in _PROBLEMS
    return cast(views_cards.CardProblem, reading.state) if of_this else "timed_out"


def _view(
    visitor: Visitor, terminal: TerminalView, purpose: Purpose, state: str, **facts: object
) -> views_cards.ReadCardView:
    view = views_cards.ReadCardView(
        purpose=purpose,
        state="insert",
        kinds=_kinds_for(terminal, purpose),
        since=visitor.now,
        expires_at=visitor.now,
        key=present.new_key(),
    )
    return msgspec.structs.replace(view, state=state, **facts)
