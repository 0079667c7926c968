"""Papers again, payments again, help."""

from datetime import datetime
from typing import Literal

from yinyi.interface.journeys.views import Part, Printing, Subject, View

SlipKind = Literal["registration", "appointment", "receipt", "hold", "trouble", "refund", "fiscal"]


class Slip(Part, frozen=True, kw_only=True):
    """A paper that can be printed again."""

    document_no: str
    kind: SlipKind
    subject: Subject
    made_at: datetime
    amount_fen: int


class ReprintView(View, frozen=True, kw_only=True):
    """Which paper did not come out? ``printing``: of the one just chosen (``chosen``)."""

    slips: tuple[Slip, ...]
    chosen: str = ""
    printing: Printing | None = None
    key: str


PaymentState = Literal[
    "waiting", "checking", "registering", "done", "refunding", "at_window", "refunded", "nothing_taken", "staff_decides"
]


class PaymentRow(Part, frozen=True, kw_only=True):
    """One payment of this patient, and what became of it."""

    payment_no: str
    ask_no: str
    subject: Subject
    amount_fen: int
    started_at: datetime
    state: PaymentState
    resolves_by: datetime | None = None


class FindPaymentView(View, frozen=True, kw_only=True):
    """What became of my payments? days: so far back. strange: a slip was scanned that is of none of them."""

    payments: tuple[PaymentRow, ...]
    days: int
    strange: bool = False


class PaymentNewsView(View, frozen=True, kw_only=True):
    """Right after somebody is known: these ended after he had gone. on: the address of what he came for."""

    payments: tuple[PaymentRow, ...]
    on: str


class CallStaffView(View, frozen=True, kw_only=True):
    """Staff are called. ``nobody``: nobody answered within ``answer_s``; go to the desk."""

    state: Literal["called", "coming", "nobody"]
    called_at: datetime
    answer_s: int = 120
