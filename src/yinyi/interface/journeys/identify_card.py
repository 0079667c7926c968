"""Who is it? By a bank card, a public card or a social security card in the card terminal."""

from yinyi.business.identity.errors import TicketExpired
from yinyi.business.identity.messages_cards import IdentifyByCard, LeaveCard, ReadCardToIdentify
from yinyi.interface.journeys import card_reading, views_cards
from yinyi.interface.journeys.identify import answered, goes_on
from yinyi.interface.journeys.visitor import Go, Next, Visit, Visitor
from yinyi.kernel.errors import ChannelUnavailable


async def read(visitor: Visitor) -> Next:
    """POST IDENTIFY_CARD."""
    visitor.back = visitor.paths.identify
    if visitor.known:
        return Go(goes_on(visitor))
    try:
        asked = await visitor.ask_as_anybody(ReadCardToIdentify(), key=visitor.key)
    except ChannelUnavailable:
        return Go(f"{visitor.paths.identify}?cards=0")
    return Go(visitor.paths.identify_card, Visit(ticket=asked.ticket, wants=visitor.visit.wants))


async def page(visitor: Visitor) -> Next:
    """GET IDENTIFY_CARD."""
    if visitor.known:
        return Go(goes_on(visitor))
    try:
        found = await visitor.ask_as_anybody(IdentifyByCard(ticket=visitor.visit.ticket))
    except TicketExpired:
        return Go(visitor.paths.identify, Visit(wants=visitor.visit.wants))
    terminal = await card_reading.terminal_now(visitor)
    if found.identified is not None:
        return answered(visitor, found.identified)
    problem = _PROBLEMS.get(found.state)
    if problem is not None:
        return card_reading.problem(visitor, terminal, "identify", problem)
    return card_reading.waiting(visitor, terminal, "identify")


_PROBLEMS: dict[str, views_cards.CardProblem] = {
    "unknown": "unknown",
    "expired": "expired",
    "stripe": "stripe",
    "too_many_tries": "too_many_tries",
}


async def leave(visitor: Visitor) -> Next:
    """POST IDENTIFY_NO_CARD."""
    visitor.back = visitor.paths.identify
    await visitor.ask_as_anybody(LeaveCard(), key=visitor.key)
    return Go(visitor.paths.identify, Visit(wants=visitor.visit.wants))
