"""What goes back of a settled stay's deposits: where to, how much at most, and what is under way already. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from yinyi.business.inpatient.messages import DepositBack
from yinyi.business.inpatient.model import Deposit, Stay
from yinyi.business.inpatient.plans import DEPOSIT, DepositFacts, deposit_reference, return_reference
from yinyi.business.payments.amounts import refundable_fen
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step
from yinyi.business.payments.postings import fulfilled
from yinyi.business.payments.view import paid_at
from yinyi.kernel.money import Fen


class Known(NamedTuple):
    """What the hospital says of a stay and its deposits."""

    stay: Stay
    deposits: list[Deposit]

    @property
    def left_fen(self) -> int:
        """Deposits less returns less costs, by one list."""
        sign = {"deposit": 1, "return": -1}
        there = sum(sign[each.kind] * each.amount_fen for each in self.deposits if each.state == "posted")
        return max(0, there - self.stay.cost_fen)

    def payment_nos(self) -> list[str]:
        """Of those that came through the platform, newest first."""
        ours = [each for each in self.deposits if each.kind == "deposit" and each.source == "platform"]
        found = [each.payment_no for each in sorted(ours, key=lambda each: each.made_at, reverse=True)]
        return list(dict.fromkeys(number for number in found if number))


def of_stay(plan: Plan | None, admission_no: str, patient_id: int) -> bool:
    """Whether this payment is a deposit for this stay, of this patient: the hospital's word alone is not enough."""
    return plan is not None and plan.patient_id == patient_id and pays_for(plan, admission_no)


def pays_for(plan: Plan, admission_no: str) -> bool:
    """Whether this payment is a deposit for this stay, whosever it is."""
    return plan.purpose == DEPOSIT and DepositFacts.of(plan).admission_no == admission_no


def left_fen(known: Known, plans: Iterable[Plan]) -> Fen:
    """What the hospital has not given back, less what we are about to give back and it has not booked yet."""
    booked = {each.reference for each in known.deposits if each.kind == "return"}
    on_the_way = sum(
        step.amount_fen for plan in plans for step in _wanted(plan) if return_reference(step) not in booked
    )
    return Fen(max(0, known.left_fen - on_the_way))


def given_at_window_fen(known: Known, plans: Iterable[Plan]) -> Fen:
    """What windows have given back of these deposits, as the hospital says."""
    ours = {deposit_reference(plan) for plan in plans}
    found = (each for each in known.deposits if each.kind == "return" and each.source == "window")
    return Fen(sum(each.amount_fen for each in found if each.state == "posted" and each.of_reference in ours))


def returnable_fen(known: Known, plan: Plan) -> Fen:
    """No more of a deposit than was paid and not given back, here and at windows."""
    posted = next((each for each in known.deposits if each.reference == deposit_reference(plan)), None)
    if posted is None or posted.state != "posted" or plan.direction == "back" or not fulfilled(plan):
        return Fen(0)
    return Fen(max(0, min(refundable_fen(plan), posted.amount_fen - posted.returned_fen)))


def divided(known: Known, plans: Iterable[Plan], amount_fen: int) -> Iterator[tuple[Plan, Fen]]:
    """So much, over these deposits in their order."""
    for plan in plans:
        part_fen = Fen(min(amount_fen, returnable_fen(known, plan)))
        if part_fen > 0:
            yield plan, part_fen
            amount_fen -= part_fen


def part(plan: Plan, amount_fen: Fen) -> DepositBack:
    """As it would be given back."""
    take = next(step for step in reversed(plan.steps) if step.kind == TAKE and step.state == "done")
    return DepositBack(
        payment_no=plan.payment_no,
        tender=take.channel,
        amount_fen=amount_fen,
        at=paid_at(plan) or plan.started_at,
    )


def given_back(plans: Iterable[Plan]) -> list[DepositBack]:
    """What was asked back, newest first."""
    found = [_given(plan, step) for plan in plans for step in _wanted(plan)]
    return sorted(found, key=lambda each: each.at, reverse=True)


def _given(plan: Plan, step: Step) -> DepositBack:
    done = step.state in ("done", "late")
    return DepositBack(
        payment_no=plan.payment_no,
        tender=step.channel,
        amount_fen=step.amount_fen,
        at=step.sent_at or step.since,
        done=done,
        arrives_by=None if done else step.until,
    )


def _wanted(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if step.kind == REFUND and step.wish and step.booked]
