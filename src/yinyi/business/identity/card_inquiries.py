"""Bank, public and social security cards: whom one names, and binding one to a patient once its bank vouches for it.

A card identifies by its number alone, as an ID card does by lying there. It is bound after its PIN was found right by
its bank, or, where its issuer asks for none, after the issuer has said that the card is good. Nothing in doubt binds.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.operation import spec_of
from yinyi.business.audit import store as audit
from yinyi.business.identity import attempts, guardians, inquiry_store, store, tickets
from yinyi.business.identity.errors import CredentialTaken
from yinyi.business.identity.inquiry_store import CardFound, Inquiry
from yinyi.business.identity.inquiry_tickets import by_ticket, ticket_of
from yinyi.business.identity.messages import Identified
from yinyi.business.identity.messages_cards import (
    AskedForCard,
    CardBinding,
    CardIdentified,
    CardLeft,
    GetCardBinding,
    IdentifyByCard,
    LeaveCard,
    ReadCardToBind,
    ReadCardToIdentify,
)
from yinyi.business.identity.model import CardInHand, Checked, InquiryState, PaymentCardKind, Person
from yinyi.business.identity.ports import CardDesk
from yinyi.business.identity.sessions import session_lives, start_session
from yinyi.kernel.errors import ChannelUnavailable, NotFound, NotYours
from yinyi.kernel.secrets import Vault, digest

log = structlog.get_logger()

CHECK_AT_MOST = timedelta(minutes=4)
"""A sign-on, a reversal and the question itself, each without an answer for its whole time."""
_LEFT = CardLeft()


class CardInquiries:
    """The handlers, and what becomes of a card once it was read. ``kinds``: which may identify here."""

    def __init__(
        self,
        database: Database,
        desk: CardDesk[Any],
        vault: Vault,
        zone: ZoneInfo,
        kinds: Sequence[PaymentCardKind],
    ) -> None:
        self._database = database
        self._desk = desk
        self._vault = vault
        self._zone = zone
        self._kinds = tuple(kinds)

    def register(self, dispatcher: Dispatcher) -> None:
        identify = Change(self._begin_identify, self._asked, prepare=self._ready_to_identify, only_reads=True)
        dispatcher.changes(ReadCardToIdentify, identify)
        bind = Change(self._begin_bind, self._binding, prepare=self._ready_to_bind, only_reads=True)
        dispatcher.changes(ReadCardToBind, bind)
        dispatcher.asks(IdentifyByCard, self.identify)
        dispatcher.reads(GetCardBinding, self.get_binding)
        dispatcher.changes(LeaveCard, Change(self._leave, self._left))

    # -- asked for

    async def _ready_to_identify(self, call: Call, message: ReadCardToIdentify) -> Any:
        return await self._desk.ready(call, "identify", self._some())

    async def _ready_to_bind(self, call: Call, message: ReadCardToBind) -> Any:
        return await self._desk.ready(call, "bind", self._some())

    def _some(self) -> Sequence[PaymentCardKind]:
        if not self._kinds:
            raise ChannelUnavailable("no card identifies here")
        return self._kinds

    async def _begin_identify(self, tx: Tx, call: Call, message: ReadCardToIdentify, asked: Any) -> str:
        request_id = self._desk.request_id(asked)
        where = (call.hospital_id, call.principal.terminal_id)
        await inquiry_store.begin(tx, *where, request_id, "identify", None, call.now)
        await self._desk.begin(tx, call, asked)
        return request_id

    async def _begin_bind(self, tx: Tx, call: Call, message: ReadCardToBind, asked: Any) -> str:
        request_id = self._desk.request_id(asked)
        where = (call.hospital_id, call.principal.terminal_id)
        whose = (call.principal.session_id, call.principal.patient_id)
        await inquiry_store.begin(tx, *where, request_id, "bind", whose, call.now)
        await self._desk.begin(tx, call, asked)
        return request_id

    async def _asked(self, tx: Tx, call: Call, subject: str) -> AskedForCard:
        await self._here(tx, call, subject)
        return AskedForCard(ticket=ticket_of(self._vault, subject))

    async def _leave(self, tx: Tx, call: Call, message: LeaveCard, _: None) -> str:
        await self._desk.leave(tx, call)
        return call.principal.terminal_id

    async def _left(self, tx: Tx, call: Call, subject: str) -> CardLeft:
        return _LEFT

    # -- told

    async def identify(self, call: Call, message: IdentifyByCard) -> CardIdentified:
        """
        Raises:
            TicketExpired: of another terminal, too old, or none.
        """
        async with self._database.transaction() as tx:
            found = await by_ticket(tx, self._vault, call, message.ticket, "identify")
            identified = await self._known(tx, call, found) if found.state == "known" else None
        return CardIdentified(state=found.state, identified=identified)

    async def _known(self, tx: Tx, call: Call, found: Inquiry) -> Identified:
        patient = await store.patient_facts(tx, call.hospital_id, found.patient_id or 0)
        assert patient is not None
        session = tickets.session_token(self._vault, digest(ticket_of(self._vault, found.request_id)))
        where = (call.hospital_id, call.principal.terminal_id)
        await start_session(tx, *where, patient.patient_id, session, call.now)
        children = await guardians.has_any(tx, call.hospital_id, patient.patient_id)
        return Identified(status="known", session_token=session, has_children=children)

    async def get_binding(self, tx: Tx, call: Call, message: GetCardBinding) -> CardBinding:
        """
        Raises:
            NotFound, NotYours: there is none, or another patient has wanted it.
        """
        return await self._binding(tx, call, message.request_id)

    async def _binding(self, tx: Tx, call: Call, subject: str) -> CardBinding:
        found = await self._here(tx, call, subject)
        if found.purpose != "bind" or found.patient_id != call.principal.patient_id:
            raise NotYours
        over = found.checking_until is not None and call.now >= found.checking_until
        return CardBinding(
            request_id=found.request_id,
            state="no_answer" if over else found.state,
            kind=found.kind,
            number_tail=found.number_tail,
            code=found.code,
        )

    async def _here(self, tx: Tx, call: Call, request_id: str) -> Inquiry:
        found = await inquiry_store.find(tx, call.hospital_id, request_id)
        if found is None:
            raise NotFound
        if found.terminal_id != call.principal.terminal_id:
            raise NotYours
        return found

    # -- a card was read

    async def look_up(self, tx: Tx, call: Call, request_id: str, card: CardInHand) -> None:
        """Whom the card names, for whoever has asked; counted as a try unless it names somebody."""
        state, patient_id = await self._refused(tx, call, card), None
        if state is None:
            patient = await store.bound_patient(tx, self._vault, call.hospital_id, _person(card))
            patient_id = patient.patient_id if patient else None
            state = "known" if patient else "unknown"
            if patient:
                await self._give_back(tx, call, card)
        await inquiry_store.read(tx, call.hospital_id, request_id, _found(card, state, patient_id=patient_id))

    async def begin_check(self, tx: Tx, call: Call, request_id: str, card: CardInHand) -> bool:
        """Whether its bank is to be asked about it; counted as a try until the bank has said that it is good."""
        state = await self._refused(tx, call, card)
        until = call.now + CHECK_AT_MOST if state is None else None
        await inquiry_store.read(tx, call.hospital_id, request_id, _found(card, state or "checking", until=until))
        return state is None

    async def checked(self, call: Call, request_id: str, card: CardInHand, said: Checked) -> None:
        """What its bank has said of a card that is to be bound, or whose balance is wanted. ``call.now``: when."""
        async with self._database.transaction() as tx:
            found = await inquiry_store.find(tx, call.hospital_id, request_id, lock=True)
            if found is None or found.state != "checking":
                return
            if said.outcome != "declined":
                await self._give_back(tx, call, card)
            state = await self._outcome(tx, call, found, card, said)
            balance_fen = said.balance_fen if state == "told" else None
            await inquiry_store.end(tx, call.hospital_id, request_id, state, said.code, balance_fen)
            await self._desk.changed(tx, call)
        log.info("identity.card_checked", request_id=request_id, state=state, code=said.code)

    async def _outcome(self, tx: Tx, call: Call, found: Inquiry, card: CardInHand, said: Checked) -> InquiryState:
        if said.outcome != "right":
            return said.outcome
        if found.purpose == "balance":
            return "no_answer" if said.balance_fen is None else "told"
        return await self._bind(tx, call, found, card)

    async def _bind(self, tx: Tx, call: Call, found: Inquiry, card: CardInHand) -> InquiryState:
        patient_id, session_id = found.patient_id or 0, found.session_id or 0
        if found.checking_until is None or call.now >= found.checking_until:
            return "no_answer"
        if not await session_lives(tx, call.hospital_id, session_id, call.now):
            return "left"
        try:
            await store.bind(tx, self._vault, call.hospital_id, patient_id, _person(card), call.now)
        except CredentialTaken:
            return "taken"
        detail = {"kind": card.kind, "bound": True}
        await audit.append(tx, call, spec_of(ReadCardToBind).path, found.request_id, detail)
        return "bound"

    async def _refused(self, tx: Tx, call: Call, card: CardInHand) -> InquiryState | None:
        """Why this card counts for nothing; None: it counts, and this was one more try."""
        if card.by_stripe:
            return "stripe"
        if has_run_out(card.expiry, call.now, self._zone):
            return "expired"
        return None if await attempts.count(tx, *self._subject(call, card), call.now) else "too_many_tries"

    async def _give_back(self, tx: Tx, call: Call, card: CardInHand) -> None:
        await attempts.give_back(tx, *self._subject(call, card))

    def _subject(self, call: Call, card: CardInHand) -> tuple[int, str, bytes]:
        return call.hospital_id, call.principal.terminal_id, store.number_index(self._vault, card.kind, card.number)


def has_run_out(expiry: str, now: datetime, zone: ZoneInfo) -> bool:
    """``expiry``: ``YYMM``, good until the end of that month; empty: for ever."""
    return bool(expiry) and expiry < f"{now.astimezone(zone):%y%m}"


def _person(card: CardInHand) -> Person:
    return Person(kind=card.kind, number=card.number, name="")


def _found(
    card: CardInHand, state: InquiryState, *, patient_id: int | None = None, until: datetime | None = None
) -> CardFound:
    return CardFound(
        state=state, kind=card.kind, number_tail=card.number[-4:], patient_id=patient_id, checking_until=until
    )
