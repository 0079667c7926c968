"""What a screen is told of a payment: that it has changed, as a number and a version, no data.

A push is no event: nobody keeps it, and a page that misses it asks by itself a few seconds later. It leaves once what
it tells is committed, straight over the bus.
"""

import msgspec

from yinyi.business.payments.plan import Plan


def push_of(plan: Plan) -> tuple[str, bytes]:
    """Subject and body, for the terminal at which the payment was begun."""
    body = {"number": plan.payment_no, "version": plan.version}
    return f"push.terminal.{plan.terminal_id}.PaymentChanged", msgspec.json.encode(body)
