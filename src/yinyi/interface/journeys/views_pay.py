"""From the code to the slip, and what else can become of a payment."""

from datetime import datetime
from typing import Literal

from yinyi.interface.journeys.views import CARDS, PaidBy, Printing, Subject, View
from yinyi.interface.journeys.views_fiscal import PaidView
from yinyi.interface.journeys.views_register import Visit
from yinyi.kernel.means import TenderName

ScanRefused = Literal[
    "insufficient_funds",
    "limit_exceeded",
    "declined",  # by the channel or the payer's bank
    "expired",  # the code had run out or was used before, or the password was not typed in time
    "unavailable",  # the channel could not be reached
]


CardState = Literal[
    "insert",
    "pin",  # being typed on the pad
    "asking",  # the bank
    "taking_back",  # it has not answered; whatever it may have taken is taken back
    "refused",
]
CardRefused = Literal[
    "cancelled",  # on the pad
    "pulled_out",  # the card was, before its PIN was typed
    "timed_out",
    "not_taken",  # a card of a kind that is not taken here
    "unreadable",
    "key_refused",  # the pad cannot encrypt for this bank, or the bank cannot be reached
    "stripe",  # not by its chip
    "pin_again",  # typed under a key that had changed meanwhile: it was not sent
    "keys_changed",  # sent; the bank wants it under new keys, and has not looked at it
    "not_here",  # the bank does not take cards of this terminal just now, or nobody is asked for it
    "busy",  # the bank's system is
    "unreached",  # nothing has left
    "no_answer",  # none that is clear in time, and nothing is kept
    "wrong_pin",
    "no_money",
    "card_expired",
    "limit",
    "pin_blocked",
    "declined",
]


class CardView(View, frozen=True, kw_only=True):
    """Pay by a card at the card terminal beside the screen, where its PIN is typed, never here.

    merchant_name: who gets the money. digits: of the PIN, typed so far. expires_at: so long a card is waited for.
    refused: why not; said, said_en: what the bank's answer means, to the payer. tries_left: of the PIN, where the bank
    tells; 0: it does not. again: a card can be tried again.
    kinds: of cards that are taken here. tender: of which of them this one is, once it was read. code: the app whose
    code can be scanned instead. divisible: there is not enough on it for all, and a part can be paid by phone.
    """

    payment_no: str
    ask_no: str
    subject: Subject
    state: CardState
    amount_fen: int
    merchant_name: str = ""
    digits: int = 0
    since: datetime
    expires_at: datetime
    refused: CardRefused | None = None
    said: str = ""
    said_en: str = ""
    tries_left: int = 0
    again: bool = True
    kinds: tuple[TenderName, ...] = ()
    tender: TenderName = "bank_card"
    code: TenderName = "wechatpay"
    divisible: bool = False
    hold_slip: bool = False
    key: str

    @property
    def stars(self) -> tuple[bool, ...]:
        """A place for each digit, at least six; True: typed."""
        return tuple(at < self.digits for at in range(max(self.digits, 6)))


class PayView(View, frozen=True, kw_only=True):
    """Pay by the code on the screen or by the one on the phone, or take a hold slip to the window.

    state: ``waiting`` for the payer · ``password``: his own code was scanned, he types his password · ``refused``: it
    was not taken (``refused``: why) · ``confirming``: the money has come, the hospital is being told ·
    ``unknown``: no answer yet.
    code_url: text of the code. expires_at: the code is dead from then on. since: when this state began.
    resolves_by: by then it is certain. ask_every_s: how often the platform asks. others: what could be chosen instead.
    scans: whose payer's code can be held under the scanner. after: the version of what was scanned last when the page
    was made. other: what was scanned last is no such code. kinds: of cards that can be used here; cards_away: none
    could be, just now. part_fen: ``amount_fen`` where it is a part of what is owed, and that is what another app or a
    code under the scanner takes; otherwise 0.
    """

    payment_no: str
    ask_no: str
    subject: Subject
    tender: TenderName
    state: Literal["waiting", "password", "refused", "confirming", "unknown"]
    amount_fen: int
    part_fen: int = 0
    code_url: str = ""
    expires_at: datetime
    since: datetime
    resolves_by: datetime
    ask_every_s: int = 5
    hold_slip: bool = True
    others: tuple[TenderName, ...] = ()
    scans: tuple[TenderName, ...] = ()
    after: int = 0
    other: bool = False
    kinds: tuple[TenderName, ...] = ()
    cards_away: bool = False
    refused: ScanRefused | None = None
    key: str

    @property
    def by_phone(self) -> bool:
        """Not by a card, and not from an account or elsewhere."""
        return self.tender not in (*CARDS, "prepaid", "window", "institution")


class PartView(View, frozen=True, kw_only=True):
    """How much of it by phone now? The rest is paid by another means. typed: so far; wrong: that is no part of it.
    tenders: by which it can be paid."""

    payment_no: str
    owed_fen: int
    tenders: tuple[TenderName, ...]
    typed: str = ""
    wrong: bool = False
    key: str


class HoldSlipView(View, frozen=True, kw_only=True):
    """The number is kept and the window takes the money. No phone needed."""

    payment_no: str
    ask_no: str
    subject: Subject
    amount_fen: int
    kept_until: datetime
    printing: Printing
    key: str


class DoneView(PaidView, frozen=True, kw_only=True):
    """It is done: the number, where to go, what is printed. ``queue_ahead`` None: the hospital does not say.
    ``printing`` None: nothing is printed by itself, because it was done some time ago."""

    payment_no: str
    ask_no: str
    visit: Visit
    amount_fen: int
    queue_ahead: int | None = None
    printing: Printing | None = None
    key: str


TroubleKind = Literal[
    "not_registered_yet",  # paid; the hospital has not answered
    "payment_unknown",  # the channel has not said whether it took the money
    "refunding",  # the number could not be had; the money is on its way back
    "at_window",  # a cashier gives it back
    "refunded",
    "nothing_taken",  # code ran out or was cancelled: surely no money was taken, the number is free again
    "declined",  # the payer's bank said no; nothing was taken
    "staff_decides",  # a person looks into it, by ``resolves_by``
]


class TroubleView(View, frozen=True, kw_only=True):
    """What is known, what is not, what happens next and by when, the number to ask with and where.

    paid_at: when the channel took the money, if it is known to have. gives_back: why money goes back: the hospital
    could not give the number, the payment came too late, or the patient did not want it any more. parts: by which means
    it was taken, where there are several.
    """

    kind: TroubleKind
    payment_no: str
    ask_no: str
    subject: Subject
    tender: TenderName
    amount_fen: int
    paid_at: datetime | None = None
    resolves_by: datetime | None = None
    gives_back: Literal["hospital", "paid_late", "cancelled"] = "hospital"
    parts: tuple[PaidBy, ...] = ()
    printing: Printing | None = None
    key: str

    @property
    def by_card(self) -> bool:
        """At the card terminal, not by phone."""
        return self.tender in CARDS
