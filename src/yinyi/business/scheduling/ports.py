"""What scheduling asks of the hospital. Reads raise ``HospitalUnavailable``; whatever changes something answers an
outcome and never raises for what the hospital does."""

from datetime import date, datetime
from typing import Protocol, runtime_checkable

from yinyi.bus.database import Tx
from yinyi.business.scheduling.model import (
    Department,
    FoundNumber,
    Practitioner,
    Schedule,
    SessionChange,
    SessionNumber,
    Slot,
    Visit,
)
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


@runtime_checkable
class ReturnsLater(Protocol):
    """A hospital that can keep a number that was given back for a while, so that nobody can wait for it."""

    async def give_back(self, reference: str, free_at: datetime) -> Outcome:
        """As ``release``; nobody else has the number before ``free_at``. Asked again, the first time counts."""
        ...


@runtime_checkable
class ChecksIn(Protocol):
    """A hospital that is told when somebody has come for the number that he booked.

    Evidence: as of ``Schedules``; ``queue_ahead`` counts those before him.
    """

    async def check_in(self, reference: str, number_reference: str) -> Outcome:
        """He is here. ``number_reference``: of the hold. Refused: too_early, too_late, session_stopped, expired,
        duplicate_registration (he is checked in already)."""
        ...

    async def undo_check_in(self, reference: str) -> Outcome:
        """``Done`` also when the hospital never knew it."""
        ...

    async def ask_check_in(self, reference: str) -> Answer: ...


@runtime_checkable
class TellsChanges(Protocol):
    """A hospital that can be asked which sessions do not take place as they were published. Reads."""

    async def session_changes(self, after: int) -> list[SessionChange]:
        """Later than this one, in order."""
        ...

    async def session_numbers(self, schedule_id: str) -> list[SessionNumber]:
        """That are held or confirmed now, and whose owners have not been seen."""
        ...


@runtime_checkable
class KnowsMissed(Protocol):
    """A hospital that can say that nobody came for a number, at its windows and doctors' rooms either. Where it cannot,
    nobody is held to have missed anything."""

    async def missed(self, reference: str) -> bool:
        """The session of this number is over, and its owner was never there, although the number stood and the doctor
        was there. ``reference``: of the hold.

        Raises:
            HospitalUnavailable: whatever the reason.
        """
        ...


class Patients(Protocol):
    """Our master index, as scheduling needs it."""

    async def patient_no(self, hospital_id: int, patient_id: int) -> str:
        """The hospital number (就诊ID号)."""
        ...

    async def patient_id(self, tx: Tx, hospital_id: int, patient_no: str) -> int:
        """0: nobody of this number is on record here."""
        ...

    async def same_person(self, tx: Tx, hospital_id: int, patient_id: int) -> list[int]:
        """All patients that one document of this one has named, he himself among them, in order."""
        ...


class ScannedSlips(Protocol):
    """What scanners have read; the terminals know."""

    async def take_code(self, tx: Tx, hospital_id: int, terminal_id: str, after: int) -> str | None:
        """The text, if it was scanned after this version; nobody else has it then."""
        ...
