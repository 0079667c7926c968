"""People: who they are, what identifies them, and for how long they stand at a terminal."""

import asyncio
from zoneinfo import ZoneInfo

import structlog

from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.identity import store
from yinyi.business.identity.at_institution import Holders
from yinyi.business.identity.at_window import Windows
from yinyi.business.identity.bindings import Bindings
from yinyi.business.identity.children import Guardians
from yinyi.business.identity.creations import Creations
from yinyi.business.identity.first_visits import FirstVisits
from yinyi.business.identity.hospital import Hospital
from yinyi.business.identity.identification import Identification
from yinyi.business.identity.messages import (
    BindCredential,
    ChoosePatient,
    Ended,
    EndSession,
    GetTicket,
    Identify,
    IdentifyByNumber,
    ListCredentials,
    PreferElder,
    RegisterPatient,
    UnbindCredential,
)
from yinyi.business.identity.model import USUAL_CHILDREN, ChildRules
from yinyi.business.identity.ports import PatientIndex, PresentedCards
from yinyi.business.identity.sessions import end_session
from yinyi.kernel.clock import Clock
from yinyi.kernel.secrets import Vault

log = structlog.get_logger()


class IdentityService:
    """The domain's handlers, and its one loop."""

    def __init__(
        self,
        database: Database,
        index: PatientIndex,
        cards: PresentedCards,
        vault: Vault,
        zone: ZoneInfo,
        children: ChildRules = USUAL_CHILDREN,
    ) -> None:
        """``zone``: the hospital's, for ages and for the last day of a card. ``children``: as it wants it."""
        hospital = Hospital(index)
        self._database = database
        self._cards = cards
        self._creations = Creations(database, hospital, vault)
        self.identification = Identification(database, hospital, cards, vault, zone)
        self._first_visits = FirstVisits(database, self._creations, self.identification, vault)
        self._bindings = Bindings(database, hospital, self.identification, vault, zone)

        about = (self._creations, self.identification, vault, zone, children)
        self._guardians = Guardians(database, hospital, *about)
        self._windows = Windows(database, hospital, vault, zone, children)
        self._holders = Holders(database, self.identification, self._bindings, vault)

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(Identify, self.identification.identify)
        dispatcher.asks(IdentifyByNumber, self.identification.identify_by_number)
        dispatcher.asks(ChoosePatient, self.identification.choose)
        dispatcher.reads(GetTicket, self.identification.get_ticket)
        first = self._first_visits
        dispatcher.changes(RegisterPatient, Change(prepare=first.create, make=first.keep, show=first.show))
        bindings = self._bindings
        dispatcher.reads(ListCredentials, bindings.list)
        dispatcher.changes(BindCredential, Change(prepare=bindings.read, make=bindings.bind, show=bindings.show))
        dispatcher.changes(UnbindCredential, Change(make=bindings.unbind, show=bindings.show))
        self._guardians.register(dispatcher)
        self._holders.register(dispatcher)
        self._windows.register(dispatcher)
        dispatcher.asks(EndSession, self.end)
        dispatcher.asks(PreferElder, self.prefer_elder)

    async def run(self, clock: Clock, every_s: float = 30.0) -> None:
        """Finish interrupted creations of hospital numbers, until cancelled. Any number of processes may."""
        while True:
            try:
                await self.resume(clock)
            except Exception as error:  # the loop outlives every fault of database and hospital
                log.warning("identity.resume_failed", why=type(error).__name__)
            await asyncio.sleep(every_s)

    async def resume(self, clock: Clock) -> int:
        """One round of ``run``; how many creations were looked at."""
        return await self._creations.resume(clock.now())

    async def end(self, call: Call, message: EndSession) -> Ended:
        """Whoever was here himself takes with him what the reader and the scanner have of him, also if he never became
        known; what a form or a tube has opened is over, and the next card may lie there already."""
        who = call.principal
        async with self._database.transaction() as tx:
            await end_session(tx, call.hospital_id, who.session_id, call.now)
            if who.terminal_id and not who.opened_by:
                await self._cards.wipe(tx, call.hospital_id, who.terminal_id)
        return Ended()

    async def prefer_elder(self, call: Call, message: PreferElder) -> Ended:
        async with self._database.transaction() as tx:
            await store.prefer_elder(tx, call.hospital_id, call.principal.patient_id, message.elder, call.now)
        return Ended()
