"""Sums over plans, by chance: what is owed, what a choice takes, how a refund is divided."""

import pytest
from engine_world import CHANNEL, FEE, START, new_plan
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from yinyi.business.payments import amounts, apply
from yinyi.business.payments.plan import LAST_TAKE, REFUND, TAKE, Plan, Step, StepState
from yinyi.kernel.money import Fen

TAKE_STATES: list[StepState] = ["done", "done", "late", "refused", "undone"]
REFUND_STATES: list[StepState] = ["planned", "doing", "waiting", "unknown", "done", "refused"]


def with_takes(parts: list[tuple[int, StepState]]) -> Plan:
    """A plan whose takes stand one behind the other, with these amounts."""
    plan = new_plan()
    others = tuple(step for step in plan.steps if step.kind != TAKE)
    plan = replace(plan, steps=others, amount_fen=Fen(sum(fen for fen, state in parts if state == "done")))
    for serial, (fen, state) in enumerate(parts):
        params = {"channel": CHANNEL, "merchant": "M"}
        step = Step(
            position=30 + serial,
            attempt=1,
            kind=TAKE,
            reference=f"T{serial}",
            amount_fen=Fen(fen),
            since=START,
            state=state,
            params=params,
        )
        plan = plan.with_step(step)
    return plan


takes = st.lists(st.tuples(st.integers(1, 9999), st.sampled_from(TAKE_STATES)), min_size=1, max_size=7).map(with_takes)
wishes = st.lists(st.tuples(st.integers(1, 9999), st.sampled_from(REFUND_STATES)), max_size=8)


def refunded(plan: Plan, wanted: list[tuple[int, StepState]]) -> Plan:
    """After so many wishes, each no more than what is left; what became of each."""
    for fen, state in wanted:
        amount = min(fen, amounts.refundable_fen(plan))
        if amount:
            known = {step.reference for step in plan.steps}
            plan = apply.refunding(plan, Fen(amount), "why", START)
            for step in plan.steps:
                if step.reference not in known:
                    plan = plan.with_step(replace(step, state=state))
    return plan


@given(takes, wishes)
def test_never_more_goes_back_than_was_taken(plan: Plan, wanted: list[tuple[int, StepState]]) -> None:
    plan = refunded(plan, wanted)
    for take in plan.takes():
        assert sum(step.amount_fen for step in plan.refunds_of(take)) <= take.amount_fen
        assert not amounts.is_overbooked(plan, take)
    assert plan.returned_fen <= plan.refunds_fen <= plan.taken_fen
    kept = sum(step.amount_fen for step in plan.steps if step.kind == REFUND)
    assert amounts.refundable_fen(plan) + kept == amounts.paid_fen(plan)


@given(takes, wishes, st.integers(1, 99999))
def test_a_refund_is_divided_in_reverse_order_of_taking(
    plan: Plan, wanted: list[tuple[int, StepState]], fen: int
) -> None:
    plan = refunded(plan, wanted)
    left = amounts.refundable_fen(plan)
    if fen > left:
        with pytest.raises(ValueError, match="more than there is left"):
            amounts.divided(plan, Fen(fen))
        return
    parts = amounts.divided(plan, Fen(fen))
    assert sum(part for _, part in parts) == fen
    positions = [take.position for take, _ in parts]
    assert positions == sorted(positions, reverse=True)
    assert all(part == amounts.left_fen(plan, take) for take, part in parts[:-1]), "the last one first"
    later = [take for take in plan.takes() if take.state == "done" and take.position > positions[-1]]
    assert all(take in [each for each, _ in parts] or not amounts.left_fen(plan, take) for take in later)


@given(st.integers(0, 99999), st.lists(st.one_of(st.none(), st.integers(1, 99999)), max_size=12))
def test_choices_take_exactly_what_is_owed(amount: int, choices: list[int | None]) -> None:
    """However somebody divides it, the parts are never more than the whole, and the last possible one is the rest."""
    plan = replace(new_plan(), amount_fen=Fen(amount))
    for wish in choices:
        take = plan.takes()[-1]
        owed = amounts.owed_fen(plan)
        if not owed or take.position > LAST_TAKE:
            break
        if take.state == "done":
            plan = apply.taking_rest(plan, take, START)
            take = plan.takes()[-1]
        chosen = replace(plan, tender=CHANNEL, tender_no=plan.tender_no + 1)
        plan = apply.chosen(chosen, take, CHANNEL, "M", START, {} if wish is None else {"amount_fen": wish})
        taken = plan.takes()[-1]
        assert taken.amount_fen == (owed if wish is None or take.position == LAST_TAKE else min(wish, owed))
        plan = plan.with_step(replace(taken, state="done"))
        assert amounts.paid_fen(plan) <= amount
        assert amounts.owed_fen(plan) == owed - taken.amount_fen
    assert plan.takes()[-1].position <= LAST_TAKE


@given(st.integers(0, 9999))
def test_a_quote_leaves_a_part_for_the_payer(cash: int) -> None:
    plan = new_plan()
    quoted = replace(plan.steps[0], state="done", evidence={amounts.CASH: cash})
    plan = plan.with_step(quoted)
    assert amounts.owed_fen(plan) == min(cash, FEE)
    assert not amounts.paid(plan), "he has to pay, or at least to agree"
    assert amounts.to_agree(plan) == (cash == 0)
    agreed = replace(plan, facts={amounts.AGREED: quoted.reference})
    assert amounts.paid(agreed) == (cash == 0)
    assert not amounts.to_agree(agreed)
