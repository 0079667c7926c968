"""The addresses of the journeys, in one place. A skin puts its own base before them: ``/kiosk``, ``/m``.

GET unless said otherwise. Every POST carries ``csrf``; those that change something also ``key``. A POST answers
303 to a page. Field names are in brackets.
"""

from datetime import date
from typing import Final
from urllib.parse import quote

HOME: Final = "/"
"""GET ?page=2: services that the first page has no room for."""
IDENTIFY: Final = "/identify"
NUMBER: Final = "/identify/number"
"""GET the number pad · POST [stage, number, proof]: ``number`` goes on to ``proof``, which identifies."""
IDENTIFY_CARD: Final = "/identify/card"
"""GET a card in the card terminal · POST: have one read."""
IDENTIFY_NO_CARD: Final = "/identify/no-card"
"""POST: no such card after all; goes back to identify."""
WHO: Final = "/identify/who"
"""GET which of two patients · POST [choice]."""
FIRST_VISIT: Final = "/first-visit"
"""GET · POST [stage, phone, skip, change]: stage ``phone`` goes on to ``confirm`` (``skip``: has no phone), which makes
the record; with ``change`` it goes back to the phone number."""
REGISTER: Final = "/register"
"""GET: goes to identify or to departments."""
DEPARTMENTS: Final = "/register/departments"
"""GET ?by=common|floor|initial&at=…"""
DOCTORS: Final = "/register/doctors/{department_id}"
"""GET ?session=morning|afternoon|night."""
DOCTOR: Final = "/register/doctors/{department_id}/{schedule_id}"
HOLD: Final = "/register/hold"
"""POST [department_id, schedule_id]: takes a number and goes to check."""
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
CANCEL: Final = "/pay/{payment_no}/cancel"
"""POST: leave the payment; goes to what became of it."""
HOLD_SLIP: Final = "/pay/{payment_no}/hold-slip"
"""GET the page · POST: keep the number, print the slip for the window."""
DONE: Final = "/done/{payment_no}"
TROUBLE: Final = "/trouble/{payment_no}"
PRINT: Final = "/print/{payment_no}"
"""POST: print this payment's slip (again); comes back to the page."""
REPRINT: Final = "/reprint"
"""GET · POST [document_no]."""
FIND_PAYMENT: Final = "/payments"
CARDS: Final = "/cards"
"""GET ?unbind=… · POST [credential_id]: take one off."""
BIND_CARD: Final = "/cards/bind"
"""POST: have a card read that is to be bound; goes to how far that is."""
BINDING: Final = "/cards/bind/{request_id}"
NO_BINDING: Final = "/cards/no-card"
"""POST: no card after all; goes back to the cards."""
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
STATEMENT: Final = "/inpatient/{admission_no}/statement"
DEPOSIT_RETURN: Final = "/inpatient/{admission_no}/return"
"""GET what goes back where · POST [amount_fen]: gives it back."""
HELP: Final = "/help"
"""GET the page · POST: call staff."""
FINISH: Final = "/finish"
"""POST: end the session, wipe everything, home."""
SETTINGS: Final = "/settings"
"""POST [language | mode | theme | reach, here]: goes back to ``here``."""
EVENTS: Final = "/events"
"""Server-sent events: ``refresh``."""


class Paths:
    """The addresses under one base, for templates: ``paths.doctors("D01")``."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.home = base + HOME
        self.identify = base + IDENTIFY
        self.number = base + NUMBER
        self.identify_card = base + IDENTIFY_CARD
        self.identify_no_card = base + IDENTIFY_NO_CARD
        self.who = base + WHO
        self.first_visit = base + FIRST_VISIT
        self.register = base + REGISTER
        self.departments = base + DEPARTMENTS
        self.hold = base + HOLD
        self.reprint = base + REPRINT
        self.find_payment = base + FIND_PAYMENT
        self.cards = base + CARDS
        self.bind_card = base + BIND_CARD
        self.no_binding = base + NO_BINDING
        self.account = base + ACCOUNT
        self.top_up = base + TOP_UP
        self.withdraw = base + WITHDRAW
        self.inpatient = base + INPATIENT
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

    def doctors(self, department_id: str) -> str:
        return self._at(DOCTORS, department_id=department_id)

    def doctor(self, department_id: str, schedule_id: str) -> str:
        return self._at(DOCTOR, department_id=department_id, schedule_id=schedule_id)

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

    def binding(self, request_id: str) -> str:
        return self._at(BINDING, request_id=request_id)

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

    def _at(self, path: str, **parts: str) -> str:
        return self.base + path.format(**{name: _quoted(part) for name, part in parts.items()})


def _quoted(part: str) -> str:
    return part if part.isascii() and part.isalnum() else quote(part, safe="")
