"""Departments, doctors, numbers: reading the hospital, and registering for today."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.operation import Caller
from yinyi.business.payments import apply, builder, obligations, signals
from yinyi.business.payments.errors import AlreadyUnderWay, PaymentClosed, PaymentUnknown
from yinyi.business.payments.owners import is_of_another
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.service import SETTLING, NewPayment, PaymentService
from yinyi.business.payments.view import state_of
from yinyi.business.scheduling import booking_rules, store
from yinyi.business.scheduling.booking_model import USUAL, BookingRules
from yinyi.business.scheduling.errors import AlreadyRegistered, NoHoldSlip
from yinyi.business.scheduling.messages import (
    CollectHoldSlip,
    Departments,
    DoctorSessions,
    GetRegistration,
    GetSchedule,
    IssueHoldSlip,
    ListDepartments,
    ListRegistrations,
    ListSchedules,
    ListSlots,
    RegisterToday,
    Registrations,
    RegistrationView,
    Slots,
)
from yinyi.business.scheduling.model import Department, Practitioner, Schedule, Visit
from yinyi.business.scheduling.plans import (
    AT_KEEP,
    HELD,
    KEEP,
    REGISTRATION,
    RegistrationFacts,
)
from yinyi.business.scheduling.ports import Patients, Schedules
from yinyi.business.scheduling.registration import kept, registration_view
from yinyi.business.scheduling.sessions import Sessions, check_open, same_doctor
from yinyi.kernel.recent import RecentByKey

PAY_WITHIN = timedelta(minutes=8)
CONFIRM_WITHIN = timedelta(minutes=2)
"""A payer's code expires so long before the hold on the number does, with time to confirm it."""
SLIP_FOR = timedelta(minutes=20)
SLIP_GRACE = timedelta(minutes=5)

VISITS_KEPT_S = 30.0


class SchedulingService:
    """``schedules`` is the hospital, ``patients`` our master index."""

    def __init__(
        self,
        schedules: Schedules,
        patients: Patients,
        payments: PaymentService,
        zone: ZoneInfo,
        rules: BookingRules = USUAL,
    ) -> None:
        self._schedules = schedules
        self._patients = patients
        self._payments = payments
        self._rules = rules
        self._zone = zone
        self.sessions = Sessions(schedules)
        self._visits = RecentByKey(self._read_visits, VISITS_KEPT_S, ahead=True)

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(ListDepartments, self.departments)
        dispatcher.asks(ListSchedules, self.list_schedules)
        dispatcher.asks(GetSchedule, self.get_schedule)
        dispatcher.asks(ListSlots, self.slots)
        dispatcher.asks(GetRegistration, self.get)
        dispatcher.reads(ListRegistrations, self.list)
        dispatcher.changes(RegisterToday, Change(self.take, self.show, self.wanted, self._settle, only_reads=True))
        dispatcher.changes(IssueHoldSlip, Change(self.issue_hold_slip, self.show, settle=self._settle))
        dispatcher.changes(CollectHoldSlip, Change(self.collect, self.show, settle=self._settle_taken))

    # -- reading the hospital

    async def departments(self, call: Call, message: ListDepartments) -> Departments:
        departments = await self._schedules.departments()
        if not call.principal.patient_id or call.principal.caller is Caller.INSTITUTION:
            return Departments(departments=departments)
        patient_no = await self._patients.patient_no(call.hospital_id, call.principal.patient_id)
        visits = await self._visits.get(patient_no)
        if not visits or all(each.department_id != visits[0].department_id for each in departments):
            return Departments(departments=departments)
        doctors = {each.practitioner_id: each for each in await self._schedules.practitioners()}
        doctor = doctors.get(visits[0].practitioner_id)
        return Departments(departments=departments, last_visit=visits[0], last_practitioner=doctor)

    async def list_schedules(self, call: Call, message: ListSchedules) -> DoctorSessions:
        today = call.now.astimezone(self._zone).date()
        first_on = message.first_on or today
        return await self.sessions.of(message.department_id, first_on, message.last_on or first_on)

    async def get_schedule(self, call: Call, message: GetSchedule) -> DoctorSessions:
        on = message.on or call.now.astimezone(self._zone).date()
        day = await self.sessions.of(message.department_id, on, on)
        chosen = self.sessions.chosen(day, message.schedule_id)
        return DoctorSessions(department=day.department, sessions=[chosen, *same_doctor(day, chosen)])

    async def slots(self, call: Call, message: ListSlots) -> Slots:
        return Slots(slots=await self.sessions.slots(message.schedule_id))

    async def _read_visits(self, patient_no: str) -> list[Visit]:
        return await self._schedules.visits(patient_no, 1)

    # -- registering

    async def wanted(self, call: Call, message: RegisterToday) -> tuple[RegistrationFacts, Schedule]:
        """What the hospital says of the number, and whose it will be: the fee is the hospital's, never the client's."""
        today = call.now.astimezone(self._zone).date()
        day = await self.sessions.of(message.department_id, today, today)
        chosen = self.sessions.chosen(day, message.schedule_id)
        check_open(chosen.schedule, call.now)
        patient_no = await self._patients.patient_no(call.hospital_id, call.principal.patient_id)
        facts = _facts(call, message, day.department, chosen.practitioner, chosen.schedule, patient_no)
        return facts, chosen.schedule

    async def take(self, tx: Tx, call: Call, message: RegisterToday, known: tuple[RegistrationFacts, Schedule]) -> str:
        """
        Raises:
            SameDoctorToday, TooManyRegistrations, AlreadyRegistered.
        """
        facts, schedule = known
        people = await self._patients.same_person(tx, call.hospital_id, call.principal.patient_id)
        allowed_until = await store.lock_bookers(tx, call.hospital_id, people, call.now)
        obligation = (REGISTRATION, f"{facts.patient_no}:{facts.schedule_id}")
        under_way = await obligations.obliged(tx, call.hospital_id, *obligation)
        if under_way is not None:
            return _already(call, under_way)
        if allowed_until is None or allowed_until <= call.now:
            booked_since = call.now - timedelta(days=self._rules.days + 1)
            plans = await store.numbers(tx, call.hospital_id, people, booked_since)
            found = booking_rules.numbers(plans, call.now)
            booking_rules.check_limits_today(found, facts.service_date, facts.practitioner_id, self._rules)
        new = NewPayment(
            purpose=REGISTRATION,
            scope="outpatient",
            amount_fen=schedule.fee_fen,
            description=f"挂号费 {facts.department.name} {facts.practitioner_name}",
            pay_by=facts.in_session(call.now + PAY_WITHIN),
            steps=builder.registration(free=not schedule.fee_fen),
            facts=facts.as_json(),
            obligation=obligation,
        )
        try:
            return await self._payments.open(tx, call, new)
        except AlreadyUnderWay:
            raise AlreadyRegistered from None

    # -- hold slips

    async def issue_hold_slip(self, tx: Tx, call: Call, message: IssueHoldSlip, facts: None) -> str:
        """The number is kept for longer, and can be paid at the window as well.

        Raises:
            PaymentClosed: it is paid, or over, or its session is.
        """
        plan = await self._payments.locked(tx, call, message.payment_no)
        if plan.purpose not in HELD or state_of(plan) not in ("ready", "starting", "waiting", "unknown"):
            raise PaymentClosed
        if plan.latest(KEEP) is not None:
            return plan.payment_no
        keep_until = RegistrationFacts.of(plan).in_session(call.now + SLIP_FOR)
        if keep_until <= call.now:
            raise PaymentClosed
        step = _keep_step(plan, keep_until + SLIP_GRACE, call.now)
        await signals.add_step(tx, plan, plan.with_step(step))
        await signals.keep_longer(tx, plan, keep_until, {"keep_until": keep_until.isoformat()}, call.now)
        taken_up = await signals.choose_tender(tx, plan, "", keep_until, {}, call.now, self._payments.epoch)
        self._payments.taken_up(call, taken_up)
        return plan.payment_no

    async def collect(self, tx: Tx, call: Call, message: CollectHoldSlip, facts: None) -> str:
        """
        Raises:
            PaymentUnknown, NoHoldSlip.
            PaymentClosed: it is held no longer, or paid.
            TenderUnderWay, CashDiffers.
        """
        found = await signals.find(tx, call.hospital_id, message.number)
        if found is None:
            raise PaymentUnknown
        plan = await self._payments.locked(tx, call, found.payment_no)
        if plan.latest(KEEP) is None:
            raise NoHoldSlip
        if not kept(plan):
            raise PaymentClosed("it is held no longer")
        told = {"operator": message.operator, "receipt_no": message.receipt_no}
        counter, epoch = self._payments.counter, self._payments.epoch
        self._payments.taken_up(call, await counter.take(tx, call, plan, told, epoch, message.amount_fen))
        return plan.payment_no

    # -- showing

    async def show(self, tx: Tx, call: Call, payment_no: str) -> RegistrationView:
        plan = await signals.find(tx, call.hospital_id, payment_no)
        if plan is None:
            raise PaymentUnknown
        return self._shown(plan)

    async def _settle(self, call: Call, payment_no: str) -> RegistrationView | None:
        plan = await self._payments.settled(call, payment_no)
        return self._shown(plan) if plan is not None else None

    async def _settle_taken(self, call: Call, payment_no: str) -> RegistrationView | None:
        plan = await self._payments.settled(call, payment_no, SETTLING | {"delivering"})
        return self._shown(plan) if plan is not None else None

    def _shown(self, plan: Plan) -> RegistrationView:
        """
        Raises:
            SlotTaken, SessionStopped, AlreadyRegistered: the hospital said no to the hold.
        """
        refusal = self.sessions.refused(plan)
        if refusal is not None:
            raise refusal
        return registration_view(plan, self._payments.registry)

    async def get(self, call: Call, message: GetRegistration) -> RegistrationView:
        plan = await self._payments.seen(call, message.payment_no, REGISTRATION)
        return registration_view(plan, self._payments.registry)

    async def list(self, tx: Tx, call: Call, message: ListRegistrations) -> Registrations:
        since = call.now - timedelta(days=message.days)
        plans = await signals.of_patient(tx, call.hospital_id, call.principal.patient_id, since)
        registry = self._payments.registry
        views = [registration_view(plan, registry) for plan in plans if plan.purpose == REGISTRATION]
        return Registrations(registrations=views)


def _facts(
    call: Call,
    message: RegisterToday,
    department: Department,
    practitioner: Practitioner,
    schedule: Schedule,
    patient_no: str,
) -> RegistrationFacts:
    return RegistrationFacts(
        patient_no=patient_no,
        department=department,
        department_id=department.department_id,
        schedule_id=schedule.schedule_id,
        slot_id=message.slot_id,
        practitioner_id=practitioner.practitioner_id,
        practitioner_name=practitioner.name,
        title=practitioner.title,
        service_date=schedule.service_date,
        session=schedule.session,
        room=schedule.room,
        held_until=min(call.now + PAY_WITHIN, schedule.ends_at) + CONFIRM_WITHIN,
        session_from=schedule.starts_at,
        session_until=schedule.ends_at,
    )


def _already(call: Call, plan: Plan) -> str:
    """The patient has this number already: an open one is shown again, a finished one cannot be had twice."""
    if is_of_another(call, plan) or state_of(plan) in ("fulfilled", "delivering") or plan.direction == "back":
        raise AlreadyRegistered(plan.payment_no)
    return plan.payment_no


def _keep_step(plan: Plan, until: datetime, now: datetime) -> Step:
    return Step(
        position=AT_KEEP,
        attempt=1,
        kind=KEEP,
        reference=apply.next_reference(plan),
        amount_fen=plan.amount_fen,
        since=now,
        params={"until": until.isoformat()},
    )
