"""Bookings by stored procedures: who has come, what does not take place, numbers that come back later."""

from datetime import datetime

from yinyi.access.hospital.procedures import mapping
from yinyi.access.hospital.procedures.calls import Calls
from yinyi.access.hospital.procedures.client import Row
from yinyi.business.scheduling.model import SessionChange, SessionChangeKind, SessionNumber
from yinyi.kernel.outcome import Answer, Outcome

_GIVE_BACK = "SELECT * FROM his.return_number($1, $2)"
_CHECK_IN = "SELECT * FROM his.check_in($1, $2)"
_UNDO = "SELECT * FROM his.undo_check_in($1)"
_ASK = "SELECT * FROM his.query_check_in($1)"
_CHANGES = "SELECT * FROM his.query_session_changes($1)"
_NUMBERS = "SELECT * FROM his.query_session_numbers($1)"
_KINDS: dict[str, SessionChangeKind] = {"S": "stopped", "O": "reopened", "D": "substituted"}


class BookingProcedures(Calls):
    """Implements ``ReturnsLater``, ``ChecksIn`` and ``TellsChanges``."""

    async def give_back(self, reference: str, free_at: datetime) -> Outcome:
        return await self.changed(mapping.outcome, _GIVE_BACK, reference, free_at)

    async def check_in(self, reference: str, number_reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _CHECK_IN, reference, number_reference)

    async def undo_check_in(self, reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _UNDO, reference)

    async def ask_check_in(self, reference: str) -> Answer:
        return await self.told(mapping.answer, _ASK, reference)

    async def session_changes(self, after: int) -> list[SessionChange]:
        return [_change(row) for row in await self.read(_CHANGES, after)]

    async def session_numbers(self, schedule_id: str) -> list[SessionNumber]:
        if not mapping.is_number(schedule_id):
            return []
        rows = await self.read(_NUMBERS, int(schedule_id))
        return [SessionNumber(reference=row["ref"], confirmed=row["state"] == "confirmed") for row in rows]


def _change(row: Row) -> SessionChange:
    return SessionChange(
        change_no=row["change_no"],
        schedule_id=str(row["schedule_id"]),
        kind=_KINDS[row["kind"]],
        practitioner_id=row["doctor_code"] or "",
    )
