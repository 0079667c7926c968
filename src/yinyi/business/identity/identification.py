"""Who is in front of this terminal: by the card on its reader, by a typed hospital number, by choosing."""

import hmac
import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.business.identity import attempts, guardians, store, tickets
from yinyi.business.identity.errors import NoCard, PatientUnknown, TicketExpired, TooManyTries, WindowOnly
from yinyi.business.identity.hospital import Hospital
from yinyi.business.identity.media import CardRead, read_card, require_valid, same_name
from yinyi.business.identity.messages import ChoosePatient, GetTicket, Identified, Identify, IdentifyByNumber, Ticket
from yinyi.business.identity.model import PatientFacts, PatientRecord
from yinyi.business.identity.named import HOSPITAL_NUMBER
from yinyi.business.identity.ports import PresentedCards
from yinyi.business.identity.sessions import end_session, start_session
from yinyi.kernel.errors import HospitalUnavailable, Unavailable
from yinyi.kernel.ids import token
from yinyi.kernel.secrets import Vault, digest

_FOUR_DIGITS = re.compile(r"[0-9]{4}")


class Identification:
    """Handlers of ``Identify``, ``IdentifyByNumber``, ``ChoosePatient`` and ``GetTicket``."""

    def __init__(
        self, database: Database, hospital: Hospital, cards: PresentedCards, vault: Vault, zone: ZoneInfo
    ) -> None:
        self._database = database
        self._hospital = hospital
        self._cards = cards
        self._vault = vault
        self._zone = zone

    async def identify(self, call: Call, message: Identify) -> Identified:
        """A document bound here identifies without the hospital, so also while the hospital is away. Of any other it
        is certain then that it is not bound to whoever is known: his session is over, whosever card it is."""
        async with self._database.read() as tx:
            card = await self.card_on_reader(tx, call)
        try:
            return await self.by_document(call, card)
        except Unavailable:
            async with self._database.transaction() as tx:
                await end_session(tx, call.hospital_id, call.principal.session_id, call.now)
            raise

    async def by_document(self, call: Call, card: CardRead) -> Identified:
        """Whom a document names that its holder has shown."""
        async with self._database.transaction() as tx:
            patient = await store.bound_patient(tx, self._vault, call.hospital_id, card.person)
            if patient is not None:
                return await self.at_reader(tx, call, patient)
        records = await self._hospital.find(card.person)
        async with self._database.transaction() as tx:
            if len(records) == 1 and await self._is_surely(tx, call, card, records[0]):
                return await self._link(tx, call, card, records[0])
            if not records:
                require_valid(card, self._today(call.now))
            return await self._ask_further(tx, call, card, records)

    async def at_reader(self, tx: Tx, call: Call, patient: PatientFacts) -> Identified:
        """Whoever is here already and lays his card again goes on as before."""
        who = call.principal
        if who.patient_id == patient.patient_id and not who.opened_by:
            return await self.known(tx, call, patient, "")
        return await self._known(tx, call, patient)

    async def card_on_reader(self, tx: Tx, call: Call) -> CardRead:
        """
        Raises:
            NoCard: nothing lies there.
            CardUnreadable, CheckDigitWrong: see ``read_card``.
            WindowOnly: this hospital takes no such documents at its terminals.
        """
        block = await self._cards.card_on_reader(tx, call.hospital_id, call.principal.terminal_id)
        if block is None:
            raise NoCard
        card = read_card(block)
        if not await self._cards.takes(tx, call.hospital_id, card.person.kind, card.person.number, call.now):
            raise WindowOnly("not taken here")
        return card

    async def identify_by_number(self, call: Call, message: IdentifyByNumber) -> Identified:
        """An unknown number and a wrong proof end alike, and after the same questions: nothing tells which it was."""
        patient_no = message.patient_no.strip().upper()
        index = self._vault.index(patient_no, "identification_attempt.number")
        where = (call.hospital_id, call.principal.place, index)
        async with self._database.transaction() as tx:
            within = await attempts.count(tx, *where, call.now)
        if not within:
            raise TooManyTries
        if not HOSPITAL_NUMBER.fullmatch(patient_no):
            raise PatientUnknown
        try:
            record = await self._proven(call, patient_no, message.proof.strip())
        except HospitalUnavailable:
            async with self._database.transaction() as tx:
                await attempts.give_back(tx, *where)
            raise
        async with self._database.transaction() as tx:
            await attempts.give_back(tx, *where)
            patient = await store.keep_patient(tx, self._vault, call.hospital_id, record, call.now)
            return await self._known(tx, call, patient)

    async def choose(self, call: Call, message: ChoosePatient) -> Identified:
        """The card is bound to whom the person says it is; the choice is only among those on record under it."""
        async with self._database.transaction() as tx:
            ticket = await self._opened(tx, call, message.ticket, lock=True)
            if ticket.patient_id:
                return await self.redeem(tx, call, message.ticket, ticket.patient_id)
            record = ticket.findings.records.get(message.choice)
            if record is None:
                raise TicketExpired("no such choice")
            patient = await store.keep_patient(tx, self._vault, call.hospital_id, record, call.now)
            await store.bind(tx, self._vault, call.hospital_id, patient.patient_id, ticket.findings.person, call.now)
            return await self.redeem(tx, call, message.ticket, patient.patient_id)

    async def get_ticket(self, tx: Tx, call: Call, message: GetTicket) -> Ticket:
        ticket = await self._opened(tx, call, message.ticket)
        findings = ticket.findings
        return Ticket(matches=findings.matches(self._today(call.now)), first_visit=findings.first_visit())

    async def redeem(self, tx: Tx, call: Call, ticket: str, patient_id: int) -> Identified:
        """The ticket is spent for this patient and becomes his session, the same one however often it is asked."""
        await tickets.spend(tx, call.hospital_id, ticket, patient_id)
        session = tickets.session_token(self._vault, digest(ticket))
        await start_session(tx, call.hospital_id, call.principal.place, patient_id, session, call.now)
        patient = await store.patient_facts(tx, call.hospital_id, patient_id)
        assert patient is not None
        return await self.known(tx, call, patient, session)

    async def known(self, tx: Tx, call: Call, patient: PatientFacts, session: str) -> Identified:
        children = await guardians.has_any(tx, call.hospital_id, patient.patient_id)
        return Identified(status="known", session_token=session, has_children=children)

    async def _known(self, tx: Tx, call: Call, patient: PatientFacts) -> Identified:
        session = token()
        where = (call.hospital_id, call.principal.place)
        await start_session(tx, *where, patient.patient_id, session, call.now)
        return await self.known(tx, call, patient, session)

    async def _is_surely(self, tx: Tx, call: Call, card: CardRead, record: PatientRecord) -> bool:
        """The only one on record has the name on the card, and did not take the card off before.

        Otherwise the person is asked: a name may be mistyped or lack a rare character, or the record be another's.
        """
        if not same_name(card.person.name, record.name):
            return False
        return not await store.was_bound(tx, self._vault, call.hospital_id, card.person, record.patient_no)

    async def _link(self, tx: Tx, call: Call, card: CardRead, record: PatientRecord) -> Identified:
        patient = await store.keep_patient(tx, self._vault, call.hospital_id, record, call.now)
        await store.bind(tx, self._vault, call.hospital_id, patient.patient_id, card.person, call.now)
        return await self.at_reader(tx, call, patient)

    async def _ask_further(self, tx: Tx, call: Call, card: CardRead, records: list[PatientRecord]) -> Identified:
        findings = tickets.Findings(person=card.person, records={token(9): record for record in records})
        where = (call.hospital_id, call.principal.place)
        ticket = await tickets.issue(tx, self._vault, *where, findings, call.now)
        return Identified(
            status="several" if records else "first_visit",
            ticket=ticket,
            matches=findings.matches(self._today(call.now)),
            first_visit=findings.first_visit(),
        )

    async def _opened(self, tx: Tx, call: Call, ticket: str, *, lock: bool = False) -> tickets.OpenTicket:
        where = (call.hospital_id, call.principal.place)
        opened = await tickets.opened(tx, self._vault, *where, ticket, call.now, lock=lock)
        if opened.findings.guardian_id:
            raise TicketExpired("of a child")
        return opened

    async def _proven(self, call: Call, patient_no: str, proof: str) -> PatientRecord:
        """What is known of the number, if the proof fits what we know or, failing that, what the hospital knows."""
        async with self._database.read() as tx:
            ours = await store.patient_by_no(tx, self._vault, call.hospital_id, patient_no)
        if ours is not None and proves(proof, ours):
            return ours
        theirs = await self._hospital.by_number(patient_no)
        if theirs is None or not proves(proof, theirs):
            raise PatientUnknown
        return theirs

    def _today(self, now: datetime) -> date:
        return now.astimezone(self._zone).date()


def proves(proof: str, record: PatientRecord) -> bool:
    """Whether these are the last four digits of his telephone or his birth date as ``MMDD``, in constant time."""
    phone = record.phone[-4:]
    birthday = record.born_on.strftime("%m%d") if record.born_on else ""
    fits = [hmac.compare_digest(proof.encode(), known.encode()) for known in (phone, birthday)]
    return bool(_FOUR_DIGITS.fullmatch(proof)) and any(fits)
