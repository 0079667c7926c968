"""Several tenders in one payment, by chance: parts add up, and go back in reverse order of taking."""

from dataclasses import dataclass

from engine_world import FEE, MISHAPS, PART, START, Play, new_plan, real_rules
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from examples import examples
from yinyi.business.payments import amounts, apply
from yinyi.business.payments.actions import Action, GiveBack
from yinyi.business.payments.engine import decide
from yinyi.business.payments.plan import TAKE
from yinyi.business.payments.view import state_of
from yinyi.kernel.outcome import Refused

DOES = ["chooses", "chooses alipay", "chooses a part", "chooses a part", "pays", "pays", "pays", "cancels"]
mishaps = st.lists(st.sampled_from(MISHAPS), max_size=30)
people = st.lists(st.tuples(st.integers(0, 900), st.sampled_from(DOES)), max_size=12).map(sorted)


@dataclass
class Watched(Play):
    """Looks at every decision."""

    def step(self) -> Action:
        before = self.plan
        action = super().step()
        assert amounts.paid_fen(self.plan) <= FEE, "never more is taken for it than it costs"
        assert self.plan.returned_fen <= self.plan.refunds_fen <= self.plan.taken_fen
        if isinstance(action, GiveBack) and before.direction == "back":
            later = [take for take in before.moved() if take.position > action.take.position]
            assert all(amounts.is_accepted(before, take) for take in later), "what was taken last goes back first"
        return action


def played(what: list[str], who: list[tuple[int, str]]) -> Watched:
    play = Watched(mishaps=iter(what), people=list(who))
    play.plan = play.run()
    return play


@settings(max_examples=examples(600))
@given(mishaps, people)
def test_parts_are_delivered_for_together_or_all_go_back(what: list[str], who: list[tuple[int, str]]) -> None:
    play = played(what, who)
    far, plan = play.far, play.plan
    assert far.kept_fen == (FEE if far.delivered else 0)
    assert state_of(plan) == ("fulfilled" if far.delivered else "returned" if plan.taken_fen else "closed")
    assert plan.taken_fen - plan.returned_fen == far.kept_fen
    shown = [take.reference for take in plan.takes() if take.show is not None]
    assert "open" not in [far.orders.get(reference) for reference in shown]
    assert "held" not in far.numbers.values()


def test_a_part_and_the_rest_by_another_means() -> None:
    play = played([], [(0, "chooses a part"), (20, "pays"), (60, "chooses alipay"), (80, "pays")])
    takes = [(take.position, take.channel, take.amount_fen) for take in play.plan.takes()]
    assert takes == [(30, "wechatpay", PART), (31, "alipay", FEE - PART)]
    assert state_of(play.plan) == "fulfilled"


def test_the_rest_waits_for_the_next_choice() -> None:
    play = Watched(mishaps=iter([]), people=[(0, "chooses a part"), (20, "pays")])
    while not play.plan.moved():
        play.step()
    play.step()
    assert state_of(play.plan) == "ready"
    play.step()
    assert state_of(play.plan) == "ready"
    assert amounts.owed_fen(play.plan) == FEE - PART


def test_who_pays_only_a_part_gets_it_back() -> None:
    play = played([], [(0, "chooses a part"), (20, "pays")])
    assert (state_of(play.plan), play.plan.reason) == ("returned", "expired")
    assert play.plan.returned_fen == PART


def test_cancelled_after_two_parts_the_second_goes_back_first() -> None:
    who = [(0, "chooses a part"), (20, "pays"), (60, "chooses a part"), (80, "pays"), (120, "cancels")]
    play = played([], who)
    back = [step.params["of"] for step in play.plan.steps if step.kind != TAKE and "of" in step.params]
    takes = [take.reference for take in play.plan.takes() if take.state == "done"]
    assert back == takes[::-1]
    assert len(takes) == 2


def test_a_purchase_whose_successor_is_used_has_come_late_where_it_cannot_be_undone() -> None:
    """After a restore: it was in doubt, and another means was found behind it."""
    rules, now = real_rules(), START
    plan = new_plan()
    planned = plan.takes()[0]
    first = replace(planned, state="undoing", sent_at=now, params={"channel": "wechatpay", "merchant": "outpatient"})
    then = replace(first, attempt=2, reference=f"{first.reference}2", state="done")
    plan = plan.with_step(first).with_step(then)
    after = apply.undo_learned(plan, first, Refused(reason="already_paid"), rules, now)
    assert [take.state for take in after.takes()] == ["late", "done"]
    wish = decide(after, rules, now)
    assert isinstance(wish, GiveBack)
    assert wish.take.reference == first.reference
