"""Which card goes where: by the first digits of its number (BIN), as the table of media tells cards apart."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from yinyi.business.terminals.media import Media, card_rule, is_card
from yinyi.business.terminals.messages import CardRouteView


@dataclass(frozen=True)
class CardKind:
    """prefixes: how the numbers of its cards begin, unless the hospital says otherwise. asks_pin: the issuer wants
    one."""

    prefixes: tuple[str, ...]
    asks_pin: bool = True


CardKinds = Mapping[str, CardKind]
"""By channel: ``bank_card``, ``public_card``, ``social_security_card``."""


def route_of(routes: Iterable[CardRouteView], pan: str) -> CardRouteView | None:
    """None: a card of no kind that is known here."""
    by_kind = {route.channel: route for route in routes if is_card(route.channel)}
    rules = [card_rule(kind, route.prefixes) for kind, route in by_kind.items() if is_card(kind) and route.prefixes]
    found = Media(rules).kinds("card_terminal", pan)
    return by_kind[found[0]] if len(found) == 1 else None
