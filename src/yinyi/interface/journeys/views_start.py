"""The first page, and finding out who it is."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from yinyi.business.identity.model import CredentialKind
from yinyi.business.terminals.media import CodeKind
from yinyi.business.terminals.model import ServiceName
from yinyi.interface.journeys.views import Part, View
from yinyi.interface.journeys.views_cards import CardKind


class HomeView(View, frozen=True, kw_only=True):
    """The first page: what can be done here. page: from 1, where it is too much for one.

    shut: which of them cannot be had just now, and when each opens; None: nobody knows. tops_up: prepaid accounts take
    money, and do not only give it back. after: the version of what was scanned before.
    """

    services: tuple[ServiceName, ...]
    page: int = 1
    shut: Mapping[ServiceName, datetime | None] = {}
    tops_up: bool = True
    after: int = 0
    key: str = ""


IdentifyProblem = Literal[
    "unreadable",  # the reader saw a card and could not read it
    "bad_check_digit",
    "unknown_number",  # no patient has this hospital number
    "window_only",  # a medium that only a window may take (passport)
    "reader_down",
    "too_many_tries",
    "unknown_tube",  # what was scanned is no tube of this hospital
    "code_unreadable",  # an insurance code
    "code_expired",
    "code_used",
    "code_foreign",  # it is not served here
    "code_away",  # none can be read just now
    "cards_away",  # no card can be read in the card terminal just now
]


class IdentifyView(View, frozen=True, kw_only=True):
    """Lay the card on the reader. kinds: of cards that can be inserted in the card terminal instead; empty: none.
    expects: a code that can be held under the scanner instead, without saying who it is; after: see ``HomeView``."""

    reader_ok: bool = True
    problem: IdentifyProblem | None = None
    kinds: tuple[CardKind, ...] = ()
    expects: CodeKind | None = None
    after: int = 0
    key: str = ""


class NumberView(View, frozen=True, kw_only=True):
    """The hospital number, typed on the number pad; then a proof that it is one's own: the last four digits of the
    phone number, or month and day of birth. after: see ``HomeView``; 0: no code is waited for."""

    stage: Literal["number", "proof"] = "number"
    number: str = ""
    problem: IdentifyProblem | None = None
    after: int = 0
    key: str


class Match(Part, frozen=True, kw_only=True):
    """One of several patients on record for one document. ``choice`` is what the form sends."""

    choice: str
    name: str
    age: int | None
    number_tail: str
    last_visit_on: date | None = None


class WhoView(View, frozen=True, kw_only=True):
    """Two patients on record for one card: which one is it?"""

    matches: tuple[Match, ...]
    key: str


FirstVisitProblem = Literal["not_a_phone_number", "not_a_day"]


class FirstVisitView(View, frozen=True, kw_only=True):
    """Nobody on record yet. First the phone number is asked for, then what the document does not say, and everything is
    confirmed.

    phone: digits typed so far (stage ``phone``); phone_masked: ``138****5678``, empty: none was given. born: eight
    digits, typed; empty: his document says it.
    """

    stage: Literal["phone", "sex", "born", "confirm"]
    document: CredentialKind
    name: str
    sex: Literal["male", "female", "unknown"]
    born_year: int | None
    card_tail: str
    phone: str = ""
    phone_masked: str = ""
    born: str = ""
    problem: FirstVisitProblem | None = None
    key: str
