"""A card that was read to identify somebody, to be bound to him, or for its balance, on its way to identity."""

from typing import cast

import structlog
from msgspec.structs import replace

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.operation import Caller
from yinyi.business.identity.card_inquiries import CardInquiries
from yinyi.business.identity.model import CardInHand, PaymentCardKind
from yinyi.business.lines.errands import Errands
from yinyi.business.lines.session_model import Card
from yinyi.business.payments.card_desk import WRONG_PIN, CardDesk
from yinyi.business.terminals.messages import CardRouteView
from yinyi.business.terminals.reading_store import Row
from yinyi.kernel.clock import Clock

log = structlog.get_logger()


class CardHolders:
    """Whose cards are they? A bank that takes its time holds up nobody: its answer is written down when it comes."""

    def __init__(self, desk: CardDesk, inquiries: CardInquiries, clock: Clock) -> None:
        self._desk = desk
        self._inquiries = inquiries
        self._clock = clock
        self._checks: Errands[None] = Errands()

    async def come_home(self, within_s: float) -> None:
        """At the end of the process. What is not back by then binds nothing."""
        await self._checks.come_home(within_s)

    async def read(self, tx: Tx, call: Call, found: Row, route: CardRouteView, card: Card) -> bool:
        """Whether its bank is to be asked, see ``check``."""
        if found.request is not None and found.request.purpose != "identify":
            return await self._inquiries.begin_check(tx, call, found.request_id, _in_hand(route, card))
        await self._inquiries.look_up(tx, call, found.request_id, _in_hand(route, card))
        return False

    async def check(self, call: Call, found: Row, route: CardRouteView, card: Card) -> None:
        """Begins to ask its bank about it; does not wait for the answer."""
        principal = replace(
            call.principal, caller=Caller.KIOSK, patient_id=found.patient_id, session_id=found.session_id
        )
        asked = replace(call, principal=principal, notes={})

        async def ask() -> None:
            said = await self._desk.ask_bank(asked, route, card)
            told = replace(asked, now=self._clock.now())
            await self._inquiries.checked(told, found.request_id, _in_hand(route, card), said)
            self._desk.committed()
            if said.outcome != "pin_again" and said.code != WRONG_PIN:  # it stays in the slot for a second try
                await self._desk.decided(told)

        async def asked_whatever_happens() -> None:
            try:
                await ask()
            except Exception as error:  # it binds nothing, and the screen says so when its time is over
                log.warning("cards.check_failed", request_id=found.request_id, why=type(error).__name__)

        await self._checks.within(found.request_id, 0, asked_whatever_happens)


def _in_hand(route: CardRouteView, card: Card) -> CardInHand:
    return CardInHand(
        kind=cast(PaymentCardKind, route.channel),
        number=card.pan,
        expiry=card.expiry,
        by_stripe=card.entry_mode == "stripe",
    )
