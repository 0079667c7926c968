"""Guardians and children: a child is taken on with its document, and acted for afterwards.

The session of a child is made here out of the session of its guardian, which the guardian's own medium has opened: no
page and no number of the child's can make one.
"""

import re
from datetime import date
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.identity import attempts, guardians, store, tickets
from yinyi.business.identity.creations import Created, Creations
from yinyi.business.identity.errors import (
    AlreadyYourChild,
    CheckDigitWrong,
    ChildAtWindow,
    GuardianTooYoung,
    NotAChild,
    TicketExpired,
    TooManyChildren,
    TooManyTries,
)
from yinyi.business.identity.hospital import Hospital
from yinyi.business.identity.identification import Identification
from yinyi.business.identity.media import has_form, person_of_number, require_valid, same_name
from yinyi.business.identity.messages import Identified
from yinyi.business.identity.messages_children import (
    ActForChild,
    ActForOneself,
    ChildFound,
    Children,
    ChildView,
    LeaveChild,
    ListChildren,
    ReadChild,
    RegisterChild,
)
from yinyi.business.identity.model import ChildRules, CredentialKind, PatientFacts, PatientRecord, Person, age_on
from yinyi.business.identity.sessions import start_session, verify_session
from yinyi.kernel.errors import HospitalUnavailable, NotFound, SessionEnded
from yinyi.kernel.ids import token
from yinyi.kernel.masking import masked_name
from yinyi.kernel.secrets import Vault, digest

OF_AGE = 18
_SILENT: dict[str, CredentialKind] = {"birth_certificate": "birth_certificate", "travel_permit": "hmt_travel_permit"}
"""Documents whose numbers say nothing of whose they are."""
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[·. -]){0,38}[^\W\d_]")


class Guardians:
    """Handlers of the operations about children. ``rules``: as the hospital wants it."""

    def __init__(
        self,
        database: Database,
        hospital: Hospital,
        creations: Creations,
        identification: Identification,
        vault: Vault,
        zone: ZoneInfo,
        rules: ChildRules,
    ) -> None:
        self._database = database
        self._hospital = hospital
        self._creations = creations
        self._identification = identification
        self._vault = vault
        self._zone = zone
        self._rules = rules

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ListChildren, self.list)
        dispatcher.asks(ReadChild, self.read)
        dispatcher.changes(RegisterChild, Change(prepare=self.create, make=self.keep, show=self.show))
        dispatcher.asks(ActForChild, self.act)
        dispatcher.asks(ActForOneself, self.act_for_oneself)
        dispatcher.changes(LeaveChild, Change(make=self.leave, show=self._left))

    # -- whose

    async def list(self, tx: Tx, call: Call, message: ListChildren) -> Children:
        today = self._today(call)
        wards = await guardians.live(tx, call.hospital_id, _guardian_id(call))
        return Children(
            children=[child_view(ward, today) for ward in wards if self._is_child(ward.child.born_on, today)],
            may_add=len(wards) < self._rules.at_most,
            below_age=self._rules.below_age,
            acting=bool(call.principal.guardian_id),
        )

    async def leave(self, tx: Tx, call: Call, message: LeaveChild, _: None) -> str:
        if not await guardians.end(tx, call.hospital_id, _guardian_id(call), message.child_id, call.now):
            raise NotFound("child")
        return str(message.child_id)

    async def _left(self, tx: Tx, call: Call, subject: str) -> Children:
        return await self.list(tx, call, ListChildren())

    # -- acting

    async def act(self, call: Call, message: ActForChild) -> Identified:
        """
        Raises:
            NotFound: it is no child of his. NotAChild: it is one no more.
        """
        guardian_id = _guardian_id(call)
        async with self._database.transaction() as tx:
            wards = await guardians.live(tx, call.hospital_id, guardian_id)
            child = next((ward.child for ward in wards if ward.child.patient_id == message.child_id), None)
            if child is None:
                raise NotFound("child")
            if not self._is_child(child.born_on, self._today(call)):
                raise NotAChild
            return await self._session(tx, call, child.patient_id, guardian_id)

    async def act_for_oneself(self, call: Call, message: ActForOneself) -> Identified:
        if not call.principal.guardian_id:
            raise NotFound("nobody is acted for")
        async with self._database.transaction() as tx:
            return await self._session(tx, call, call.principal.guardian_id, 0)

    async def _session(self, tx: Tx, call: Call, patient_id: int, guardian_id: int) -> Identified:
        session = token()
        where = (call.hospital_id, call.principal.terminal_id)
        await start_session(tx, *where, patient_id, session, call.now, guardian_id=guardian_id)
        return Identified(status="known", session_token=session)

    # -- taking on: what the document says

    async def read(self, call: Call, message: ReadChild) -> ChildFound:
        """
        Raises:
            GuardianTooYoung, NotAChild, TooManyChildren, AlreadyYourChild: who and whom.
            NoCard, CardUnreadable, CheckDigitWrong, WindowOnly: of the document.
            ChildAtWindow: the hospital has it on record, and nothing here says that it is his.
            TooManyTries, HospitalUnavailable.
        """
        typed = message.document != "card"
        async with self._database.read() as tx:
            guardian = await self._guardian(tx, call)
            person = _typed(message) if typed else await self._card(tx, call)
            if not self._is_child(person.born_on, self._today(call)):
                raise NotAChild
            await self._check(tx, call, person)
        if not typed:
            return await self._found(call, guardian, person, typed=False)
        tried = (call.hospital_id, call.principal.terminal_id)
        index = store.number_index(self._vault, person.kind, person.number)
        async with self._database.transaction() as tx:
            within = await attempts.count(tx, *tried, index, call.now)
        if not within:
            raise TooManyTries
        try:
            found = await self._found(call, guardian, person, typed=True)
        except HospitalUnavailable:
            async with self._database.transaction() as tx:
                await attempts.give_back(tx, *tried, index)
            raise
        async with self._database.transaction() as tx:
            await attempts.give_back(tx, *tried, index)
        return found

    async def _card(self, tx: Tx, call: Call) -> Person:
        card = await self._identification.card_on_reader(tx, call)
        require_valid(card, self._today(call))
        return card.person

    async def _guardian(self, tx: Tx, call: Call) -> PatientFacts:
        facts = await store.patient_facts(tx, call.hospital_id, _guardian_id(call))
        if facts is None:
            raise SessionEnded
        age = age_on(self._today(call), facts.born_on)
        if age is not None and age < OF_AGE:
            raise GuardianTooYoung
        return facts

    async def _check(self, tx: Tx, call: Call, person: Person) -> None:
        wards = await guardians.live(tx, call.hospital_id, _guardian_id(call))
        bound = await store.bound_patient(tx, self._vault, call.hospital_id, person)
        if bound is not None and any(ward.child.patient_id == bound.patient_id for ward in wards):
            raise AlreadyYourChild
        if len(wards) >= self._rules.at_most:
            raise TooManyChildren

    async def _found(self, call: Call, guardian: PatientFacts, person: Person, *, typed: bool) -> ChildFound:
        records = await self._hospital.find(person)
        phone = await self._phone(call, guardian)
        if records and not _is_his(records, person, phone if typed else None):
            raise ChildAtWindow
        known = replace(person, phone=phone, guardian_name=guardian.name, guardian_phone=phone)
        findings = tickets.Findings(
            person=known, records={token(9): record for record in records}, guardian_id=guardian.patient_id
        )
        where = (call.hospital_id, call.principal.terminal_id)
        async with self._database.transaction() as tx:
            ticket = await tickets.issue(tx, self._vault, *where, findings, call.now)
        return ChildFound(
            ticket=ticket,
            name_masked=masked_name(person.name),
            sex=person.sex,
            born_on=person.born_on,
            number_tail=person.number[-4:],
            on_record=bool(records),
        )

    async def _phone(self, call: Call, guardian: PatientFacts) -> str:
        """The guardian's, as we or the hospital have it."""
        async with self._database.read() as tx:
            ours = await store.patient_by_no(tx, self._vault, call.hospital_id, guardian.patient_no)
        if ours is not None and ours.phone:
            return ours.phone
        theirs = await self._hospital.by_number(guardian.patient_no)
        return theirs.phone if theirs is not None else ""

    # -- taking on: done

    async def create(self, call: Call, message: RegisterChild) -> Created | None:
        """The child's number, from the hospital; None where it has one, or the ticket has been spent.

        Raises:
            TicketExpired: the document has to be shown again.
            CreationRefused, HospitalUnavailable: see ``Creations.bring_about``.
        """
        ticket = await self._looked(call, message)
        if ticket.patient_id or ticket.findings.records:
            return None

        async def is_spent() -> bool:
            return bool((await self._looked(call, message)).patient_id)

        return await self._creations.bring_about(call.hospital_id, ticket.findings.person, call.now, is_spent)

    async def _looked(self, call: Call, message: RegisterChild) -> tickets.OpenTicket:
        async with self._database.read() as tx:
            return await self._opened(tx, call, message)

    async def _opened(self, tx: Tx, call: Call, message: RegisterChild, *, lock: bool = False) -> tickets.OpenTicket:
        where = (call.hospital_id, call.principal.terminal_id)
        ticket = await tickets.opened(tx, self._vault, *where, message.ticket, call.now, lock=lock)
        if ticket.findings.guardian_id != _guardian_id(call):
            raise TicketExpired("of another guardian")
        return ticket

    async def keep(self, tx: Tx, call: Call, message: RegisterChild, created: Created | None) -> str:
        """The child's record, its document bound, the guardianship and the session, all at once."""
        ticket = await self._opened(tx, call, message, lock=True)
        guardian_id = _guardian_id(call)
        child_id = ticket.patient_id or await self._child(tx, call, ticket.findings, created)
        await store.lock_patient(tx, call.hospital_id, guardian_id)
        wards = await guardians.live(tx, call.hospital_id, guardian_id)
        others = [ward for ward in wards if ward.child.patient_id != child_id]
        if len(others) >= self._rules.at_most:
            raise TooManyChildren
        await guardians.add(tx, call.hospital_id, guardian_id, child_id, message.relation, call.now)
        await tickets.spend(tx, call.hospital_id, message.ticket, child_id)
        session = tickets.session_token(self._vault, digest(message.ticket))
        where = (call.hospital_id, call.principal.terminal_id)
        await start_session(tx, *where, child_id, session, call.now, guardian_id=guardian_id)
        return f"{child_id}.{digest(message.ticket).hex()}"

    async def _child(self, tx: Tx, call: Call, findings: tickets.Findings, created: Created | None) -> int:
        if created is not None:
            return (await self._creations.keep(tx, call.hospital_id, created, call.now)).patient_id
        [record] = findings.records.values()
        patient = await store.keep_patient(tx, self._vault, call.hospital_id, record, call.now)
        await store.bind(tx, self._vault, call.hospital_id, patient.patient_id, findings.person, call.now)
        return patient.patient_id

    async def show(self, tx: Tx, call: Call, subject: str) -> Identified:
        """The session that the ticket became.

        Raises:
            SessionEnded: asked again after its end.
        """
        session = tickets.session_token(self._vault, bytes.fromhex(subject.split(".")[1]))
        facts = await verify_session(tx, call.hospital_id, session, call.principal.terminal_id, call.now)
        if facts is None or facts.guardian_id != _guardian_id(call):
            raise SessionEnded
        return Identified(status="known", session_token=session)

    def _today(self, call: Call) -> date:
        return call.now.astimezone(self._zone).date()

    def _is_child(self, born_on: date | None, today: date) -> bool:
        return is_child(born_on, today, self._rules)


def is_child(born_on: date | None, today: date, rules: ChildRules) -> bool:
    """Whoever's birth date is not known is none."""
    age = age_on(today, born_on)
    return age is not None and age < rules.below_age and born_on is not None and born_on <= today


def _guardian_id(call: Call) -> int:
    """Whoever stands here, also while he acts for a child."""
    return call.principal.guardian_id or call.principal.patient_id


def child_view(ward: guardians.Ward, today: date) -> ChildView:
    """As its guardian sees it."""
    child = ward.child
    return ChildView(
        child_id=child.patient_id,
        name_masked=masked_name(child.name),
        age=age_on(today, child.born_on),
        sex=child.sex,
        relation=ward.relation,
        number_tail=child.patient_no[-4:],
    )


def _typed(message: ReadChild) -> Person:
    """
    Raises:
        CheckDigitWrong: it has not the form of such a document, or no name is with it.
    """
    number, name = message.number.strip().upper(), message.name.strip()
    if not _NAME.fullmatch(name):
        raise CheckDigitWrong("name")
    if message.document in _SILENT:
        kind = _SILENT[message.document]
        if not has_form(kind, number):
            raise CheckDigitWrong(kind)
        person = Person(kind=kind, number=number, name=name)
    else:
        found = person_of_number(number, name)
        if found is None:
            raise CheckDigitWrong("number")
        person = found
    if person.born_on is not None:
        return person
    if message.sex == "unknown" or message.born_on is None:
        raise CheckDigitWrong("its number says neither sex nor birth date")
    return replace(person, sex=message.sex, born_on=message.born_on)


def _is_his(records: list[PatientRecord], person: Person, phone: str | None) -> bool:
    """Whether the one child on record under this document is the one that he has come with. ``phone``: by which he has
    to be known with it; None: he has its card."""
    if len(records) != 1 or not same_name(records[0].name, person.name):
        return False
    return phone is None or (bool(phone) and records[0].phone == phone)
