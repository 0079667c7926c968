"""Payments that ended while nobody stood there any more: told at the next identification, until a paper tells it."""

from collections.abc import Sequence
from datetime import timedelta

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.documents import store as documents
from yinyi.business.payments.channels import WINDOW
from yinyi.business.payments.messages import PaymentView
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.view import view_of

LOOKED_BACK = timedelta(days=31)


async def of(tx: Tx, call: Call, plans: Sequence[Plan], registry: Registry) -> list[PaymentView]:
    """A cashier tells whoever pays at the window himself; where nothing was taken there is nothing to tell."""
    views = [view_of(plan, registry) for plan in plans if plan.terminal_id and plan.taken_fen]
    ended = [view for view in views if view.state in ("fulfilled", "returned") and view.tender != WINDOW]
    if not ended:
        return []
    told = await documents.told(tx, call.hospital_id, [view.payment_no for view in ended])
    return [view for view in ended if not told & {(view.payment_no, view.state), (view.payment_no, "returned")}]
