"""What can be asked about payments, whatever they are for."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.payments.errors import (
    AccountsClosed,
    CallbackForged,
    CashDiffers,
    ChannelGone,
    LinesDone,
    MoreThanLeft,
    MoreThanOwed,
    NotDelivered,
    NothingScanned,
    NothingTakenYet,
    NothingToAgree,
    PaidInAtOnce,
    PayerCodeUnknown,
    PaymentClosed,
    PaymentUnknown,
    StillAsked,
    TenderUnderWay,
)
from yinyi.business.payments.model import PaymentReason, PaymentState, RefundState
from yinyi.kernel.errors import ChannelUnavailable, HospitalUnavailable, NotYours
from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.means import MaybeTender, TenderName
from yinyi.kernel.money import Fen

Number = Annotated[str, msgspec.Meta(min_length=4, max_length=32, pattern=r"^[0-9A-Za-z-]+(?![\s\S])")]
Said = Annotated[str, msgspec.Meta(min_length=4, max_length=40, pattern=r"^[0-9A-Za-z -]+(?![\s\S])")]
"""The same as somebody says it."""
Part = Annotated[Fen, msgspec.Meta(ge=1, le=10_000_000_00)]


class PaidPart(msgspec.Struct, frozen=True, kw_only=True):
    """So much was taken by this means."""

    tender: TenderName
    amount_fen: Fen


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as people see it.

    version: grows with every change; a push carries it. pay_by: until then the payer can pay.
    code_url, code_expires_at: the code on the screen, in state ``waiting``. since: when this state began.
    resolves_by: by then it is certain, or people look into it. attention: people look into it.
    owed_fen: what the patient has still to pay. taken_fen, returned_fen: money surely taken and surely given back.
    at_window: what goes back, or some of it, is given over the counter.
    parts: by which means it was taken, in order; one that is under way is not yet among them. asked_fen: what that one
    is over, or the payer's code that was refused last.
    tenders: channels whose code can be shown here.
    refunds: of what was taken for it: how far it is back, if anybody wanted it back.
    to_agree: an insurance pays all of it, once the patient has agreed (``AgreeToQuote``).
    scanned: the payer's own code was scanned; in state ``waiting`` he types his password on the phone. scans: channels
    whose payer's code can be scanned here. reads: kinds of cards that can be read here. refused_code: what the card's
    bank answered (ISO 8583, field 39), or a word for why it was not asked. tries_left: of its PIN, where it tells.
    taking_back: the bank has not answered for a card; what it may have taken is being taken back.
    """

    payment_no: str
    ask_no: str
    purpose: str
    state: PaymentState
    version: WholeNumber
    amount_fen: Fen
    started_at: datetime
    since: datetime
    reason: PaymentReason | Literal[""] = ""
    tender: MaybeTender = ""
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
    reads: list[TenderName] = []
    refused_code: str = ""
    tries_left: int | None = None
    taking_back: bool = False
    parts: list[PaidPart] = []
    asked_fen: Fen = Fen(0)
    at_window: bool = False


@operation(
    callers=[Caller.KIOSK, Caller.MOBILE, Caller.INSTITUTION, Caller.HOSPITAL, Caller.STAFF],
    errors=(PaymentUnknown, NotYours),
)
class GetPayment(Operation[PaymentView], frozen=True, kw_only=True):
    """By payment number or by the short number to ask with, with or without capitals, hyphen and blanks."""

    number: Said


@operation(callers=[Caller.KIOSK], needs_patient=True, errors=(NothingScanned, PaymentUnknown, NotYours))
class GetScannedPayment(Operation[PaymentView], frozen=True, kw_only=True):
    """The payment whose slip this terminal's scanner has read within the last minute, if it is this patient's. It stays
    with the scanner, so that whoever holds it there can be known afterwards."""


@operation(
    callers=[Caller.KIOSK, Caller.MOBILE],
    needs_patient=True,
    opened_by=("form", "booking"),
    money=True,
    errors=(
        *(PaymentUnknown, NotYours, PaymentClosed, TenderUnderWay, MoreThanOwed, ChannelUnavailable, AccountsClosed),
        *(StillAsked, PaidInAtOnce),
    ),
)
class ChooseTender(Operation[PaymentView], frozen=True, kw_only=True):
    """Pay by this means all that is owed, or a part of it (never of a deposit or a top-up). While another
    one is open it is closed first, surely, before the new one is shown. What is left after a part waits for the next
    choice. ``tender`` empty: the first one whose code can be shown."""

    payment_no: Number
    tender: MaybeTender = ""
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
    callers=[Caller.KIOSK, Caller.MOBILE, Caller.INSTITUTION],
    needs_patient=True,
    opened_by=("form", "booking"),
    money=True,
    errors=(PaymentUnknown, NotYours),
)
class CancelPayment(Operation[PaymentView], frozen=True, kw_only=True):
    """The patient does not want it any more. What was taken is given back; a finished payment stays as it is."""

    payment_no: Number


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    opened_by=("form", "booking"),
    money=True,
    errors=(
        *(PaymentUnknown, NotYours, PaymentClosed, MoreThanOwed, PaidInAtOnce),
        *(NothingScanned, PayerCodeUnknown, ChannelUnavailable),
    ),
)
class SubmitScanned(Operation[PaymentView], frozen=True, kw_only=True):
    """Pay by the payer's code that this terminal's scanner has just read; it never leaves the business layer. While
    another means is open it is closed first. ``after``: the terminal's ``code_version`` when the page was made that
    asks for a code; what was scanned before it is not used. The same code read twice is one attempt. ``amount_fen``:
    the part that the page asks for, as in ``ChooseTender``; without it, all that is owed."""

    payment_no: Number
    after: WholeNumber
    amount_fen: Part | None = None


class Payments(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    payments: list[PaymentView]


@operation(callers=[Caller.KIOSK, Caller.MOBILE], needs_patient=True)
class ListPayments(Operation[Payments], frozen=True, kw_only=True):
    """This patient's payments of the last days."""

    days: Annotated[int, msgspec.Meta(ge=1, le=31)] = 7


@operation(callers=[Caller.KIOSK], needs_patient=True)
class ListUntoldPayments(Operation[Payments], frozen=True, kw_only=True):
    """Of the last days' payments those that ended, delivered or given back, after whoever paid at a terminal had gone:
    no paper tells yet how. Whoever has it printed has been told."""


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


@operation(callers=[Caller.HOSPITAL, Caller.STAFF], money=True, errors=(PaymentUnknown, PaymentClosed, CashDiffers))
class ConfirmGivenBack(Operation[PaymentView], frozen=True, kw_only=True):
    """A cashier has given cash back over the counter. ``amount_fen``: how much; needed where several amounts are to be
    given back, and refused where it is not one of them, or all together."""

    number: Number
    operator: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    receipt_no: Annotated[str, msgspec.Meta(max_length=40)] = ""
    amount_fen: Part | None = None


@operation(
    callers=[Caller.HOSPITAL, Caller.STAFF],
    money=True,
    errors=(
        *(PaymentUnknown, NothingTakenYet, PaymentClosed, MoreThanLeft, NotDelivered),
        *(BalanceTooLow, ChannelGone, StillAsked, LinesDone, HospitalUnavailable),
    ),
)
class RefundPayment(Operation[PaymentView], frozen=True, kw_only=True):
    """Give back all that is left of what was taken, or a part of it, by the means by which it came, what was taken last
    first. What was delivered for it is undone with the last of it, where it can be. A part is money alone: the hospital
    does not hear of it; lines of a bill go back by ``RefundInvoiceLines``. All that is left of bills of which lines
    were given back goes back by their other lines. ``operator``: the cashier's number,
    which the hospital has to say."""

    payment_no: Number
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=80)]
    amount_fen: Part | None = None
    operator: Annotated[str, msgspec.Meta(max_length=40)] = ""


Note = Annotated[str, msgspec.Meta(min_length=3, max_length=200)]
