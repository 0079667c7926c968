"""Sessions that the hospital stops, or that another doctor holds: numbers and money go back, and patients are told."""

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from yinyi.bus.call import Call, Principal, require_said
from yinyi.bus.database import Database, Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.bus.operation import Caller
from yinyi.business.audit import store as audit
from yinyi.business.payments import obligations, signals
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.refunds import RefundDesk
from yinyi.business.payments.service import PaymentService
from yinyi.business.scheduling import booking_rules, store
from yinyi.business.scheduling.appointment import visit_change
from yinyi.business.scheduling.errors import NoSuchBooking, PractitionerUnknown, ScheduleUnknown, SessionOver
from yinyi.business.scheduling.messages_booking import (
    ListVisitChanges,
    Seen,
    SeeVisitChange,
    SessionChanged,
    StopSession,
    SubstitutePractitioner,
    VisitChanges,
)
from yinyi.business.scheduling.model import SessionChange
from yinyi.business.scheduling.plans import APPOINTMENT, CHECKED_IN, HELD, RegistrationFacts
from yinyi.business.scheduling.ports import Schedules, TellsChanges
from yinyi.business.scheduling.registration import evidence_of, instant
from yinyi.business.scheduling.store import ChangeFacts
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import HospitalUnavailable, YinyiError
from yinyi.kernel.ids import payment_number_of
from yinyi.kernel.outcome import Evidence

log = structlog.get_logger()

EVERY_S = 10.0


class Known:
    """What the hospital says of a session that is to change: our payments' numbers, who holds it now, and whether there
    is any number of it."""

    def __init__(self, payment_nos: list[str], facts: ChangeFacts) -> None:
        self.payment_nos = payment_nos
        self.facts = facts
        self.offered = True


class SessionChanges:
    """The hospital tells, or it is asked every few seconds; either way each change is dealt with once."""

    def __init__(
        self,
        database: Database,
        schedules: Schedules,
        payments: PaymentService,
        zone: ZoneInfo,
        clock: Clock,
        hospital_id: int,
    ) -> None:
        self._database = database
        self._schedules = schedules
        self._payments = payments
        self._zone = zone
        self._refunds = RefundDesk(payments, zone)
        self._clock = clock
        self._hospital_id = hospital_id

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ListVisitChanges, self.list)
        dispatcher.changes(SeeVisitChange, Change(self.see, self._show_seen))
        stop = Change(self.stop, self.show, self.to_stop, only_reads=True)
        dispatcher.changes(StopSession, stop)
        substitute = Change(self.substitute, self.show, self.to_substitute, only_reads=True)
        dispatcher.changes(SubstitutePractitioner, substitute)

    # -- told

    async def to_stop(self, call: Call, message: StopSession) -> Known:
        return await self._asked(message.schedule_id, "")

    async def stop(self, tx: Tx, call: Call, message: StopSession, known: Known) -> str:
        """
        Raises:
            InvalidField: the hospital has not said who, or why.
            ScheduleUnknown, SessionOver.
        """
        await self._told(tx, call, message, known)
        change = SessionChange(change_no=0, schedule_id=message.schedule_id, kind="stopped")
        return str(await self.deal_with(tx, call, change, known))

    async def to_substitute(self, call: Call, message: SubstitutePractitioner) -> Known:
        return await self._asked(message.schedule_id, message.practitioner_id)

    async def substitute(self, tx: Tx, call: Call, message: SubstitutePractitioner, known: Known) -> str:
        """
        Raises:
            PractitionerUnknown; see also ``stop``.
        """
        await self._told(tx, call, message, known)
        if not known.facts.substitute:
            raise PractitionerUnknown
        by = message.practitioner_id
        change = SessionChange(change_no=0, schedule_id=message.schedule_id, kind="substituted", practitioner_id=by)
        return str(await self.deal_with(tx, call, change, known))

    async def _told(self, tx: Tx, call: Call, message: StopSession | SubstitutePractitioner, known: Known) -> None:
        """Somebody says it and may be wrong; what the hospital itself has decided is as it is."""
        if not known.offered:
            raise ScheduleUnknown
        require_said(call, operator=message.operator, reason=message.reason)
        today = call.now.astimezone(self._zone).date()
        for number in known.payment_nos:
            plan = await signals.locked(tx, call.hospital_id, number)
            if plan is not None and plan.purpose in HELD and RegistrationFacts.of(plan).service_date < today:
                raise SessionOver
        said = {"numbers": len(known.payment_nos), "operator": message.operator, "reason": message.reason}
        await audit.append(tx, call, f"scheduling.{type(message).__name__}.v1", message.schedule_id, said)

    async def _asked(self, schedule_id: str, practitioner_id: str) -> Known:
        known = await self._known(schedule_id, practitioner_id)
        known.offered = bool(known.payment_nos) or bool(await self._schedules.slots(schedule_id))
        return known

    async def _known(self, schedule_id: str, practitioner_id: str) -> Known:
        """
        Raises:
            HospitalUnavailable: it does not answer, or cannot say it.
        """
        if not isinstance(self._schedules, TellsChanges):
            raise HospitalUnavailable("it cannot say whose numbers these are")
        numbers = await self._schedules.session_numbers(schedule_id)
        found = (payment_number_of(each.reference) for each in numbers)
        facts = ChangeFacts()
        if practitioner_id:
            doctors = {each.practitioner_id: each for each in await self._schedules.practitioners()}
            doctor = doctors.get(practitioner_id)
            if doctor is not None:
                facts = ChangeFacts(substitute=doctor.name, substitute_title=doctor.title)
        return Known(sorted({number for number in found if number}), facts)

    async def deal_with(self, tx: Tx, call: Call, change: SessionChange, known: Known) -> int:
        """In one transaction: what the patients are to be told, and what goes back. The change's id; 0: it was dealt
        with before."""
        numbers = 0 if change.kind == "reopened" else len(known.payment_nos)
        change_id = await store.changed(tx, call.hospital_id, change, numbers, call.now)
        if change_id is None or change.kind == "reopened":
            return change_id or 0
        for number in known.payment_nos:
            plan = await signals.locked(tx, call.hospital_id, number)
            if plan is None:
                log.warning("sessions.number_of_nobody", payment_no=number)
            elif change.kind == "stopped":
                await self._stopped(tx, call, change_id, plan)
            else:
                await store.concerned(tx, call.hospital_id, change_id, plan, "substituted", known.facts, call.now)
        return change_id

    async def heard_of_visit(self, tx: Tx, call: Call, payment_no: str, stands: Evidence | None) -> bool:
        """The hospital says that one visit does not stand as it was sold: as in a session that is stopped, its number
        and what was paid for it go back. stands: as the hospital has it now; None: it is gone. False: it is nobody's,
        is over or on its way back anyway, or stands as it was sold."""
        plan = await signals.locked(tx, call.hospital_id, payment_no)
        if plan is None or plan.purpose not in HELD or plan.direction != "forward":
            return False
        facts = RegistrationFacts.of(plan)
        if facts.service_date < call.now.astimezone(self._zone).date():
            return False
        if stands is not None and not _moved(evidence_of(plan), stands):
            return False
        change = SessionChange(change_no=0, schedule_id=facts.schedule_id, kind="stopped")
        await self.deal_with(tx, call, change, Known([plan.payment_no], ChangeFacts()))
        return True

    async def _stopped(self, tx: Tx, call: Call, change_id: int, plan: Plan) -> None:
        """The number and, where its owner had come for it already, what he paid then."""
        arrival = await obligations.obliged(tx, call.hospital_id, CHECKED_IN, plan.payment_no)
        if arrival is not None:
            arrival = await signals.locked(tx, call.hospital_id, arrival.payment_no)
        for each in (arrival, plan):
            if each is not None and each.direction == "forward":
                await self._refunds.undo_anyhow(tx, call, each, "session_stopped", 0)
        await store.concerned(tx, call.hospital_id, change_id, plan, "stopped", ChangeFacts(), call.now)

    async def show(self, tx: Tx, call: Call, change_id: str) -> SessionChanged:
        row = await store.change(tx, call.hospital_id, int(change_id))
        if row is None:
            raise NoSuchBooking
        back = await store.given_back(tx, call.hospital_id, int(change_id))
        return SessionChanged(schedule_id=row["schedule_id"], numbers=row["numbers"], given_back=back)

    # -- asked for

    async def run(self) -> None:
        """Until cancelled."""
        if not isinstance(self._schedules, TellsChanges):
            return
        while True:
            try:
                await self.look()
            except YinyiError:
                pass  # the hospital is away; it is asked again
            except Exception as error:  # the loop outlives every fault of the database
                log.warning("sessions.not_looked_at", why=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def look(self) -> int:
        """Deal with what the hospital has decided since it was asked last; how many changes."""
        assert isinstance(self._schedules, TellsChanges)
        async with self._database.read() as tx:
            after = await store.newest_change(tx, self._hospital_id)
        found = await self._schedules.session_changes(after)
        for change in found:
            known = await self._known(change.schedule_id, change.practitioner_id)
            async with self._database.transaction() as tx:
                await self.deal_with(tx, self._call(self._clock.now()), change, known)
        return len(found)

    def _call(self, now: datetime) -> Call:
        """As the hospital would ask."""
        who = Principal(caller=Caller.HOSPITAL, hospital_id=self._hospital_id)
        return Call(principal=who, now=now, deadline=now + timedelta(seconds=10), correlation_id="sessions")

    # -- the patients

    async def list(self, tx: Tx, call: Call, message: ListVisitChanges) -> VisitChanges:
        found = await store.unseen(tx, call.hospital_id, call.principal.patient_id)
        plans = [plan for _, _, plan in found]
        booked_nos = [plan.payment_no for plan in plans if plan.purpose == APPOINTMENT]
        arrivals = await obligations.obliged_among(tx, call.hospital_id, CHECKED_IN, booked_nos)
        booked = {each.plan.payment_no: each for each in booking_rules.bookings([*plans, *arrivals], call.now)}
        registry = self._payments.registry
        changes = [
            visit_change(kind, facts, plan, registry, booked.get(plan.payment_no)) for kind, facts, plan in found
        ]
        return VisitChanges(changes=changes)

    async def see(self, tx: Tx, call: Call, message: SeeVisitChange, facts: None) -> str:
        mine = call.principal.patient_id
        if not await store.see(tx, call.hospital_id, mine, message.payment_no, call.now):
            raise NoSuchBooking
        return message.payment_no

    async def _show_seen(self, tx: Tx, call: Call, payment_no: str) -> Seen:
        return Seen()


def _moved(sold: Evidence, stands: Evidence) -> bool:
    """At another time than it was sold for."""
    then, now = instant(sold.get("starts_at")), instant(stands.get("starts_at"))
    return then is not None and now is not None and then != now
