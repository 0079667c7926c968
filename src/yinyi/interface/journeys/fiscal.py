"""The electronic receipt of a payment: shown, opened on a phone by its code, printed."""

import contextlib
from datetime import timedelta

import msgspec

from yinyi.business.documents.messages import DocumentView, ListDocuments
from yinyi.business.fiscal.errors import FiscalInvoiceUnknown, NotIssuedYet
from yinyi.business.fiscal.messages import FiscalInvoiceView, GetFiscalInvoice, ListFiscalInvoices, PrintFiscalInvoice
from yinyi.interface.journeys import present, views, views_fiscal
from yinyi.interface.journeys.visitor import Go, Next, Show, Visitor
from yinyi.kernel.errors import NotFound, YinyiError
from yinyi.kernel.ids import PAYMENT_NUMBER

LOOK_AGAIN = timedelta(seconds=5)
"""While it is coming, for whoever stands there all the same."""
WATCH_PRINT = timedelta(seconds=2)
LISTED_DAYS = 366
"""Long enough for a year's claim."""
BEFORE = "before"
"""In the address of a page: what was paid before this payment."""


async def page(visitor: Visitor) -> Next:
    """GET RECEIPT ?printing=1 (it was just asked for)."""
    found = await visitor.ask(GetFiscalInvoice(payment_no=visitor.at["payment_no"]))
    paper = await _paper(visitor) if found.printed else None
    asked = paper is not None and "printing" in visitor.query
    printing = present.printing(paper, visitor.terminal.line_ok) if paper is not None and asked else None
    listens = None
    if printing == "printing":
        listens = {"paper": "1", **_in(visitor, WATCH_PRINT)}
    elif found.standing == "coming":
        listens = _in(visitor, LOOK_AGAIN)
    return Show(_view(found, paper, printing), can_time_out=printing != "printing", listens=listens)


async def receipts(visitor: Visitor) -> Next:
    """GET RECEIPTS ?before=26112312053800AFN5J267."""
    if not visitor.known:
        return visitor.wanting("bills")
    before = visitor.query.get(BEFORE, "")
    if len(before) > PAYMENT_NUMBER:
        raise NotFound(BEFORE)
    found = await visitor.ask(ListFiscalInvoices(days=LISTED_DAYS, before=before))
    rows = tuple(
        views_fiscal.ReceiptRow(
            payment_no=each.payment_no,
            title=each.title,
            title_en=each.title_en,
            standing=each.standing,
            amount_fen=each.amount_fen,
            since=each.since,
            number=each.number,
        )
        for each in found.invoices
        if each.standing != "none"
    )
    return Show(views_fiscal.ReceiptsView(receipts=rows, days=LISTED_DAYS, earlier=found.next_before))


def _in(visitor: Visitor, pause: timedelta) -> dict[str, str]:
    return {"at": f"{(visitor.now + pause).timestamp():.1f}"}


async def print_it(visitor: Visitor) -> Next:
    """POST RECEIPT: its first paper, or a copy."""
    payment_no = visitor.at["payment_no"]
    here = visitor.back = visitor.paths.receipt(payment_no)
    with contextlib.suppress(NotIssuedYet, FiscalInvoiceUnknown):
        await visitor.ask(PrintFiscalInvoice(payment_no=payment_no), key=visitor.key)
    return Go(f"{here}?printing=1")


async def on(visitor: Visitor, view: views.View) -> views.View:
    """A page that says that something is paid, with what is known of its receipt; it never fails for that."""
    if not isinstance(view, views_fiscal.PaidView):
        return view
    try:
        found = await visitor.ask(GetFiscalInvoice(payment_no=visitor.at["payment_no"]))
    except YinyiError:
        return view
    if found.standing in ("none", "reversed"):
        return view
    note = views_fiscal.ReceiptNote(payment_no=found.payment_no, number=found.number)
    return msgspec.structs.replace(view, receipt=note)


async def _paper(visitor: Visitor) -> DocumentView | None:
    papers = await visitor.ask(ListDocuments(days=31, payment_no=visitor.at["payment_no"]))
    return next((each for each in papers.documents if each.kind == "fiscal"), None)


def _view(
    found: FiscalInvoiceView, paper: DocumentView | None, printing: views.Printing | None
) -> views_fiscal.ReceiptView:
    return views_fiscal.ReceiptView(
        payment_no=found.payment_no,
        title=found.title,
        title_en=found.title_en,
        standing=found.standing,
        amount_fen=found.amount_fen,
        since=found.since,
        code=found.code,
        number=found.number,
        check_code=found.check_code,
        url=found.url,
        reversed_fen=sum(each.amount_fen for each in found.red),
        prints=max(1, paper.copies if paper is not None else 0) if found.printed else 0,
        printing=printing,
        key=present.new_key(),
    )
