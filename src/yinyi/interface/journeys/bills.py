"""Outpatient bills: which of them are paid, and what each is for."""

import re
from collections.abc import Iterable

from yinyi.business.billing.errors import (
    FormUnknown,
    InvoiceBusy,
    InvoiceCancelled,
    InvoiceChanged,
    InvoicePaid,
    InvoiceUnknown,
    NotPaidYet,
)
from yinyi.business.billing.messages import (
    GetInvoice,
    IdentifyByForm,
    InvoiceView,
    ListInvoices,
    PayInvoices,
    PrintPaidInvoice,
)
from yinyi.business.billing.model import ChosenInvoice
from yinyi.business.identity.errors import TooManyTries
from yinyi.business.payments.errors import NothingScanned
from yinyi.business.payments.model import PaymentReason
from yinyi.interface.journeys import identify, paper, present, scan, sheets, standing, views, views_bills
from yinyi.interface.journeys.visitor import Go, Next, Show, StalePage, Visit, Visitor
from yinyi.kernel.errors import YinyiError

BUT, NEWS, FORM = "but", "news", "form"
"""In the address of a page: the bill that was pressed last, and after a colon those that are not chosen · what became
of the last wish to pay · that it was opened by its request form."""
_NEWS: dict[type[YinyiError], views_bills.BillNews] = {
    InvoiceChanged: "changed",
    InvoicePaid: "paid",
    InvoiceCancelled: "cancelled",
    InvoiceBusy: "busy",
    InvoiceUnknown: "unknown",
}
_NO_FORM: dict[type[YinyiError], str] = {FormUnknown: "unknown", TooManyTries: "many"}
_REASONS: dict[PaymentReason, views_bills.BillNews] = {
    "changed": "changed",
    "already_paid": "paid",
    "expired": "cancelled",
    "held_elsewhere": "busy",
}
_SENT = re.compile(r"([0-9A-Za-z._-]{1,64}):([0-9]{1,9})")


async def page(visitor: Visitor) -> Next:
    """GET BILLS ?but=…: all of them are chosen but those."""
    if not visitor.known or visitor.by_form:
        return visitor.wanting("bills")
    found = await visitor.ask(ListInvoices(anew=NEWS in visitor.query))
    free = [each for each in found.invoices if not each.busy and not each.payment_no]
    pressed, _, listed = visitor.query.get(BUT, "").partition(":")
    off = {each.invoice_no for each in free} & set(listed.split(","))
    chosen = [each for each in free if each.invoice_no not in off]
    view = views_bills.BillsView(
        rows=tuple(_row(each, off, pressed) for each in free),
        busy=tuple(each for each in found.invoices if each not in free),
        under_way=next((each.payment_no for each in found.invoices if each.payment_no), ""),
        total_fen=sum(each.total_fen for each in chosen),
        sent=_sent(chosen),
        more=found.more,
        news=_news(visitor),
        after=visitor.terminal.code_version,
        key=present.new_key(),
    )
    return Show(view, steps=views.BILL_STEPS, listens=scan.listens(visitor))


def _row(invoice: InvoiceView, off: set[str], pressed: str) -> views_bills.BillRow:
    number = invoice.invoice_no
    but = f"{number}:{','.join(sorted(off ^ {number}))}"
    return views_bills.BillRow(invoice=invoice, chosen=number not in off, here=number == pressed, but=but)


def _news(visitor: Visitor) -> views_bills.BillNews | None:
    told = visitor.query.get(NEWS, "")
    return next((news for news in (*_NEWS.values(), "late") if news == told), None)


def _sent(invoices: Iterable[InvoiceView]) -> str:
    return " ".join(f"{each.invoice_no}:{each.version}" for each in invoices)


async def by_form(visitor: Visitor) -> Next:
    """POST FORM: the page has heard that something was scanned after it was made."""
    visitor.back = visitor.paths.home
    try:
        opened = await visitor.ask_as_anybody(IdentifyByForm(after=scan.after(visitor)))
    except NothingScanned:
        return Go(visitor.paths.bills if visitor.known else visitor.paths.home)
    except (FormUnknown, TooManyTries) as error:
        return Go(f"{visitor.paths.form}?{NEWS}={_NO_FORM[type(error)]}")
    visit = Visit(session=opened.session_token, wants="form") if opened.session_token else None
    return Go(f"{visitor.paths.bill(opened.invoice_no)}?{FORM}=1", visit)


async def no_form(visitor: Visitor) -> Next:
    """GET FORM ?news=…: what was scanned opens nothing. Another one may be held under the scanner, or a card laid."""
    laid = await identify.by_laid_card(visitor, "bills")
    if laid is not None:
        return laid
    many = visitor.query.get(NEWS) == _NO_FORM[TooManyTries]
    view = views_bills.NoFormView(many=many, after=visitor.terminal.code_version, key=present.new_key())
    return Show(view, listens=identify.listens(visitor) | ({} if many else scan.listens(visitor)))


async def one(visitor: Visitor) -> Next:
    """GET BILL ?form=1: one of them, or one that was paid before, and what is charged by it. Whoever comes straight by
    a form has not been asked about paper."""
    if not visitor.known:
        return visitor.wanting("bills")
    try:
        found = await visitor.ask(GetInvoice(number=visitor.at["invoice_no"]))
    except InvoiceUnknown:
        if not visitor.by_form:
            raise
        return _gone(visitor)
    invoice = found.invoice
    payable = invoice.state == "open" and not invoice.busy and not invoice.payment_no and invoice.total_fen > 0
    alone = FORM in visitor.query
    if payable and alone and NEWS not in visitor.query:
        first = await paper.asked_about(visitor, f"{visitor.paths.bill(visitor.at['invoice_no'])}?{FORM}=1")
        if first is not None:
            return first
    view = views_bills.BillView(
        invoice=invoice,
        lines=tuple(found.lines),
        payable=payable,
        sent=_sent([invoice]),
        alone=alone,
        prints=_prints(visitor, invoice),
        news=_news(visitor),
        key=present.new_key(),
    )
    return Show(view, steps=views.BILL_STEPS if payable else ())


def _gone(visitor: Visitor) -> Show:
    """Its form has opened it a moment ago, and the hospital has dropped it since, or put it together with another."""
    view = views_bills.NoFormView(gone=True, after=visitor.terminal.code_version, key=present.new_key())
    return Show(view, listens=scan.listens(visitor))


def _prints(visitor: Visitor, invoice: InvoiceView) -> bool:
    """A sheet says the whole name: whoever has only the request form does not get it."""
    paid = invoice.state in ("paid", "refunded") and not visitor.by_form
    return paid and sheets.printer_of(visitor.terminal) == "ok"


async def print_one(visitor: Visitor) -> Next:
    """POST BILL: print it, once it is paid."""
    number = visitor.at["invoice_no"]
    here = visitor.back = visitor.paths.bill(number)
    if not visitor.known or visitor.by_form:
        return visitor.wanting("bills")
    try:
        printed = await visitor.ask(PrintPaidInvoice(invoice_no=number), key=visitor.key)
    except NotPaidYet:
        return Go(here)
    return Go(visitor.paths.sheets(each.document_no for each in printed.sheets))


async def pay(visitor: Visitor) -> Next:
    """POST BILLS [chosen, from]: opens the payment, or says why it cannot be."""
    chosen = _chosen(visitor)
    visitor.back = back = _back(visitor, chosen)
    if not chosen:
        return Go(back)
    try:
        opened = await visitor.ask(PayInvoices(chosen=chosen), key=visitor.key)
    except tuple(_NEWS) as error:
        return Go(f"{back}{_and(back)}{NEWS}={_NEWS[type(error)]}")
    payment = opened.payment
    if payment.state == "closed" and payment.reason in _REASONS:
        return Go(f"{back}{_and(back)}{NEWS}={_REASONS[payment.reason]}")
    return Go(standing.address(visitor, payment))


def _chosen(visitor: Visitor) -> list[ChosenInvoice]:
    """
    Raises:
        StalePage: no page of ours sends that.
    """
    found: list[ChosenInvoice] = []
    for each in visitor.form.get("chosen", "").split():
        match = _SENT.fullmatch(each)
        if match is None:
            raise StalePage("chosen")
        found.append(ChosenInvoice(invoice_no=match[1], version=int(match[2])))
    return found


def _back(visitor: Visitor, chosen: list[ChosenInvoice]) -> str:
    """The page that the form stood on."""
    if FORM in visitor.form and chosen:
        return f"{visitor.paths.bill(chosen[0].invoice_no)}?{FORM}=1"
    return visitor.paths.bills


def _and(address: str) -> str:
    return "&" if "?" in address else "?"
