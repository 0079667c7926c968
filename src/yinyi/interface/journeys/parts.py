"""One payment by several means: a part of it from the prepaid account, the rest by another."""

import contextlib

from yinyi.business.payments.errors import AccountsClosed, MoreThanOwed, PaymentClosed, TenderUnderWay
from yinyi.business.payments.messages import ChooseTender
from yinyi.interface.journeys import present, standing, typed
from yinyi.interface.journeys.visitor import Go, Next, Visitor

PREPAID = "prepaid"


async def from_account(visitor: Visitor) -> Next:
    """POST PAY [tender=prepaid, amount_fen]: so much as the page said; for what is left the first code is shown."""
    payment_no, amount_fen = visitor.at["payment_no"], typed.shown_fen(visitor)
    part = ChooseTender(payment_no=payment_no, tender=PREPAID, amount_fen=amount_fen)
    try:
        payment = await visitor.ask(part, key=visitor.key)
    except (AccountsClosed, MoreThanOwed, PaymentClosed, TenderUnderWay):
        return Go(visitor.paths.check(payment_no))
    if payment.state == "ready" and payment.parts and payment.owed_fen and payment.tenders:
        rest = ChooseTender(payment_no=payment_no, tender=present.offered(payment.tenders[0]))
        with contextlib.suppress(PaymentClosed, TenderUnderWay):
            payment = await visitor.ask(rest, key=f"{visitor.key}-rest")
    return Go(standing.address(visitor, payment))
