"""What people can ask about payments that stand in the human queue, and what they can say about them."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.lines.errors import SessionBusy
from yinyi.business.payments.errors import (
    ChannelSilent,
    NothingInDoubt,
    NothingRefused,
    NothingToRule,
    PaymentClosed,
    PaymentUnknown,
    RulingDoesNotFit,
)
from yinyi.business.payments.messages import Note, Number, PaymentView
from yinyi.business.payments.model import (
    ByHand,
    Ruling,
)
from yinyi.kernel.errors import SecondPersonNeeded
from yinyi.kernel.money import Fen


class AttentionItem(msgspec.Struct, frozen=True, kw_only=True):
    """A payment past its deadline: what is known, while the engine goes on asking."""

    payment: PaymentView
    why: str
    since: datetime


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """The human queue, oldest first. ``unreadable``: numbers of payments in it that this release cannot make out."""

    items: list[AttentionItem]
    unreadable: list[str] = []


@operation(callers=[Caller.STAFF])
class ListAttention(Operation[Attention], frozen=True, kw_only=True):
    """Everything that people have to look into."""


@operation(callers=[Caller.STAFF], money=True, errors=(PaymentUnknown, PaymentClosed))
class AskAgain(Operation[PaymentView], frozen=True, kw_only=True):
    """Let the engine ask the other side now."""

    payment_no: Number


Resort = Literal["ask_again", "post_again", "give_back", "pay_out", "settle_by_hand", "settle_notice"]
"""What people can do about a payment: see ``AskAgain``, ``PostAgain``, ``GiveBack``, ``PayOut``, ``SettleByHand``,
``SettleNotice``."""


class KnownStep(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one call. ``in_doubt``: people may decide what became of it. ``proposed``, ``proposed_by``: what
    the first of two people has found."""

    reference: str
    kind: str
    state: str
    since: datetime
    tries: int
    amount_fen: Fen
    channel: str = ""
    merchant: str = ""
    reason: str = ""
    in_doubt: bool = False
    proposed: ByHand | Literal[""] = ""
    proposed_by: str = ""


class KnownNotice(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a channel has told and that does not fit: it stands until people have looked into it.

    notice: what to call it by. reference: our call that it is about. told: ``done``, ``refused`` or
    ``refunded_at_channel``. their_id: of a refund at the channel. booked: it stands in the books already.
    proposed, proposed_by, proposed_fen: what the first of two people has found, and how much it would move.
    """

    notice: str
    why: str
    reference: str
    told: str
    since: datetime
    amount_fen: Fen | None = None
    merchant: str = ""
    their_id: str = ""
    booked: bool = False
    proposed: str = ""
    proposed_by: str = ""
    proposed_fen: Fen = Fen(0)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as those see it who have to decide. ``why`` and ``since``: of its being in the queue, if it is."""

    payment: PaymentView
    steps: list[KnownStep]
    can: list[Resort]
    notices: list[KnownNotice] = []
    why: str = ""
    since: datetime | None = None


@operation(callers=[Caller.STAFF], errors=(PaymentUnknown,))
class GetCase(Operation[Case], frozen=True, kw_only=True):
    """What is known of a payment, call by call, and what can be done."""

    number: Number


@operation(callers=[Caller.STAFF], money=True, errors=(PaymentUnknown, PaymentClosed))
class GiveBack(Operation[PaymentView], frozen=True, kw_only=True):
    """Deliver nothing more: undo what was done, then give back what was taken."""

    payment_no: Number


@operation(callers=[Caller.STAFF], money=True, errors=(PaymentUnknown, NothingInDoubt))
class PostAgain(Operation[PaymentView], frozen=True, kw_only=True):
    """Tell the hospital once more what was paid, at once, although it may have been told: that is harmless."""

    payment_no: Number


Reference = Annotated[str, msgspec.Meta(min_length=6, max_length=32)]


@operation(callers=[Caller.STAFF], money=True, errors=(PaymentUnknown, NothingRefused))
class PayOut(Operation[Case], frozen=True, kw_only=True):
    """A refund that its channel refuses is to be paid out at a window: from now on the channel is not asked for it any
    more. It stands in the queue until two people say, by ``SettleByHand``, that the money was paid out."""

    payment_no: Number
    reference: Reference
    note: Annotated[str, msgspec.Meta(min_length=3, max_length=200)]


@operation(
    callers=[Caller.STAFF],
    money=True,
    by_person=True,
    errors=(PaymentUnknown, NothingInDoubt, SessionBusy, SecondPersonNeeded),
)
class SettleByHand(Operation[Case], frozen=True, kw_only=True):
    """What became of a call that stays in doubt, found out by people, for example from the channel's statement. It
    takes effect, with its posting, when a second person says the same, by whatever account."""

    payment_no: Number
    reference: Reference
    outcome: ByHand
    note: Annotated[str, msgspec.Meta(min_length=3, max_length=200)]


Notice = Annotated[str, msgspec.Meta(min_length=4, max_length=200)]


@operation(
    callers=[Caller.STAFF],
    money=True,
    by_person=True,
    errors=(PaymentUnknown, NothingToRule, RulingDoesNotFit, ChannelSilent, SecondPersonNeeded),
)
class SettleNotice(Operation[Case], frozen=True, kw_only=True):
    """What people have found out about something that a channel has told and that did not fit. A refund made at the
    channel was given back ``rightly``, or ``wrongly``: then what was delivered is still owed to the hospital, and the
    money is missing until it is found. Any other notice is settled ``as_channel_says``: the channel is asked now, and
    what it says counts, as whatever it answers. Where what people say moves money on the books, and where the channel
    denies money that is booked, it takes effect when a second person says the same; the same notice is not looked into
    again."""

    payment_no: Number
    notice: Notice
    ruling: Ruling
    note: Note
