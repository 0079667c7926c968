"""What is left on a public card, for whoever puts it in; nobody has to be known."""

from yinyi.business.identity.errors import TicketExpired
from yinyi.business.identity.messages_cards import CardBalance, GetCardBalance, LeaveCard, ReadCardForBalance
from yinyi.interface.journeys import card_reading, present, views_cards
from yinyi.interface.journeys.my_cards import why_refused
from yinyi.interface.journeys.visitor import Go, Next, Show, Visitor
from yinyi.kernel.errors import ChannelUnavailable


async def page(visitor: Visitor) -> Next:
    """GET CARD_BALANCE ?cards=0 (none can be read just now)."""
    await card_reading.forget(visitor)
    view = views_cards.CardBalanceView(state="away" if "cards" in visitor.query else "begin", key=present.new_key())
    return Show(view, listens={**card_reading.card.LISTENS, "terminal": "1"})


async def read(visitor: Visitor) -> Next:
    """POST CARD_BALANCE."""
    visitor.back = visitor.paths.card_balance
    try:
        asked = await visitor.ask_as_anybody(ReadCardForBalance(), key=visitor.key)
    except ChannelUnavailable:
        return Go(f"{visitor.paths.card_balance}?cards=0")
    except TicketExpired:
        return Go(visitor.paths.card_balance)
    return Go(visitor.paths.balance_of_card(asked.ticket))


async def told(visitor: Visitor) -> Next:
    """GET BALANCE_OF_CARD."""
    visitor.back = visitor.paths.card_balance
    try:
        found = await visitor.ask_as_anybody(GetCardBalance(ticket=visitor.at["ticket"]))
    except TicketExpired:
        return Go(visitor.paths.card_balance)
    if found.balance_fen is not None:
        return Show(_balance(found, found.balance_fen), listens={**card_reading.card.LISTENS, "terminal": "1"})
    terminal = await card_reading.terminal_now(visitor)
    if found.state == "checking":
        return card_reading.asking(visitor, terminal, "balance", found.number_tail)
    why = why_refused(found.state, found.code)
    if why is not None:
        return card_reading.problem(visitor, terminal, "balance", why, found.number_tail)
    return card_reading.waiting(visitor, terminal, "balance")


def _balance(found: CardBalance, balance_fen: int) -> views_cards.CardBalanceView:
    return views_cards.CardBalanceView(
        state="told",
        kind=found.kind or "public_card",
        number_tail=found.number_tail,
        balance_fen=balance_fen,
        key=present.new_key(),
    )


async def leave(visitor: Visitor) -> Next:
    """POST NO_BALANCE."""
    visitor.back = visitor.paths.card_balance
    await visitor.ask_as_anybody(LeaveCard(), key=visitor.key)
    return Go(visitor.paths.home)
