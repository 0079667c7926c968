"""How everything stands around a payment, in short: where two runs stand alike, the same follows."""

from datetime import datetime

from yinyi.app.faults.house import House
from yinyi.app.faults.model import DOWN_FOR
from yinyi.business.payments.plan import Plan, Step


def look_at(house: House, plan: Plan, began: datetime) -> str:
    """The payment in detail, the hospital, the channels and the insurance; the time roughly."""
    references = [step.reference for step in plan.steps]
    far = [
        *(f"{house.hospital.standing(each)} {house.bills.standing(each)}" for each in references),
        *(house.ward.standing(each) for each in references),
        house.hospital.standing(plan.facts.get("number_reference", "")),
        *(channel.standing(each) for channel in house.channels.values() for each in references),
        house.scheme.standing(references),
    ]
    late = (house.clock.now() - began) // DOWN_FOR
    return f"{late} {[_told(step) for step in plan.steps]} {far} {house.gone_fen[plan.payment_no]}"


def _told(step: Step) -> str:
    return f"{step.amount_fen} {step.reason} {sorted(step.params)} {sorted(step.evidence)}"
