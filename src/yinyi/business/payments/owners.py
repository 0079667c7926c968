"""Whose a payment is."""

from yinyi.bus.call import Call
from yinyi.business.payments.plan import Plan

FORM = "form"
"""In a plan's facts: the one bill that it pays, where it was opened by a session that is good for that bill alone."""


def is_theirs(call: Call, plan: Plan) -> bool:
    """Of the patient who is here; where only one bill of his is, what that session has opened itself."""
    who = call.principal
    return plan.patient_id == who.patient_id and (not who.form or plan.facts.get(FORM) == who.form)
