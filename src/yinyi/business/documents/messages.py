"""What can be asked about papers (凭条)."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.documents.errors import DocumentUnknown, NothingToPrint
from yinyi.kernel.errors import NotYours

PrintState = Literal["queued", "printed", "paper_out", "jam", "offline", "failed"]
SlipKind = Literal["registration", "receipt", "hold", "checking", "refund", "fiscal"]
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
    changes=True,
    errors=(NothingToPrint, NotYours),
)
class PrintSlip(Operation[DocumentView], frozen=True, kw_only=True):
    """Print the slip that tells how this payment stands now, at this terminal."""

    payment_no: Number


@operation(
    callers=[Caller.KIOSK],
    needs_patient=True,
    changes=True,
    errors=(DocumentUnknown, NotYours),
)
class ReprintSlip(Operation[DocumentView], frozen=True, kw_only=True):
    """Print a paper again, marked as a copy."""

    document_no: Number


class Documents(msgspec.Struct, frozen=True, kw_only=True):
    """Newest first."""

    documents: list[DocumentView]


@operation(callers=[Caller.KIOSK], needs_patient=True)
class ListDocuments(Operation[Documents], frozen=True, kw_only=True):
    """This patient's papers of the last days; ``payment_no`` narrows to one payment."""

    days: Annotated[int, msgspec.Meta(ge=1, le=31)] = 7
    payment_no: Annotated[str, msgspec.Meta(max_length=32)] = ""
