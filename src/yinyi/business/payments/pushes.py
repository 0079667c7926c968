"""What a screen is told of a payment: that it has changed, as a number and a version, no data.

A push is no event: nobody keeps it, and a page that misses it asks by itself a few seconds later. It leaves once what
it tells is committed, straight over the bus.
"""

import asyncio
from collections.abc import Callable

import msgspec

from yinyi.bus.forgetting import Whose
from yinyi.business.payments.plan import Plan


def push_of(plan: Plan) -> tuple[str, bytes]:
    """Subject and body, for the terminal at which the payment was begun."""
    body = {"number": plan.payment_no, "version": plan.version}
    return f"push.terminal.{plan.terminal_id}.PaymentChanged", msgspec.json.encode(body)


LASTS_S = 0.2
"""What people cannot see anyway: a state that the engine leaves again so soon is not told."""


class Pushes:
    """Tells screens of payments, through ``say(subject, body)``, and ``changed`` whose they are."""

    def __init__(self, say: Callable[[str, bytes], None], changed: Callable[[Whose], None]) -> None:
        self._say = say
        self._changed = changed
        self._waiting: dict[int, asyncio.TimerHandle] = {}

    def written(self, plan: Plan, changed: bool, rests: bool) -> None:
        """The payment is so on disk. ``changed``: what people see of it; ``rests``: nothing follows by itself."""
        waiting = self._waiting.pop(plan.payment_id, None)
        if waiting is not None:
            waiting.cancel()
        if not (changed or waiting):
            return
        if rests:
            self._tell(plan)
        else:
            self._waiting[plan.payment_id] = asyncio.get_running_loop().call_later(LASTS_S, self._lasts, plan)

    def _lasts(self, plan: Plan) -> None:
        self._waiting.pop(plan.payment_id, None)
        self._tell(plan)

    def _tell(self, plan: Plan) -> None:
        """Whoever asks because of it is told what is true now."""
        self._changed(Whose(plan.hospital_id, plan.patient_id))
        if plan.terminal_id:
            self._say(*push_of(plan))
