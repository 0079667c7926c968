"""A hospital whose numbers can be booked, in memory: two doctors, every day in the morning, three numbers each."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from payment_far_side import FEE, Script, SimClock
from payment_world import DEPARTMENT

from yinyi.business.scheduling.model import (
    Department,
    Practitioner,
    Schedule,
    SessionChange,
    SessionNumber,
    Slot,
    Visit,
)
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Outcome, Refused, Unknown

CAPACITY = 3
EARLY, LATE = timedelta(hours=2), timedelta(minutes=30)


@dataclass
class Number:
    """A number that somebody has, or had."""

    schedule_id: str
    no: int
    patient_no: str
    state: str
    until: datetime
    came: str = ""


@dataclass
class SimBookings:
    """Implements ``Schedules``, ``ReturnsLater``, ``ChecksIn``, ``TellsChanges`` and ``KnowsMissed``."""

    clock: SimClock
    call_timeout_s: float = 5.0
    away: bool = False
    doctors: tuple[str, ...] = ("A", "B")
    """Each session by its doctor, and more where he has several."""
    numbers: dict[str, Number] = field(default_factory=dict[str, Number])
    free_from: dict[tuple[str, int], datetime] = field(default_factory=dict[tuple[str, int], datetime])
    stopped: set[str] = field(default_factory=set[str])
    changes: list[SessionChange] = field(default_factory=list[SessionChange])
    script: Script = field(default_factory=Script)
    """What goes wrong with ``hold``, ``give_back``, ``check_in`` and ``undo_check_in``."""

    # -- hands

    def stop(self, schedule_id: str) -> None:
        self.stopped.add(schedule_id)
        change = SessionChange(change_no=len(self.changes) + 1, schedule_id=schedule_id, kind="stopped")
        self.changes.append(change)

    def substitute(self, schedule_id: str, practitioner_id: str) -> None:
        change = SessionChange(
            change_no=len(self.changes) + 1,
            schedule_id=schedule_id,
            kind="substituted",
            practitioner_id=practitioner_id,
        )
        self.changes.append(change)

    def taken(self, schedule_id: str) -> set[int]:
        now = self.clock.now()
        own = {each.no for each in self.numbers.values() if each.schedule_id == schedule_id and self._stands(each)}
        back = {no for (schedule, no), at in self.free_from.items() if schedule == schedule_id and at > now}
        return own | back

    def _stands(self, number: Number) -> bool:
        return number.state == "confirmed" or (number.state == "held" and number.until > self.clock.now())

    # -- Schedules

    async def departments(self) -> list[Department]:
        if self.away:
            raise HospitalUnavailable
        return [DEPARTMENT]

    async def practitioners(self) -> list[Practitioner]:
        return [
            Practitioner(
                practitioner_id=each,
                department_id="D1",
                name=f"医生{each}",
                initials="",
                title="chief",
                specialty="",
                introduction="",
            )
            for each in ("A", "B", "C")
        ]

    async def schedules(self, department_id: str, first_on: date, last_on: date) -> list[Schedule]:
        days = [first_on + timedelta(days=n) for n in range((last_on - first_on).days + 1)]
        return [self.schedule(f"{day:%Y%m%d}{doctor}") for day in days for doctor in self.doctors if day.weekday() < 6]

    def schedule(self, schedule_id: str) -> Schedule:
        day = datetime.strptime(schedule_id[:8], "%Y%m%d").replace(tzinfo=UTC)
        return Schedule(
            schedule_id=schedule_id,
            practitioner_id=schedule_id[8],
            department_id="D1",
            service_date=day.date(),
            session="morning",
            starts_at=day,
            ends_at=day + timedelta(hours=4),
            fee_fen=FEE,
            capacity=CAPACITY,
            taken=len(self.taken(schedule_id)),
            room="205",
            in_room=False,
            status="stopped" if schedule_id in self.stopped else "open",
        )

    async def slots(self, schedule_id: str) -> list[Slot]:
        return []

    async def visits(self, patient_no: str, limit: int) -> list[Visit]:
        return []

    def _do(self, verb: str, effect: Callable[[], Outcome]) -> Outcome:
        match self.script.next(verb):
            case None:
                return effect()
            case "lost_before":
                return Unknown()
            case "lost_after":
                effect()
                return Unknown()
            case _:
                return NotSent()

    async def hold(self, reference: str, schedule_id: str, slot_id: str, patient_no: str, until: datetime) -> Outcome:
        return self._do("hold", lambda: self._hold(reference, schedule_id, patient_no, until))

    def _hold(self, reference: str, schedule_id: str, patient_no: str, until: datetime) -> Outcome:
        if reference not in self.numbers:
            if schedule_id in self.stopped:
                return Refused(reason="session_stopped")
            free = [no for no in range(1, CAPACITY + 1) if no not in self.taken(schedule_id)]
            if not free:
                return Refused(reason="slot_taken")
            self.numbers[reference] = Number(schedule_id, free[0], patient_no, "held", until)
        return self._told(reference)

    async def extend(self, reference: str, until: datetime) -> Outcome:
        self.numbers[reference].until = until
        return self._told(reference)

    async def confirm(self, reference: str, payment_no: str, amount_fen: Fen, paid_at: datetime) -> Outcome:
        number = self.numbers[reference]
        if number.schedule_id in self.stopped:
            return Refused(reason="session_stopped")
        if not self._stands(number) or amount_fen != FEE:
            return Refused(reason="expired")
        number.state = "confirmed"
        return self._told(reference)

    async def release(self, reference: str) -> Outcome:
        number = self.numbers.get(reference)
        if number is not None:
            number.state = "released"
        return Done()

    async def ask(self, reference: str) -> Answer:
        return self._told(reference) if reference in self.numbers else NotFound()

    def _told(self, reference: str) -> Done | Refused:
        number = self.numbers[reference]
        if not self._stands(number):
            return Refused(reason="expired")
        starts_at = self._starts(number)
        return Done(
            evidence={
                "status": number.state,
                "number": number.no,
                "slot_id": f"{number.schedule_id}-{number.no}",
                "starts_at": starts_at.isoformat(),
                "ends_at": (starts_at + timedelta(hours=1)).isoformat(),
                "held_until": number.until.isoformat(),
                "room": "205",
                "queue_ahead": number.no - 1,
            }
        )

    def _starts(self, number: Number) -> datetime:
        return self.schedule(number.schedule_id).starts_at + timedelta(hours=number.no - 1)

    # -- the capabilities

    async def give_back(self, reference: str, free_at: datetime) -> Outcome:
        return self._do("give_back", lambda: self._give_back(reference, free_at))

    def _give_back(self, reference: str, free_at: datetime) -> Outcome:
        number = self.numbers.get(reference)
        if number is not None and number.state != "released":
            number.state = "released"
            self.free_from[number.schedule_id, number.no] = free_at
        return Done()

    async def check_in(self, reference: str, number_reference: str) -> Outcome:
        return self._do("check_in", lambda: self._check_in(reference, number_reference))

    def _check_in(self, reference: str, number_reference: str) -> Outcome:
        number, now = self.numbers[number_reference], self.clock.now()
        if not self._stands(number):
            return Refused(reason="expired")
        if number.came not in ("", reference):
            return Refused(reason="duplicate_registration")
        if number.schedule_id in self.stopped:
            return Refused(reason="session_stopped")
        if now < self._starts(number) - EARLY:
            return Refused(reason="too_early")
        if now > self._starts(number) + timedelta(hours=1) + LATE:
            return Refused(reason="too_late")
        number.came = reference
        return self._told(number_reference)

    async def undo_check_in(self, reference: str) -> Outcome:
        return self._do("undo_check_in", lambda: self._undo_check_in(reference))

    def _undo_check_in(self, reference: str) -> Outcome:
        for number in self.numbers.values():
            if number.came == reference:
                number.came = ""
        return Done()

    async def ask_check_in(self, reference: str) -> Answer:
        found = next((of for of, number in self.numbers.items() if number.came == reference), None)
        return self._told(found) if found else NotFound()

    async def session_changes(self, after: int) -> list[SessionChange]:
        return [each for each in self.changes if each.change_no > after]

    async def session_numbers(self, schedule_id: str) -> list[SessionNumber]:
        if self.away:
            raise HospitalUnavailable
        return [
            SessionNumber(reference=reference, confirmed=number.state == "confirmed")
            for reference, number in self.numbers.items()
            if number.schedule_id == schedule_id and self._stands(number)
        ]

    async def missed(self, reference: str) -> bool:
        number = self.numbers[reference]
        over = self.schedule(number.schedule_id).ends_at <= self.clock.now()
        return over and number.state != "released" and not number.came
