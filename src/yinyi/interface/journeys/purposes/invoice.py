"""Outpatient bills: the hospital keeps those that were chosen, and is told once they are paid."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from yinyi.business.billing.messages import GetInvoicePayment, InvoicePayment
from yinyi.business.documents.messages import SlipKind
from yinyi.business.payments.messages import PaymentView
from yinyi.business.prepaid.messages import GetPrepaidAccount
from yinyi.interface.journeys import parts, present, views, views_bills
from yinyi.interface.journeys.purposes.purpose import Paid, Problem, Say, Words
from yinyi.interface.journeys.visitor import Visitor


class Invoice:
    """Implements ``Purpose``."""

    name = "invoice"
    paper: SlipKind = "receipt"

    async def paid(self, visitor: Visitor, payment_no: str) -> Paid:
        bills = await visitor.ask(GetInvoicePayment(payment_no=payment_no))
        about = _subject(visitor, bills)
        asks_account = bills.payment.state == "ready" and not visitor.by_form
        account_fen = await _on_account(visitor) if asks_account else 0
        return Paid(
            payment=bills.payment,
            subject=about,
            steps=views.BILL_STEPS,
            paper=self.paper,
            check=partial(_check, bills, about, account_fen),
            done=partial(_done, bills, about),
            held=True,
            held_until=bills.held_until,
        )

    async def subjects(self, visitor: Visitor, payments: list[PaymentView]) -> Mapping[str, views.Subject]:
        return {payment.payment_no: _subject(visitor) for payment in payments}

    def words(self, _: Say) -> Words:
        return Words(
            what=_("Outpatient bills"),
            paid=_("Bills paid"),
            undelivered=_("Paid, not booked by the hospital yet"),
            leave=_("Do not pay these bills now"),
            kept=_("Nothing was taken. The bills are still kept for you."),
            safe=_("Your money is safe."),
            untouched=_("The bills are still kept for you"),
            either=_("Either the bills are paid, or the money goes back by itself"),
            told=_("The hospital books it, the slip is printed"),
            not_yet=_("Paid, but not booked by the hospital yet"),
            not_known=_("Whether the hospital has booked it"),
            not_yet_next=_("You need not stand here. Otherwise the money goes back by itself."),
            gone=_("The bills could not be paid; your money comes back"),
            refused=_("A bill had changed, or was paid at a window in the same moment"),
            late=_("The payment came after it had been given up"),
            cancelled=_("The payment was cancelled"),
            closed=_("Your bills"),
            closed_how=_("They are open as before"),
            closed_next=_("You can pay them at any time."),
            again=_("See the bills again"),
            again_now=_("You can pay them again right away."),
            again_else=_("Begin again and pay another way"),
            holding=_("Your bills are being fetched"),
            holding_who=_("The hospital keeps them for you while you pay"),
        )


async def _on_account(visitor: Visitor) -> int:
    """What the prepaid account could pay; 0 also where the hospital keeps none."""
    account = await visitor.ask(GetPrepaidAccount())
    return 0 if account.mode == "off" else max(0, account.balance_fen)


def _subject(visitor: Visitor, bills: InvoicePayment | None = None) -> views.Subject:
    """Whoever came by a request form goes back to its bill, everybody else to all of his."""
    again = visitor.paths.bills
    if visitor.by_form and bills is not None:
        again = f"{visitor.paths.bill(bills.invoices[0].invoice_no)}?form=1"
    return views.Subject(purpose=Invoice.name, again=again)


def _check(
    bills: InvoicePayment, about: views.Subject, account_fen: int, problem: Problem | None, until: datetime
) -> views.View:
    payment = bills.payment
    return views_bills.BillsCheckView(
        payment_no=payment.payment_no,
        subject=about,
        invoices=tuple(bills.invoices),
        amount_fen=payment.amount_fen,
        owed_fen=payment.owed_fen,
        parts=present.parts(payment),
        account_fen=min(account_fen, payment.owed_fen),
        divisible=parts.is_divisible(payment),
        pay_by=until,
        problem=problem,
        key=present.new_key(),
    )


def _done(bills: InvoicePayment, about: views.Subject, printing: views.Printing | None) -> views.View:
    payment = bills.payment
    return views_bills.BillsDoneView(
        payment_no=payment.payment_no,
        ask_no=payment.ask_no,
        subject=about,
        count=len(bills.invoices),
        amount_fen=payment.amount_fen,
        parts=present.parts(payment),
        receipt_no=bills.receipt_no,
        places=tuple(bills.places),
        places_en=tuple(bills.places_en),
        printing=printing,
        key=present.new_key(),
    )
