"""A hospital whose interface is stored procedures of PostgreSQL: patients, schedules, numbers, and its other parts."""

from datetime import date, datetime

from yinyi.access.hospital.procedures import mapping
from yinyi.access.hospital.procedures.bills import BillProcedures
from yinyi.access.hospital.procedures.bookings import BookingProcedures
from yinyi.access.hospital.procedures.client import ProcedureClient
from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.fiscal import FiscalProcedures
from yinyi.access.hospital.procedures.reports import ReportProcedures
from yinyi.access.hospital.procedures.stays import StayProcedures
from yinyi.business.identity.model import CredentialKind, PatientRecord, Person
from yinyi.business.scheduling.model import Department, FoundNumber, Practitioner, Schedule, Slot, Visit
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Outcome, Refused
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings
from yinyi.kernel.recent import Recent

_DEPARTMENTS = "SELECT * FROM his.query_department()"
_DOCTORS = "SELECT * FROM his.query_doctor()"
_SCHEDULES = "SELECT * FROM his.query_schedule($1, $2, $3)"
_SLOTS = "SELECT * FROM his.query_slot($1)"
_VISITS = "SELECT * FROM his.query_visits($1, $2)"
_LOCK = "SELECT * FROM his.lock_number($1, $2, $3, $4, $5)"
_EXTEND = "SELECT * FROM his.extend_lock($1, $2)"
_CONFIRM = "SELECT * FROM his.confirm_registration($1, $2, $3, $4)"
_RELEASE = "SELECT * FROM his.release_number($1)"
_REGISTRATION = "SELECT * FROM his.query_registration($1)"
_NUMBERS = "SELECT * FROM his.query_numbers($1, $2)"
_PATIENT = "SELECT * FROM his.query_patient($1, $2)"
_PATIENT_NO = "SELECT * FROM his.query_patient_no($1)"
_CREATE = "SELECT * FROM his.create_patient($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
_CREATED = "SELECT * FROM his.query_created($1)"


class ProceduresHospital(BillProcedures, BookingProcedures, StayProcedures, ReportProcedures, FiscalProcedures):
    """Implements ``PatientIndex``, ``Schedules`` and ``ListsNumbers``, and what its parts do."""

    def __init__(self, config: ProceduresConfig) -> None:
        super().__init__(ProcedureClient(config))
        self.call_timeout_s = config.connect_timeout_s + config.call_timeout_s
        self._departments = Recent(self._read_departments, config.cache_s)
        self._practitioners = Recent(self._read_practitioners, config.cache_s)

    async def start(self) -> None:
        await self.client.start()

    async def stop(self) -> None:
        await self.client.stop()

    async def departments(self) -> list[Department]:
        return await self._departments.get()

    async def practitioners(self) -> list[Practitioner]:
        return await self._practitioners.get()

    async def schedules(self, department_id: str, first_on: date, last_on: date) -> list[Schedule]:
        return [mapping.schedule(row) for row in await self.read(_SCHEDULES, department_id, first_on, last_on)]

    async def slots(self, schedule_id: str) -> list[Slot]:
        if not mapping.is_number(schedule_id):
            return []
        return [mapping.slot(schedule_id, row) for row in await self.read(_SLOTS, int(schedule_id))]

    async def visits(self, patient_no: str, limit: int) -> list[Visit]:
        return [mapping.visit(row) for row in await self.read(_VISITS, patient_no, limit)]

    async def numbers(self, since: datetime, until: datetime) -> list[FoundNumber]:
        return [mapping.found_number(row) for row in await self.read(_NUMBERS, since, until)]

    async def hold(self, reference: str, schedule_id: str, slot_id: str, patient_no: str, until: datetime) -> Outcome:
        try:
            number = mapping.slot_number(schedule_id, slot_id)
        except ValueError as error:
            return Refused(reason="bad_request", detail=str(error))
        if not mapping.is_number(schedule_id):
            return Refused(reason="bad_request", detail="no such schedule")
        return await self.changed(mapping.outcome, _LOCK, reference, int(schedule_id), number, patient_no, until)

    async def extend(self, reference: str, until: datetime) -> Outcome:
        return await self.changed(mapping.outcome, _EXTEND, reference, until)

    async def confirm(self, reference: str, payment_no: str, amount_fen: Fen, paid_at: datetime) -> Outcome:
        return await self.changed(mapping.outcome, _CONFIRM, reference, payment_no, amount_fen, paid_at)

    async def release(self, reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _RELEASE, reference)

    async def ask(self, reference: str) -> Answer:
        return await self.told(mapping.answer, _REGISTRATION, reference)

    async def find(self, kind: CredentialKind, number: str) -> list[PatientRecord]:
        if kind == "hospital_number":
            record = await self.by_number(number)
            return [record] if record else []
        code = mapping.DOCUMENT_CODES.get(kind)
        return [mapping.patient(row) for row in await self.read(_PATIENT, code, number)] if code else []

    async def by_number(self, patient_no: str) -> PatientRecord | None:
        rows = await self.read(_PATIENT_NO, patient_no)
        return mapping.patient(rows[0]) if rows else None

    async def create(self, reference: str, person: Person) -> Outcome:
        code = mapping.DOCUMENT_CODES.get(person.kind)
        if code is None:
            return Refused(reason="bad_request", detail="no document of the hospital's")
        rows = await self.sent(
            _CREATE,
            *(reference, code, person.number, person.name, mapping.SEX_CODES[person.sex], person.born_on),
            *(person.phone, person.address, person.nation, person.guardian_name, person.guardian_phone),
        )
        if not isinstance(rows, list):
            return rows
        if rows[0]["ret_code"] != mapping.OK:
            return mapping.refusal(rows[0])
        return Done(evidence={"patient_no": rows[0]["patient_no"]})

    async def ask_created(self, reference: str) -> Answer:
        rows = await self.asked(_CREATED, reference)
        if not isinstance(rows, list):
            return rows
        return Done(evidence={"patient_no": rows[0]["patient_no"]}) if rows else NotFound()

    async def _read_departments(self) -> list[Department]:
        return [mapping.department(row) for row in await self.read(_DEPARTMENTS)]

    async def _read_practitioners(self) -> list[Practitioner]:
        return [mapping.practitioner(row) for row in await self.read(_DOCTORS)]


def _build(settings: ProceduresConfig, _: Surroundings) -> ProceduresHospital:
    return ProceduresHospital(settings)


PLUGIN = Plugin(name="procedures", kind="hospital", api=PLUGIN_API, config=ProceduresConfig, build=_build)
