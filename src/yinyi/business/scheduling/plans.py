"""Registrations as plans: what is held, kept and confirmed at the hospital, and what a registration remembers."""

from datetime import date, datetime, timedelta
from random import SystemRandom
from typing import Any

import msgspec

from yinyi.business.payments import builder
from yinyi.business.payments.plan import Plan, Step
from yinyi.business.payments.rules import Rule, paced, told_once_paid
from yinyi.business.payments.view import paid_at
from yinyi.business.scheduling.model import Department, SessionName, Title
from yinyi.business.scheduling.ports import ChecksIn, ReturnsLater, Schedules
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, Outcome, Unknown

REGISTRATION, APPOINTMENT, CHECKED_IN = "registration", "appointment", "check_in"
HELD = (REGISTRATION, APPOINTMENT)
"""The purposes whose number is held while it is paid, so that a hold slip can keep it longer."""
CHECK_IN = builder.SCHEDULING_CHECK_IN
HOLD, KEEP, CONFIRM = builder.SCHEDULING_HOLD, builder.SCHEDULING_KEEP, builder.SCHEDULING_CONFIRM
BACK_WITHIN = timedelta(minutes=30)
_random = SystemRandom().random
AT_HOLD, AT_KEEP, AT_TAKE, AT_CONFIRM = builder.AT_HOLD, builder.AT_KEEP, builder.AT_TAKE, builder.AT_CONFIRM


class RegistrationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a registration's plan remembers: what the patient saw when he chose, and until when the number is held.

    keep_until: the hold slip's time, once there is one. session_from, session_until: of the doctor's session. Of
    bookings besides: fee_fen: what is to be paid when the patient has come. Of a check-in: booking_no: the payment
    number of its booking; number_reference: under which the hospital knows the number.
    """

    patient_no: str
    department: Department
    department_id: str
    schedule_id: str
    slot_id: str
    practitioner_id: str
    practitioner_name: str
    title: Title
    service_date: date
    session: SessionName
    room: str
    held_until: datetime
    keep_until: datetime | None = None
    session_from: datetime | None = None
    session_until: datetime | None = None
    fee_fen: Fen = Fen(0)
    booking_no: str = ""
    number_reference: str = ""

    @classmethod
    def of(cls, plan: Plan) -> "RegistrationFacts":
        return msgspec.convert(plan.facts, cls)

    def as_json(self) -> dict[str, Any]:
        """For ``Plan.facts``."""
        return msgspec.to_builtins(self)

    def in_session(self, until: datetime) -> datetime:
        """So long at most: nobody pays for a session that is over."""
        return min(until, self.session_until or until)

    @property
    def title_en(self) -> str:
        """In a few English words, with the clinic where that has an English name."""
        return ", ".join(filter(None, ("Registration", self.department.name_en)))


def hold_reference(plan: Plan) -> str:
    """The hospital knows the number under the reference of the latest hold, its own or its booking's."""
    booked = plan.facts.get("number_reference", "")
    if booked:
        return booked
    hold = plan.latest(HOLD)
    assert hold is not None, "a registration starts with a hold"
    return hold.reference


class Registration:
    """What a registration's plans are made of."""

    name = REGISTRATION
    version = 1
    kinds: tuple[str, ...] = (HOLD, KEEP, CONFIRM)


class Appointment:
    """What bookings of another day are made of."""

    name = APPOINTMENT
    version = 1
    kinds: tuple[str, ...] = (HOLD, KEEP, CONFIRM)


class CheckedIn:
    """What check-ins are made of."""

    name = CHECKED_IN
    version = 1
    kinds: tuple[str, ...] = (CHECK_IN, CONFIRM)


class GivesBack:
    """How numbers go back: those of bookings come free to others some time later, nobody knows when, so that none can
    be handed on by giving it back at a time agreed upon. Those of today are free at once: who waits in the hall for one
    would otherwise go home while it lies idle, and limits stop whoever collects them."""

    def __init__(self, schedules: Schedules, within: timedelta) -> None:
        self._schedules = schedules
        self._within = within

    async def give_back(self, plan: Plan, now: datetime) -> Answer:
        reference, schedules = hold_reference(plan), self._schedules
        if plan.purpose == REGISTRATION or not self._within or not isinstance(schedules, ReturnsLater):
            return await schedules.release(reference)
        return await schedules.give_back(reference, now + self._within * _random())


class HoldNumber:
    """Keep a number for the patient while he pays, or until he comes."""

    kind = HOLD
    version = 1

    def __init__(self, schedules: Schedules, back_within: timedelta = BACK_WITHIN) -> None:
        self._schedules = schedules
        self._back = GivesBack(schedules, back_within)
        rule = Rule(timeout_s=schedules.call_timeout_s, give_up_s=15, send_within_s=4, people_after_s=900)
        self.rule = paced(rule, schedules)

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        facts = RegistrationFacts.of(plan)
        return await self._schedules.hold(
            step.reference, facts.schedule_id, facts.slot_id, facts.patient_no, facts.held_until
        )

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._schedules.ask(step.reference)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        if step.reference != hold_reference(plan):
            return await self._schedules.release(step.reference)
        return await self._back.give_back(plan, now)


class KeepNumber:
    """Keep it longer, for a hold slip. Undoing a number kept longer is giving it back."""

    kind = KEEP
    version = 1

    def __init__(self, schedules: Schedules) -> None:
        self._schedules = schedules
        rule = Rule(
            timeout_s=schedules.call_timeout_s, give_up_s=20, send_within_s=6, needs_undo=False, repeatable=True
        )
        self.rule = paced(rule, schedules)

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        until = datetime.fromisoformat(step.params["until"])
        return await self._schedules.extend(hold_reference(plan), until)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        answer = await self._schedules.ask(hold_reference(plan))
        if not isinstance(answer, Done):
            return answer
        held_until = answer.evidence.get("held_until")
        if held_until is None:
            return Unknown(detail="held, and nobody says until when")
        kept = datetime.fromisoformat(held_until) >= datetime.fromisoformat(step.params["until"])
        return answer if kept else NotFound(detail="held, but not for longer")

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._schedules.release(hold_reference(plan))


class ConfirmNumber:
    """The number is paid: it becomes a registration."""

    kind = CONFIRM
    version = 1

    def __init__(self, schedules: Schedules, back_within: timedelta = BACK_WITHIN) -> None:
        self._schedules = schedules
        self._back = GivesBack(schedules, back_within)
        self.rule = paced(told_once_paid(schedules.call_timeout_s), schedules)

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        paid = paid_at(plan) or now
        return await self._schedules.confirm(hold_reference(plan), plan.payment_no, plan.amount_fen, paid)

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        answer = await self._schedules.ask(hold_reference(plan))
        if isinstance(answer, Done) and answer.evidence.get("status") != "confirmed":
            return NotFound(detail="held, not confirmed")
        return answer

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._back.give_back(plan, now)


class TellArrival:
    """The hospital is told that somebody has come for the number that he booked."""

    kind = CHECK_IN
    version = 1

    def __init__(self, schedules: ChecksIn, timeout_s: float) -> None:
        self._schedules = schedules
        rule = Rule(timeout_s=timeout_s, give_up_s=20, send_within_s=6, people_after_s=900, repeatable=True)
        self.rule = paced(rule, schedules)

    async def do(self, plan: Plan, step: Step, now: datetime) -> Outcome:
        return await self._schedules.check_in(step.reference, hold_reference(plan))

    async def ask(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._schedules.ask_check_in(step.reference)

    async def undo(self, plan: Plan, step: Step, now: datetime) -> Answer:
        return await self._schedules.undo_check_in(step.reference)
