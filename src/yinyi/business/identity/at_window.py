"""Passports, travel permits and whoever comes with them: no terminal reads these, the hospital's window sees them."""

from datetime import date
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.identity import guardians, store
from yinyi.business.identity.bindings import credentials_of
from yinyi.business.identity.children import OF_AGE, child_view, is_child
from yinyi.business.identity.errors import CheckDigitWrong, GuardianTooYoung, NotAChild, PatientUnknown
from yinyi.business.identity.hospital import Hospital
from yinyi.business.identity.media import has_form
from yinyi.business.identity.messages import Credentials
from yinyi.business.identity.messages_children import ChildView
from yinyi.business.identity.messages_window import BindDocument, RegisterGuardian
from yinyi.business.identity.model import ChildRules, PatientRecord, Person, age_on
from yinyi.kernel.errors import NotFound
from yinyi.kernel.secrets import Vault


class Windows:
    """Handlers of ``BindDocument`` and ``RegisterGuardian``. Whom it is about is asked of the hospital, which may have
    made him a minute ago."""

    def __init__(self, database: Database, hospital: Hospital, vault: Vault, zone: ZoneInfo, rules: ChildRules) -> None:
        self._database = database
        self._hospital = hospital
        self._vault = vault
        self._zone = zone
        self._rules = rules

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.changes(BindDocument, Change(self._bind, self._show_bound, self.whose, only_reads=True))
        dispatcher.changes(RegisterGuardian, Change(self._join, self._show_child, self.both, only_reads=True))

    # -- a document

    async def whose(self, call: Call, message: BindDocument) -> PatientRecord:
        """
        Raises:
            CheckDigitWrong: it has not the form of such a document.
            PatientUnknown: the hospital has nobody of this number.
            HospitalUnavailable: it does not answer.
        """
        if not has_form(message.kind, message.number.strip().upper()):
            raise CheckDigitWrong(message.kind)
        return await self._record(message.patient_no)

    async def _bind(self, tx: Tx, call: Call, message: BindDocument, record: PatientRecord) -> str:
        """
        Raises:
            CredentialTaken: it is bound to somebody else.
        """
        patient = await store.keep_patient(tx, self._vault, call.hospital_id, record, call.now)
        document = Person(kind=message.kind, number=message.number.strip().upper(), name=patient.name)
        await store.bind(tx, self._vault, call.hospital_id, patient.patient_id, document, call.now)
        return str(patient.patient_id)

    async def _show_bound(self, tx: Tx, call: Call, subject: str) -> Credentials:
        return await credentials_of(tx, self._vault, call.hospital_id, int(subject))

    # -- a child and its guardian

    async def both(self, call: Call, message: RegisterGuardian) -> tuple[PatientRecord, PatientRecord]:
        """Guardian and child.

        Raises:
            PatientUnknown: the hospital has nobody of one of the numbers.
            NotAChild: not of the age for it, or the hospital does not know his.
            GuardianTooYoung: so the hospital says.
            HospitalUnavailable: it does not answer.
        """
        guardian, child = await self._record(message.guardian_no), await self._record(message.child_no)
        today = self._today(call)
        if guardian.patient_no == child.patient_no or not is_child(child.born_on, today, self._rules):
            raise NotAChild
        age = age_on(today, guardian.born_on)
        if age is not None and age < OF_AGE:
            raise GuardianTooYoung
        return guardian, child

    async def _join(
        self, tx: Tx, call: Call, message: RegisterGuardian, records: tuple[PatientRecord, PatientRecord]
    ) -> str:
        """
        Raises:
            NotAChild: both numbers are one patient's.
        """
        ids: dict[str, int] = {}
        for record in sorted(records, key=lambda each: each.patient_no):
            kept = await store.keep_patient(tx, self._vault, call.hospital_id, record, call.now)
            ids[record.patient_no] = kept.patient_id  # of a number that was merged: the other one's
        guardian_id, child_id = (ids[record.patient_no] for record in records)
        if guardian_id == child_id:
            raise NotAChild
        await guardians.add(tx, call.hospital_id, guardian_id, child_id, message.relation, call.now)
        return f"{guardian_id}.{child_id}"

    async def _show_child(self, tx: Tx, call: Call, subject: str) -> ChildView:
        """
        Raises:
            NotFound: asked again after he has left it.
        """
        guardian_id, child_id = (int(each) for each in subject.split("."))
        wards = await guardians.live(tx, call.hospital_id, guardian_id)
        ward = next((each for each in wards if each.child.patient_id == child_id), None)
        if ward is None:
            raise NotFound("child")
        return child_view(ward, self._today(call))

    async def _record(self, patient_no: str) -> PatientRecord:
        found = await self._hospital.by_number(patient_no.strip().upper())
        if found is None:
            raise PatientUnknown
        return found

    def _today(self, call: Call) -> date:
        return call.now.astimezone(self._zone).date()
