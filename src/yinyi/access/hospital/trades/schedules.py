"""The hospital's doctors, sessions and numbers by trades."""

from datetime import date, datetime
from functools import partial

from yinyi.access.hospital.trades import mapping
from yinyi.access.hospital.trades.calls import Calls
from yinyi.access.hospital.trades.mapping import NUMBER
from yinyi.access.hospital.trades.trade import Carrier, trade
from yinyi.business.scheduling.model import Department, FoundNumber, Practitioner, Schedule, Slot, Visit
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Outcome, Refused
from yinyi.kernel.recent import Recent, Room
from yinyi.kernel.turns import Turns

_DEPARTMENTS = trade(
    "query_department",
    "",
    "dept_code parent_code dept_name name_en initial building floor_no:int area common_rank:int building_en",
)
_DOCTORS = trade(
    "query_doctor",
    "",
    "doctor_code dept_code doctor_name initials title_code specialty introduction specialty_en introduction_en",
)
_SCHEDULES = trade(
    "query_schedule",
    "dept_code first:date last:date",
    "schedule_id:int doctor_code dept_code work_date:date session_no:int starts_at:instant ends_at:instant "
    "fee_fen:int capacity:int taken:int room in_room:bool status_code",
)
_SLOTS = trade("query_slot", "schedule_id:int", "no:int starts_at:instant ends_at:instant status_code")
_VISITS = trade("query_visits", "patient_no limit:int", "visit_date:date dept_code doctor_code")
_LOCK = trade("lock_number", "ref schedule_id:int no:int patient_no until:instant", NUMBER)
_EXTEND = trade("extend_lock", "ref until:instant", NUMBER)
_CONFIRM = trade("confirm_registration", "ref payment_no amount_fen:int paid_at:instant", NUMBER)
_RELEASE = trade("release_number", "ref", NUMBER)
_REGISTRATION = trade("query_registration", "ref", NUMBER)
_NUMBERS = trade(
    "query_numbers",
    "since:instant until:instant",
    "ref state patient_no schedule_id:int no:int dept_code doctor_code work_date:date session_no:int room "
    "fee_fen:int made_at:instant held_until:instant starts_at:instant ends_at:instant registration_no",
)
TRADES = (
    *(_DEPARTMENTS, _DOCTORS, _SCHEDULES, _SLOTS, _VISITS, _NUMBERS),
    *(_LOCK, _EXTEND, _CONFIRM, _RELEASE, _REGISTRATION),
)


class ScheduleTrades(Calls):
    """Implements ``Schedules`` and ``ListsNumbers``."""

    def __init__(self, carrier: Carrier, turns: Turns, cache_s: float) -> None:
        """``cache_s``: how old departments and practitioners may be."""
        super().__init__(carrier, turns)
        self._departments = Recent(self._read_departments, cache_s, Room(1))
        self._practitioners = Recent(self._read_practitioners, cache_s, Room(1))

    async def departments(self) -> list[Department]:
        return await self._departments.get()

    async def practitioners(self) -> list[Practitioner]:
        return await self._practitioners.get()

    async def schedules(self, department_id: str, first_on: date, last_on: date) -> list[Schedule]:
        asked = (department_id, first_on, last_on)
        return await self.found(mapping.schedule, _SCHEDULES, *asked, key=lambda one: one.schedule_id)

    async def slots(self, schedule_id: str) -> list[Slot]:
        if not mapping.is_number(schedule_id):
            return []
        slot = partial(mapping.slot, schedule_id)
        return await self.found(slot, _SLOTS, int(schedule_id), key=lambda one: one.number)

    async def visits(self, patient_no: str, limit: int) -> list[Visit]:
        return await self.found(mapping.visit, _VISITS, patient_no, limit)

    async def numbers(self, since: datetime, until: datetime) -> list[FoundNumber]:
        return await self.found(mapping.found_number, _NUMBERS, since, until, key=lambda one: one.reference)

    async def hold(self, reference: str, schedule_id: str, slot_id: str, patient_no: str, until: datetime) -> Outcome:
        try:
            number = mapping.slot_number(schedule_id, slot_id)
        except ValueError as error:
            return Refused(reason="bad_request", detail=str(error))
        if not mapping.is_number(schedule_id):
            return Refused(reason="bad_request", detail="no such schedule")
        wanted = (int(schedule_id), number, patient_no, until)
        return await self.posted(mapping.outcome, self.ask, "held", _LOCK, reference, *wanted)

    async def extend(self, reference: str, until: datetime) -> Outcome:
        return await self.changed(mapping.outcome, _EXTEND, reference, until)

    async def confirm(self, reference: str, payment_no: str, amount_fen: Fen, paid_at: datetime) -> Outcome:
        paid = (payment_no, amount_fen, paid_at)
        return await self.posted(mapping.outcome, self.ask, "confirmed", _CONFIRM, reference, *paid)

    async def release(self, reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _RELEASE, reference)

    async def ask(self, reference: str) -> Answer:
        return await self.told(mapping.answer, _REGISTRATION, reference)

    async def _read_departments(self) -> list[Department]:
        return await self.found(mapping.department, _DEPARTMENTS, key=lambda one: one.department_id)

    async def _read_practitioners(self) -> list[Practitioner]:
        return await self.found(mapping.practitioner, _DOCTORS)
