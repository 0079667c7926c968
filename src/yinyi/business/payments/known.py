"""Plans as this process saw them last. One is as on disk exactly if the version there is still the same."""

from collections import OrderedDict

from yinyi.business.payments.plan import PAYER_CODE, Plan

MOST = 5000


class KnownPlans:
    """By number. Nobody believes them: who shows one asks for the version first, and who decides by one writes
    guarded by it."""

    def __init__(self) -> None:
        self._plans: OrderedDict[str, Plan] = OrderedDict()

    def get(self, payment_no: str) -> Plan | None:
        return self._plans.get(payment_no)

    def forget(self) -> None:
        """All of them, as a process that begins anew."""
        self._plans.clear()

    def keep(self, plan: Plan) -> None:
        """As it was just read or written. A payer's code is not kept; nor is a payment in the gap of a restore, whose
        attention changes under one version."""
        self._plans.pop(plan.payment_no, None)
        if plan.gap_until is not None or _holds_code(plan):
            return
        self._plans[plan.payment_no] = plan
        if len(self._plans) > MOST:
            self._plans.popitem(last=False)


def _holds_code(plan: Plan) -> bool:
    return PAYER_CODE in plan.facts.get("tender_facts", {}) or any(PAYER_CODE in step.params for step in plan.steps)
