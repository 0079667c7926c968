"""Inpatient stays and deposits by trades."""

from datetime import date, datetime
from functools import partial

from yinyi.access.hospital.trades import stay_mapping as mapping
from yinyi.access.hospital.trades.calls import Calls
from yinyi.access.hospital.trades.trade import Row, trade
from yinyi.business.inpatient.model import CostCategory, CostDay, Deposit, Stay, StayItem
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Outcome

_STAY_ROW = (
    "admission_no patient_no full_name ward_code ward_name name_en place bed_no dept_code doctor_code doctor_name "
    "diagnosis admitted_at:instant discharged_at:instant settled_at:instant settlement_no state charged_on:date "
    "cost_fen:int deposit_fen:int left_fen:int"
)
_DEPOSIT_REPLY = (
    "ret_code ret_msg state admission_no amount_fen:int returned_fen:int receipt_no payment_no paid_at:instant "
    "left_fen:int"
)
_STAYS = trade("query_stays", "patient_no", _STAY_ROW)
_STAY = trade("query_stay", "admission_no", _STAY_ROW)
_ITEMS = trade(
    "query_stay_items",
    "admission_no first:date last:date",
    "charged_on:date line_no:int item_code category_code category_name item_name name_en unit quantity:int "
    "price_fen:int amount_fen:int",
)
_DAYS = trade("query_stay_days", "admission_no", "charged_on:date amount_fen:int running_fen:int item_count:int")
_CATEGORIES = trade("query_stay_categories", "admission_no", "category_code category_name name_en amount_fen:int")
_DEPOSITS = trade(
    "query_deposits",
    "admission_no",
    "ref kind of_ref state amount_fen:int returned_fen:int source means payment_no receipt_no made_at:instant",
)
_POST = trade("post_deposit", "ref admission_no amount_fen:int payment_no means paid_at:instant", _DEPOSIT_REPLY)
_REVERSE = trade("reverse_deposit", "ref", _DEPOSIT_REPLY)
_RETURN = trade("return_deposit", "ref deposit_ref amount_fen:int", _DEPOSIT_REPLY)
_DEPOSIT = trade("query_deposit", "ref", _DEPOSIT_REPLY)
_POSTINGS = trade(
    "query_deposit_postings",
    "since:instant until:instant",
    "ref kind of_ref state admission_no amount_fen:int returned_fen:int source means payment_no receipt_no "
    "made_at:instant",
)
TRADES = (_STAYS, _STAY, _ITEMS, _DAYS, _CATEGORIES, _DEPOSITS, _POST, _REVERSE, _RETURN, _DEPOSIT, _POSTINGS)


class StayTrades(Calls):
    """Implements ``Inpatients`` and ``ListsDeposits``."""

    async def stays(self, patient_no: str) -> list[Stay]:
        return await self.found(mapping.stay, _STAYS, patient_no, key=lambda one: one.admission_no)

    async def stay(self, admission_no: str) -> Stay | None:
        return await self.one(mapping.stay, _STAY, admission_no, key=lambda one: one.admission_no)

    async def stay_items(self, admission_no: str, first_on: date, last_on: date) -> list[StayItem]:
        asked = (admission_no, first_on, last_on)
        return await self.found(mapping.item, _ITEMS, *asked, key=lambda one: (one.charged_on, one.line_no))

    async def cost_days(self, admission_no: str) -> list[CostDay]:
        return await self.found(mapping.day, _DAYS, admission_no, key=lambda one: one.charged_on)

    async def cost_categories(self, admission_no: str) -> list[CostCategory]:
        return await self.found(
            mapping.category, _CATEGORIES, admission_no, key=lambda one: (one.category_code, one.category)
        )

    async def deposits(self, admission_no: str) -> list[Deposit]:
        deposit = partial(mapping.deposit, admission_no=admission_no)
        return await self.found(deposit, _DEPOSITS, admission_no, key=lambda one: one.reference)

    async def post_deposit(
        self, reference: str, admission_no: str, amount_fen: Fen, payment_no: str, means: str, paid_at: datetime
    ) -> Outcome:
        paid = (amount_fen, payment_no, means, paid_at)
        return await self.posted(mapping.outcome, self.ask_deposit, "posted", _POST, reference, admission_no, *paid)

    async def reverse_deposit(self, reference: str) -> Outcome:
        return await self.changed(mapping.outcome, _REVERSE, reference)

    async def return_deposit(self, reference: str, deposit_reference: str, amount_fen: Fen) -> Outcome:
        back = (deposit_reference, amount_fen)
        return await self.posted(mapping.outcome, self.ask_deposit, "posted", _RETURN, reference, *back)

    async def ask_deposit(self, reference: str) -> Answer:
        return await self.told(mapping.answer, _DEPOSIT, reference)

    async def deposit_postings(self, since: datetime, until: datetime) -> list[Deposit]:
        return await self.found(_posting, _POSTINGS, since, until, key=lambda one: one.reference)


def _posting(row: Row) -> Deposit:
    return mapping.deposit(row, row["admission_no"] or "")
