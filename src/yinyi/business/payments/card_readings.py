"""Cards from the card terminals of kiosks: asked for with the keys of their sessions, handed once to their payment, or
to whoever wants to know whose they are."""

import asyncio
from dataclasses import dataclass

import structlog
from msgspec.structs import replace

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.operation import Caller
from yinyi.business.identity.sessions import session_lives
from yinyi.business.lines.errands import Errands
from yinyi.business.lines.session_model import Card
from yinyi.business.payments import signals
from yinyi.business.payments.amounts import owed_fen
from yinyi.business.payments.card_desk import WRONG_PIN
from yinyi.business.payments.card_holders import CardHolders
from yinyi.business.payments.card_kinds import route_of
from yinyi.business.payments.card_routes import CardRoutes
from yinyi.business.payments.errors import PaymentUnknown
from yinyi.business.payments.messages import PaymentView
from yinyi.business.payments.messages_cards import CancelReading, PresentPayCard, ReadCard
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.service import PaymentService
from yinyi.business.payments.view import state_of, view_of
from yinyi.business.terminals.messages import Accepted, CardRequest, CardRouteView
from yinyi.business.terminals.reading_store import Row
from yinyi.business.terminals.readings import CardReadings
from yinyi.kernel.errors import ChannelUnavailable, YinyiError
from yinyi.kernel.ids import token
from yinyi.kernel.means import TenderName
from yinyi.wire.card_seal import CardRead

log = structlog.get_logger()

READY_S = 5.0
"""So long a session may take to become ready before the patient is told to pay in another way; it goes on by itself."""
OTHERS_S = 0.5
"""And that of a card of another kind than was chosen: then such a card is not taken this time."""
UNDECIDED = frozenset({"holding", "starting", "waiting", "unknown", "closing"})
LOOKS = 30
"""Of some seconds each: a bank may be asked for a minute."""
_ACCEPTED = Accepted()


@dataclass(frozen=True)
class Given:
    """A card whose reading was under way, and whose it is."""

    payment_no: str
    patient_id: int
    channel: TenderName
    card: Card


class PayCards:
    """The operations of a kiosk's page that wants a card, and of the line that brings it."""

    def __init__(
        self,
        database: Database,
        payments: PaymentService,
        readings: CardReadings,
        routes: CardRoutes,
        holders: CardHolders,
    ) -> None:
        self._database = database
        self._payments = payments
        self._readings = readings
        self._routes = routes
        self._holders = holders
        self._words: Errands[None] = Errands()

    def register(self, dispatcher: Dispatcher) -> None:
        show = self._payments.show
        dispatcher.changes(ReadCard, Change(self.read, show, prepare=self.prepare, only_reads=True))
        dispatcher.changes(CancelReading, Change(self.leave, show))
        dispatcher.changes(PresentPayCard, Change(self.submit, self._accepted, prepare=self.take, settle=self._begin))

    async def come_home(self, within_s: float) -> None:
        """At the end of the process."""
        errands = (self._routes, self._holders, self._words)
        await asyncio.gather(*(each.come_home(within_s) for each in errands))

    # -- asked for

    async def prepare(self, call: Call, message: ReadCard) -> CardRequest:
        """Every session that a card may need is made ready before anybody types a PIN.

        Raises:
            PaymentUnknown, NotYours, PaymentClosed, MoreThanOwed.
            ChannelUnavailable: this kind is not taken here, or its bank cannot be reached.
        """
        async with self._database.read() as tx:
            plan = await signals.find(tx, call.hospital_id, message.payment_no)
        if plan is None:
            raise PaymentUnknown
        self._payments.tenders.check_payable(call, plan, message.tender)
        chosen, merchant_name = await self._routes.route(call, plan.scope, message.tender, READY_S)
        if chosen is None:
            raise ChannelUnavailable(f"{message.tender} cannot be read here")
        routes = [chosen]
        for name in self._payments.registry.reads(plan.scope):
            if name != message.tender:
                routes.append(await self._other(call, plan, name))
        return CardRequest(
            request_id=token(16),
            amount_fen=owed_fen(plan),
            merchant_name=merchant_name,
            language=call.language,
            routes=await self._routes.whole(call, routes),
        )

    async def _other(self, call: Call, plan: Plan, channel: TenderName) -> CardRouteView:
        route, _ = await self._routes.route(call, plan.scope, channel, OTHERS_S)
        return route or await self._routes.not_taken(call, channel)

    async def read(self, tx: Tx, call: Call, message: ReadCard, request: CardRequest) -> str:
        await self._readings.begin(tx, call, request, message.payment_no, message.tender)
        return message.payment_no

    async def leave(self, tx: Tx, call: Call, message: CancelReading, _: None) -> str:
        plan = await signals.find(tx, call.hospital_id, message.payment_no)
        if plan is None:
            raise PaymentUnknown
        self._payments.check_owner(call, plan)
        await self._readings.leave(tx, call, message.payment_no)
        return message.payment_no

    # -- brought

    async def take(self, call: Call, message: PresentPayCard) -> Given | None:
        """Whatever becomes of it, this reading is used up. None: nothing is paid with it, or nobody waits for it any
        more."""
        try:
            async with self._database.transaction() as tx:
                found = await self._readings.taken(tx, call, message.epoch, message.event_id, message.request_id)
                known = await self._opened(tx, call, found, message) if found else None
                if found is None or found.request is None or known is None:
                    return None
                route, card = known
                if found.request.purpose == "pay":
                    return Given(found.payment_no, found.patient_id, route.channel, card)
                is_to_check = await self._holders.read(tx, call, found, route, card)
                if not is_to_check:
                    await self._readings.give_back(tx, call)
        finally:
            self._readings.committed()
        if is_to_check:
            await self._holders.check(call, found, route, card)
        return None

    async def _opened(
        self, tx: Tx, call: Call, found: Row, message: PresentPayCard
    ) -> tuple[CardRouteView, Card] | None:
        """None: it does not open here, such a card is not taken, or whoever wanted it has gone."""
        if found.request is None:
            return None
        read = self._readings.opened(call, found, message.slot, message.sealed)
        if read is None:
            await self._readings.refuse(tx, call, "unreadable")
            return None
        route = route_of(found.request.routes, read.pan)
        nobody = found.request.purpose in ("identify", "balance")
        lives = nobody or await session_lives(tx, call.hospital_id, found.session_id, call.now)
        if route is None or not route.taken or route.slot != message.slot or not lives:
            await self._readings.refuse(tx, call, "not_taken" if lives else "cancelled")
            return None
        if read.entry_mode == "stripe" and not route.takes_stripe and found.request.purpose == "pay":
            await self._readings.refuse(tx, call, "stripe")
            return None
        return route, _card(read)

    async def submit(self, tx: Tx, call: Call, message: PresentPayCard, given: Given | None) -> str:
        """In the name of whoever is at the screen. What stands against it by now is no fault of the card terminal."""
        if given is None:
            return ""
        try:
            payer = _as_patient(call, given.patient_id)
            return await self._payments.tenders.submit_card(tx, payer, given.payment_no, given.channel, given.card)
        except YinyiError as error:
            log.info("cards.not_submitted", payment_no=given.payment_no, why=error.code())
            return ""

    async def _begin(self, call: Call, payment_no: str) -> Accepted:
        """The agent's next event does not wait for the bank."""
        if payment_no:
            await self._payments.settled(call, payment_no, frozenset())
            await self._words.within(payment_no, 0.0, lambda: self._give_word(call, payment_no))
        return _ACCEPTED

    async def _give_word(self, call: Call, payment_no: str) -> None:
        """That the card may be taken. It is left in the slot while its bank is asked, and after a wrong PIN; a terminal
        that gets no word waits for longer than that takes."""
        try:
            for _ in range(LOOKS):
                plan = await self._payments.settled(call, payment_no, UNDECIDED)
                if plan is not None and state_of(plan) not in UNDECIDED:
                    if not _pin_again(view_of(plan, self._payments.registry)):
                        await self._readings.decided(call, payment_no)
                    return
        except Exception as error:  # nothing but a reminder that comes later
            log.warning("cards.no_word", payment_no=payment_no, why=type(error).__name__)

    async def _accepted(self, tx: Tx, call: Call, payment_no: str) -> Accepted:
        return _ACCEPTED


def _pin_again(view: PaymentView) -> bool:
    """It was wrong, or typed under a key that had changed meanwhile."""
    return view.state == "ready" and (view.refused_code == WRONG_PIN or view.reason == "expired")


def _as_patient(call: Call, patient_id: int) -> Call:
    return replace(call, principal=replace(call.principal, caller=Caller.KIOSK, patient_id=patient_id))


def _card(read: CardRead) -> Card:
    return Card(
        pan=read.pan,
        entry_mode=read.entry_mode,
        sequence_no=read.sequence_no,
        expiry=read.expiry,
        chip_data=read.chip_data,
        pin_block=read.pin_block,
        pin_key_check=read.pin_key_check,
    )
