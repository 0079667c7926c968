"""What leads to a patient: seen, bound, taken off."""

from typing import Literal

from yinyi.business.identity.errors import LastCredential
from yinyi.business.identity.messages import CredentialView, ListCredentials, UnbindCredential
from yinyi.business.identity.messages_cards import GetCardBinding, LeaveCard, ReadCardToBind
from yinyi.business.identity.model import InquiryState
from yinyi.interface.journeys import card, card_reading, present, views_cards
from yinyi.interface.journeys.visitor import Go, Next, Show, StalePage, Visitor
from yinyi.kernel.errors import ChannelUnavailable, NotFound

_PROBLEMS: dict[str, views_cards.CardProblem] = {
    "taken": "taken",
    "pin_again": "pin_again",
    "no_answer": "no_answer",
    "unreachable": "unreachable",
    "left": "timed_out",
    "expired": "expired",
    "stripe": "stripe",
    "too_many_tries": "too_many_tries",
}
_REFUSED: dict[str, views_cards.CardProblem] = {
    "wrong_pin": "wrong_pin",
    "pin_blocked": "pin_blocked",
    "card_expired": "expired",
    "not_here": "unreachable",
    "busy": "unreachable",
}


async def cards(visitor: Visitor) -> Next:
    """GET CARDS ?unbind=… (one that is to be confirmed) ?bound=… ?unbound=… (what has just happened)."""
    if not visitor.known:
        return visitor.wanting("cards")
    found = (await visitor.ask(ListCredentials())).credentials
    await card_reading.forget(visitor)
    rows = tuple(_row(each) for each in found)
    chosen = next((row for row in rows if str(row.credential_id) == visitor.query.get("unbind")), None)
    view = views_cards.CardsView(
        cards=rows,
        kinds=card_reading.kinds_of(visitor.terminal),
        chosen=chosen,
        news=_news(visitor),
        news_tail=_tail(visitor.query.get("bound") or visitor.query.get("unbound") or ""),
        key=present.new_key(),
    )
    return Show(view, listens={**card.LISTENS, "terminal": "1"})


def _row(found: CredentialView) -> views_cards.BoundCard:
    tail = found.number_masked[-4:]
    return views_cards.BoundCard(
        credential_id=found.credential_id, kind=found.kind, number_tail=tail, bound_at=found.bound_at
    )


def _news(visitor: Visitor) -> Literal["bound", "unbound", "last", "away"] | None:
    if visitor.query.get("cards") == "0":
        return "away"
    if "last" in visitor.query:
        return "last"
    return "bound" if "bound" in visitor.query else "unbound" if "unbound" in visitor.query else None


def _tail(text: str) -> str:
    return text if len(text) == 4 and text.isascii() and text.isalnum() else ""


async def unbind(visitor: Visitor) -> Next:
    """POST CARDS: after he has confirmed it."""
    visitor.back = to = visitor.paths.cards
    chosen = visitor.form.get("credential_id", "")
    if not chosen.isdecimal() or len(chosen) > 18:
        raise StalePage("no credential")
    found = (await visitor.ask(ListCredentials())).credentials
    tail = next((each.number_masked[-4:] for each in found if str(each.credential_id) == chosen), "")
    try:
        await visitor.ask(UnbindCredential(credential_id=int(chosen)), key=visitor.key)
    except LastCredential:
        return Go(f"{to}?last=1")
    except NotFound:
        return Go(to)
    return Go(f"{to}?unbound={_tail(tail)}")


async def bind(visitor: Visitor) -> Next:
    """POST BIND_CARD: whatever kind it is, its own bank is asked."""
    visitor.back = visitor.paths.cards
    try:
        begun = await visitor.ask(ReadCardToBind(), key=visitor.key)
    except ChannelUnavailable:
        return Go(f"{visitor.paths.cards}?cards=0")
    return Go(visitor.paths.binding(begun.request_id))


async def binding(visitor: Visitor) -> Next:
    """GET BINDING."""
    visitor.back = visitor.paths.cards
    found = await visitor.ask(GetCardBinding(request_id=visitor.at["request_id"]))
    if found.state == "bound":
        return Go(f"{visitor.paths.cards}?bound={found.number_tail}")
    terminal = await card_reading.terminal_now(visitor)
    if found.state == "checking":
        return card_reading.asking(visitor, terminal, "bind", found.number_tail)
    why = why_refused(found.state, found.code)
    if why is not None:
        return card_reading.problem(visitor, terminal, "bind", why, found.number_tail)
    return card_reading.waiting(visitor, terminal, "bind")


def why_refused(state: InquiryState, code: str) -> views_cards.CardProblem | None:
    """Why a card whose bank was to be asked is of no use; None: it may still be."""
    if state == "declined":
        return _REFUSED.get(card.refused_by(code), "declined")
    if state == "pin_again" and code:
        return "keys_changed"
    return _PROBLEMS.get(state)


async def leave(visitor: Visitor) -> Next:
    """POST NO_BINDING."""
    visitor.back = visitor.paths.cards
    await visitor.ask(LeaveCard(), key=visitor.key)
    return Go(visitor.paths.cards)
