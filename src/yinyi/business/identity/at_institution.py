"""Whoever is at a bank's own terminal or has its app: the bank has verified who he is, and says it."""

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.identity import attempts, store
from yinyi.business.identity.bindings import Bindings
from yinyi.business.identity.errors import CheckDigitWrong, HolderUnknown, TooManyTries
from yinyi.business.identity.identification import Identification
from yinyi.business.identity.media import CardRead, has_form, person_of_number, same_name
from yinyi.business.identity.messages import Identified
from yinyi.business.identity.messages_institution import BindHolderCard, IdentifyHolder
from yinyi.business.identity.model import CredentialKind, Person
from yinyi.kernel.errors import HospitalUnavailable, InvalidField, NotYours
from yinyi.kernel.secrets import Vault


class Holders:
    """Handlers of ``IdentifyHolder`` and ``BindHolderCard``."""

    def __init__(self, database: Database, identification: Identification, bindings: Bindings, vault: Vault) -> None:
        self._database = database
        self._identification = identification
        self._bindings = bindings
        self._vault = vault

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(IdentifyHolder, self.identify)
        dispatcher.changes(BindHolderCard, Change(self.bind, self._bindings.show))

    async def identify(self, call: Call, message: IdentifyHolder) -> Identified:
        """A number under another name and a number of nobody end alike, and are counted: names are not guessed."""
        person = _person(message)
        index = self._vault.index(person.number, "identification_attempt.holder")
        async with self._database.transaction() as tx:
            within = await attempts.count_holder(tx, call.hospital_id, index, call.now)
        if not within:
            raise TooManyTries
        try:
            found = await self._found(call, person)
        except HospitalUnavailable:
            await self._give_back(call, index)
            raise
        await self._give_back(call, index)
        return found

    async def _found(self, call: Call, person: Person) -> Identified:
        async with self._database.transaction() as tx:
            bound = await store.bound_patient(tx, self._vault, call.hospital_id, person)
            if bound is not None and not same_name(bound.name, person.name):
                raise HolderUnknown
            if bound is not None:
                return await self._identification.at_reader(tx, call, bound)
        if person.kind == "bank_card":
            raise HolderUnknown
        return await self._identification.by_document(call, CardRead(person=person, valid_to=None))

    async def _give_back(self, call: Call, index: bytes) -> None:
        async with self._database.transaction() as tx:
            await attempts.give_back_holder(tx, call.hospital_id, index)

    async def bind(self, tx: Tx, call: Call, message: BindHolderCard, _: None) -> str:
        """
        Raises:
            NotYours: it is in another name.
            CredentialTaken: it is bound to somebody else.
        """
        patient_id = call.principal.patient_id
        patient = await store.patient_facts(tx, call.hospital_id, patient_id)
        if patient is None or not same_name(patient.name, message.name):
            raise NotYours
        card = Person(kind="bank_card", number=message.card_no, name=message.name)
        await store.bind(tx, self._vault, call.hospital_id, patient_id, card, call.now)
        return str(patient_id)


def _person(message: IdentifyHolder) -> Person:
    number = message.number.strip().upper()
    if message.by == "bank_card":
        if not number.isdecimal():
            raise InvalidField("number")
        return Person(kind="bank_card", number=number, name=message.name)
    if message.by != "document":
        kind: CredentialKind = "passport" if message.by == "passport" else "hmt_travel_permit"
        if not has_form(kind, number):
            raise CheckDigitWrong("number")
        return Person(kind=kind, number=number, name=message.name.strip())
    person = person_of_number(number, message.name.strip())
    if person is None:
        raise CheckDigitWrong("number")
    return person
