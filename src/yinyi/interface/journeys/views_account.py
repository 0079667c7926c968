"""The prepaid account: what is on it, topping up, and what goes back."""

from datetime import datetime
from typing import Literal

from yinyi.business.prepaid.model import PrepaidMode
from yinyi.interface.journeys.views import Part, Printing, Subject, View
from yinyi.kernel.means import TenderName

RecordKind = Literal[
    "topped_up",
    "paid",  # something was paid from the account
    "came_back",  # what was paid from it was given back onto it
    "withdrawn",  # to where it came from
    "at_window",  # paid out over the counter
    "taken_over",  # from an earlier system
    "merged",  # from or to the account of a number that was merged into this one
    "corrected",  # by the hospital
]


class Record(Part, frozen=True, kw_only=True):
    """One movement. amount_fen: less than zero: the account has less. about: what was paid, as the hospital says."""

    kind: RecordKind
    at: datetime
    amount_fen: int
    about: str = ""


class AccountView(View, frozen=True, kw_only=True):
    """The account with its latest movements, newest first. earlier: what was before these is asked for by this; 0:
    nothing was."""

    mode: PrepaidMode
    balance_fen: int
    records: tuple[Record, ...] = ()
    earlier: int = 0


class TopUpView(View, frozen=True, kw_only=True):
    """How much? fewer: of the amounts, for large letters. typing: on the number pad. wrong: it cannot be topped up."""

    amounts: tuple[int, ...]
    fewer: tuple[int, ...]
    typing: bool = False
    typed: str = ""
    wrong: bool = False
    from_fen: int
    to_fen: int
    balance_fen: int
    key: str


class TopUpCheckView(View, frozen=True, kw_only=True):
    """Everything right? Then money. pay_by: so long it can be paid. problem: why the last try to pay ended."""

    payment_no: str
    amount_fen: int
    balance_fen: int
    pay_by: datetime
    problem: Literal["declined", "expired", "unavailable", "paid_late"] | None = None
    key: str


class TopUpDoneView(View, frozen=True, kw_only=True):
    """It is on the account. ``printing`` None: nothing is printed by itself, because it was done some time ago."""

    payment_no: str
    ask_no: str
    subject: Subject
    amount_fen: int
    balance_fen: int
    tender: TenderName
    printing: Printing | None = None
    key: str


class Back(Part, frozen=True, kw_only=True):
    """A part that goes back, or went. at: when it was topped up; when it was withdrawn.

    arrives_by: on its way, and there by then; done: it is there."""

    tender: TenderName
    amount_fen: int
    at: datetime
    done: bool = False
    arrives_by: datetime | None = None


class WithdrawView(View, frozen=True, kw_only=True):
    """What goes back where, what needs the window; then, what has become of it.

    parts: to be given back, sum_fen together. at_window_fen: only the window pays it out. given: withdrawn in the last
    days. changed: the account is not as it was shown before.
    """

    balance_fen: int
    parts: tuple[Back, ...]
    sum_fen: int
    at_window_fen: int
    given: tuple[Back, ...] = ()
    changed: bool = False
    key: str
