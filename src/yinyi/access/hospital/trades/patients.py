"""The hospital's patients by trades."""

from yinyi.access.hospital.trades import mapping
from yinyi.access.hospital.trades.calls import Calls, NoRows
from yinyi.access.hospital.trades.trade import Row, trade
from yinyi.business.identity.model import CredentialKind, PatientRecord, Person
from yinyi.kernel.outcome import Answer, Done, NotFound, Outcome, Refused, Unknown

_PATIENT_ROW = "patient_no full_name sex_code birth_date:date phone"
_PATIENT = trade("query_patient", "doc_type doc_no", _PATIENT_ROW)
_PATIENT_NO = trade("query_patient_no", "patient_no", _PATIENT_ROW)
_CREATE = trade(
    "create_patient",
    "ref doc_type doc_no full_name sex_code birth_date:date phone address nation guardian_name guardian_phone",
    "ret_code ret_msg patient_no",
)
_CREATED = trade("query_created", "ref", "patient_no")
TRADES = (_PATIENT, _PATIENT_NO, _CREATE, _CREATED)


class PatientTrades(Calls):
    """Implements ``PatientIndex``."""

    async def find(self, kind: CredentialKind, number: str) -> list[PatientRecord]:
        if kind == "hospital_number":
            record = await self.by_number(number)
            return [record] if record else []
        code = mapping.DOCUMENT_CODES.get(kind)
        return await self.found(mapping.patient, _PATIENT, code, number, key=lambda one: one.patient_no) if code else []

    async def by_number(self, patient_no: str) -> PatientRecord | None:
        return await self.one(mapping.patient, _PATIENT_NO, patient_no, key=lambda one: one.patient_no)

    async def create(self, reference: str, person: Person) -> Outcome:
        code = mapping.DOCUMENT_CODES.get(person.kind)
        if code is None:
            return Refused(reason="bad_request", detail="no document of the hospital's")
        return await self.changed(
            _created,
            _CREATE,
            *(reference, code, person.number, person.name, mapping.SEX_CODES[person.sex], person.born_on),
            *(person.phone, person.address, person.nation, person.guardian_name, person.guardian_phone),
        )

    async def ask_created(self, reference: str) -> Answer:
        rows = await self.asked(_CREATED, reference)
        if isinstance(rows, NoRows):
            return rows
        if len(rows) > 1:
            return Unknown(detail="several were made of one")
        return Done(evidence={"patient_no": rows[0]["patient_no"]}) if rows else NotFound()


def _created(row: Row) -> Outcome:
    return mapping.outcome_of(row, lambda said: {"patient_no": said["patient_no"]})
