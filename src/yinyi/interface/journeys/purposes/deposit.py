"""Deposits for a stay in hospital: nothing is held, and the hospital books what was taken."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from yinyi.business.documents.messages import SlipKind
from yinyi.business.inpatient.messages import DepositPayment, GetDeposit
from yinyi.business.payments.messages import PaymentView
from yinyi.interface.journeys import present, views, views_inpatient
from yinyi.interface.journeys.purposes.purpose import Paid, Problem, Say, Words
from yinyi.interface.journeys.visitor import Visitor


class Deposit:
    """Implements ``Purpose``."""

    name = "deposit"
    paper: SlipKind = "receipt"

    async def paid(self, visitor: Visitor, payment_no: str) -> Paid:
        deposit = await visitor.ask(GetDeposit(payment_no=payment_no))
        about = _subject(visitor, deposit)
        return Paid(
            payment=deposit.payment,
            subject=about,
            steps=views.TOP_UP_STEPS,
            paper=self.paper,
            check=partial(_check, deposit),
            done=partial(_done, deposit, about),
        )

    async def subjects(self, visitor: Visitor, payments: list[PaymentView]) -> Mapping[str, views.Subject]:
        return {
            payment.payment_no: views.Subject(purpose=self.name, again=visitor.paths.inpatient) for payment in payments
        }

    def words(self, _: Say) -> Words:
        return Words(
            what=_("Inpatient deposit"),
            paid=_("Deposit paid"),
            undelivered=_("Paid, not booked by the hospital yet"),
            leave=_("Pay no deposit after all"),
            kept=_("Nothing was taken. You can try again."),
            safe=_("Your money is safe."),
            untouched=_("Nothing is cancelled"),
            either=_("Either it counts for the stay, or the money goes back by itself"),
            told=_("The hospital books it, the slip is printed"),
            not_yet=_("Paid, but not booked by the hospital yet"),
            not_known=_("Whether the hospital has booked it"),
            not_yet_next=_("You need not stand here. Otherwise the money goes back by itself."),
            gone=_("The deposit could not be booked; your money comes back"),
            refused=_("The hospital could not take this deposit"),
            late=_("The payment came after it had been given up"),
            cancelled=_("The deposit was cancelled"),
            closed=_("The deposit"),
            closed_how=_("It is as it was before"),
            closed_next=_("You can pay one at any time."),
            again=_("Pay a deposit again"),
            again_now=_("You can try again right away."),
            again_else=_("Begin again and pay another way"),
        )


def _subject(visitor: Visitor, deposit: DepositPayment) -> views.Subject:
    return views.Subject(purpose=Deposit.name, again=visitor.paths.deposit(deposit.admission_no))


def _check(deposit: DepositPayment, problem: Problem | None, until: datetime) -> views.View:
    return views_inpatient.DepositCheckView(
        payment_no=deposit.payment.payment_no,
        admission_no=deposit.admission_no,
        ward=deposit.ward,
        ward_en=deposit.ward_en,
        bed=deposit.bed,
        amount_fen=deposit.payment.amount_fen,
        pay_by=until,
        problem=problem,
        key=present.new_key(),
    )


def _done(deposit: DepositPayment, about: views.Subject, printing: views.Printing | None) -> views.View:
    return views_inpatient.DepositDoneView(
        payment_no=deposit.payment.payment_no,
        ask_no=deposit.payment.ask_no,
        subject=about,
        admission_no=deposit.admission_no,
        amount_fen=deposit.payment.amount_fen,
        left_fen=deposit.left_fen,
        tender=present.tender(deposit.payment),
        printing=printing,
        key=present.new_key(),
    )
