"""Inpatient stays and deposits by stored procedures."""

from datetime import date, datetime

from yinyi.access.hospital.procedures import stay_mapping as mapping
from yinyi.access.hospital.procedures.calls import Calls
from yinyi.business.inpatient.model import CostCategory, CostDay, Deposit, Stay, StayItem
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Outcome

_STAYS = "SELECT * FROM his.query_stays($1)"
_STAY = "SELECT * FROM his.query_stay($1)"
_ITEMS = "SELECT * FROM his.query_stay_items($1, $2, $3)"
_DAYS = "SELECT * FROM his.query_stay_days($1)"
_CATEGORIES = "SELECT * FROM his.query_stay_categories($1)"
_DEPOSITS = "SELECT * FROM his.query_deposits($1)"
_POST = "SELECT * FROM his.post_deposit($1, $2, $3, $4, $5, $6)"
_REVERSE = "SELECT * FROM his.reverse_deposit($1)"
_RETURN = "SELECT * FROM his.return_deposit($1, $2, $3)"
_DEPOSIT = "SELECT * FROM his.query_deposit($1)"
_POSTINGS = "SELECT * FROM his.query_deposit_postings($1, $2)"


class StayProcedures(Calls):
    """Implements ``Inpatients`` and ``ListsDeposits``."""

    async def stays(self, patient_no: str) -> list[Stay]:
        return [mapping.stay(row) for row in await self.read(_STAYS, patient_no)]

    async def stay(self, admission_no: str) -> Stay | None:
        rows = await self.read(_STAY, admission_no)
        return mapping.stay(rows[0]) if rows else None

    async def stay_items(self, admission_no: str, first_on: date, last_on: date) -> list[StayItem]:
        return [mapping.item(row) for row in await self.read(_ITEMS, admission_no, first_on, last_on)]

    async def cost_days(self, admission_no: str) -> list[CostDay]:
        return [mapping.day(row) for row in await self.read(_DAYS, admission_no)]

    async def cost_categories(self, admission_no: str) -> list[CostCategory]:
        return [mapping.category(row) for row in await self.read(_CATEGORIES, admission_no)]

    async def deposits(self, admission_no: str) -> list[Deposit]:
        rows = await self.read(_DEPOSITS, admission_no)
        return [mapping.deposit(row, admission_no) for row in rows]

    async def post_deposit(
        self, reference: str, admission_no: str, amount_fen: Fen, payment_no: str, means: str, paid_at: datetime
    ) -> Outcome:
        paid = (amount_fen, payment_no, means, paid_at)
        return await self.changed(mapping.outcome, _POST, reference, admission_no, *paid)

    async def reverse_deposit(self, reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _REVERSE, reference)

    async def return_deposit(self, reference: str, deposit_reference: str, amount_fen: Fen) -> Outcome:
        return await self.changed(mapping.outcome, _RETURN, reference, deposit_reference, amount_fen)

    async def ask_deposit(self, reference: str) -> Answer:
        return await self.told(mapping.answer, _DEPOSIT, reference)

    async def deposit_postings(self, since: datetime, until: datetime) -> list[Deposit]:
        rows = await self.read(_POSTINGS, since, until)
        return [mapping.deposit(row, row["admission_no"] or "") for row in rows]
