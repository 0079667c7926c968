"""Registrations that only the hospital knows of after a restore: written down again from what it says."""

from collections import defaultdict
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from yinyi.bus.database import Tx
from yinyi.business.payments import apply
from yinyi.business.payments.plan import TAKE, Plan, Step, StepState
from yinyi.business.payments.restored import SKEW, LostPayment, Orphan, PatientId
from yinyi.business.scheduling.model import Department, FoundNumber, Practitioner
from yinyi.business.scheduling.plans import (
    APPOINTMENT,
    AT_CONFIRM,
    AT_HOLD,
    AT_TAKE,
    CONFIRM,
    HOLD,
    REGISTRATION,
    RegistrationFacts,
)
from yinyi.business.scheduling.ports import ListsNumbers, Schedules
from yinyi.business.scheduling.registration import instant
from yinyi.kernel.ids import ask_number, payment_number_of
from yinyi.kernel.money import Fen

A_WHILE = timedelta(hours=1)
"""A number that is held for longer was booked, to be paid when its owner comes."""


class LostRegistrations:
    """Asks the hospital which numbers it gave us in the time that was lost. Implements payments' ``FindsLost``."""

    source = "hospital"

    def __init__(self, hospital: Schedules, patient_id: PatientId, zone: ZoneInfo) -> None:
        """``patient_id`` finds one of ours by the hospital's number; 0: none."""
        self._zone = zone
        self._hospital = hospital
        self._patient_id = patient_id

    @property
    def can_list(self) -> bool:
        return isinstance(self._hospital, ListsNumbers)

    async def lost(self, since: datetime, until: datetime) -> list[LostPayment | Orphan]:
        """All that were made then, also those that the database knows.

        Raises:
            HospitalUnavailable: it does not answer.
        """
        if not isinstance(self._hospital, ListsNumbers):
            return []
        numbers: dict[str, list[FoundNumber]] = defaultdict(list)
        for each in await self._hospital.numbers(since - SKEW, until + SKEW):
            if payment_no := payment_number_of(each.reference):
                numbers[payment_no].append(each)
        departments = {each.department_id: each for each in await self._hospital.departments()}
        doctors = {each.practitioner_id: each for each in await self._hospital.practitioners()}
        return [self._payment(payment_no, found, departments, doctors) for payment_no, found in numbers.items()]

    def _payment(
        self,
        payment_no: str,
        found: list[FoundNumber],
        departments: dict[str, Department],
        doctors: dict[str, Practitioner],
    ) -> LostPayment | Orphan:
        last = max(found, key=lambda each: each.reference)
        if last.department_id not in departments or last.practitioner_id not in doctors:
            return Orphan(payment_no, f"{last.status}; its department or doctor is not listed any more")
        facts = _facts(last, departments[last.department_id], doctors[last.practitioner_id])
        booked = last.service_date != last.made_at.astimezone(self._zone).date()
        unpaid = booked and last.status == "held" and facts.held_until - last.made_at > A_WHILE
        stands = last.status == "confirmed" or unpaid

        async def patient_id(tx: Tx, hospital_id: int) -> int:
            return await self._patient_id(tx, hospital_id, last.patient_no)

        plan = Plan(
            hospital_id=0,
            payment_id=0,
            payment_no=payment_no,
            ask_no=ask_number(),
            purpose=APPOINTMENT if booked else REGISTRATION,
            scope="outpatient",
            amount_fen=Fen(0) if unpaid else last.fee_fen,
            started_at=last.made_at,
            pay_by=last.made_at,
            description=f"{'预约挂号' if booked else '挂号费'} {facts.department.name} {facts.practitioner_name}",
            facts=facts.as_json(),
            direction="forward" if stands else "back",
            reason="" if stands else "unavailable",
            version=1,
            steps=_holds(found, last) if unpaid else _steps(payment_no, found, last),
        )
        obligation = (REGISTRATION, f"{last.patient_no}:{last.schedule_id}") if stands else ()
        return LostPayment(plan=plan, version=1, obligation=obligation, found=last.status, patient_id=patient_id)


def _facts(number: FoundNumber, department: Department, doctor: Practitioner) -> RegistrationFacts:
    return RegistrationFacts(
        patient_no=number.patient_no,
        department=department,
        department_id=department.department_id,
        schedule_id=number.schedule_id,
        slot_id="",
        practitioner_id=doctor.practitioner_id,
        practitioner_name=doctor.name,
        title=doctor.title,
        service_date=number.service_date,
        session=number.session,
        room=number.room,
        held_until=number.held_until or number.made_at,
        session_from=instant(number.evidence.get("starts_at")),
        session_until=number.held_until,
        fee_fen=number.fee_fen,
    )


def _holds(found: list[FoundNumber], last: FoundNumber) -> tuple[Step, ...]:
    holds = [
        Step(
            position=AT_HOLD,
            attempt=attempt,
            kind=HOLD,
            reference=each.reference,
            amount_fen=last.fee_fen,
            since=each.made_at,
            sent_at=each.made_at,
            state=_state(each),
            evidence=each.evidence,
        )
        for attempt, each in enumerate(sorted(found, key=lambda each: each.reference), start=1)
    ]
    return tuple(holds)


def _steps(payment_no: str, found: list[FoundNumber], last: FoundNumber) -> tuple[Step, ...]:
    """As ``RegisterToday`` makes them; the engine's inquiry finds out about the rest."""
    later = ((AT_TAKE, TAKE), (AT_CONFIRM, CONFIRM)) if last.fee_fen else ((AT_CONFIRM, CONFIRM),)
    planned = [
        Step(
            position=position,
            attempt=1,
            kind=kind,
            reference=apply.reference(payment_no, serial),
            amount_fen=last.fee_fen,
            since=last.made_at,
        )
        for serial, (position, kind) in enumerate(later, start=2)
    ]
    return (*_holds(found, last), *planned)


def _state(number: FoundNumber) -> StepState:
    return "done" if number.status in ("held", "confirmed") else "undone"
