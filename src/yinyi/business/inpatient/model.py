"""Stays in a ward, what they cost, and the deposits for them. Plain data."""

from datetime import date, datetime
from typing import Literal

import msgspec

from yinyi.kernel.money import Fen

StayState = Literal["admitted", "discharged", "settled"]


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """A patient's stay (住院).

    charged_on: the last day whose costs are in. left_fen: deposits less costs; below 0 it is owed.
    settlement_no: of the discharge statement, once it is settled.
    """

    admission_no: str
    patient_no: str
    name: str
    ward_id: str
    ward: str
    ward_en: str
    place: str
    bed: str
    department_id: str
    practitioner_id: str
    practitioner: str
    diagnosis: str
    admitted_at: datetime
    discharged_at: datetime | None
    settled_at: datetime | None
    settlement_no: str
    state: StayState
    charged_on: date
    cost_fen: Fen
    deposit_fen: Fen
    left_fen: int


class StayItem(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a day's list."""

    charged_on: date
    line_no: int
    item_code: str
    category_code: str
    category: str
    name: str
    name_en: str
    unit: str
    quantity: int
    price_fen: Fen
    amount_fen: Fen


class CostDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day's total, and the total up to it."""

    charged_on: date
    amount_fen: Fen
    running_fen: Fen
    item_count: int


class CostCategory(msgspec.Struct, frozen=True, kw_only=True):
    """What a whole stay costs of one kind."""

    category_code: str
    category: str
    category_en: str
    amount_fen: Fen


class Deposit(msgspec.Struct, frozen=True, kw_only=True):
    """Money for a stay, or back from it: a return names the deposit that it gives back some of.

    reference: ours where source is ``platform``. returned_fen: what has been given back of it.
    """

    reference: str
    admission_no: str
    kind: Literal["deposit", "return"]
    of_reference: str
    state: Literal["posted", "reversed"]
    amount_fen: Fen
    returned_fen: Fen
    source: Literal["platform", "window"]
    means: str
    payment_no: str
    receipt_no: str
    made_at: datetime
