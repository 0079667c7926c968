"""The engine by enumeration and by chance: the one table of transitions, and payments against any far side."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest
from engine_world import CHANNEL, FEE, MISHAPS, RULES, START, Play, new_plan
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import CheckConstraint

from examples import examples
from yinyi.business.payments import apply
from yinyi.business.payments.engine import decide
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step, StepState
from yinyi.business.payments.postings import fulfilled
from yinyi.business.payments.tables import payment_step
from yinyi.business.payments.transitions import EVENTS, STATES, Impossible, StepEvent, after, allowed, table
from yinyi.business.payments.view import state_of
from yinyi.kernel.outcome import NotSent

SETTLED = {"done", "refused", "undone", "late"}
REASONS = {"done": {"undo"}, "refused": {"done", "again"}, "undone": {"done"}, "late": {"undo"}}


# ---- the table


def reachable(start: StepState) -> set[str]:
    found, edge = {start}, [start]
    while edge:
        state = edge.pop()
        ends = {end for begin, _, end in table() if begin == state} - found
        found |= ends
        edge += ends
    return set(found)


def test_every_transition_is_in_the_table_or_impossible() -> None:
    rows = {(begin, event): end for begin, event, end in table()}
    assert len(rows) == len(table())
    for state, event in product(STATES, EVENTS):
        assert allowed(state, event) == ((state, event) in rows)
        if allowed(state, event):
            assert after(state, event) == rows[state, event]
        else:
            with pytest.raises(Impossible):
                after(state, event)


def test_every_state_can_come_about_and_every_event_is_used() -> None:
    assert reachable("planned") == set(STATES)
    assert {event for _, event, _ in table()} == set(EVENTS)


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_stuck(state: StepState) -> None:
    assert reachable(state) & SETTLED


@pytest.mark.parametrize("state", sorted(SETTLED))
def test_what_is_settled_moves_only_for_a_reason(state: StepState) -> None:
    leaving = {event for begin, event, end in table() if begin == state and end != state}
    assert leaving == REASONS[state]


def test_success_is_never_forgotten() -> None:
    """``done`` is heard in every state that anything can have left in."""
    hearing: list[StepState] = [state for state in STATES if allowed(state, "done")]
    assert set(hearing) == set(STATES) - {"planned"}
    for state in hearing:
        assert after(state, "done") == ("late" if state in ("refused", "undone", "late") else "done")


def test_nothing_leaves_twice_but_by_decision() -> None:
    assert {begin for begin, event, _ in table() if event == "send"} == {"planned", "doing", "unknown"}
    assert {begin for begin, _, end in table() if end == "planned"} == {"doing", "refused"}
    again: set[StepEvent] = {event for begin, event, end in table() if begin == "refused" and end == "planned"}
    assert again == {"again"}, "only a refund is sent again after a refusal"


def test_the_database_knows_exactly_these_states() -> None:
    checks = [each for each in payment_step.constraints if isinstance(each, CheckConstraint)]
    (states,) = [str(each.sqltext) for each in checks if "state IN" in str(each.sqltext)]
    assert set(states.removeprefix("state IN (").removesuffix(")").replace("'", "").split(", ")) == set(STATES)


# ---- payments by chance

mishaps = st.lists(st.sampled_from(MISHAPS), max_size=30)
people = st.lists(
    st.tuples(st.integers(0, 900), st.sampled_from(["chooses", "chooses", "pays", "pays", "pays late", "cancels"])),
    max_size=8,
).map(sorted)
with_staff = st.lists(st.tuples(st.integers(30, 900), st.just("posts again")), max_size=3)


def played(what: list[str], who: list[tuple[int, str]]) -> Play:
    play = Play(mishaps=iter(what), people=list(who))
    play.plan = play.run()
    return play


@settings(max_examples=examples(1500))
@given(mishaps, people)
def test_whatever_goes_wrong_the_money_ends_where_it_belongs(what: list[str], who: list[tuple[int, str]]) -> None:
    ends_where_it_belongs(played(what, who))


@settings(max_examples=examples(500))
@given(mishaps, people, with_staff)
def test_whatever_staff_post_again_it_does(
    what: list[str], who: list[tuple[int, str]], staff: list[tuple[int, str]]
) -> None:
    ends_where_it_belongs(played(what, sorted([(0, "chooses"), (20, "pays"), *who, *staff])))


def lost_once(called: list[str], then: list[str]) -> Iterator[str]:
    """What becomes of each call: the hospital has confirmed, its answer is lost, and then it goes like this."""
    while "do scheduling.confirm" not in called:
        yield ""
    yield "answer_lost"
    yield from then


@given(
    st.lists(st.sampled_from([*["not_sent"] * 4, "lost", "answer_lost"]), min_size=60, max_size=90),
    st.lists(st.integers(40, 899), min_size=1, max_size=4).map(sorted),
)
def test_what_was_posted_again_and_never_left_may_still_have_happened(then: list[str], seconds: list[int]) -> None:
    play = Play(iter([]), [(0, "chooses"), (20, "pays"), *((at, "posts again") for at in seconds)])
    play.mishaps = lost_once(play.called, then)
    while play.plan.direction == "forward" and not fulfilled(play.plan):
        play.step()
        confirm = play.plan.current()[-1]
        assert not play.far.delivered or confirm.state not in ("planned", "refused"), "it has happened"
    assert play.called.count("do scheduling.confirm") > 1
    play.plan = play.run()
    ends_where_it_belongs(play)


def ends_where_it_belongs(play: Play) -> None:
    far, plan = play.far, play.plan
    assert far.kept_fen == (FEE if far.delivered else 0), "delivered and kept, or neither"
    assert state_of(plan) == ("fulfilled" if far.delivered else "returned" if plan.taken_fen else "closed")
    assert plan.taken_fen - plan.returned_fen == far.kept_fen, "and our books say the same"
    shown = [take.reference for take in plan.takes() if take.show is not None]
    assert "open" not in [far.orders.get(reference) for reference in shown], "nobody can pay any more"
    assert "held" not in far.numbers.values(), "no number is kept for nobody"


@settings(max_examples=examples(500))
@given(mishaps, people)
def test_a_reference_is_sent_once_unless_repeating_is_harmless(what: list[str], who: list[tuple[int, str]]) -> None:
    play = played(what, who)
    kinds = {step.reference: step.kind for step in play.plan.steps}
    often = {kinds[reference] for reference, times in play.sent.items() if times > 1}
    assert often <= {REFUND}
    assert len({step.reference for step in play.plan.steps}) == len(play.plan.steps)


@given(people)
def test_who_pays_in_time_gets_his_number(who: list[tuple[int, str]]) -> None:
    """Nothing goes wrong: a first code that is paid while it is on the screen is a number."""
    play = played([], [(0, "chooses"), (20, "pays"), *((at + 60, does) for at, does in who)])
    assert state_of(play.plan) == "fulfilled"
    assert not play.plan.attention


@pytest.mark.parametrize("again", [True, False])
def test_who_pays_a_closed_code_is_not_asked_for_more_before_he_wants_to(again: bool) -> None:
    """The number is still his: he may pay for it again, and what came late goes back at once."""
    more = [(400, "chooses"), (420, "pays")] if again else []
    play = played([], [(0, "chooses"), (330, "pays late"), *more])
    late, *others = play.plan.takes()
    assert (late.state, [take.state for take in others]) == ("late", ["done"] if again else [])
    assert (state_of(play.plan), play.plan.reason) == (("fulfilled", "") if again else ("returned", "paid_late"))
    refund = play.plan.latest(REFUND)
    assert refund is not None
    assert refund.sent_at == START + timedelta(seconds=330)


def test_nobody_comes() -> None:
    play = played([], [])
    assert (state_of(play.plan), play.plan.reason) == ("closed", "expired")
    assert play.called == ["do scheduling.hold", "undo scheduling.hold"]


@settings(max_examples=examples(300))
@given(st.lists(st.sampled_from(MISHAPS), max_size=12), people)
def test_money_that_comes_after_the_end_goes_back(what: list[str], who: list[tuple[int, str]]) -> None:
    """A code is paid at the very moment of closing, and the channel tells so long after everything has ended."""
    play = played(what, who)
    closed = [take for take in play.plan.takes() if play.far.orders.get(take.reference) == "closed"]
    for take in closed:
        play.far.orders[take.reference] = "paid"
        late = replace(play.plan, ended_at=None)
        step = next(each for each in late.steps if each.reference == take.reference)
        play.plan = apply.learned(late, step, play.far.ask(late, step), RULES, play.now)
    play.plan = play.run()
    assert play.far.kept_fen == (FEE if play.far.delivered else 0)


def test_what_was_sent_again_is_believed_lost_only_after_it_must_have_arrived() -> None:
    play = played(["not_sent"] * 3 + ["arrives_late"], [])
    assert "held" not in play.far.numbers.values()
    assert list(play.far.numbers) == ["R10"]


# ---- patience


def test_what_cannot_be_sent_in_time_is_given_up_in_time() -> None:
    """The patient stands there: he is told after four seconds, not when the next try would be due."""
    play = Play(mishaps=iter(["not_sent"] * 99), people=[])
    while play.plan.steps[0].state != "refused":
        play.step()
    late = play.now - START - timedelta(seconds=RULES["scheduling.hold"].send_within_s)
    assert timedelta() <= late <= timedelta(seconds=0.1), "a last call may be on its way just then"


def waits_until(plan: Plan, step: Step) -> float:
    assert step.next_at is not None
    return (step.next_at - START).total_seconds() - (step.since - START).total_seconds()


def test_what_cannot_be_sent_is_tried_less_and_less_often() -> None:
    """A hospital that is down is not asked twice a second for a quarter of an hour by everybody who has paid."""
    steady = {kind: replace(rule, spread=0.0) for kind, rule in RULES.items()}
    plan, now, pauses = new_plan(), START, list[float]()
    for _ in range(6):
        step = plan.steps[2]
        plan = apply.sent(plan, step, now)
        plan = apply.learned(plan, plan.steps[2], NotSent(), steady, now)
        pauses.append(waits_until(plan, plan.steps[2]))
        now = plan.steps[2].next_at or now
    assert pauses == list(RULES["scheduling.confirm"].send_every_s)


def test_the_rules_let_nothing_wait_for_ever() -> None:
    for kind, rule in RULES.items():
        assert rule.people_after_s <= 4 * 86400, kind
        assert all(pause > 0 for pause in (*rule.ask_every_s, *rule.wait_every_s, *rule.send_every_s)), kind
        assert rule.can_ask or rule.repeatable or rule.internal, f"{kind} could never be known"


@pytest.mark.parametrize("minutes", [0, 5, 8, 9, 60])
def test_a_decision_is_the_same_however_often_it_is_asked_for(minutes: int) -> None:
    plan, now = new_plan(), START + timedelta(minutes=minutes)
    before = repr(plan)
    assert decide(plan, RULES, now) == decide(plan, RULES, now)
    assert repr(plan) == before
    assert not fulfilled(plan)
    assert f"{TAKE}/{CHANNEL}" in RULES
