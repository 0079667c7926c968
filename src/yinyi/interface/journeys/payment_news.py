"""Right after somebody is known: what became of payments that went on without him. Their papers are his alone."""

import contextlib

from yinyi.bus.envelope import Credentials
from yinyi.business.payments.messages import ListUntoldPayments
from yinyi.interface.journeys import afterwards, views_afterwards
from yinyi.interface.journeys.identify import goes_on
from yinyi.interface.journeys.purposes.table import PURPOSES, subjects
from yinyi.interface.journeys.visitor import Go, Next, Show, Visitor
from yinyi.kernel.errors import YinyiError


async def first(visitor: Visitor, then: Go) -> Go:
    """``then``, unless there is something to tell whoever has just become known."""
    session = then.visit.session if then.visit else ""
    if not session or session == visitor.visit.session:
        return then
    shown = Credentials(terminal=visitor.credentials.terminal, session=session)
    with contextlib.suppress(YinyiError):  # he is told the next time
        told = await visitor.bus.ask(ListUntoldPayments(), credentials=shown, language=visitor.language)
        if any(each.purpose in PURPOSES for each in told.reply.payments):
            return Go(visitor.paths.payment_news, then.visit, wipe=then.wipe)
    return then


async def page(visitor: Visitor) -> Next:
    """GET PAYMENT_NEWS."""
    if not visitor.known:
        return visitor.wanting("home")
    found = (await visitor.ask(ListUntoldPayments())).payments
    of = await subjects(visitor, found)
    rows = tuple(afterwards.row(visitor, each, of[each.payment_no]) for each in found if each.payment_no in of)
    on = goes_on(visitor)
    return Show(views_afterwards.PaymentNewsView(payments=rows, on=on)) if rows else Go(on)
