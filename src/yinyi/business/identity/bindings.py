"""The media bound to a patient: several lead to one number; what is taken off stays as history."""

from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.business.identity import store
from yinyi.business.identity.errors import CredentialTaken, LastCredential
from yinyi.business.identity.hospital import Hospital
from yinyi.business.identity.identification import Identification
from yinyi.business.identity.media import CardRead, require_valid, same_name
from yinyi.business.identity.messages import (
    BindCredential,
    Credentials,
    CredentialView,
    ListCredentials,
    UnbindCredential,
)
from yinyi.kernel.errors import NotFound, NotYours
from yinyi.kernel.masking import masked_number
from yinyi.kernel.secrets import Vault


class Bindings:
    """Handlers of ``ListCredentials``, ``BindCredential`` and ``UnbindCredential``."""

    def __init__(
        self, database: Database, hospital: Hospital, identification: Identification, vault: Vault, zone: ZoneInfo
    ) -> None:
        self._database = database
        self._hospital = hospital
        self._identification = identification
        self._vault = vault
        self._zone = zone

    async def list(self, tx: Tx, call: Call, message: ListCredentials) -> Credentials:
        return await credentials_of(tx, self._vault, call.hospital_id, call.principal.patient_id)

    async def read(self, call: Call, message: BindCredential) -> CardRead:
        """The card on the reader, if it is this patient's own as far as anybody can tell.

        Raises:
            NotYours: another name is on it.
            CredentialTaken: the hospital has it on record under somebody else.
            WindowOnly: it has run out.
            NoCard, CardUnreadable, CheckDigitWrong, HospitalUnavailable: as for ``Identify``.
        """
        async with self._database.read() as tx:
            card = await self._identification.card_on_reader(tx, call)
            patient = await store.patient_facts(tx, call.hospital_id, call.principal.patient_id)
        if patient is None or not same_name(card.person.name, patient.name):
            raise NotYours
        require_valid(card, call.now.astimezone(self._zone).date())
        records = await self._hospital.find(card.person)
        if records and all(record.patient_no != patient.patient_no for record in records):
            raise CredentialTaken
        return card

    async def bind(self, tx: Tx, call: Call, message: BindCredential, card: CardRead) -> str:
        patient_id = call.principal.patient_id
        await store.bind(tx, self._vault, call.hospital_id, patient_id, card.person, call.now)
        return str(patient_id)

    async def unbind(self, tx: Tx, call: Call, message: UnbindCredential, _: None) -> str:
        """
        Raises:
            NotFound: this patient has no such live binding.
            LastCredential: nothing would identify him any more.
        """
        patient_id = call.principal.patient_id
        await store.lock_patient(tx, call.hospital_id, patient_id)
        live = await store.live_credentials(tx, self._vault, call.hospital_id, patient_id)
        if all(bound.credential_id != message.credential_id for bound in live):
            raise NotFound
        if len(live) == 1:
            raise LastCredential
        await store.unbind(tx, call.hospital_id, message.credential_id, call.now)
        return str(patient_id)

    async def show(self, tx: Tx, call: Call, subject: str) -> Credentials:
        """
        Raises:
            NotYours: the key was used at this terminal in another patient's session.
        """
        if int(subject) != call.principal.patient_id:
            raise NotYours
        return await credentials_of(tx, self._vault, call.hospital_id, int(subject))


async def credentials_of(tx: Tx, vault: Vault, hospital_id: int, patient_id: int) -> Credentials:
    """What is bound to this patient, masked."""
    live = await store.live_credentials(tx, vault, hospital_id, patient_id)
    return Credentials(
        credentials=[
            CredentialView(
                credential_id=bound.credential_id,
                kind=bound.kind,
                number_masked=masked_number(bound.number),
                bound_at=bound.bound_at,
            )
            for bound in live
        ]
    )
