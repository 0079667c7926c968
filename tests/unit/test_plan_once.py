"""What is found out of a plan once is carried to the plan as it is written, and would be found there again."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from yinyi.business.payments import amounts, postings, view
from yinyi.business.payments.plan import TAKE, Plan, Step
from yinyi.kernel.money import Fen

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ONCE = (
    Plan.current,
    Plan.takes,
    Plan.moved,
    amounts.quote_of,
    amounts.owed_fen,
    amounts.paid,
    postings.fulfilled,
    postings.delivered_fen,
    postings.doubtful_fen,
    view.state_of,
)


def _plan(state: str) -> Plan:
    take = Step(position=30, attempt=1, kind=TAKE, reference="R1", amount_fen=Fen(100), since=NOW)
    done = Step(position=40, attempt=1, kind="x", reference="R2", amount_fen=Fen(100), since=NOW)
    steps = tuple(replace(each, state=state) for each in (take, done))
    return Plan(
        hospital_id=1,
        payment_id=1,
        payment_no="N",
        ask_no="A",
        purpose="x",
        scope="outpatient",
        amount_fen=Fen(100),
        started_at=NOW,
        pay_by=NOW,
        version=3,
        steps=steps,
    )


@pytest.mark.parametrize("state", ["planned", "done", "unknown"])
def test_what_was_found_holds_for_the_plan_as_it_is_written(state: str) -> None:
    plan = _plan(state)
    found = [find(plan) for find in ONCE]
    written = plan.at_version(9)
    assert written.version == 9
    assert vars(written) == vars(plan)
    assert [find(_plan(state).at_version(9)) for find in ONCE] == found
    assert len(vars(plan)) == len(ONCE)


def test_nothing_is_found_out_twice_not_even_that_there_is_nothing() -> None:
    plan = _plan("done")
    assert amounts.quote_of(plan) is None
    assert vars(plan)[_name(amounts.quote_of)] is None
    vars(plan)[_name(amounts.owed_fen)] = Fen(77)
    assert amounts.owed_fen(plan) == 77


def _name(find: Callable[[Plan], object]) -> str:
    return f"{find.__module__}.{find.__qualname__}"


def test_a_step_that_moves_keeps_its_place_and_one_that_is_new_finds_its_own() -> None:
    plan = _plan("planned")
    take, last = plan.steps
    moved = plan.with_step(replace(take, state="doing"))
    assert [(step.reference, step.state) for step in moved.steps] == [("R1", "doing"), ("R2", "planned")]
    assert plan.with_step(replace(last, state="doing")).steps == (take, replace(last, state="doing"))
    again = replace(take, attempt=2, reference="R3")
    assert moved.with_step(again).steps == (moved.steps[0], again, last)
    assert plan.with_step(replace(take, position=50, reference="R4")).steps[-1].reference == "R4"
