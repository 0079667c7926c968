"""What can be asked about outpatient bills (门诊费用单): what is to be paid, paying it, and what was charged before."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.billing.errors import (
    FormUnknown,
    InsuredWhole,
    InvoiceBusy,
    InvoiceCancelled,
    InvoiceChanged,
    InvoicePaid,
    InvoiceUnknown,
    LinesGivenBack,
    LineUnknown,
    NothingPaid,
    NotPaidYet,
    PaidElsewhere,
    TooManyFees,
)
from yinyi.business.billing.model import ChosenInvoice, InvoiceLine, InvoiceState
from yinyi.business.billing.refund_model import RefundStanding
from yinyi.business.documents.messages import Sheets
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.payments.errors import (
    ChannelGone,
    LinesDone,
    MoreThanLeft,
    NotDelivered,
    NothingScanned,
    PaymentClosed,
    PaymentUnknown,
)
from yinyi.business.payments.messages import Number, PaymentView
from yinyi.kernel.errors import HospitalUnavailable, InvalidField, NotYours
from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.money import Fen

PATIENTS = [Caller.KIOSK, Caller.MOBILE]
AND_BANKS = [*PATIENTS, Caller.INSTITUTION]
MOST = 50
"""So many bills are paid at once, and listed, at most."""
InvoiceNo = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class InvoiceView(msgspec.Struct, frozen=True, kw_only=True):
    """A bill as its patient sees it.

    title: as the hospital names it, in its own language; title_en: empty where it has no English name. version: as it
    is now; it is paid in this one or not at all. busy: somebody is just paying it; payment_no: in this payment of this
    patient's, or paid by it.
    """

    invoice_no: str
    title: str
    title_en: str
    department: str
    department_en: str
    practitioner: str
    ordered_at: datetime
    version: WholeNumber
    state: InvoiceState
    total_fen: Fen
    refunded_fen: Fen
    line_count: int
    busy: bool = False
    payment_no: str = ""
    paid_at: datetime | None = None
    receipt_no: str = ""


class Invoices(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. more: there are older ones that are not in this list."""

    invoices: list[InvoiceView]
    more: bool = False


@operation(callers=AND_BANKS, service="bills", needs_patient=True, errors=(HospitalUnavailable,))
class ListInvoices(Operation[Invoices], frozen=True, kw_only=True):
    """What this patient has to pay. Bills over nothing are not among them. anew: not even a moment old, because the
    hospital has just said that one of them has changed."""

    anew: bool = False


class FormOpened(msgspec.Struct, frozen=True, kw_only=True):
    """The bill of a request form. session_token: of a session that is good for this bill alone; empty: the one that
    came along is its patient's own."""

    invoice_no: str
    session_token: str = ""


@operation(
    callers=[Caller.KIOSK], service="bills", errors=(NothingScanned, FormUnknown, TooManyTries, HospitalUnavailable)
)
class IdentifyByForm(Operation[FormOpened], frozen=True, kw_only=True):
    """The QR of a request form, just held under the scanner, opens its bill and nothing else of its patient. after: the
    version of what was scanned when the page was made."""

    after: WholeNumber


class InvoiceDetails(msgspec.Struct, frozen=True, kw_only=True):
    """One bill with all that is charged by it."""

    invoice: InvoiceView
    lines: list[InvoiceLine]


@operation(callers=AND_BANKS, needs_patient=True, opened_by=("form",), errors=(HospitalUnavailable, InvoiceUnknown))
class GetInvoice(Operation[InvoiceDetails], frozen=True, kw_only=True):
    """One bill of this patient's, however it stands: by its number, or by what the request form's QR says."""

    number: InvoiceNo


class InvoicePayment(msgspec.Struct, frozen=True, kw_only=True):
    """A payment of bills. held_until: so long the hospital keeps them for the payer.

    receipt_no, places, places_en: what the hospital has said once they were paid, and where to go with them.
    """

    payment: PaymentView
    invoices: list["PaidInvoice"]
    held_until: datetime
    receipt_no: str = ""
    places: list[str] = []
    places_en: list[str] = []


class PaidInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """A bill as it was when it was chosen."""

    invoice_no: str
    title: str
    title_en: str
    department: str
    department_en: str
    ordered_at: datetime
    total_fen: Fen


Chosen = Annotated[list[ChosenInvoice], msgspec.Meta(min_length=1, max_length=MOST)]
CANNOT_BE_PAID = (InvoiceUnknown, InvoiceChanged, InvoicePaid, InvoiceCancelled, InvoiceBusy)


@operation(
    callers=AND_BANKS,
    service="bills",
    needs_patient=True,
    opened_by=("form",),
    money=True,
    errors=(HospitalUnavailable, *CANNOT_BE_PAID),
)
class PayInvoices(Operation[InvoicePayment], frozen=True, kw_only=True):
    """Open a payment of these bills, each in the version that the payer has seen. The amounts are the hospital's. It
    keeps the bills for the payer first; what it refuses is not paid."""

    chosen: Chosen


@operation(callers=AND_BANKS, needs_patient=True, opened_by=("form",), errors=(PaymentUnknown, NotYours))
class GetInvoicePayment(Operation[InvoicePayment], frozen=True, kw_only=True):
    """By its payment."""

    payment_no: Number


class Fees(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid, newest first. earlier: ask again with this as ``until`` for what was before; None: nothing was.
    complete: False: the hospital does not answer; these are the copies that were kept."""

    invoices: list[InvoiceView]
    earlier: date | None = None
    complete: bool = True


@operation(callers=PATIENTS, service="bills", needs_patient=True, errors=(HospitalUnavailable,))
class ListFees(Operation[Fees], frozen=True, kw_only=True):
    """This patient's fee lists over all history, some days of them at a time. until: the last day; None: today. Kept
    for good: what was listed as paid once is listed also when the hospital does not have it any more."""

    until: date | None = None


OF_A_PAPER = (HospitalUnavailable, InvoiceUnknown)


@operation(
    callers=[Caller.KIOSK],
    service="bills",
    needs_patient=True,
    changes=True,
    errors=(*OF_A_PAPER, InvalidField, NothingPaid, TooManyFees),
)
class PrintFees(Operation[Sheets], frozen=True, kw_only=True):
    """Print everything that was charged and paid in these days, both included, item by item, at this terminal. The
    same list asked for again is a copy."""

    first_on: date
    last_on: date


@operation(callers=[Caller.KIOSK], needs_patient=True, changes=True, errors=(*OF_A_PAPER, NotPaidYet))
class PrintPaidInvoice(Operation[Sheets], frozen=True, kw_only=True):
    """Print what was charged by a paid bill and how it was paid, at this terminal: once as the original, after that as
    a copy. A refund makes another one of it."""

    invoice_no: InvoiceNo


class InvoiceRefund(msgspec.Struct, frozen=True, kw_only=True):
    """Some lines of a bill on their way back. problem: what the hospital said last. payment: what the money does; None
    in lists."""

    reference: str
    payment_no: str
    invoice_no: str
    line_nos: list[int]
    amount_fen: Fen
    state: RefundStanding
    wanted_at: datetime
    problem: str = ""
    payment: PaymentView | None = None


class InvoiceRefunds(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. next_before: what was before them is asked for with this; empty: nothing was."""

    refunds: list[InvoiceRefund]
    next_before: str = ""


LineNo = Annotated[int, msgspec.Meta(ge=1, le=10_000)]
NOT_GIVEN_BACK = (InvoiceUnknown, LineUnknown, LinesDone, LinesGivenBack, PaidElsewhere, InsuredWhole)


@operation(
    callers=[Caller.HOSPITAL, Caller.STAFF],
    money=True,
    errors=(HospitalUnavailable, *NOT_GIVEN_BACK, MoreThanLeft, NotDelivered, PaymentClosed, ChannelGone),
)
class RefundInvoiceLines(Operation[InvoiceRefund], frozen=True, kw_only=True):
    """Give back some lines of a paid bill, over the hospital's amounts. The hospital books it first; then the money
    goes back by the means by which it came, what was taken last first. What the hospital refuses moves nothing.
    ``operator``: the cashier's number, which the hospital has to say."""

    invoice_no: InvoiceNo
    line_nos: Annotated[list[LineNo], msgspec.Meta(min_length=1, max_length=200)]
    reason: Annotated[str, msgspec.Meta(min_length=2, max_length=80)]
    operator: Annotated[str, msgspec.Meta(max_length=40)] = ""


@operation(callers=[Caller.HOSPITAL, Caller.STAFF])
class ListInvoiceRefunds(Operation[InvoiceRefunds], frozen=True, kw_only=True):
    """Lines given back of one bill. invoice_no empty: of all bills what is not settled yet, or has come out short.
    ``before``: only what was wanted before the one with this reference."""

    invoice_no: Annotated[str, msgspec.Meta(max_length=64)] = ""
    before: Annotated[str, msgspec.Meta(max_length=64)] = ""
