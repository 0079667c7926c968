"""Outpatient bills: what is to be paid, what is charged by each, paying some of them, and what was paid before."""

from datetime import date, datetime
from typing import Literal

from yinyi.business.billing.messages import InvoiceView, PaidInvoice
from yinyi.business.billing.model import InvoiceLine
from yinyi.interface.journeys.views import PaidBy, Part, Printing, Subject, View
from yinyi.interface.journeys.views_fiscal import PaidView
from yinyi.interface.journeys.views_reports import PrinterState

BillNews = Literal[
    "changed",  # the hospital has changed one of them since the page was made
    "paid",  # one of them is paid already
    "cancelled",
    "busy",  # somebody else is just paying one of them
    "unknown",  # the hospital has no such bill of this patient's
    "late",  # nobody paid in time
]
"""What became of the last wish to pay; nothing was taken."""


class BillRow(Part, frozen=True, kw_only=True):
    """A bill that can be chosen or not. here: it was pressed last. but: what is asked for when it is pressed."""

    invoice: InvoiceView
    chosen: bool
    here: bool = False
    but: str


class BillsView(View, frozen=True, kw_only=True):
    """Which bills? Those that somebody pays just now cannot be chosen.

    busy: of those that cannot, under_way: in this payment of the patient's own; empty: in another's. total_fen: of the
    chosen ones. sent: they, with their versions, as the form sends them. more: older ones are not listed.
    after: the version of what was scanned last when the page was made: a newer one is a request form.
    """

    rows: tuple[BillRow, ...]
    busy: tuple[InvoiceView, ...] = ()
    under_way: str = ""
    total_fen: int
    sent: str
    more: bool = False
    news: BillNews | None = None
    after: int = 0
    key: str

    @property
    def count(self) -> int:
        """How many are chosen."""
        return sum(row.chosen for row in self.rows)


class BillView(View, frozen=True, kw_only=True):
    """One bill and what is charged by it. payable: it can be paid here and now; sent: as the form sends it.

    alone: it was opened by its request form, so that there is no list to go back to. prints: it is paid, and can be
    printed here.
    """

    invoice: InvoiceView
    lines: tuple[InvoiceLine, ...]
    payable: bool
    sent: str
    alone: bool = False
    prints: bool = False
    news: BillNews | None = None
    key: str


class NoFormView(View, frozen=True, kw_only=True):
    """What was held under the scanner is no request form of this hospital. many: too many were tried here. gone: it is
    one, and its bill is not there any more."""

    many: bool = False
    gone: bool = False
    after: int = 0
    key: str


class BillsCheckView(View, frozen=True, kw_only=True):
    """Everything right? Then money. pay_by: so long they can be paid.

    parts: what is paid of it already, owed_fen: what is not. account_fen: so much of that the prepaid account could
    pay; 0: there is nothing on it. divisible: a part of it can be paid by phone. problem: why the last try to pay
    ended.
    """

    payment_no: str
    subject: Subject
    invoices: tuple[PaidInvoice, ...]
    amount_fen: int
    owed_fen: int
    parts: tuple[PaidBy, ...] = ()
    account_fen: int = 0
    divisible: bool = False
    pay_by: datetime
    problem: Literal["declined", "expired", "unavailable", "paid_late"] | None = None
    key: str


class BillsDoneView(PaidView, frozen=True, kw_only=True):
    """They are paid. places, places_en: where to go with them, as the hospital says. ``printing`` None: nothing is
    printed by itself, because it was done some time ago."""

    payment_no: str
    ask_no: str
    subject: Subject
    count: int
    amount_fen: int
    parts: tuple[PaidBy, ...]
    receipt_no: str
    places: tuple[str, ...]
    places_en: tuple[str, ...]
    printing: Printing | None = None
    key: str


class FeesView(View, frozen=True, kw_only=True):
    """What was paid, newest first. until: up to this day; None: to today. earlier: what was before is asked for by this
    day; None: nothing was. complete: False: the hospital does not answer, these are kept copies. prints: lists can be
    printed here."""

    fees: tuple[InvoiceView, ...]
    until: date | None = None
    earlier: date | None = None
    complete: bool = True
    prints: bool = False


FeeNews = Literal["none", "many"]
"""Why they cannot be printed: nothing was paid in these days, or too much for one list."""


class DaysChoice(Part, frozen=True, kw_only=True):
    """Days that a list can be printed of, both included. name: ``month``, ``quarter``, ``year``, ``last_year``, or the
    number of a year."""

    name: str
    first_on: date
    last_on: date


class FeeDaysView(View, frozen=True, kw_only=True):
    """A list of which days? printer: of sheets."""

    choices: tuple[DaysChoice, ...]
    printer: PrinterState
    news: FeeNews | None = None
    key: str
