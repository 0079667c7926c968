"""One payment by several means: a part of it from the prepaid account or by phone, the rest by another."""

import contextlib

from yinyi.business.payments.errors import AccountsClosed, MoreThanOwed, PaidInAtOnce, PaymentClosed, TenderUnderWay
from yinyi.business.payments.messages import ChooseTender, GetPayment, PaymentView
from yinyi.interface.journeys import present, standing, typed, views, views_pay
from yinyi.interface.journeys.visitor import Go, Next, Show, Visitor
from yinyi.kernel.money import Fen

PREPAID, BILLS = "prepaid", "invoice"
DIGITS = 5
DIVISIBLE = Fen(2_00)
"""From here on it has a part in whole yuan."""


def is_divisible(payment: PaymentView) -> bool:
    """Only what bills are paid with has a page that says by which means each part was."""
    payable = payment.state == "ready" and bool(payment.tenders)
    return payment.purpose == BILLS and payable and payment.owed_fen >= DIVISIBLE


def asked_for(payment: PaymentView) -> Fen:
    """The part of what is owed that is asked for now; 0: it is all of it, or nothing."""
    return payment.asked_fen if payment.asked_fen < payment.owed_fen else Fen(0)


def shown(visitor: Visitor) -> Fen | None:
    """The part that the page has asked for; None: all that is owed.

    Raises:
        StalePage: no page of ours has asked for such a sum.
    """
    return typed.shown_fen(visitor) if "amount_fen" in visitor.form else None


async def how_much(visitor: Visitor) -> Next:
    """GET PART."""
    payment = await visitor.ask(GetPayment(number=visitor.at["payment_no"]))
    return _page(payment) if is_divisible(payment) else Go(standing.address(visitor, payment))


def _page(payment: PaymentView, shown: str = "", wrong: bool = False) -> Show:
    view = views_pay.PartView(
        payment_no=payment.payment_no,
        owed_fen=payment.owed_fen,
        tenders=tuple(payment.tenders),
        typed=shown,
        wrong=wrong,
        key=present.new_key(),
    )
    return Show(view, steps=views.BILL_STEPS)


async def by_phone(visitor: Visitor) -> Next:
    """POST PAY [tender, yuan]: a code over so much, or that it is no part of what is owed."""
    payment_no, yuan = visitor.at["payment_no"], typed.yuan_of(visitor, DIGITS)
    payment = await visitor.ask(GetPayment(number=payment_no))
    amount_fen = Fen(int(yuan or 0) * 100)
    if not is_divisible(payment):
        return Go(standing.address(visitor, payment))
    if not 0 < amount_fen < payment.owed_fen:
        return _page(payment, shown=yuan, wrong=True)
    tender = present.chosen(payment, visitor.form.get("tender", ""))
    part = ChooseTender(payment_no=payment_no, tender=tender, amount_fen=amount_fen)
    with contextlib.suppress(MoreThanOwed, PaymentClosed, TenderUnderWay):
        await visitor.ask(part, key=f"{visitor.key}.{yuan}")
    return Go(visitor.paths.pay(payment_no))


async def from_account(visitor: Visitor) -> Next:
    """POST PAY [tender=prepaid, amount_fen]: so much as the page said; for what is left the first code is shown."""
    payment_no, amount_fen = visitor.at["payment_no"], typed.shown_fen(visitor)
    part = ChooseTender(payment_no=payment_no, tender=PREPAID, amount_fen=amount_fen)
    try:
        payment = await visitor.ask(part, key=visitor.key)
    except (AccountsClosed, MoreThanOwed, PaidInAtOnce, PaymentClosed, TenderUnderWay):
        return Go(visitor.paths.check(payment_no))
    if payment.state == "ready" and payment.parts and payment.owed_fen and payment.tenders:
        rest = ChooseTender(payment_no=payment_no, tender=present.first(payment))
        with contextlib.suppress(PaymentClosed, TenderUnderWay):
            payment = await visitor.ask(rest, key=f"{visitor.key}-rest")
    return Go(standing.address(visitor, payment))
