"""What identity asks of card terminals and of banks: a card that identifies, one that is to be bound."""

import asyncio
from collections.abc import Sequence

import msgspec

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.identity.model import Checked, InquiryPurpose, PaymentCardKind
from yinyi.business.lines.session_model import Approved, Card, Declined, LineAnswer, NeverSent, NoAnswer
from yinyi.business.payments.card_routes import CardRoutes
from yinyi.business.payments.registry import Registry
from yinyi.business.terminals.messages import CardRequest, CardRouteView
from yinyi.business.terminals.readings import CardReadings
from yinyi.kernel.errors import ChannelUnavailable
from yinyi.kernel.ids import token

READY_S = 5.0
"""So long a bank may take to become ready before its cards are not taken this time."""
SCOPES = ("outpatient", "inpatient")
"""No money is moved, so any session will do to ask about a card: the first one that this terminal has."""
WRONG_PIN = "55"
"""Field 39."""
NO_BANK = "none"
"""In place of a session's slot: nobody is asked about this card."""


class CardDesk:
    """Implements identity's port of this name."""

    def __init__(self, registry: Registry, readings: CardReadings, routes: CardRoutes) -> None:
        self._registry = registry
        self._readings = readings
        self._routes = routes

    # -- a card is asked for

    async def ready(self, call: Call, purpose: InquiryPurpose, kinds: Sequence[PaymentCardKind]) -> CardRequest:
        """
        Raises:
            ChannelUnavailable: none of these kinds is known here, or no bank of theirs can be reached now.
        """
        if purpose == "identify":
            found = [await self._routes.named(call, kind, NO_BANK) for kind in kinds]
        else:
            found = await asyncio.gather(*(self._bank_of(call, kind) for kind in kinds))
        routes = [route for route in found if route is not None]
        if not routes:
            raise ChannelUnavailable(f"no card can be read to {purpose}")
        return CardRequest(
            request_id=token(16),
            purpose=purpose,
            amount_fen=0,
            merchant_name="",
            language=call.language,
            routes=await self._routes.whole(call, routes),
        )

    async def _bank_of(self, call: Call, kind: PaymentCardKind) -> CardRouteView | None:
        for scope in self._scopes(kind):
            route, _ = await self._routes.route(call, scope, kind, READY_S)
            if route is not None:
                return msgspec.structs.replace(route, takes_stripe=False)
        return None

    def _scopes(self, kind: str) -> list[str]:
        return [scope for scope in SCOPES if kind in self._registry.reads(scope)]

    def request_id(self, asked: CardRequest) -> str:
        return asked.request_id

    async def begin(self, tx: Tx, call: Call, asked: CardRequest) -> None:
        await self._readings.begin(tx, call, asked)

    async def leave(self, tx: Tx, call: Call) -> None:
        await self._readings.leave(tx, call, "")

    async def changed(self, tx: Tx, call: Call) -> None:
        await self._readings.changed(tx, call)

    async def decided(self, call: Call) -> None:
        """The card is not needed any more, and may be taken."""
        await self._readings.decided(call, "")

    def committed(self) -> None:
        """What ``changed`` was told in is committed."""
        self._readings.committed()

    # -- its bank is asked about it

    async def ask_bank(self, call: Call, route: CardRouteView, card: Card) -> Checked:
        """Is this card good, and the PIN that was typed for it right? By asking for its balance."""
        line = self._registry.cards[route.channel]
        for scope in self._scopes(route.channel):
            session_id = await line.sessions.choose(call.principal.terminal_id, line.acquirer, scope)
            if session_id is None:
                continue
            slot, _ = await line.sessions.shown(session_id)
            if str(slot) == route.slot:
                return _checked(await line.sessions.balance(line.acquirer, session_id, card))
        return Checked(outcome="unreachable")


def _checked(answer: LineAnswer) -> Checked:
    match answer:
        case Approved(amount_fen=balance_fen):
            return Checked(outcome="right", balance_fen=balance_fen)
        case Declined(reason="expired", code=code):
            return Checked(outcome="pin_again", code=code)
        case Declined(code=code):
            return Checked(outcome="declined", code=code)
        case NeverSent():
            return Checked(outcome="unreachable")
        case NoAnswer():
            return Checked(outcome="no_answer")
