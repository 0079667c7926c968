"""Cards that identify: one that is being read, and those that a patient has bound."""

from datetime import datetime
from typing import Literal

from yinyi.interface.journeys.views import Part, View

CardKind = Literal[
    "resident_card",
    "hmt_resident_card",
    "hmt_travel_permit",
    "permanent_resident_card",
    "passport",
    "hospital_number",
    "social_security_card",
    "insurance_code",
    "public_card",
    "bank_card",
    "birth_certificate",
    "alipay",
    "wechat",
    "face",
]
CardProblem = Literal[
    "cancelled",  # on the pad
    "pulled_out",  # the card was, before its PIN was typed
    "timed_out",
    "not_taken",  # a card of a kind that does not identify here
    "unreadable",
    "key_refused",  # the pad cannot encrypt for this bank
    "unknown",  # the card is bound to nobody
    "expired",
    "stripe",  # not by its chip
    "too_many_tries",
    "taken",  # the card is somebody else's
    "wrong_pin",
    "pin_blocked",
    "pin_again",  # typed under a key that had changed meanwhile: it was not sent
    "keys_changed",  # sent; the bank wants it under new keys, and has not looked at it
    "declined",
    "no_answer",
    "unreachable",
]


class ReadCardView(View, frozen=True, kw_only=True):
    """A card at the card terminal that is to say who somebody is, to be bound to him, or whose balance is wanted: no
    money is moved.

    state: ``insert`` · ``pin``: it is typed on the pad · ``asking`` its bank · ``problem``: see there. digits: of the
    PIN, typed so far. expires_at: so long a card is waited for. kinds: which are taken. number_tail: of the card.
    """

    purpose: Literal["identify", "bind", "balance"]
    state: Literal["insert", "pin", "asking", "problem"]
    kinds: tuple[CardKind, ...]
    digits: int = 0
    since: datetime
    expires_at: datetime
    problem: CardProblem | None = None
    number_tail: str = ""
    key: str

    @property
    def stars(self) -> tuple[bool, ...]:
        """A place for each digit, at least six; True: typed."""
        return tuple(at < self.digits for at in range(max(self.digits, 6)))


class CardBalanceView(View, frozen=True, kw_only=True):
    """What is left on a public card. state: ``begin``: none was put in · ``away``: none can be read just now ·
    ``told``: ``balance_fen`` is on the card of this kind that ends in ``number_tail``."""

    state: Literal["begin", "away", "told"]
    kind: CardKind = "public_card"
    number_tail: str = ""
    balance_fen: int = 0
    key: str


class BoundCard(Part, frozen=True, kw_only=True):
    """A medium that leads to this patient."""

    credential_id: int
    kind: CardKind
    number_tail: str
    bound_at: datetime


class CardsView(View, frozen=True, kw_only=True):
    """All that leads to this patient. kinds: which can be bound at this machine now; empty: none. chosen: the one that
    he wants taken off, before he has confirmed it. news: what has just happened, to the card of ``news_tail``."""

    cards: tuple[BoundCard, ...]
    kinds: tuple[CardKind, ...] = ()
    chosen: BoundCard | None = None
    news: Literal["bound", "unbound", "last", "away"] | None = None
    news_tail: str = ""
    key: str
