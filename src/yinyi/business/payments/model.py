"""Words of the payment engine: orders, callbacks, and what people are told. Plain data."""

from datetime import datetime, time
from typing import Literal

import msgspec

from yinyi.kernel.means import TenderName
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, Refused, Waiting


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to take money.

    reference: ours, 6–32 characters of ``[0-9A-Za-z]``, never used twice.
    expires_at: the code that the payer scans is dead from then on.
    scanned: we scan the payer's code instead; closing such an order is reversing it.
    """

    reference: str
    merchant: str
    amount_fen: Fen
    description: str
    expires_at: datetime
    scanned: bool = False


class RefundOrder(msgspec.Struct, frozen=True, kw_only=True):
    """Give back (a part of) what an earlier order took."""

    reference: str
    order_reference: str
    merchant: str
    amount_fen: Fen
    order_amount_fen: Fen
    reason: str


GIVEN_BACK = "given_back"
"""In the evidence of an answer about a take that its channel says to be paid, or too late to close: money of it went
back; how much, the channel does not say."""
IN_ALL = "in_all_fen"
"""In the evidence of a refund that was made: what went back of its order in all, up to this one."""


class RefundedAtChannel(msgspec.Struct, frozen=True, tag="refunded_at_channel", kw_only=True):
    """Somebody has given back (a part of) an order of ours at the channel itself, under a number that is not ours.
    in_all: the amount is of all refunds of the order so far, ours among them."""

    their_id: str
    amount_fen: Fen
    in_all: bool = False


class CallbackRead(msgspec.Struct, frozen=True, kw_only=True):
    """A callback whose signature was found good.

    event_id: the sender's own id of the event; repeats carry the same.
    about: whether ``reference`` names a take or a refund; ``order_reference``: of a refund: what it gives back.
    outcome: what it tells us; ``amount_fen`` and ``merchant`` are compared with ours before it is believed. With
    ``IN_ALL`` in its evidence the amount is of all refunds of the order so far.
    """

    event_id: str
    about: Literal["take", "refund"]
    reference: str
    merchant: str
    amount_fen: Fen
    outcome: Done | Waiting | Refused | RefundedAtChannel
    order_reference: str = ""


class CallbackReply(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes that the sender of a callback expects."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"


HOUSE_TENDERS: tuple[TenderName, ...] = (
    "wechatpay", "alipay", "bank_card", "social_security_card", "public_card", "prepaid", "window", "institution"
)  # fmt: skip
"""支付方式 that screens, slips and sheets have words of; what else a connector brings tells its own.
``social_security_card``: the bank account on it. ``window``: money taken by a cashier. ``institution``: money taken by
a bank at its own terminals and in its app."""
STRIPE, UNREAD, NO_SESSION = "stripe", "unread", "no_session"
"""Why a card was refused before its bank was asked, where an answer's code would stand: it was read by its magnetic
stripe, not at all, or at a terminal that has no session with its bank."""
CARDS: tuple[TenderName, ...] = ("bank_card", "social_security_card", "public_card")

PaymentState = Literal[
    "holding",  # what is paid for is being held at the hospital
    "ready",  # held; the patient has not chosen how to pay
    "starting",  # the channel is being asked for a code
    "waiting",  # a code is on the screen
    "unknown",  # the channel has not said whether it took the money
    "delivering",  # paid; the hospital is being told
    "fulfilled",  # paid and delivered
    "closing",  # being undone; no money is known to have been taken
    "closed",  # undone, and surely nothing was taken
    "returning",  # money was taken and is on its way back
    "returned",  # all of it was given back
]
"""What people are told; derived from the plan, never stored apart from it."""

RefundState = Literal["under_way", "partly", "wholly"]
"""How far what was taken for something is back."""

ByHand = Literal["happened", "did_not_happen"]
"""What became of a call in doubt, as people have found out."""

Ruling = Literal["rightly", "wrongly", "as_channel_says"]
"""What people have found out about something that a channel has told and that did not fit."""
SAID_BY_ONE: tuple[Ruling, ...] = ("rightly", "as_channel_says")
"""By one person, where nothing moves on the books."""

DifferenceRuling = Literal["as_listed", "as_heard"]
"""Which side of a difference between a bank's list and what it has said is right, as two people have found out."""


class ListsExpected(msgspec.Struct, frozen=True, kw_only=True):
    """banks: who sends a list of what it has taken on each day, by ``by`` of the next one at the hospital."""

    banks: tuple[str, ...] = ()
    by: time = time(10)


NO_LISTS = ListsExpected()


SuspenseMove = Literal[
    "over_found",  # a channel has money of ours that belongs to nothing we know
    "over_given_back",  # given back at the channel
    "over_paid_out",  # paid out at a window
    "over_kept",  # nobody came for it: it is the hospital's
    "short_found",  # a channel has less than it should
    "short_made_good",  # the channel has made up for it
    "short_paid_in",  # somebody has paid for it at a window
    "short_borne",  # the hospital bears it
]
"""What brings money to suspense, and where it goes from there."""

PaymentReason = Literal[
    "cancelled", "expired", "declined", "insufficient_funds", "limit_exceeded", "slot_taken",
    "duplicate_registration", "session_stopped", "already_paid", "not_refundable", "bad_request",
    "not_permitted", "changed", "held_elsewhere", "too_early", "too_late", "hospital_refused", "unavailable",
    "paid_late",
]  # fmt: skip
"""Why a payment turned back."""
