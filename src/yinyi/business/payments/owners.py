"""Whose a payment is."""

from yinyi.bus.call import Call
from yinyi.bus.operation import Caller
from yinyi.business.payments.plan import Plan

FORM = "form"
"""In a plan's facts: the one bill that it pays, where it was opened by a session that is good for that bill alone."""
BOOKING = "booking_no"
"""In a plan's facts: the booking whose owner has come."""
AT_INSTITUTION = "institution"
"""In a plan's facts: the institution at which it was opened."""


def is_theirs(call: Call, plan: Plan) -> bool:
    """Of the patient who is here; where only one bill of his is, what that session has opened itself; where only one
    booking is, that booking and his coming for it. An institution has what was opened at it."""
    who = call.principal
    if plan.patient_id != who.patient_id:
        return False
    if who.caller is Caller.INSTITUTION:
        return is_of_institution(call, plan)
    if who.form:
        return plan.facts.get(FORM) == who.form
    if who.booking:
        return who.booking in (plan.payment_no, plan.facts.get(BOOKING))
    return not who.opened_by


def is_of_institution(call: Call, plan: Plan) -> bool:
    """It was opened at the institution that asks."""
    return plan.facts.get(AT_INSTITUTION) == call.principal.institution_id


def is_of_another(call: Call, plan: Plan) -> bool:
    """An institution asks for what was opened elsewhere: it has to be paid there, or given up there first."""
    return call.principal.caller is Caller.INSTITUTION and not is_of_institution(call, plan)
