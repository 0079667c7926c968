"""The addresses of the journeys, in one place. A skin puts its own base before them: ``/kiosk``, ``/m``.

GET unless said otherwise. Every POST carries ``csrf``; those that change something also ``key``. A POST answers
303 to a page. Field names are in brackets.
"""

from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import Final, TypeVar, cast
from urllib.parse import quote

HOME: Final = "/"
"""GET ?page=2: services that the first page has no room for."""
IDENTIFY: Final = "/identify"
NUMBER: Final = "/identify/number"
"""GET the number pad ?scanned=… (the number that was scanned after this version) · POST [stage, number, proof]:
``number`` goes on to ``proof``, which identifies."""
IDENTIFY_CARD: Final = "/identify/card"
"""GET a card in the card terminal · POST: have one read."""
IDENTIFY_NO_CARD: Final = "/identify/no-card"
"""POST: no such card after all; goes back to identify."""
CODE: Final = "/code"
"""GET ?is=…&after=… · POST [after, kind, expects]: what the scanner has read after this version; ``expects``: what the
page asks for, if it may be nothing else."""
WHO: Final = "/identify/who"
"""GET which of two patients · POST [choice]."""
FIRST_VISIT: Final = "/first-visit"
"""GET · POST [stage, phone, skip, change]: stage ``phone`` goes on to ``confirm`` (``skip``: has no phone), which makes
the record; with ``change`` it goes back to the phone number."""
CHILDREN: Final = "/children"
"""GET for whom is it · POST [child_id]: empty: for himself."""
CHILD: Final = "/children/new"
"""GET by which document ?not=… · POST [stage, document, number, name, spelt, pick, sex, born, …]: one thing after the
other, then whether it is this child."""
CHILD_CONSENT: Final = "/children/agree"
"""POST [ticket, relation]: takes the child on; goes on for it."""
CHILD_LEAVE: Final = "/children/leave"
"""GET for whom he does not act any more · POST [child_id]: asks once · POST [child_id, sure]: does it."""
REGISTER: Final = "/register"
"""GET: goes to identify or to departments."""
DEPARTMENTS: Final = "/register/departments"
"""GET ?by=common|floor|initial&at=…"""
DOCTORS: Final = "/register/doctors/{department_id}"
"""GET ?session=morning|afternoon|night."""
DOCTOR: Final = "/register/doctors/{department_id}/{schedule_id}"
HOLD: Final = "/register/hold"
"""POST [department_id, schedule_id]: takes a number and goes to check."""
BOOK: Final = "/book"
"""GET: goes to identify or to the departments."""
BOOK_DEPARTMENTS: Final = "/book/departments"
"""GET ?by=common|floor|initial&at=…"""
BOOK_HOLD: Final = "/book/hold"
"""POST [department_id, schedule_id, on, slot_id]: takes a number and goes to check, or to done."""
BOOK_DAYS: Final = "/book/{department_id}"
BOOK_DAY: Final = "/book/{department_id}/{on}"
"""GET ?session=morning|afternoon|night."""
BOOK_TIMES: Final = "/book/{department_id}/{on}/{schedule_id}"
CHECK_IN: Final = "/check-in"
"""GET this patient's bookings."""
CHECK_IN_SCAN: Final = "/check-in/scan"
"""POST [after]: check in with the slip that the scanner has just read."""
BOOKING: Final = "/check-in/{booking_no}"
"""GET ?cancel=1 ?late=1 · POST: the patient is here."""
BOOKING_CANCEL: Final = "/check-in/{booking_no}/cancel"
"""POST."""
SLIP: Final = "/slip"
"""GET ?news=…&on=…: the slip that was scanned opens nothing · POST [after]: the booking of the slip that the scanner
has just read."""
ARRIVAL: Final = "/slip/{booking_no}"
"""GET · POST: the patient of the slip is here."""
CHANGED_VISITS: Final = "/changed"
"""GET what the hospital has changed · POST [payment_no, then]."""
CHECK: Final = "/register/check/{payment_no}"
RELEASE: Final = "/register/release/{payment_no}"
"""POST: "not right, choose again": gives the number back."""
PAY: Final = "/pay/{payment_no}"
"""GET · POST: start paying (shows a code)."""
SCAN: Final = "/pay/{payment_no}/scan"
"""POST [after]: pay by the code that the scanner has just read; comes back to the payment (``?other=1``: it was
none)."""
CARD: Final = "/pay/{payment_no}/card"
"""POST: have a card read at the card terminal; comes back to the payment."""
NO_CARD: Final = "/pay/{payment_no}/no-card"
"""POST: no card after all; comes back to the payment."""
PART: Final = "/pay/{payment_no}/part"
"""GET: how much of it by phone now, the rest by another means."""
CANCEL: Final = "/pay/{payment_no}/cancel"
"""POST: leave the payment; goes to what became of it."""
HOLD_SLIP: Final = "/pay/{payment_no}/hold-slip"
"""GET the page · POST: keep the number, print the slip for the window."""
DONE: Final = "/done/{payment_no}"
TROUBLE: Final = "/trouble/{payment_no}"
PRINT: Final = "/print/{payment_no}"
"""POST: print this payment's slip (again); comes back to the page."""
RECEIPT: Final = "/receipt/{payment_no}"
"""GET the electronic receipt of a payment · POST: print it; comes back to the page."""
RECEIPT_FILE: Final = "/receipt/{payment_no}/file"
"""GET ?at=2: a page of its file, large."""
RECEIPT_PAGE: Final = "/receipt/{payment_no}/file/{nth}"
"""GET the picture of that page."""
RECEIPTS: Final = "/receipts"
REPRINT: Final = "/reprint"
"""GET · POST [document_no]."""
FIND_PAYMENT: Final = "/payments"
PAYMENT_NEWS: Final = "/payments/news"
"""GET what became of payments after their payer had gone."""
CARDS: Final = "/cards"
"""GET ?unbind=… · POST [credential_id]: take one off."""
BIND_CARD: Final = "/cards/bind"
"""POST: have a card read that is to be bound; goes to how far that is."""
BINDING: Final = "/cards/bind/{request_id}"
NO_BINDING: Final = "/cards/no-card"
"""POST: no card after all; goes back to the cards."""
CARD_BALANCE: Final = "/card-balance"
"""GET what it is for · POST: have a public card read; goes to what is left on it."""
BALANCE_OF_CARD: Final = "/card-balance/{ticket}"
NO_BALANCE: Final = "/card-balance/no-card"
"""POST: no card after all; goes back."""
FORM: Final = "/request-form"
"""GET ?news=…: what was scanned opens nothing · POST [after]: the bill of the request form that the scanner has just
read."""
BILLS: Final = "/bills"
"""GET ?but=… (all are chosen but those) ?news=… · POST [chosen, form]: opens a payment and goes to check."""
BILL: Final = "/bills/{invoice_no}"
"""GET ?form=1: opened by its request form · POST: print it, once it is paid; goes to how the printing goes."""
FEES: Final = "/fees"
"""GET ?until=2026-11-23."""
PRINT_FEES: Final = "/fees/print"
"""GET which days ?news=… (why they cannot be printed) · POST [days]: print their list; goes to how the printing
goes."""
ACCOUNT: Final = "/account"
TOP_UP: Final = "/account/top-up"
"""GET ?typed=1 · POST [yuan]: opens a payment and goes to check."""
WITHDRAW: Final = "/account/withdraw"
"""GET what goes back where · POST [amount_fen]: gives it back."""
INPATIENT: Final = "/inpatient"
"""GET the newest stay · ?all=1: all of them."""
STAY: Final = "/inpatient/{admission_no}"
DEPOSIT: Final = "/inpatient/{admission_no}/deposit"
"""GET ?typed=1 · POST [yuan]: opens a payment and goes to check."""
DEPOSITS: Final = "/inpatient/{admission_no}/deposits"
COSTS: Final = "/inpatient/{admission_no}/costs"
COSTS_OF_DAY: Final = "/inpatient/{admission_no}/costs/{on}"
"""GET · POST: print it."""
STATEMENT: Final = "/inpatient/{admission_no}/statement"
"""GET · POST: print it."""
DEPOSIT_RETURN: Final = "/inpatient/{admission_no}/return"
"""GET what goes back where · POST [amount_fen]: gives it back."""
REPORTS: Final = "/reports"
"""GET ?until=2024-05-31 (asked for on this day at the latest)."""
TUBE: Final = "/reports/tube"
"""POST [after]: what is tested out of the tube whose barcode the scanner has just read; ``IDENTIFY?tube=…``: none."""
PRINT_REPORTS: Final = "/reports/print"
"""POST [order_nos]: print them (spaces between); goes to how the printing goes."""
REPORT: Final = "/reports/{order_no}"
"""GET ?printed=1 (it cannot be printed a second time here)."""
PICTURES: Final = "/reports/{order_no}/pictures"
"""GET ?at=2: one of them, large."""
PICTURE: Final = "/reports/{order_no}/pictures/{nth}"
"""GET the file ?small=1 (for a row of them)."""
TREND: Final = "/reports/{order_no}/trend"
"""GET ?of=… (which value)."""
SHEETS: Final = "/sheets/{document_nos}"
"""GET how their printing goes (dots between)."""
MAINTENANCE: Final = "/maintenance"
"""GET ?lock=1 · POST [act, because]: for staff, with their card and its PIN."""
MAINTENANCE_PIN: Final = "/maintenance/pin"
"""POST [pin]."""
HELP: Final = "/help"
"""GET the page · POST: call staff."""
FINISH: Final = "/finish"
"""POST: end the session, wipe everything, home."""
SETTINGS: Final = "/settings"
"""POST [language | mode | theme | reach, here]: goes back to ``here``."""
EVENTS: Final = "/events"
"""Server-sent events: ``refresh``."""

_ADDRESS = TypeVar("_ADDRESS", bound=Callable[..., str])


def remembered(address: _ADDRESS) -> _ADDRESS:
    """Of what stands many times on a page, and is the same for everybody: a calendar has thirty days."""
    return cast(_ADDRESS, lru_cache(maxsize=4096)(address))


class Paths:
    """The addresses under one base, for templates: ``paths.doctors("D01")``."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.home = base + HOME
        self.identify = base + IDENTIFY
        self.number = base + NUMBER
        self.identify_card = base + IDENTIFY_CARD
        self.identify_no_card = base + IDENTIFY_NO_CARD
        self.code = base + CODE
        self.who = base + WHO
        self.first_visit = base + FIRST_VISIT
        self.children = base + CHILDREN
        self.child = base + CHILD
        self.child_consent = base + CHILD_CONSENT
        self.child_leave = base + CHILD_LEAVE
        self.register = base + REGISTER
        self.departments = base + DEPARTMENTS
        self.hold = base + HOLD
        self.book = base + BOOK
        self.book_departments = base + BOOK_DEPARTMENTS
        self.book_hold = base + BOOK_HOLD
        self.check_in = base + CHECK_IN
        self.check_in_scan = base + CHECK_IN_SCAN
        self.slip = base + SLIP
        self.changed_visits = base + CHANGED_VISITS
        self.reprint = base + REPRINT
        self.find_payment = base + FIND_PAYMENT
        self.payment_news = base + PAYMENT_NEWS
        self.cards = base + CARDS
        self.bind_card = base + BIND_CARD
        self.no_binding = base + NO_BINDING
        self.card_balance = base + CARD_BALANCE
        self.no_balance = base + NO_BALANCE
        self.form = base + FORM
        self.bills = base + BILLS
        self.fees = base + FEES
        self.receipts = base + RECEIPTS
        self.print_fees = base + PRINT_FEES
        self.account = base + ACCOUNT
        self.top_up = base + TOP_UP
        self.withdraw = base + WITHDRAW
        self.inpatient = base + INPATIENT
        self.reports = base + REPORTS
        self.tube = base + TUBE
        self.print_reports = base + PRINT_REPORTS
        self.maintenance = base + MAINTENANCE
        self.maintenance_pin = base + MAINTENANCE_PIN
        self.help = base + HELP
        self.finish = base + FINISH
        self.settings = base + SETTINGS
        self.events = base + EVENTS

    def service(self, name: str) -> str:
        """Where a service of the first page begins; empty: nowhere here."""
        found = vars(self).get(name)
        return found if isinstance(found, str) else ""

    def services(self, page: int) -> str:
        """A page of services, from 1."""
        return f"{self.home}?page={page}" if page > 1 else self.home

    @remembered
    def doctors(self, department_id: str) -> str:
        return self._at(DOCTORS, department_id=department_id)

    @remembered
    def doctor(self, department_id: str, schedule_id: str) -> str:
        return self._at(DOCTOR, department_id=department_id, schedule_id=schedule_id)

    @remembered
    def book_days(self, department_id: str) -> str:
        return self._at(BOOK_DAYS, department_id=department_id)

    @remembered
    def book_day(self, department_id: str, on: date) -> str:
        return self._at(BOOK_DAY, department_id=department_id, on=on.isoformat())

    @remembered
    def book_times(self, department_id: str, on: date, schedule_id: str) -> str:
        return self._at(BOOK_TIMES, department_id=department_id, on=on.isoformat(), schedule_id=schedule_id)

    def booking(self, booking_no: str) -> str:
        return self._at(BOOKING, booking_no=booking_no)

    def booking_cancel(self, booking_no: str) -> str:
        return self._at(BOOKING_CANCEL, booking_no=booking_no)

    def arrival(self, booking_no: str) -> str:
        return self._at(ARRIVAL, booking_no=booking_no)

    def check(self, payment_no: str) -> str:
        return self._at(CHECK, payment_no=payment_no)

    def release(self, payment_no: str) -> str:
        return self._at(RELEASE, payment_no=payment_no)

    def pay(self, payment_no: str) -> str:
        return self._at(PAY, payment_no=payment_no)

    def scan(self, payment_no: str) -> str:
        return self._at(SCAN, payment_no=payment_no)

    def card(self, payment_no: str) -> str:
        return self._at(CARD, payment_no=payment_no)

    def no_card(self, payment_no: str) -> str:
        return self._at(NO_CARD, payment_no=payment_no)

    def part(self, payment_no: str) -> str:
        return self._at(PART, payment_no=payment_no)

    def cancel(self, payment_no: str) -> str:
        return self._at(CANCEL, payment_no=payment_no)

    def hold_slip(self, payment_no: str) -> str:
        return self._at(HOLD_SLIP, payment_no=payment_no)

    def done(self, payment_no: str) -> str:
        return self._at(DONE, payment_no=payment_no)

    def trouble(self, payment_no: str) -> str:
        return self._at(TROUBLE, payment_no=payment_no)

    def print(self, payment_no: str) -> str:
        return self._at(PRINT, payment_no=payment_no)

    def bill(self, invoice_no: str) -> str:
        return self._at(BILL, invoice_no=invoice_no)

    def receipt(self, payment_no: str) -> str:
        return self._at(RECEIPT, payment_no=payment_no)

    def receipt_file(self, payment_no: str, nth: int = 1) -> str:
        at = self._at(RECEIPT_FILE, payment_no=payment_no)
        return at if nth == 1 else f"{at}?at={nth}"

    def receipt_page(self, payment_no: str, nth: int) -> str:
        return self._at(RECEIPT_PAGE, payment_no=payment_no, nth=f"{nth}")

    def binding(self, request_id: str) -> str:
        return self._at(BINDING, request_id=request_id)

    def balance_of_card(self, ticket: str) -> str:
        return self._at(BALANCE_OF_CARD, ticket=ticket)

    def stay(self, admission_no: str) -> str:
        return self._at(STAY, admission_no=admission_no)

    def deposit(self, admission_no: str) -> str:
        return self._at(DEPOSIT, admission_no=admission_no)

    def deposits(self, admission_no: str) -> str:
        return self._at(DEPOSITS, admission_no=admission_no)

    def costs(self, admission_no: str) -> str:
        return self._at(COSTS, admission_no=admission_no)

    def costs_of_day(self, admission_no: str, on: date) -> str:
        return self._at(COSTS_OF_DAY, admission_no=admission_no, on=on.isoformat())

    def statement(self, admission_no: str) -> str:
        return self._at(STATEMENT, admission_no=admission_no)

    def deposit_return(self, admission_no: str) -> str:
        return self._at(DEPOSIT_RETURN, admission_no=admission_no)

    def report(self, order_no: str) -> str:
        return self._at(REPORT, order_no=order_no)

    def pictures(self, order_no: str, nth: int) -> str:
        return f"{self._at(PICTURES, order_no=order_no)}?at={nth}"

    def picture(self, order_no: str, nth: int) -> str:
        return self._at(PICTURE, order_no=order_no, nth=f"{nth}")

    def trend(self, order_no: str, analyte_code: str) -> str:
        return f"{self._at(TREND, order_no=order_no)}?of={_quoted(analyte_code)}"

    def sheets(self, document_nos: Iterable[str]) -> str:
        return self.base + SHEETS.format(document_nos=".".join(map(_quoted, document_nos)))

    def _at(self, path: str, **parts: str) -> str:
        return self.base + path.format(**{name: _quoted(part) for name, part in parts.items()})


def _quoted(part: str) -> str:
    return part if part.isascii() and part.isalnum() else quote(part, safe="")
