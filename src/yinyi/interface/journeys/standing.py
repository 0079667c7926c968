"""How a payment stands decides which page it has: one table, asked by every page that names a payment."""

from datetime import datetime, timedelta
from typing import Literal

from yinyi.business.payments.messages import PaymentView
from yinyi.business.payments.model import PaymentReason, PaymentState
from yinyi.interface.journeys import views_afterwards, views_ends, views_pay
from yinyi.interface.journeys.visitor import Visitor
from yinyi.kernel.money import Fen

Page = Literal["check", "pay", "hold_slip", "done", "trouble"]

_PAGES: dict[PaymentState, Page] = {
    "holding": "check",
    "ready": "check",
    "starting": "pay",
    "waiting": "pay",
    "unknown": "pay",
    "delivering": "pay",
    "fulfilled": "done",
    "closing": "trouble",
    "closed": "trouble",
    "returning": "trouble",
    "returned": "trouble",
}
_FINAL: frozenset[PaymentState] = frozenset({"fulfilled", "closed", "returned"})

MONEY_MOVED: frozenset[PaymentState] = frozenset({"unknown", "delivering", "fulfilled", "returning", "returned"})
"""Money was taken, or may have been."""

PATIENCE: dict[PaymentState, timedelta] = {"delivering": timedelta(seconds=10), "unknown": timedelta(seconds=20)}
"""So long a person stands before a page that goes on by itself; then it becomes one with a slip to take along."""

_TROUBLES: dict[PaymentState, views_pay.TroubleKind] = {
    "unknown": "payment_unknown",
    "delivering": "not_registered_yet",
    "returning": "refunding",
    "returned": "refunded",
    "closed": "nothing_taken",
}
_DECLINED: frozenset[PaymentReason | Literal[""]] = frozenset({"declined", "insufficient_funds", "limit_exceeded"})
_SCAN_REFUSED: dict[PaymentReason | Literal[""], views_pay.ScanRefused] = {
    "": "expired",
    "expired": "expired",
    "declined": "declined",
    "insufficient_funds": "insufficient_funds",
    "limit_exceeded": "limit_exceeded",
}
"""No reason: nobody typed the password, and the attempt was closed. Any other: the channel could not do it."""
_NEVER_HELD: dict[PaymentReason | Literal[""], views_ends.ErrorKind] = {
    "slot_taken": "slot_taken",
    "session_stopped": "doctor_stopped",
    "duplicate_registration": "already_registered",
    "hospital_refused": "unexpected",
    "bad_request": "unexpected",
    "not_permitted": "unexpected",
    "not_refundable": "unexpected",
    "already_paid": "unexpected",
}
"""Closed before anybody could pay: the hospital's side of the matter."""
_BILLS_OPEN: frozenset[PaymentReason | Literal[""]] = frozenset(
    {"expired", "changed", "already_paid", "held_elsewhere"}
)
"""The bills that were chosen are not as they were, or nobody paid them in time."""

_ROWS: dict[PaymentState, views_afterwards.PaymentState] = {
    "holding": "waiting",
    "ready": "waiting",
    "starting": "waiting",
    "waiting": "waiting",
    "unknown": "checking",
    "delivering": "registering",
    "fulfilled": "done",
    "closing": "checking",
    "closed": "nothing_taken",
    "returning": "refunding",
    "returned": "refunded",
}


def needs_people(payment: PaymentView) -> bool:
    """People look into it, and it has not ended meanwhile."""
    return payment.attention and payment.state not in _FINAL


def pages_of(payment: PaymentView, now: datetime, hold_slip: bool = False) -> tuple[Page, ...]:
    """The pages that are true for this payment now, the one to go to first. ``hold_slip``: the window is to take it."""
    page = _PAGES[payment.state]
    if needs_people(payment):
        return ("trouble",)
    if payment.state in PATIENCE:
        return ("trouble",) if now >= payment.since + PATIENCE[payment.state] else (page, "trouble")
    if hold_slip and page in ("check", "pay"):
        return ("hold_slip",)
    return (page,) if scan_refused(payment) is None else ("pay", page)


def address(visitor: Visitor, payment: PaymentView, hold_slip: bool = False) -> str:
    """The address of the page to go to."""
    paths, payment_no = visitor.paths, payment.payment_no
    match pages_of(payment, visitor.now, hold_slip)[0]:
        case "check":
            return paths.check(payment_no)
        case "pay":
            return paths.pay(payment_no)
        case "hold_slip":
            return paths.hold_slip(payment_no)
        case "done":
            return paths.done(payment_no)
        case "trouble":
            return paths.trouble(payment_no)


def trouble_of(payment: PaymentView) -> views_pay.TroubleKind:
    """Of a payment whose page is ``trouble``."""
    if payment.at_window and payment.state == "returning":
        return "at_window"
    if needs_people(payment):
        return "staff_decides"
    if payment.state == "closed" and payment.reason in _DECLINED:
        return "declined"
    return _TROUBLES[payment.state]


def amount_fen(payment: PaymentView) -> Fen:
    """What such a page is about: what was taken and goes back, or what is not known to have been taken."""
    if payment.state in ("returning", "returned"):
        return payment.taken_fen or payment.amount_fen
    return payment.asked_fen or payment.owed_fen or payment.amount_fen


def never_held(payment: PaymentView, held: bool) -> views_ends.ErrorKind | None:
    """Why a closed payment never came to paying; None: somebody could have paid. ``held``: something was to be kept
    for the payer first."""
    if payment.state != "closed":
        return None
    if not held:
        return "payment_unavailable" if payment.reason == "unavailable" else None
    if payment.purpose == "invoice" and payment.reason in _BILLS_OPEN and not payment.tender:
        return "bills_open"
    if payment.reason == "expired" and not payment.tender:
        return "hold_expired"
    if payment.reason == "unavailable":
        return "payment_unavailable" if payment.tender else "hospital_unavailable"
    return _NEVER_HELD.get(payment.reason)


def pay_again(payment: PaymentView) -> Literal["declined", "expired", "unavailable", "paid_late"] | None:
    """Why the last try to pay a payment that can still be paid came to nothing."""
    if payment.state != "ready" or not payment.reason:
        return None
    if payment.reason in ("expired", "cancelled"):
        return "expired"
    if payment.reason == "paid_late":
        return "paid_late"
    return "declined" if payment.reason in _DECLINED else "unavailable"


def scan_refused(payment: PaymentView) -> views_pay.ScanRefused | None:
    """Why the payer's code that was scanned last was not taken; None: none was, or it was."""
    if payment.state != "ready" or not payment.scanned or payment.reason == "paid_late":
        return None
    return _SCAN_REFUSED.get(payment.reason, "unavailable")


def gives_back_because(payment: PaymentView) -> Literal["hospital", "paid_late", "cancelled"]:
    """Why money goes back, in the words of the page."""
    if payment.reason in ("paid_late", "expired"):
        return "paid_late"
    return "cancelled" if payment.reason == "cancelled" else "hospital"


def promised_by(payment: PaymentView, now: datetime) -> datetime | None:
    """By when it is certain: nothing is promised of an instant that is over, nor where the window has the money."""
    by = payment.resolves_by
    return by if by is not None and by > now and row_state(payment) != "at_window" else None


def row_state(payment: PaymentView) -> views_afterwards.PaymentState:
    """In the list of payments."""
    if payment.at_window and payment.state == "returning":
        return "at_window"
    return "staff_decides" if needs_people(payment) else _ROWS[payment.state]
