"""The order in which refunds leave, by chance: of one wish, what was taken last goes back first."""

from datetime import datetime, timedelta

from engine_world import RULES, START
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from test_payment_amounts import with_takes

from yinyi.business.payments import amounts, apply
from yinyi.business.payments.actions import Again, Ask, CallPeople, Send, Wait
from yinyi.business.payments.engine import decide
from yinyi.business.payments.plan import REFUND, Plan, Step
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Refused, Unknown, Waiting

ON_ITS_WAY = Waiting(until=START + timedelta(days=2))
ANSWERS: list[Answer] = [Done(), ON_ITS_WAY, Refused(reason="not_refundable"), NotSent(), Unknown(), NotFound()]
DECISIONS = 400


def delivered(parts: list[int]) -> Plan:
    """Everything is done, and paid for in these parts."""
    plan = with_takes([(fen, "done") for fen in parts])
    return replace(plan, steps=tuple(replace(step, state="done", sent_at=START) for step in plan.steps))


def refunds_sent(plan: Plan, answers: list[Answer]) -> tuple[Plan, list[Step]]:
    """What becomes of the plan, and its refunds in the order in which they left: each call is answered like this, then
    all goes well."""
    sent, now, left = list[Step](), START, iter(answers)
    for _ in range(DECISIONS):
        match decide(plan, RULES, now):
            case Send(step):
                assert_its_turn(plan, step)
                sent.append(step)
                plan = _heard(apply.sent(plan, step, now), step, next(left, Done()), now)
            case Ask(step):
                plan = _heard(plan, step, next(left, Done()), now)
            case Again(step):
                plan = apply.again(plan, step, now)
            case CallPeople(why):
                plan = replace(plan, attention=why)
            case Wait(until) if any(step.kind == REFUND and step.state != "done" for step in plan.steps):
                now = max(until, now + timedelta(milliseconds=100))
            case _:
                break
    return plan, sent


def _heard(plan: Plan, step: Step, answer: Answer, now: datetime) -> Plan:
    marked = next(each for each in plan.steps if each.reference == step.reference)
    return apply.learned(plan, marked, answer, RULES, now)


def assert_its_turn(plan: Plan, refund: Step) -> None:
    """All that this wish gives back of what was taken later is back, or has been promised."""
    takes = [take.reference for take in plan.takes()]
    for each in plan.steps:
        later = each.kind == REFUND and takes.index(each.params["of"]) > takes.index(refund.params["of"])
        assert not later or each.wish != refund.wish or each.state in ("done", "waiting"), "not yet"


@given(
    st.lists(st.integers(1, 9999), min_size=2, max_size=5),
    st.lists(st.integers(1, 20000), min_size=1, max_size=3),
    st.lists(st.sampled_from(ANSWERS), max_size=12),
)
def test_what_was_taken_last_goes_back_first(parts: list[int], wishes: list[int], answers: list[Answer]) -> None:
    plan = delivered(parts)
    for fen in wishes:
        if fen < amounts.refundable_fen(plan):
            plan = apply.refunding(plan, Fen(fen), "why", START)
    wanted_fen = plan.refunds_fen
    plan, sent = refunds_sent(plan, answers)
    assert plan.returned_fen == wanted_fen, "all of it goes back in the end"
    assert {step.reference for step in sent} == {step.reference for step in plan.steps if step.kind == REFUND}


def test_three_parts_go_back_one_after_the_other() -> None:
    plan = apply.refunding(delivered([100, 200, 300]), Fen(550), "why", START)
    _, sent = refunds_sent(plan, [])
    assert [(step.params["of"], step.amount_fen) for step in sent] == [("T2", 300), ("T1", 200), ("T0", 50)]


def test_who_is_not_heard_of_keeps_the_others_waiting() -> None:
    plan = apply.refunding(delivered([100, 200]), Fen(250), "why", START)
    _, sent = refunds_sent(plan, [Unknown(), Unknown(), Unknown()])
    assert [step.params["of"] for step in sent] == ["T1", "T0"]
