"""Inpatients: a stay, the deposits for it, what it costs, and what is left of it."""

from datetime import date, datetime
from typing import Literal

from yinyi.business.inpatient.messages import StayView
from yinyi.business.inpatient.model import CostCategory, CostDay, StayItem
from yinyi.interface.journeys.views import Part, Printing, Subject, View
from yinyi.interface.journeys.views_account import Back
from yinyi.kernel.means import TenderName


class InpatientView(View, frozen=True, kw_only=True):
    """One stay and what can be done for it; None: there is none. others: how many more there are."""

    stay: StayView | None
    others: int = 0


class StaysView(View, frozen=True, kw_only=True):
    """Which stay?"""

    stays: tuple[StayView, ...]


class DepositAmountView(View, frozen=True, kw_only=True):
    """How much? fewer: amounts in elder mode. typing: on the number pad. wrong: that amount cannot be paid."""

    stay: StayView
    amounts: tuple[int, ...]
    fewer: tuple[int, ...]
    typing: bool = False
    typed: str = ""
    wrong: bool = False
    from_fen: int
    to_fen: int
    key: str


class DepositCheckView(View, frozen=True, kw_only=True):
    """Everything right? Then money. pay_by: so long it can be paid. problem: why the last try to pay ended."""

    payment_no: str
    admission_no: str
    ward: str
    ward_en: str
    bed: str
    amount_fen: int
    pay_by: datetime
    problem: Literal["declined", "expired", "unavailable", "paid_late"] | None = None
    key: str


class DepositDoneView(View, frozen=True, kw_only=True):
    """The hospital has it. left_fen: deposits less costs then; None: the hospital does not say. ``printing`` None:
    nothing is printed by itself, because it was done some time ago."""

    payment_no: str
    ask_no: str
    subject: Subject
    admission_no: str
    amount_fen: int
    left_fen: int | None
    tender: TenderName
    printing: Printing | None = None
    key: str


MEANS = ("wechatpay", "alipay", "bank_card", "social_security_card", "public_card", "cash", "other")
"""What the hospital may say of a deposit and pages have words of."""


class DepositRow(Part, frozen=True, kw_only=True):
    """A deposit, or what went back of one."""

    kind: Literal["deposit", "return"]
    at: datetime
    amount_fen: int
    means: str
    at_window: bool


class DepositsView(View, frozen=True, kw_only=True):
    """Newest first."""

    stay: StayView
    rows: tuple[DepositRow, ...]


class CostDaysView(View, frozen=True, kw_only=True):
    """What each day costs, with the total up to it; the last day first."""

    stay: StayView
    days: tuple[CostDay, ...]


class CostDayView(View, frozen=True, kw_only=True):
    """One day's list. earlier, later: the days before and after it that have one. prints: it can be printed here."""

    stay: StayView
    day: CostDay
    categories: tuple[CostCategory, ...]
    items: tuple[StayItem, ...]
    earlier: date | None = None
    later: date | None = None
    prints: bool = False
    key: str = ""


class StatementView(View, frozen=True, kw_only=True):
    """The statement of a settled stay. paid_fen: deposits; returned_fen: what went back of them. prints: it can be
    printed here."""

    stay: StayView
    categories: tuple[CostCategory, ...]
    days: int
    paid_fen: int
    returned_fen: int
    prints: bool = False
    key: str = ""


class ReturnView(View, frozen=True, kw_only=True):
    """What goes back where, what needs the window; then, what has become of it.

    parts: to be given back, sum_fen together. at_window_fen: only the window pays it out. given: asked back before.
    changed: it is not as it was shown before.
    """

    stay: StayView
    left_fen: int
    parts: tuple[Back, ...]
    sum_fen: int
    at_window_fen: int
    given: tuple[Back, ...] = ()
    changed: bool = False
    key: str
