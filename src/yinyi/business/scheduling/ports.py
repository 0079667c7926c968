"""What scheduling asks of the hospital. Reads raise ``HospitalUnavailable``; whatever changes something answers an
outcome and never raises for what the hospital does."""

from datetime import date, datetime
from typing import Protocol, runtime_checkable

from yinyi.business.scheduling.model import Department, FoundNumber, Practitioner, Schedule, Slot, Visit
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Outcome


@runtime_checkable
class Schedules(Protocol):
    """The hospital's schedules and numbers.

    Every number is referred to by *our* reference (≤ 32 characters): ``hold`` makes it, the others name it.
    Evidence of ``hold``, ``confirm`` and a positive ``ask``: ``status`` (``held`` | ``confirmed``), ``number`` (int),
    ``slot_id``, ``starts_at``, ``ends_at``, ``held_until`` (ISO instants), ``room``, ``queue_ahead`` (int), and after
    confirming ``registration_no``.
    """

    call_timeout_s: float

    async def departments(self) -> list[Department]: ...

    async def practitioners(self) -> list[Practitioner]: ...

    async def schedules(self, department_id: str, first_on: date, last_on: date) -> list[Schedule]:
        """Of one department, both days included."""
        ...

    async def slots(self, schedule_id: str) -> list[Slot]: ...

    async def visits(self, patient_no: str, limit: int) -> list[Visit]: ...

    async def hold(self, reference: str, schedule_id: str, slot_id: str, patient_no: str, until: datetime) -> Outcome:
        """Keep a number for this patient until then. ``slot_id`` empty: the next free one. Asking twice with one
        reference answers the same number. Refused: slot_taken, session_stopped, duplicate_registration."""
        ...

    async def extend(self, reference: str, until: datetime) -> Outcome:
        """Keep a held number longer. Refused("expired") when it is no longer held."""
        ...

    async def confirm(self, reference: str, payment_no: str, amount_fen: Fen, paid_at: datetime) -> Outcome:
        """The number is paid: it becomes a registration. Refused: expired, session_stopped."""
        ...

    async def release(self, reference: str) -> Outcome:
        """Give the number back, held or confirmed. ``Done`` also when the hospital never knew it or let it run out."""
        ...

    async def ask(self, reference: str) -> Answer:
        """``Done`` with ``status`` held or confirmed; ``Refused("expired")`` when it was released or ran out."""
        ...


@runtime_checkable
class ListsNumbers(Protocol):
    """A hospital that can say which numbers it gave us in a time, whatever became of them since."""

    async def numbers(self, since: datetime, until: datetime) -> list[FoundNumber]:
        """
        Raises:
            HospitalUnavailable: whatever the reason.
        """
        ...


class Patients(Protocol):
    """Our master index, as scheduling needs it."""

    async def patient_no(self, hospital_id: int, patient_id: int) -> str:
        """The hospital number (就诊ID号)."""
        ...
