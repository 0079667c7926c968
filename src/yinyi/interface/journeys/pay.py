"""From the check page to the slip, whatever is paid for. A page that names a payment shows how it stands, or goes to
the page that does."""

import contextlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from yinyi.business.documents.errors import NothingToPrint
from yinyi.business.documents.messages import DocumentView, ListDocuments, PrintSlip, ReprintSlip, SlipKind
from yinyi.business.payments.errors import MoreThanOwed, PaymentClosed, TenderUnderWay
from yinyi.business.payments.messages import CancelPayment, ChooseTender
from yinyi.business.payments.messages_cards import CancelReading
from yinyi.business.payments.model import PaymentState
from yinyi.interface.journeys import (
    card,
    fiscal,
    left_card,
    paper,
    parts,
    present,
    scan,
    standing,
    views,
    views_ends,
    views_pay,
    views_register,
)
from yinyi.interface.journeys.purposes.purpose import Paid
from yinyi.interface.journeys.purposes.table import find
from yinyi.interface.journeys.visitor import Go, Handler, Next, Show, Visitor
from yinyi.kernel.errors import Unavailable, YinyiError
from yinyi.kernel.means import is_tender

Waiting = Literal["holding", "starting", "asking", "closing"]
PayState = Literal["waiting", "password", "refused", "confirming", "unknown"]

ASK_EVERY_S = 5
CLOSING = timedelta(seconds=5)
"""A code that ran out is closed by then."""
ATTENDED = timedelta(minutes=1)
"""So long whoever pays is taken to stand there while something runs that nobody can hurry; then the page may idle out
like any other, and the payment goes on without it."""
PRINT_FRESH = timedelta(minutes=15)
"""A paper comes out by itself only for what has just happened; who looks at an old payment asks for it."""
WATCH_PRINT = timedelta(seconds=2)
"""A page whose paper is under way looks again so often, should the printer's report be missed."""
MIGHT_PAY: frozenset[PaymentState] = frozenset({"ready", "starting", "waiting"})
TAKES_CODES: frozenset[PayState] = frozenset({"waiting", "password", "refused"})
"""A payer's code may be held under the scanner now."""
_PAY_STATES: dict[PaymentState, PayState] = {
    "ready": "refused",
    "waiting": "waiting",
    "delivering": "confirming",
    "unknown": "unknown",
}


def page(asked: standing.Page) -> Handler:
    """GET CHECK, PAY, HOLD_SLIP, DONE, TROUBLE."""

    async def handle(visitor: Visitor) -> Next:
        paid = await find(visitor, visitor.at["payment_no"])
        if asked in ("check", "pay") and card.is_shown(visitor, paid.payment):
            return _card(visitor, paid) if asked == "pay" else Go(visitor.paths.pay(visitor.at["payment_no"]))
        if asked not in standing.pages_of(paid.payment, visitor.now, paid.hold_slip):
            return Go(standing.address(visitor, paid.payment, paid.hold_slip))
        if asked in ("check", "pay") and paper.is_gone(visitor) and _can_wait(paid):
            return await _no_paper(visitor, paid)
        match asked:
            case "check":
                return _check(visitor, paid)
            case "pay":
                return _pay(visitor, paid)
            case "hold_slip":
                return await _hold_slip(visitor, paid)
            case "done":
                return await _done(visitor, paid)
            case "trouble":
                return await _trouble(visitor, paid)

    return handle


# ---- what can be done


async def choose_tender(visitor: Visitor) -> Next:
    """POST PAY: by the first means that is offered, or by the one that was pressed; a part, from the account."""
    payment_no = visitor.at["payment_no"]
    visitor.back = visitor.paths.check(payment_no)
    if paper.is_gone(visitor):
        return Go(visitor.paths.pay(payment_no))
    await _no_card(visitor, payment_no)
    if visitor.form.get("tender") == parts.PREPAID:
        return await parts.from_account(visitor)
    if "yuan" in visitor.form:
        return await parts.by_phone(visitor)
    said = visitor.form.get("tender", "")
    tender = said if is_tender(said) else ""
    choice = ChooseTender(payment_no=payment_no, tender=tender, amount_fen=parts.shown(visitor))
    with contextlib.suppress(MoreThanOwed, PaymentClosed, TenderUnderWay):
        await visitor.ask(choice, key=visitor.key)
    return Go(visitor.paths.pay(payment_no))


async def cancel(visitor: Visitor) -> Next:
    """POST CANCEL."""
    payment_no = visitor.at["payment_no"]
    visitor.back = visitor.paths.pay(payment_no)
    await _no_card(visitor, payment_no)
    await visitor.ask(CancelPayment(payment_no=payment_no), key=visitor.key)
    return Go(visitor.paths.trouble(payment_no))


async def release(visitor: Visitor) -> Next:
    """POST RELEASE: not right, so it is given up, and something else can be chosen."""
    payment_no = visitor.at["payment_no"]
    visitor.back = visitor.paths.check(payment_no)
    paid = await find(visitor, payment_no)
    payment = await visitor.ask(CancelPayment(payment_no=payment_no), key=visitor.key)
    if payment.state in standing.MONEY_MOVED:
        return Go(visitor.paths.trouble(payment_no))
    return Go(paid.subject.again)


async def issue_hold_slip(visitor: Visitor) -> Next:
    """POST HOLD_SLIP."""
    payment_no = visitor.at["payment_no"]
    visitor.back = visitor.paths.pay(payment_no)
    await _no_card(visitor, payment_no)
    paid = await find(visitor, payment_no)
    if paid.hold is None:
        return Go(visitor.back)
    with contextlib.suppress(PaymentClosed):
        await visitor.ask(paid.hold, key=visitor.key)
    return Go(visitor.paths.hold_slip(payment_no))


async def print_again(visitor: Visitor) -> Next:
    """POST PRINT: another copy of the paper that stands for this payment now, or its first."""
    payment_no = visitor.at["payment_no"]
    visitor.back = visitor.paths.trouble(payment_no)
    paid = await find(visitor, payment_no)
    kind = paper_of(paid)
    found = await visitor.ask(ListDocuments(days=31, payment_no=payment_no))
    printed = next((document for document in found.documents if document.kind == kind), None)
    with contextlib.suppress(NothingToPrint):
        if printed is None:
            await visitor.ask(PrintSlip(payment_no=payment_no), key=_paper_key(paid))
        else:
            await visitor.ask(ReprintSlip(document_no=printed.document_no), key=visitor.key)
    if paid.payment.state in standing.PATIENCE:
        return Go(visitor.paths.trouble(payment_no))
    return Go(standing.address(visitor, paid.payment, paid.hold_slip))


async def _no_card(visitor: Visitor, payment_no: str) -> None:
    """Whoever chooses something else is not asked for a card any more."""
    if visitor.terminal.reading.payment_no == payment_no:
        await visitor.ask(CancelReading(payment_no=payment_no), key=f"{visitor.key}-card")


# ---- the pages


def _can_wait(paid: Paid) -> bool:
    """Nothing is being taken: only whoever stands here can go on."""
    return paid.payment.state == "ready" or (paid.payment.state == "waiting" and not paid.payment.scanned)


async def _no_paper(visitor: Visitor, paid: Paid) -> Show:
    """The paper has gone meanwhile: he chooses before anything is taken. A code that was shown may still be paid."""
    payment = paid.payment
    first = await paper.asked(visitor, visitor.paths.pay(payment.payment_no))
    expires_at = payment.code_expires_at or payment.pay_by
    turns_at = None if expires_at is None else expires_at + CLOSING
    return replace(first, steps=paid.steps, listens=_about(visitor, paid, turns_at) | paper.LISTENS)


def _check(visitor: Visitor, paid: Paid) -> Show:
    payment = paid.payment
    if payment.state == "holding":
        return _wait(visitor, paid, "holding")
    view = paid.check(standing.pay_again(payment), paid.kept_until)
    return Show(view, steps=paid.steps, listens=_about(visitor, paid, paid.kept_until) | paper.LISTENS)


def _pay(visitor: Visitor, paid: Paid) -> Show:
    payment = paid.payment
    state = _PAY_STATES.get(payment.state)
    if state is None:
        return _wait(visitor, paid, "asking" if payment.scanned else "starting")
    if state == "waiting" and payment.scanned:
        state = "password"
    scans = scan.offered(visitor, payment) if state in TAKES_CODES else ()
    expires_at = payment.code_expires_at or payment.pay_by or payment.since
    view = views_pay.PayView(
        payment_no=payment.payment_no,
        ask_no=payment.ask_no,
        subject=paid.subject,
        tender=present.tender(payment),
        state=state,
        amount_fen=payment.asked_fen or payment.owed_fen or payment.amount_fen,
        part_fen=parts.asked_for(payment),
        code_url=payment.code_url,
        expires_at=expires_at,
        since=payment.since,
        resolves_by=payment.resolves_by or expires_at,
        ask_every_s=ASK_EVERY_S,
        hold_slip=state in TAKES_CODES and paid.hold is not None,
        others=present.others(payment) if state in TAKES_CODES else (),
        scans=scans,
        after=visitor.terminal.code_version,
        other=scan.OTHER in visitor.query and bool(scans),
        kinds=card.offered(visitor, payment) if state in TAKES_CODES else (),
        cards_away=card.AWAY in visitor.query,
        refused=standing.scan_refused(payment),
        key=present.new_key(),
    )
    patience = standing.PATIENCE.get(payment.state)
    turns_at = expires_at + CLOSING if patience is None else payment.since + patience
    listens = _about(visitor, paid, turns_at) | paper.LISTENS | (scan.listens(visitor) if scans else {})
    still = state in ("waiting", "refused") or _unattended(visitor, paid)
    return Show(view, steps=paid.steps, can_time_out=still, listens=listens)


def _card(visitor: Visitor, paid: Paid) -> Show:
    payment, view = paid.payment, card.view(visitor, paid)
    turns_at = view.expires_at + CLOSING if view.state in ("insert", "pin", "refused") else None
    if payment.state == "unknown":
        turns_at = payment.since + standing.PATIENCE["unknown"]
    if view.state == "asking" and turns_at is None and not _unattended(visitor, paid):
        turns_at = payment.since + ATTENDED
    listens = _about(visitor, paid, turns_at)
    still = view.state in ("refused", "taking_back") or (view.state == "asking" and _unattended(visitor, paid))
    return Show(view, steps=paid.steps, can_time_out=still, listens=listens)


async def _hold_slip(visitor: Visitor, paid: Paid) -> Show:
    payment = paid.payment
    kept_until = paid.held_until or payment.pay_by or payment.since
    printing = await _print(visitor, paid) or "failed"
    view = views_pay.HoldSlipView(
        payment_no=payment.payment_no,
        ask_no=payment.ask_no,
        subject=paid.subject,
        amount_fen=payment.amount_fen,
        kept_until=kept_until,
        printing=printing,
        key=present.new_key(),
    )
    listens = _about(visitor, paid, kept_until, printing) | left_card.on_reader(visitor.terminal)
    return Show(view, steps=paid.steps, can_time_out=printing != "printing", listens=listens)


async def _done(visitor: Visitor, paid: Paid) -> Show:
    printing = await _print(visitor, paid) if _fresh(visitor, paid) else None
    view = await fiscal.on(visitor, paid.done(printing))
    listens = _about(visitor, paid, None, printing) | left_card.on_reader(visitor.terminal)
    return Show(view, steps=paid.steps, can_time_out=printing != "printing", listens=listens)


async def _trouble(visitor: Visitor, paid: Paid) -> Show:
    payment = paid.payment
    if payment.state == "closing" and not standing.needs_people(payment):
        return _wait(visitor, paid, "closing")
    never_held = standing.never_held(payment, paid.held)
    if never_held is not None:
        back = paid.subject.again
        return Show(views_ends.ErrorView(kind=never_held, back=back, ask_no=payment.ask_no), steps=paid.steps)
    kind = standing.trouble_of(payment)
    on_paper = kind not in ("nothing_taken", "declined") and _fresh(visitor, paid)
    printing = await _print(visitor, paid) if on_paper else None
    view = views_pay.TroubleView(
        kind=kind,
        payment_no=payment.payment_no,
        ask_no=payment.ask_no,
        subject=paid.subject,
        tender=present.tender(payment),
        amount_fen=standing.amount_fen(payment),
        paid_at=payment.paid_at,
        resolves_by=standing.promised_by(payment, visitor.now),
        gives_back=standing.gives_back_because(payment),
        parts=present.parts(payment) if len(payment.parts) > 1 else (),
        printing=printing,
        key=present.new_key(),
    )
    listens = _about(visitor, paid, None, printing) | left_card.on_reader(visitor.terminal)
    return Show(view, steps=paid.steps, can_time_out=printing != "printing", listens=listens)


def _wait(visitor: Visitor, paid: Paid, kind: Waiting) -> Show:
    payment = paid.payment
    view = views_register.WaitView(
        kind=kind,
        payment_no=payment.payment_no,
        ask_no=payment.ask_no,
        subject=paid.subject,
        tender=present.tender(payment),
        amount_fen=payment.asked_fen or payment.owed_fen or payment.amount_fen,
        since=payment.since,
        key=present.new_key(),
    )
    gone = _unattended(visitor, paid)
    listens = _about(visitor, paid, None if gone else payment.since + ATTENDED)
    return Show(view, steps=paid.steps, can_time_out=gone, listens=listens)


# ---- paper


def paper_of(paid: Paid) -> SlipKind:
    """Which slip tells how this payment stands."""
    payment = paid.payment
    if payment.state == "fulfilled":
        return paid.paper
    if payment.state in ("returning", "returned") and not standing.needs_people(payment):
        return "refund"
    return "hold" if paid.hold_slip and payment.state in MIGHT_PAY else "checking"


async def _print(visitor: Visitor, paid: Paid) -> views.Printing | None:
    """Once for each paper and terminal, however often the page is drawn; None: there is none."""
    payment_no = paid.payment.payment_no
    try:
        document: DocumentView = await visitor.ask(PrintSlip(payment_no=payment_no), key=_paper_key(paid))
    except NothingToPrint:
        return None
    except Unavailable:
        return "offline"
    except YinyiError:
        return "failed"
    return present.printing(document, visitor.terminal.line_ok)


def _paper_key(paid: Paid) -> str:
    """A paper of what is on its way back is not the one of what is back."""
    kind = paper_of(paid)
    state = f".{paid.payment.state}" if kind == "refund" else ""
    return f"slip.{kind}{state}.{paid.payment.payment_no}"


def _unattended(visitor: Visitor, paid: Paid) -> bool:
    return visitor.now - paid.payment.since >= ATTENDED


def _fresh(visitor: Visitor, paid: Paid) -> bool:
    return visitor.now - paid.payment.since < PRINT_FRESH


def _about(
    visitor: Visitor,
    paid: Paid,
    turns_at: datetime | None,
    printing: views.Printing | None = None,
) -> dict[str, str]:
    """What such a page is refreshed for: a newer version, its paper, and the instant at which it is no longer true."""
    payment = paid.payment
    listens = {"payment": payment.payment_no, "version": str(payment.version), **card.LISTENS}
    if printing:
        listens["paper"] = "1"
    if printing == "printing":
        turns_at = visitor.now + WATCH_PRINT
    if turns_at is not None:
        listens["at"] = f"{max(turns_at, visitor.now + WATCH_PRINT).timestamp():.1f}"
    return listens
