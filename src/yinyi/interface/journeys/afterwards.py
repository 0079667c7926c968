"""What is asked later: print again, what became of a payment, help."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from yinyi.business.documents.errors import NothingToPrint
from yinyi.business.documents.messages import DocumentView, ListDocuments, ReprintSlip, SlipKind
from yinyi.business.payments.errors import NothingScanned, PaymentUnknown
from yinyi.business.payments.messages import GetScannedPayment, ListPayments, PaymentView
from yinyi.business.terminals.messages import CallStaff, GetStaffCall
from yinyi.interface.journeys import present, standing, views, views_afterwards
from yinyi.interface.journeys.purposes.purpose import LISTED_DAYS
from yinyi.interface.journeys.purposes.table import PURPOSES, subjects
from yinyi.interface.journeys.visitor import Go, Next, Show, StalePage, Visitor
from yinyi.kernel.errors import NotYours

ANSWER_S = 120
SLIP = "slip"
"""In the address: whoever comes has held the slip of a payment under the scanner."""
WATCH_CALL = timedelta(seconds=10)

_KINDS: dict[SlipKind, views_afterwards.SlipKind] = {
    "registration": "registration",
    "appointment": "appointment",
    "receipt": "receipt",
    "hold": "hold",
    "checking": "trouble",
    "refund": "refund",
    "fiscal": "fiscal",
}


async def papers(visitor: Visitor) -> Next:
    """GET REPRINT ?document=… (the one just chosen)."""
    if not visitor.known:
        return visitor.wanting("reprint")
    documents = (await visitor.ask(ListDocuments(days=LISTED_DAYS))).documents
    payments = (await visitor.ask(ListPayments(days=LISTED_DAYS))).payments if documents else []
    of = await subjects(visitor, payments)
    stands = {payment.payment_no: payment for payment in payments if payment.payment_no in of}
    slips = tuple(_slip(each, stands[each.payment_no], of[each.payment_no]) for each in _true(documents, stands))
    chosen = next((each for each in documents if each.document_no == visitor.query.get("document")), None)
    printing = present.printing(chosen, visitor.terminal.line_ok) if chosen else None
    view = views_afterwards.ReprintView(
        slips=slips, chosen=chosen.document_no if chosen else "", printing=printing, key=present.new_key()
    )
    return Show(view, can_time_out=printing != "printing", listens=_paper(visitor, printing))


def _true(documents: list[DocumentView], stands: Mapping[str, PaymentView]) -> Iterator[DocumentView]:
    """Newest first: of each payment the last paper, since older ones are not true any more, and what says where its
    electronic receipt is. Of one that came to nothing there is nothing to print."""
    listed: set[tuple[str, bool]] = set()
    for each in documents:
        payment, one = stands.get(each.payment_no), (each.payment_no, each.kind == "fiscal")
        if payment is not None and payment.state != "closed" and one not in listed:
            listed.add(one)
            yield each


def _kind(document: DocumentView, payment: PaymentView) -> views_afterwards.SlipKind:
    """What comes out: the paper of how its payment stands now."""
    if document.kind != "fiscal" and payment.state in ("returning", "returned"):
        return "refund"
    if document.kind in ("hold", "checking") and payment.state == "fulfilled":
        return _KINDS[PURPOSES[payment.purpose].paper]
    return _KINDS[document.kind]


def _slip(document: DocumentView, payment: PaymentView, subject: views.Subject) -> views_afterwards.Slip:
    return views_afterwards.Slip(
        document_no=document.document_no,
        kind=_kind(document, payment),
        subject=subject,
        made_at=document.made_at,
        amount_fen=document.amount_fen,
    )


def _paper(visitor: Visitor, printing: views.Printing | None) -> dict[str, str] | None:
    if printing != "printing":
        return None
    return {"paper": "1", "at": f"{(visitor.now + timedelta(seconds=2)).timestamp():.1f}"}


async def print_paper(visitor: Visitor) -> Next:
    """POST REPRINT."""
    visitor.back = visitor.paths.reprint
    document_no = visitor.form.get("document_no", "")
    if not document_no:
        raise StalePage("no document")
    try:
        printed = await visitor.ask(ReprintSlip(document_no=document_no), key=f"{visitor.key}.{document_no[-20:]}")
    except NothingToPrint:  # what has become of its payment is no paper
        return Go(visitor.paths.find_payment)
    return Go(f"{visitor.paths.reprint}?document={printed.document_no}")


async def payments(visitor: Visitor) -> Next:
    """GET FIND_PAYMENT ?slip=1 (the one whose slip was scanned, if it is his)."""
    if not visitor.known:
        return visitor.wanting("find_payment")
    strange = False
    if SLIP in visitor.query:
        try:
            payment = await visitor.ask(GetScannedPayment())
            return Go(visitor.paths.trouble(payment.payment_no))
        except NothingScanned:
            pass
        except (PaymentUnknown, NotYours):
            strange = True
    found = (await visitor.ask(ListPayments(days=LISTED_DAYS))).payments
    of = await subjects(visitor, found)
    rows = tuple(row(visitor, payment, of[payment.payment_no]) for payment in found if payment.payment_no in of)
    return Show(views_afterwards.FindPaymentView(payments=rows, days=LISTED_DAYS, strange=strange))


async def by_slip(visitor: Visitor) -> Next:
    """POST CODE: a slip of a payment. Whose it is has to be known first; the scanner keeps it until then."""
    visit = replace(visitor.visit, wants="payment_slip")
    return Go(f"{visitor.paths.find_payment}?{SLIP}=1" if visitor.known else visitor.paths.identify, visit)


def row(visitor: Visitor, payment: PaymentView, subject: views.Subject) -> views_afterwards.PaymentRow:
    return views_afterwards.PaymentRow(
        payment_no=payment.payment_no,
        ask_no=payment.ask_no,
        subject=subject,
        amount_fen=payment.amount_fen,
        started_at=payment.started_at,
        state=standing.row_state(payment),
        resolves_by=standing.promised_by(payment, visitor.now),
    )


async def help_page(visitor: Visitor) -> Next:
    """GET HELP."""
    call = await visitor.ask_as_anybody(GetStaffCall())
    if call is None:
        return Go(visitor.paths.home)
    nobody_at = call.called_at + timedelta(seconds=ANSWER_S)
    answered = call.answered_at is not None
    state = "coming" if answered else "nobody" if visitor.now >= nobody_at else "called"
    view = views_afterwards.CallStaffView(state=state, called_at=call.called_at, answer_s=ANSWER_S)
    if state != "called":
        return Show(view)
    listens = {"call": "1", "at": f"{min(nobody_at, visitor.now + WATCH_CALL).timestamp():.1f}"}
    return Show(view, listens=listens)


async def call_staff(visitor: Visitor) -> Next:
    """POST HELP. The button stands on every page and carries no key: an open call is answered again anyway."""
    await visitor.ask_as_anybody(CallStaff(), key=visitor.form.get("key") or present.new_key())
    return Go(visitor.paths.help)
