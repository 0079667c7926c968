"""What is found out of a plan once is carried to the plan as it is written, and would be found there again."""

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
