"""What can be asked about payments, whatever they are for."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.payments.errors import (
    AccountsClosed,
    AlreadyBooked,
    CallbackForged,
    ChannelSilent,
    MoreThanInSuspense,
    MoreThanLeft,
    MoreThanOwed,
    NotDelivered,
    NothingInDoubt,
    NothingScanned,
    NothingToAgree,
    NothingToCompare,
    NothingToRule,
    PayerCodeUnknown,
    PaymentClosed,
    PaymentUnknown,
    RulingDoesNotFit,
    TenderUnderWay,
)
from yinyi.business.payments.model import (
    ByHand,
    PaymentReason,
    PaymentState,
    RefundState,
    Ruling,
    SuspenseMove,
    TenderName,
)
from yinyi.kernel.errors import ChannelUnavailable, NotAllowed, NotYours
from yinyi.kernel.money import Fen

Number = Annotated[str, msgspec.Meta(min_length=4, max_length=32, pattern=r"^[0-9A-Za-z-]+$")]

Part = Annotated[Fen, msgspec.Meta(ge=1, le=10_000_000_00)]


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as people see it.

    version: grows with every change; a push carries it. pay_by: until then the payer can pay.
    code_url, code_expires_at: the code on the screen, in state ``waiting``. since: when this state began.
    resolves_by: by then it is certain, or people look into it. attention: people look into it.
    owed_fen: what the patient has still to pay. taken_fen, returned_fen: money surely taken and surely given back.
    tenders: channels whose code can be shown here.
    refunds: of what was taken for it: how far it is back, if anybody wanted it back.
    to_agree: an insurance pays all of it, once the patient has agreed (``AgreeToQuote``).
    scanned: the payer's own code was scanned; in state ``waiting`` he types his password on the phone. scans: channels
    whose payer's code can be scanned here.
    """

    payment_no: str
    ask_no: str
    purpose: str
    state: PaymentState
    version: int
    amount_fen: Fen
    started_at: datetime
    since: datetime
    reason: PaymentReason | Literal[""] = ""
    tender: TenderName | Literal[""] = ""
    pay_by: datetime | None = None
    code_url: str = ""
    code_expires_at: datetime | None = None
    resolves_by: datetime | None = None
    paid_at: datetime | None = None
    owed_fen: Fen = Fen(0)
    taken_fen: Fen = Fen(0)
    returned_fen: Fen = Fen(0)
    refunds: RefundState | Literal[""] = ""
    attention: bool = False
    tenders: list[TenderName] = []
    to_agree: bool = False
    scanned: bool = False
    scans: list[TenderName] = []


@operation(callers=[Caller.KIOSK, Caller.MOBILE, Caller.HOSPITAL, Caller.STAFF], errors=(PaymentUnknown, NotYours))
class GetPayment(Operation[PaymentView], frozen=True, kw_only=True):
    """By payment number or by the short number to ask with."""

    number: Number


@operation(
    callers=[Caller.KIOSK, Caller.MOBILE],
    needs_patient=True,
    money=True,
    errors=(PaymentUnknown, NotYours, PaymentClosed, TenderUnderWay, MoreThanOwed, ChannelUnavailable, AccountsClosed),
)
class ChooseTender(Operation[PaymentView], frozen=True, kw_only=True):
    """Pay by this means all that is owed, or a part of it. While another one is open it is closed first, surely, before
    the new one is shown. What is left after a part waits for the next choice."""

    payment_no: Number
    tender: TenderName
    amount_fen: Part | None = None


@operation(
    callers=[Caller.KIOSK, Caller.MOBILE],
    needs_patient=True,
    money=True,
    errors=(PaymentUnknown, NotYours, PaymentClosed, NothingToAgree),
)
class AgreeToQuote(Operation[PaymentView], frozen=True, kw_only=True):
    """The insurance pays all of it, and the patient agrees: only then it is settled in his name. Whoever has something
    left to pay agrees by paying."""

    payment_no: Number


@operation(
    callers=[Caller.KIOSK, Caller.MOBILE],
    needs_patient=True,
    money=True,
    errors=(PaymentUnknown, NotYours),
)
class CancelPayment(Operation[PaymentView], frozen=True, kw_only=True):
    """The patient does not want it any more. What was taken is given back; a finished payment stays as it is."""

    payment_no: Number


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    money=True,
    errors=(
        *(PaymentUnknown, NotYours, PaymentClosed, MoreThanOwed),
        *(NothingScanned, PayerCodeUnknown, ChannelUnavailable),
    ),
)
class SubmitScanned(Operation[PaymentView], frozen=True, kw_only=True):
    """Pay by the payer's code that this terminal's scanner has just read; it never leaves the business layer. While
    another means is open it is closed first. ``after``: the terminal's ``code_version`` when the page was made that
    asks for a code; what was scanned before it is not used. The same code read twice is one attempt."""

    payment_no: Number
    after: Annotated[int, msgspec.Meta(ge=0)]


class Payments(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    payments: list[PaymentView]


@operation(callers=[Caller.KIOSK, Caller.MOBILE], needs_patient=True)
class ListPayments(Operation[Payments], frozen=True, kw_only=True):
    """This patient's payments of the last days."""

    days: Annotated[int, msgspec.Meta(ge=1, le=31)] = 7


class CallbackAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The bytes that the sender expects."""

    status: int
    body: bytes
    content_type: str


@operation(callers=[Caller.CALLBACKS], errors=(CallbackForged,))
class ReceiveCallback(Operation[CallbackAnswer], frozen=True, kw_only=True):
    """A callback as it came in, unread. Its signature is its credential and its event id makes it idempotent."""

    plugin: Annotated[str, msgspec.Meta(max_length=40)]
    path: Annotated[str, msgspec.Meta(max_length=500)]
    headers: dict[str, str]
    body: Annotated[bytes, msgspec.Meta(max_length=65536)]


@operation(callers=[Caller.HOSPITAL, Caller.STAFF], money=True, errors=(PaymentUnknown, PaymentClosed))
class ConfirmGivenBack(Operation[PaymentView], frozen=True, kw_only=True):
    """A cashier has given cash back over the counter, because what it was paid for could not be had."""

    number: Number
    operator: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    receipt_no: Annotated[str, msgspec.Meta(max_length=40)] = ""


@operation(
    callers=[Caller.HOSPITAL, Caller.STAFF],
    money=True,
    errors=(PaymentUnknown, PaymentClosed, MoreThanLeft, NotDelivered, BalanceTooLow),
)
class RefundPayment(Operation[PaymentView], frozen=True, kw_only=True):
    """Give back all that is left of what was taken, or a part of it, by the means by which it came, what was taken last
    first. What was delivered for it is undone with the last of it, where it can be."""

    payment_no: Number
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=80)]
    amount_fen: Part | None = None


class AttentionItem(msgspec.Struct, frozen=True, kw_only=True):
    """A payment past its deadline: what is known, while the engine goes on asking."""

    payment: PaymentView
    why: str
    since: datetime


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """The human queue, oldest first."""

    items: list[AttentionItem]


@operation(callers=[Caller.STAFF])
class ListAttention(Operation[Attention], frozen=True, kw_only=True):
    """Everything that people have to look into."""


@operation(callers=[Caller.STAFF], money=True, errors=(PaymentUnknown,))
class AskAgain(Operation[PaymentView], frozen=True, kw_only=True):
    """Let the engine ask the other side now."""

    payment_no: Number


Resort = Literal["ask_again", "post_again", "give_back", "settle_by_hand", "settle_notice"]
"""What people can do about a payment: see ``AskAgain``, ``PostAgain``, ``GiveBack``, ``SettleByHand``,
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


@operation(
    callers=[Caller.STAFF],
    money=True,
    errors=(PaymentUnknown, NothingInDoubt),
)
class SettleByHand(Operation[Case], frozen=True, kw_only=True):
    """What became of a call that stays in doubt, found out by people, for example from the channel's statement. It
    takes effect, with its posting, when a second person says the same."""

    payment_no: Number
    reference: Annotated[str, msgspec.Meta(min_length=6, max_length=32)]
    outcome: ByHand
    note: Annotated[str, msgspec.Meta(min_length=3, max_length=200)]


Notice = Annotated[str, msgspec.Meta(min_length=4, max_length=200)]
Note = Annotated[str, msgspec.Meta(min_length=3, max_length=200)]


@operation(callers=[Caller.STAFF], money=True, errors=(PaymentUnknown, NothingToRule, RulingDoesNotFit, ChannelSilent))
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


class SuspenseEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Something that came to suspense or left it. ``debit_fen``: less than zero: a credit."""

    at: datetime
    kind: str
    source: str
    account: str
    debit_fen: Fen


class SuspenseSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What the first of two people has said."""

    item: str
    move: str
    amount_fen: Fen
    channel: str
    merchant: str
    proposed_by: str


class UnknownMoney(msgspec.Struct, frozen=True, kw_only=True):
    """A channel says that it was paid, or has given back (``refunded``), under a number that nobody here knows."""

    source: str
    reference: str
    merchant: str
    amount_fen: Fen | None
    since: datetime
    refunded: bool = False


class Suspense(msgspec.Struct, frozen=True, kw_only=True):
    """over_fen: money that is here and belongs to nothing we know; short_fen: money that is missing. entries: newest
    first. said: by the first of two. unknown: of the last month, and not in suspense yet."""

    over_fen: Fen
    short_fen: Fen
    entries: list[SuspenseEntry]
    said: list[SuspenseSaid]
    unknown: list[UnknownMoney]


@operation(callers=[Caller.STAFF])
class ListSuspense(Operation[Suspense], frozen=True, kw_only=True):
    """What stands in suspense, and where it came from."""


@operation(
    callers=[Caller.STAFF], money=True, errors=(ChannelUnavailable, AlreadyBooked, MoreThanInSuspense, NotAllowed)
)
class BookSuspense(Operation[Suspense], frozen=True, kw_only=True):
    """What people have found, for example in a channel's statement, and no payment tells of: money that came, or is
    missing, and where it goes from suspense. ``item``: what it is called there, so that it is booked once; ``channel``
    where it is there, otherwise it is at a window. It is posted when a second person says the same."""

    item: Annotated[str, msgspec.Meta(min_length=4, max_length=64)]
    move: SuspenseMove
    amount_fen: Part
    scope: Literal["outpatient", "inpatient"]
    channel: Annotated[str, msgspec.Meta(max_length=40)] = ""
    note: Note


GapState = Literal["to_ask", "to_compare", "settled"]


class Restore(msgspec.Struct, frozen=True, kw_only=True):
    """One restore from a backup. reached_at: what happened from then until ``since`` is not in the database. asked_at:
    when everybody who can be asked had answered."""

    epoch: int
    since: datetime
    reached_at: datetime | None
    asked_at: datetime | None


class GapItem(msgspec.Struct, frozen=True, kw_only=True):
    """Something of the time that was lost: to be asked, to be compared by people, or settled, with what was found."""

    epoch: int
    source: str
    item: str
    state: GapState
    found: str
    since: datetime
    settled_by: str | None = None


class RestoreGap(msgspec.Struct, frozen=True, kw_only=True):
    """``unasked``: so many payments wait because somebody has not yet said what became of them."""

    restores: list[Restore]
    items: list[GapItem]
    unasked: int


@operation(callers=[Caller.STAFF])
class ListRestoreGap(Operation[RestoreGap], frozen=True, kw_only=True):
    """What was lost by restores, what was found of it, and what is still to be compared."""


@operation(callers=[Caller.STAFF], changes=True, errors=(NothingToCompare,))
class SettleGapItem(Operation[RestoreGap], frozen=True, kw_only=True):
    """Somebody has compared it. ``note``: what was found."""

    epoch: int
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    item: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    note: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
