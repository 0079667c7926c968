"""Which card goes where: by the first digits of its number (BIN), the longest beginning that fits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from yinyi.business.terminals.messages import CardRouteView


@dataclass(frozen=True)
class CardKind:
    """prefixes: how the numbers of its cards begin. asks_pin: the issuer wants one."""

    prefixes: tuple[str, ...]
    asks_pin: bool = True


CardKinds = Mapping[str, CardKind]
"""By channel: ``bank_card``, ``public_card``, ``social_security_card``."""


def route_of(routes: Iterable[CardRouteView], pan: str) -> CardRouteView | None:
    """None: a card of no kind that is known here."""
    fitting = [(len(each), route) for route in routes for each in route.prefixes if pan.startswith(each)]
    return max(fitting, key=lambda one: one[0])[1] if fitting else None
