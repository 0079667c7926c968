"""What each page shows: plain facts, no words of any language. A page's template finds the words. Here is what all
pages share; each journey has its own in ``views_*.py``.

Instants are timezone-aware; pages show them in the hospital's zone. Amounts are fen. Names and numbers of people
arrive here already masked. ``key`` is the idempotency key of the page's form: it is made when the page is rendered,
so that pressing twice sends the same key twice.
"""

from datetime import date, datetime, time
from typing import Literal

import msgspec

from yinyi.kernel.means import MeansWords, TenderName

Language = Literal["zh-CN", "en"]
Mode = Literal["normal", "elder"]
Theme = Literal["light", "contrast"]
Reach = Literal["normal", "low"]
StepName = Literal["department", "day", "doctor", "bills", "amount", "check", "pay", "take"]
SessionName = Literal["morning", "afternoon", "night"]
Title = Literal["chief", "associate_chief", "attending", "resident"]
CARDS: tuple[TenderName, ...] = ("bank_card", "social_security_card", "public_card")
"""Read by the card terminal. Whatever else is paid by is an app on the phone, but the prepaid account, and
``institution``: not here, at a bank."""
Printing = Literal["printing", "printed", "paper_out", "failed", "offline"]
"""How the paper is doing: under way, out, no paper, broken, or the printer does not answer."""

REGISTER_STEPS: tuple[StepName, ...] = ("department", "doctor", "check", "pay", "take")
BOOK_STEPS: tuple[StepName, ...] = ("department", "day", "doctor", "check", "pay")
CHECK_IN_STEPS: tuple[StepName, ...] = ("check", "pay", "take")
TOP_UP_STEPS: tuple[StepName, ...] = ("amount", "check", "pay", "take")
BILL_STEPS: tuple[StepName, ...] = ("bills", "check", "pay", "take")


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What one page shows."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a page."""


class Counter(Part, frozen=True, kw_only=True):
    """A place with people in it: a window, the triage desk.

    open_until: somebody is there until then; None: not known, or round the clock.
    opens_at: nobody is there before then; pages say so wherever they name it.
    """

    name: str
    name_en: str
    open_until: time | None = None
    opens_at: time | None = None


class Subject(Part, frozen=True, kw_only=True):
    """What is being paid for, as every page of a payment and every list says it.

    purpose: whose words the pages use (``word.about``). name, name_en: a clinic, for example; empty: what the purpose
    is called. who: a person, in Chinese. on, session: when, where it has a time. number: in the queue; 0: none.
    again: the address where it can be begun anew.
    """

    purpose: str
    name: str = ""
    name_en: str = ""
    who: str = ""
    on: date | None = None
    session: SessionName | None = None
    number: int = 0
    again: str


class PaidBy(Part, frozen=True, kw_only=True):
    """So much was paid by this means."""

    tender: TenderName
    amount_fen: int


class PatientChip(Part, frozen=True, kw_only=True):
    """The person in front of the screen, masked: ``张*国``, 68, last digits of the hospital number. guardian: who
    acts for him, a child; empty: nobody."""

    name: str
    age: int | None
    number_tail: str
    guardian: str = ""


class Chrome(Part, frozen=True, kw_only=True):
    """What is around every page.

    now: the instant the page is made, in the hospital's zone.
    here: address of the page, where a switch of language or size comes back to.
    events: address of the page's server-sent events; on ``refresh`` the page asks for itself again. Empty: none.
    line_ok: False shows the banner that the line to the platform is gone.
    idle_s: None: as long as the page's kind allows; a number: that long.
    can_time_out: False while a payment or a print runs.
    card_in_reader: a card lies in the reader, so the last pages say "please take it".
    pay_card_in: a card is in the card terminal, and it is not needed there any more.
    offer_elder: the card says 65 or more and nobody was asked yet: a sheet offers larger text (answer: SETTINGS mode).
    steps: the named steps of the journey; the page knows which one it is.
    means: what means of payment are called that pages have no words of.
    window: where people help with payments and registrations.
    triage: where people help to choose: nurses at their desk, and the window while nobody sits there.
    """

    hospital: str
    hospital_en: str
    terminal: str
    place: str
    place_en: str
    now: datetime
    here: str
    csrf: str
    window: Counter
    triage: Counter
    language: Language = "zh-CN"
    mode: Mode = "normal"
    theme: Theme = "light"
    reach: Reach = "normal"
    patient: PatientChip | None = None
    steps: tuple[StepName, ...] = ()
    events: str = ""
    line_ok: bool = True
    idle_s: int | None = None
    can_time_out: bool = True
    card_in_reader: bool = False
    pay_card_in: bool = False
    offer_elder: bool = False
    means: tuple[MeansWords, ...] = ()
