"""What can be asked about electronic receipts (医疗电子票据). Always of the patient's own payments."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.documents.messages import DocumentView
from yinyi.business.fiscal.errors import FiscalFileUnreadable, FiscalInvoiceUnknown, NotIssuedYet
from yinyi.business.fiscal.model import MOST_PAGES
from yinyi.business.payments.errors import PaymentUnknown
from yinyi.business.payments.messages import Number
from yinyi.kernel.errors import HospitalUnavailable, NotYours
from yinyi.kernel.money import Fen

PATIENTS = [Caller.KIOSK, Caller.MOBILE]

FiscalStanding = Literal["none", "coming", "issued", "partly_reversed", "reversed"]
"""``none``: nothing that is paid here has one, or nothing is kept of it. ``coming``: the hospital issues it by itself,
nobody need wait. ``reversed``: a red one stands against all of it."""


class RedInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """What was reversed (冲红) because money went back. ``number`` empty: it is coming."""

    amount_fen: Fen
    code: str = ""
    number: str = ""
    issued_at: datetime | None = None


class FiscalInvoiceView(msgspec.Struct, frozen=True, kw_only=True):
    """A payment's electronic receipt.

    title: as the hospital was told it, in its own language; title_en: the same in English, empty where nobody knows.
    code: 票据代码. number: 票据号码. check_code: 校验码. url: where it can be seen, for a QR code. printed: on paper,
    here. since: from when on it is coming, or when it was issued.
    """

    payment_no: str
    title: str
    title_en: str
    standing: FiscalStanding
    amount_fen: Fen
    since: datetime
    code: str = ""
    number: str = ""
    check_code: str = ""
    url: str = ""
    printed: bool = False
    red: list[RedInvoice] = []


@operation(callers=PATIENTS, needs_patient=True, errors=(PaymentUnknown, NotYours))
class GetFiscalInvoice(Operation[FiscalInvoiceView], frozen=True, kw_only=True):
    """The electronic receipt of this payment, or that it is coming."""

    payment_no: Number


class FiscalInvoiceList(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first. next_before: what was paid before them is asked for with this; empty: nothing was."""

    invoices: list[FiscalInvoiceView]
    next_before: str = ""


@operation(callers=PATIENTS, needs_patient=True)
class ListFiscalInvoices(Operation[FiscalInvoiceList], frozen=True, kw_only=True):
    """This patient's electronic receipts for payments of the last days; with ``before`` those for what was paid before
    this payment."""

    days: Annotated[int, msgspec.Meta(ge=1, le=400)] = 31
    before: Annotated[str, msgspec.Meta(max_length=32)] = ""


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    changes=True,
    errors=(PaymentUnknown, NotYours, FiscalInvoiceUnknown, NotIssuedYet),
)
class PrintFiscalInvoice(Operation[DocumentView], frozen=True, kw_only=True):
    """Print an electronic receipt at this terminal: once, and copies after that. The hospital is told once it is on
    paper."""

    payment_no: Number


class FiscalFile(msgspec.Struct, frozen=True, kw_only=True):
    """The document itself, a PDF. genuine: it is the one that the hospital has announced; None: it has announced
    none."""

    content: bytes
    genuine: bool | None = None


@operation(
    callers=[Caller.MOBILE],
    needs_patient=True,
    errors=(HospitalUnavailable, PaymentUnknown, NotYours, FiscalInvoiceUnknown, NotIssuedYet),
)
class GetFiscalFile(Operation[FiscalFile], frozen=True, kw_only=True):
    """The electronic receipt of this payment as a file."""

    payment_no: Number


class FiscalPage(msgspec.Struct, frozen=True, kw_only=True):
    """A JPEG, drawn anew from the hospital's file without whatever else that held. width, height: in pixels. count: so
    many pages can be had."""

    content: bytes
    width: int
    height: int
    count: int


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    errors=(
        *(HospitalUnavailable, PaymentUnknown, NotYours),
        *(FiscalInvoiceUnknown, FiscalFileUnreadable, NotIssuedYet),
    ),
)
class GetFiscalPage(Operation[FiscalPage], frozen=True, kw_only=True):
    """A page of the electronic receipt of this payment as a picture, where its file is the one that the hospital has
    announced. nth: from 1."""

    payment_no: Number
    nth: Annotated[int, msgspec.Meta(ge=1, le=MOST_PAGES)] = 1


class LateFiscalInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """One that is not issued yet. of: the reference of the one that it reverses. sent_at: when it was first asked for;
    None: the hospital has surely not been asked. next_at: of the next try. problem: what the hospital said last."""

    reference: str
    of: str
    payment_no: str
    amount_fen: Fen
    wanted_at: datetime
    sent_at: datetime | None
    next_at: datetime | None
    tries: int
    problem: str


class LateFiscalInvoices(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first."""

    invoices: list[LateFiscalInvoice]


@operation(callers=[Caller.STAFF])
class ListLateFiscalInvoices(Operation[LateFiscalInvoices], frozen=True, kw_only=True):
    """Electronic receipts that have been wanted for so many minutes and are not issued."""

    minutes: Annotated[int, msgspec.Meta(ge=0, le=100_000)] = 60


@operation(callers=[Caller.STAFF], changes=True, errors=(FiscalInvoiceUnknown,))
class AskFiscalInvoiceAgain(Operation[LateFiscalInvoice], frozen=True, kw_only=True):
    """Have the hospital asked for it now, rather than at its next turn. Unknown is also what is issued meanwhile: it is
    late no more."""

    reference: Number
