"""Bookings by trades: who has come, what does not take place, numbers that come back later."""

from datetime import datetime

from yinyi.access.hospital.trades import mapping
from yinyi.access.hospital.trades.calls import Calls
from yinyi.access.hospital.trades.mapping import NUMBER
from yinyi.access.hospital.trades.trade import Row, trade
from yinyi.business.scheduling.model import SessionChange, SessionChangeKind, SessionNumber
from yinyi.kernel.outcome import Answer, Outcome

_GIVE_BACK = trade("return_number", "ref free_at:instant", NUMBER)
_CHECK_IN = trade("check_in", "ref of_ref", NUMBER)
_UNDO = trade("undo_check_in", "ref", NUMBER)
_ASK = trade("query_check_in", "ref", NUMBER)
_CHANGES = trade("query_session_changes", "after:int", "change_no:int schedule_id:int kind doctor_code made_at:instant")
_NUMBERS = trade("query_session_numbers", "schedule_id:int", "ref state")
_MISSED = trade("query_missed", "ref", "ref")
TRADES = (_GIVE_BACK, _CHECK_IN, _UNDO, _ASK, _CHANGES, _NUMBERS, _MISSED)
_KINDS: dict[str, SessionChangeKind] = {"S": "stopped", "O": "reopened", "D": "substituted"}
_STANDING = {"held": False, "confirmed": True}


class BookingTrades(Calls):
    """Implements ``ReturnsLater``, ``ChecksIn``, ``TellsChanges`` and ``KnowsMissed``."""

    async def give_back(self, reference: str, free_at: datetime) -> Outcome:
        return await self.changed(mapping.outcome, _GIVE_BACK, reference, free_at)

    async def check_in(self, reference: str, number_reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _CHECK_IN, reference, number_reference)

    async def undo_check_in(self, reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _UNDO, reference)

    async def ask_check_in(self, reference: str) -> Answer:
        return await self.told(mapping.answer, _ASK, reference)

    async def session_changes(self, after: int) -> list[SessionChange]:
        return await self.found(_change, _CHANGES, after, key=lambda one: one.change_no)

    async def session_numbers(self, schedule_id: str) -> list[SessionNumber]:
        if not mapping.is_number(schedule_id):
            return []
        return await self.found(_session_number, _NUMBERS, int(schedule_id), key=lambda one: one.reference)

    async def missed(self, reference: str) -> bool:
        return bool(await self.read(_MISSED, reference))


def _session_number(row: Row) -> SessionNumber:
    return SessionNumber(reference=row["ref"], confirmed=mapping.known_code(row, "state", _STANDING))


def _change(row: Row) -> SessionChange:
    return SessionChange(
        change_no=row["change_no"],
        schedule_id=mapping.schedule_id(row),
        kind=mapping.known_code(row, "kind", _KINDS),
        practitioner_id=row["doctor_code"] or "",
    )
