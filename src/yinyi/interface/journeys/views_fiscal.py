"""Electronic receipts."""

from datetime import datetime
from typing import Literal

from yinyi.interface.journeys.views import Part, Printing, View

ReceiptStanding = Literal["none", "coming", "issued", "partly_reversed", "reversed"]


class ReceiptNote(Part, frozen=True, kw_only=True):
    """On a page that says that something is paid. number: empty while it is coming."""

    payment_no: str
    number: str = ""


class PaidView(View, frozen=True, kw_only=True):
    """A page that says that something is paid. receipt: None: it has none, or nobody knows just now."""

    receipt: ReceiptNote | None = None


class ReceiptView(View, frozen=True, kw_only=True):
    """The electronic receipt of a payment. url: what the QR code opens; empty: there is none. reversed_fen: what stands
    against it. prints: so often it was sent to a printer."""

    payment_no: str
    title: str
    title_en: str = ""
    standing: ReceiptStanding
    amount_fen: int
    since: datetime
    code: str = ""
    number: str = ""
    check_code: str = ""
    url: str = ""
    reversed_fen: int = 0
    prints: int = 0
    printing: Printing | None = None
    key: str


class ReceiptFileView(View, frozen=True, kw_only=True):
    """A page of an electronic receipt's file. place: which of so many it is; 0: it cannot be shown here. width, height:
    of its picture, in pixels."""

    payment_no: str
    number: str
    place: int = 0
    count: int = 0
    width: int = 0
    height: int = 0


class ReceiptRow(Part, frozen=True, kw_only=True):
    """One of several. number: empty while it is coming."""

    payment_no: str
    title: str
    title_en: str = ""
    standing: ReceiptStanding
    amount_fen: int
    since: datetime
    number: str = ""


class ReceiptsView(View, frozen=True, kw_only=True):
    """Electronic receipts of this patient, newest first. days: so far back. earlier: what was paid before these is
    asked for by this; empty: nothing was."""

    receipts: tuple[ReceiptRow, ...]
    days: int
    earlier: str = ""
