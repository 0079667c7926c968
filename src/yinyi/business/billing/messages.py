"""What can be asked about outpatient bills (门诊费用单): what is to be paid, paying it, and what was charged before."""

from datetime import date, datetime
from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.billing.errors import (
    FormUnknown,
    InvoiceBusy,
    InvoiceCancelled,
    InvoiceChanged,
    InvoicePaid,
    InvoiceUnknown,
)
from yinyi.business.billing.model import ChosenInvoice, InvoiceLine, InvoiceState
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.payments.errors import NothingScanned, PaymentUnknown
from yinyi.business.payments.messages import Number, PaymentView
from yinyi.kernel.errors import HospitalUnavailable, NotYours
from yinyi.kernel.money import Fen

PATIENTS = [Caller.KIOSK, Caller.MOBILE]
MOST = 50
"""So many bills are paid at once, and listed, at most."""
InvoiceNo = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class InvoiceView(msgspec.Struct, frozen=True, kw_only=True):
    """A bill as its patient sees it.

    title: as the hospital names it, in its own language. version: as it is now; it is paid in this one or not at all.
    busy: somebody is just paying it; payment_no: in this payment of this patient's, or paid by it.
    """

    invoice_no: str
    title: str
    department: str
    department_en: str
    practitioner: str
    ordered_at: datetime
    version: int
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


@operation(callers=PATIENTS, service="bills", needs_patient=True, errors=(HospitalUnavailable,))
class ListInvoices(Operation[Invoices], frozen=True, kw_only=True):
    """What this patient has to pay. Bills over nothing are not among them."""


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

    after: Annotated[int, msgspec.Meta(ge=0)]


class InvoiceDetails(msgspec.Struct, frozen=True, kw_only=True):
    """One bill with all that is charged by it."""

    invoice: InvoiceView
    lines: list[InvoiceLine]


@operation(callers=PATIENTS, needs_patient=True, opened_by=("form",), errors=(HospitalUnavailable, InvoiceUnknown))
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
    department: str
    department_en: str
    ordered_at: datetime
    total_fen: Fen


Chosen = Annotated[list[ChosenInvoice], msgspec.Meta(min_length=1, max_length=MOST)]
CANNOT_BE_PAID = (InvoiceUnknown, InvoiceChanged, InvoicePaid, InvoiceCancelled, InvoiceBusy)


@operation(
    callers=PATIENTS,
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


@operation(callers=PATIENTS, needs_patient=True, opened_by=("form",), errors=(PaymentUnknown, NotYours))
class GetInvoicePayment(Operation[InvoicePayment], frozen=True, kw_only=True):
    """By its payment."""

    payment_no: Number


class Fees(msgspec.Struct, frozen=True, kw_only=True):
    """What was paid, newest first. earlier: ask again with this as ``until`` for what was before; None: nothing was."""

    invoices: list[InvoiceView]
    earlier: date | None = None


@operation(callers=PATIENTS, service="bills", needs_patient=True, errors=(HospitalUnavailable,))
class ListFees(Operation[Fees], frozen=True, kw_only=True):
    """This patient's fee lists over all history, some days of them at a time. until: the last day; None: today."""

    until: date | None = None
