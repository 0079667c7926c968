"""Which session a card goes through, and the session made ready before anybody types a PIN for it."""

from collections.abc import Awaitable, Callable

import msgspec
import structlog

from yinyi.bus.call import Call
from yinyi.business.lines.errands import Errands
from yinyi.business.lines.session_model import LineAnswer, PinKey
from yinyi.business.payments.card_kinds import CardKind, CardKinds
from yinyi.business.payments.registry import Registry
from yinyi.business.terminals.media import Media, is_card
from yinyi.business.terminals.messages import CardRouteView

log = structlog.get_logger()

NO_SUCH_CARD = CardKind(())


class CardRoutes:
    """The kinds of cards that are known here, and where they lead."""

    def __init__(self, registry: Registry, kinds: CardKinds, media: Callable[[Call], Awaitable[Media]]) -> None:
        """``media``: how cards are told apart at this hospital."""
        self._registry = registry
        self._kinds = kinds
        self._media = media
        self._keys: Errands[PinKey | LineAnswer] = Errands()

    async def come_home(self, within_s: float) -> None:
        """At the end of the process."""
        await self._keys.come_home(within_s)

    async def route(self, call: Call, scope: str, channel: str, wait_s: float) -> tuple[CardRouteView | None, str]:
        """The route of one kind, and the merchant's name. None: no session, or it cannot be made ready now."""
        line = self._registry.cards[channel]
        kind = self._kinds.get(channel, NO_SUCH_CARD)
        session_id = await line.sessions.choose(call.principal.terminal_id, line.acquirer, scope)
        prefixes = await self._prefixes(call, channel)
        if session_id is None or not prefixes:
            return None, ""
        slot, merchant_name = await line.sessions.shown(session_id)
        route = CardRouteView(prefixes=prefixes, slot=str(slot), channel=channel, takes_stripe=line.takes_stripe)
        if not kind.asks_pin:
            return route, merchant_name
        key = await self._keys.within(str(slot), wait_s, lambda: line.sessions.pin_key(line.acquirer, session_id))
        if not isinstance(key, PinKey):
            why = "late" if key is None else str(getattr(key, "detail", "") or type(key).__name__)
            log.warning("cards.session_not_ready", session=str(slot), why=why)
            return None, merchant_name
        return msgspec.structs.replace(route, pin_key=key.key, pin_key_check=key.check_value), merchant_name

    async def named(self, call: Call, channel: str, slot: str) -> CardRouteView | None:
        """A route on which no bank is asked. None: there are no such cards."""
        prefixes = await self._prefixes(call, channel)
        return CardRouteView(prefixes=prefixes, slot=slot, channel=channel) if prefixes else None

    async def not_taken(self, call: Call, channel: str) -> CardRouteView:
        """Such a card is refused."""
        return CardRouteView(prefixes=await self._prefixes(call, channel), slot="", channel=channel, taken=False)

    async def whole(self, call: Call, routes: list[CardRouteView]) -> list[CardRouteView]:
        """With these, all others that are known as well: a card that begins like one of theirs is none of these."""
        known = {route.channel for route in routes}
        return [*routes, *[await self.not_taken(call, name) for name in self._kinds if name not in known]]

    async def _prefixes(self, call: Call, channel: str) -> list[str]:
        return (await self._media(call)).prefixes(channel) if is_card(channel) and channel in self._kinds else []
