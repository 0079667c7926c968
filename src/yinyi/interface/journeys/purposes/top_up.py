"""Top-ups of the prepaid account: nothing is held, and what is taken is on the account at once."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from yinyi.business.documents.messages import SlipKind
from yinyi.business.payments.messages import PaymentView
from yinyi.business.prepaid.messages import GetTopUp
from yinyi.business.prepaid.model import TOP_UP
from yinyi.interface.journeys import present, views, views_account
from yinyi.interface.journeys.purposes.purpose import Paid, Problem, Say, Words
from yinyi.interface.journeys.visitor import Visitor


class TopUp:
    """Implements ``Purpose``."""

    name = TOP_UP
    paper: SlipKind = "receipt"

    async def paid(self, visitor: Visitor, payment_no: str) -> Paid:
        top_up = await visitor.ask(GetTopUp(payment_no=payment_no))
        payment, balance_fen = top_up.payment, top_up.balance_fen
        return Paid(
            payment=payment,
            subject=_subject(visitor),
            steps=views.TOP_UP_STEPS,
            paper=self.paper,
            check=partial(_check, payment, balance_fen),
            done=partial(_done, visitor, payment, balance_fen),
        )

    async def subjects(self, visitor: Visitor, payments: list[PaymentView]) -> Mapping[str, views.Subject]:
        return {payment.payment_no: _subject(visitor) for payment in payments}

    def words(self, _: Say) -> Words:
        return Words(
            what=_("Prepaid account top-up"),
            paid=_("Topped up"),
            undelivered=_("Paid, not on the account yet"),
            leave=_("Do not top up after all"),
            kept=_("Nothing was taken. You can try again."),
            safe=_("Your money is safe."),
            untouched=_("Your top-up is still open"),
            either=_("Either it is on your account, or the money goes back by itself"),
            told=_("It is on your account, the slip is printed"),
            not_yet=_("Paid, but not on the account yet"),
            not_known=_("Whether it is on your account"),
            not_yet_next=_("You need not stand here. Otherwise the money goes back by itself."),
            gone=_("It could not be topped up; your money comes back"),
            refused=_("The money could not be put on your account"),
            late=_("The payment came after it had been given up"),
            cancelled=_("The top-up was cancelled"),
            closed=_("Your account"),
            closed_how=_("It is as it was before"),
            closed_next=_("You can top up again at any time."),
            again=_("Top up again"),
            again_now=_("You can try again right away."),
            again_else=_("Top up again and pay another way"),
        )


def _subject(visitor: Visitor) -> views.Subject:
    return views.Subject(purpose=TOP_UP, again=visitor.paths.top_up)


def _check(payment: PaymentView, balance_fen: int, problem: Problem | None, until: datetime) -> views.View:
    return views_account.TopUpCheckView(
        payment_no=payment.payment_no,
        amount_fen=payment.amount_fen,
        balance_fen=balance_fen,
        pay_by=until,
        problem=problem,
        key=present.new_key(),
    )


def _done(visitor: Visitor, payment: PaymentView, balance_fen: int, printing: views.Printing | None) -> views.View:
    return views_account.TopUpDoneView(
        payment_no=payment.payment_no,
        ask_no=payment.ask_no,
        subject=_subject(visitor),
        amount_fen=payment.amount_fen,
        balance_fen=balance_fen,
        tender=present.tender(payment),
        printing=printing,
        key=present.new_key(),
    )
