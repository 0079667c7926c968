"""Sums over a plan: what is still owed, what can still be given back, and how a refund is divided. Pure."""

from yinyi.business.payments.plan import LAST_TAKE, TAKE, Plan, Step, once
from yinyi.kernel.money import Fen

CASH = "cash_fen"
"""In the evidence of a step that was quoted by somebody who pays a part: what is left for the payer."""

AGREED = "agreed"
"""In a plan's facts: the quote, by its reference, to which the payer has agreed although it has left nothing to pay."""


# ---- taking


def to_take_fen(plan: Plan) -> Fen:
    """What the payer has to pay of it: all, or what a quote has left for him."""
    quote = quote_of(plan)
    return Fen(min(int(quote.evidence[CASH]), plan.amount_fen)) if quote is not None else plan.amount_fen


@once
def quote_of(plan: Plan) -> Step | None:
    """By which somebody else pays a part, or all of it."""
    quotes = (step for step in plan.current() if step.state == "done" and step.kind != TAKE and CASH in step.evidence)
    return next(quotes, None)


def to_agree(plan: Plan, before: Step | None = None) -> bool:
    """A quote has left nothing to pay, so that the payer has not agreed by paying: nothing is claimed in his name
    before he has. ``before``: this step, rather than any that comes after the quote."""
    quote = quote_of(plan)
    if quote is None or to_take_fen(plan) or not plan.amount_fen or plan.facts.get(AGREED) == quote.reference:
        return False
    if before is not None and before.position < quote.position:
        return False
    return not any(step.sent_at for step in plan.current() if step.position > quote.position)


def paid_fen(plan: Plan) -> Fen:
    """What was taken for it; what came late is not: it goes back."""
    return Fen(sum(take.amount_fen for take in plan.takes() if take.state == "done"))


@once
def owed_fen(plan: Plan) -> Fen:
    """What the payer has still to pay."""
    return Fen(max(0, to_take_fen(plan) - paid_fen(plan)))


@once
def paid(plan: Plan) -> bool:
    """Nothing is owed any more, and that is certain: everything that comes before the taking is done, and the payer
    has agreed to what others pay for him."""
    if owed_fen(plan) or to_agree(plan):
        return False
    takes = [step.position for step in plan.takes()]
    return all(step.state == "done" for step in plan.current() if not takes or step.position < min(takes))


def chosen_fen(plan: Plan, take: Step, wish_fen: int | None) -> Fen:
    """What this attempt takes: all that is owed, or the part that the payer has chosen; the last one takes the rest."""
    owed = owed_fen(plan)
    if wish_fen is None or take.position >= LAST_TAKE:
        return owed
    return Fen(max(1, min(wish_fen, owed)) if owed else 0)


# ---- giving back


def is_overbooked(plan: Plan, take: Step) -> bool:
    """More is planned to go back than was taken: somebody at the channel has given back what we were about to."""
    return sum(step.amount_fen for step in plan.refunds_of(take) if step.booked) > take.amount_fen


def left_fen(plan: Plan, take: Step) -> Fen:
    """What nobody has planned to give back of this take."""
    return Fen(take.amount_fen - plan.booked_fen(take))


def refundable_fen(plan: Plan) -> Fen:
    """What can still be refunded of what was taken for it; what came late goes back by itself."""
    return Fen(sum(left_fen(plan, take) for take in plan.takes() if take.state == "done"))


def is_accepted(plan: Plan, take: Step) -> bool:
    """All of it is back, or the channel has promised it."""
    sure = (step.amount_fen for step in plan.refunds_of(take) if step.state in ("done", "late", "waiting"))
    return sum(sure) >= take.amount_fen


def divided(plan: Plan, amount_fen: Fen) -> list[tuple[Step, Fen]]:
    """A refund over the takes, in reverse order of taking.

    Raises:
        ValueError: there is not so much left.
    """
    found: list[tuple[Step, Fen]] = []
    for take in reversed(plan.takes()):
        part = min(left_fen(plan, take), amount_fen) if take.state == "done" else 0
        if part > 0:
            found.append((take, Fen(part)))
            amount_fen = Fen(amount_fen - part)
    if amount_fen != 0:
        raise ValueError("more than there is left to refund")
    return found
