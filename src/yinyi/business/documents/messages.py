"""What can be asked about papers (凭条)."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.documents.errors import DocumentUnknown, NothingToPrint
from yinyi.business.documents.sheet import Paper, SheetKind
from yinyi.kernel.errors import NotYours

PrintState = Literal["queued", "printed", "paper_out", "jam", "offline", "failed"]
SlipKind = Literal["registration", "appointment", "receipt", "hold", "checking", "refund", "fiscal"]
Number = Annotated[str, msgspec.Meta(min_length=4, max_length=32, pattern=r"^[0-9A-Za-z-]+(?![\s\S])")]


class DocumentView(msgspec.Struct, frozen=True, kw_only=True):
    """A paper and how its latest printing goes. ``copies``: how often it was sent to a printer."""

    document_no: str
    kind: SlipKind
    payment_no: str
    title: str
    amount_fen: int
    made_at: datetime
    state: PrintState
    copies: int


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    opened_by=("form", "booking"),
    changes=True,
    errors=(NothingToPrint, NotYours),
)
class PrintSlip(Operation[DocumentView], frozen=True, kw_only=True):
    """Print the slip that tells how this payment stands now, at this terminal."""

    payment_no: Number


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    opened_by=("form", "booking"),
    changes=True,
    errors=(DocumentUnknown, NothingToPrint, NotYours),
)
class ReprintSlip(Operation[DocumentView], frozen=True, kw_only=True):
    """Print a paper again, marked as a copy. One that is not true any more is not printed: the paper that is comes out
    instead."""

    document_no: Number


class Documents(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    documents: list[DocumentView]


class SheetView(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet and how its latest printing goes. ``copies``: how often it was sent to a printer. paper: a ``roll`` comes
    out of the receipt printer."""

    document_no: str
    kind: SheetKind
    title: str
    made_at: datetime
    state: PrintState
    copies: int
    paper: Paper = "a4"


class Sheets(msgspec.Struct, frozen=True, kw_only=True):
    """In the order in which they were asked for."""

    sheets: list[SheetView]


@operation(callers=[Caller.KIOSK], needs_patient=True, opened_by=("specimen",), errors=(DocumentUnknown,))
class GetSheets(Operation[Sheets], frozen=True, kw_only=True):
    """How the printing of this patient's sheets goes."""

    document_nos: Annotated[list[Number], msgspec.Meta(min_length=1, max_length=8)]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether there is such a paper; nothing else is said of it."""

    genuine: bool


@operation(callers=[Caller.ANYBODY])
class VerifyDocument(Operation[Verdict], frozen=True, kw_only=True):
    """Is this a paper of ours? By what its QR code says behind the address: its number and its code."""

    said: Annotated[str, msgspec.Meta(max_length=64)]


@operation(callers=[Caller.KIOSK], needs_patient=True, opened_by=("form", "booking"))
class ListDocuments(Operation[Documents], frozen=True, kw_only=True):
    """This patient's papers of the last days; ``payment_no`` narrows to one payment. Whoever came by a form or a slip
    is told only of a payment of that one, if he knows its number."""

    days: Annotated[int, msgspec.Meta(ge=1, le=31)] = 7
    payment_no: Annotated[str, msgspec.Meta(max_length=32)] = ""
