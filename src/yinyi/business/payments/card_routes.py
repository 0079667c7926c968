"""Which session a card goes through, and the session made ready before anybody types a PIN for it."""

import msgspec
import structlog

from yinyi.bus.call import Call
from yinyi.business.lines.errands import Errands
from yinyi.business.lines.session_model import LineAnswer, PinKey
from yinyi.business.payments.card_kinds import CardKind, CardKinds
from yinyi.business.payments.registry import Registry
from yinyi.business.terminals.messages import CardRouteView

log = structlog.get_logger()

NO_SUCH_CARD = CardKind(())


class CardRoutes:
    """The kinds of cards that are known here, and where they lead."""

    def __init__(self, registry: Registry, kinds: CardKinds) -> None:
        self._registry = registry
        self._kinds = kinds
        self._keys: Errands[PinKey | LineAnswer] = Errands()

    async def come_home(self, within_s: float) -> None:
        """At the end of the process."""
        await self._keys.come_home(within_s)

    async def route(self, call: Call, scope: str, channel: str, wait_s: float) -> tuple[CardRouteView | None, str]:
        """The route of one kind, and the merchant's name. None: no session, or it cannot be made ready now."""
        line = self._registry.cards[channel]
        kind = self._kinds.get(channel, NO_SUCH_CARD)
        session_id = await line.sessions.choose(call.principal.terminal_id, line.acquirer, scope)
        if session_id is None or not kind.prefixes:
            return None, ""
        slot, merchant_name = await line.sessions.shown(session_id)
        route = CardRouteView(prefixes=list(kind.prefixes), slot=str(slot), channel=channel)
        if not kind.asks_pin:
            return route, merchant_name
        key = await self._keys.within(str(slot), wait_s, lambda: line.sessions.pin_key(line.acquirer, session_id))
        if not isinstance(key, PinKey):
            why = "late" if key is None else str(getattr(key, "detail", "") or type(key).__name__)
            log.warning("cards.session_not_ready", session=str(slot), why=why)
            return None, merchant_name
        return msgspec.structs.replace(route, pin_key=key.key, pin_key_check=key.check_value), merchant_name

    def named(self, channel: str, slot: str) -> CardRouteView | None:
        """A route on which no bank is asked. None: there are no such cards."""
        kind = self._kinds.get(channel, NO_SUCH_CARD)
        return CardRouteView(prefixes=list(kind.prefixes), slot=slot, channel=channel) if kind.prefixes else None

    def not_taken(self, channel: str) -> CardRouteView:
        """Such a card is refused."""
        kind = self._kinds.get(channel, NO_SUCH_CARD)
        return CardRouteView(prefixes=list(kind.prefixes), slot="", channel=channel, taken=False)

    def whole(self, routes: list[CardRouteView]) -> list[CardRouteView]:
        """With these, all others that are known as well: a card that begins like one of theirs is none of these."""
        known = {route.channel for route in routes}
        return [*routes, *(self.not_taken(name) for name in self._kinds if name not in known)]
