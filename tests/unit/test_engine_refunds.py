"""Refunds by chance: in part, of all, void, by somebody at the channel, all at once; the books follow by themselves."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from engine_world import FEE, MISHAPS, OTHER_CHANNEL, REFUND_PART, RULES, START, THERE, FarSide, Play
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from examples import examples
from yinyi.business.payments import apply
from yinyi.business.payments.actions import Action, Drop, TurnBack
from yinyi.business.payments.engine import Rules, decide
from yinyi.business.payments.model import IN_ALL, RefundedAtChannel
from yinyi.business.payments.plan import REFUND, Plan
from yinyi.business.payments.postings import delivered_fen, entries, fulfilled
from yinyi.business.payments.view import state_of
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Answer, Done, Outcome, Refused

VOIDS: Rules = {
    **RULES,
    f"{REFUND}/{OTHER_CHANNEL}": replace(RULES[f"{REFUND}/{OTHER_CHANNEL}"], voids=True),
}
PAYS = ["chooses", "chooses alipay", "chooses a part", "pays", "pays", "pays"]
LATER = ["wants a part back", "wants a part back", "wants all back", "gives back there", "cancels"]
mishaps = st.lists(st.sampled_from(MISHAPS), max_size=30)
people = st.tuples(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from(PAYS)), max_size=8),
    st.lists(st.tuples(st.integers(0, 5000), st.sampled_from(LATER)), max_size=5),
).map(lambda both: sorted(both[0] + both[1]))


@dataclass
class Booked(Play):
    """Every change of the plan is booked, as the driver does it."""

    rules: Rules = field(default_factory=lambda: VOIDS)
    accounts: Counter[str] = field(default_factory=Counter[str])
    sources: Counter[str] = field(default_factory=Counter[str])
    version: int = 1

    def step(self) -> Action:
        before = self.plan
        action = super().step()
        self.book(before)
        assert self.plan.returned_fen <= self.plan.refunds_fen <= self.plan.taken_fen
        return action

    def book(self, before: Plan) -> None:
        self.version += 1
        self.plan = replace(self.plan, version=self.version)
        for entry in entries(before, self.plan, date(2026, 3, 2), self.now):
            self.sources[entry.source] += 1
            for posting in entry.postings:
                assert posting.amount_fen > 0
                self.accounts[posting.debit_account] += posting.amount_fen
                self.accounts[posting.credit_account] -= posting.amount_fen


def played(what: list[str], who: list[tuple[int, str]], *, sums: bool = False) -> Booked:
    play = Booked(mishaps=iter(what), people=list(who), far=FarSide(sums=sums))
    play.plan = play.run()
    return play


def check(play: Booked) -> None:
    far, plan = play.far, play.plan
    assert plan.taken_fen - plan.returned_fen == far.kept_fen, "our sums are the channel's"
    assert state_of(plan) == ("fulfilled" if far.delivered else "returned" if plan.taken_fen else "closed")
    assert far.delivered or far.kept_fen == 0
    assert 0 <= far.kept_fen <= FEE
    channels = sum(fen for account, fen in play.accounts.items() if account.startswith("channel:"))
    assert channels == far.kept_fen
    assert play.accounts["hospital:outpatient:registration"] == -far.kept_fen
    others = {account: fen for account, fen in play.accounts.items() if account.startswith(("patient_", "refunds:"))}
    assert set(others.values()) <= {0}
    assert max(play.sources.values(), default=0) <= 1, "no movement is booked twice"


@settings(max_examples=examples(1000))
@given(mishaps, people, st.booleans())
def test_whatever_is_wanted_back_the_sums_agree(what: list[str], who: list[tuple[int, str]], sums: bool) -> None:
    check(played(what, who, sums=sums))


def test_a_part_is_given_back_by_what_was_taken_last() -> None:
    who = [(0, "chooses a part"), (20, "pays"), (60, "chooses alipay"), (80, "pays"), (900, "wants a part back")]
    play = played([], who)
    check(play)
    [refund] = [step for step in play.plan.steps if step.kind == REFUND]
    assert (refund.channel, refund.amount_fen, refund.is_void) == (OTHER_CHANNEL, REFUND_PART, False)
    assert delivered_fen(play.plan) == FEE - REFUND_PART


def test_all_of_it_on_the_same_day_is_a_void() -> None:
    play = played([], [(0, "chooses alipay"), (20, "pays"), (900, "wants all back")])
    check(play)
    assert [step.is_void for step in play.plan.steps if step.kind == REFUND] == [True]
    assert list(play.far.orders.values()) == ["void"]


def test_the_day_after_it_is_a_refund() -> None:
    play = played([], [(0, "chooses alipay"), (20, "pays"), (86400, "wants all back")])
    check(play)
    assert [step.is_void for step in play.plan.steps if step.kind == REFUND] == [False]


def test_a_void_that_is_refused_becomes_a_refund() -> None:
    play = Booked(mishaps=iter([]), people=[(0, "chooses alipay"), (20, "pays"), (900, "wants all back")])
    play.far = NeverVoids()
    play.plan = play.run()
    check(play)
    refunds = [(step.is_void, step.state) for step in play.plan.steps if step.kind == REFUND]
    assert refunds == [(True, "refused"), (False, "done")]
    assert not play.plan.attention


class NeverVoids(FarSide):
    """The channel that does not cancel this order."""

    def _void(self, take: str) -> Outcome:
        return Refused(reason="not_refundable")


def delivered_and_refunded_there() -> Booked:
    return played([], [(0, "chooses"), (20, "pays"), (900, "gives back there")])


def test_what_somebody_gave_back_at_the_channel_is_booked_once_and_people_are_told() -> None:
    play = delivered_and_refunded_there()
    check(play)
    plan = play.plan
    assert (state_of(plan), plan.returned_fen, plan.attention) == ("fulfilled", THERE, apply.REFUNDED_AT_CHANNEL)
    [refund] = [step for step in plan.steps if step.kind == REFUND]
    assert (refund.by_channel, refund.params["their_id"], refund.state) == (True, "THEIRS0", "done")


def test_more_than_the_channel_can_have_given_back_is_not_believed() -> None:
    plan = delivered_and_refunded_there().plan
    take = plan.takes()[0]
    told = RefundedAtChannel(their_id="X", amount_fen=Fen(FEE - THERE + 1))
    after = apply.refunded_at_channel(plan, take.reference, told, RULES, START)
    assert (after.returned_fen, after.refunds_fen) == (plan.returned_fen, plan.refunds_fen)
    assert (after.steps[-1].state, after.steps[-1].booked) == ("refused", False)
    assert after.attention
    assert apply.refunded_at_channel(after, take.reference, told, RULES, START) == after, "heard once"


def test_an_answer_to_asking_tells_of_it_too() -> None:
    play = Booked(mishaps=iter([]), people=[(0, "chooses")])
    while not play.plan.takes()[0].show:
        play.step()
    take = play.plan.takes()[0]
    told = {"their_id": "X", "amount_fen": 300}
    answer = Done(evidence={apply.REFUNDED_AT_CHANNEL: [told]})
    after = apply.learned(play.plan, take, answer, RULES, play.now)
    assert (after.taken_fen, after.returned_fen) == (FEE, 300)
    assert decide(after, RULES, play.now) == TurnBack("cancelled"), "nothing is delivered for it"


def refunded_by_us(answer: Answer, told_fen: int, *, before: bool) -> Plan:
    """A refund of ours is in doubt when its channel tells of a sum; then it answers. ``before``: the sum comes when the
    answer is there."""
    play = played([], [(0, "chooses"), (20, "pays")])
    plan = apply.refunding(play.plan, REFUND_PART, "why", play.now)
    take = plan.takes()[0]
    plan = apply.sent(plan, plan.steps[-1], play.now)
    told = RefundedAtChannel(their_id="X", amount_fen=Fen(told_fen), in_all=True)

    def answered(plan: Plan) -> Plan:
        return apply.learned(plan, plan.steps[-1], answer, RULES, play.now)

    if before:
        return apply.refunded_at_channel(answered(plan), take.reference, told, RULES, play.now)
    plan = apply.refunded_at_channel(plan, take.reference, told, RULES, play.now)
    assert (plan.returned_fen, plan.attention) == (0, apply.REFUNDED_AT_CHANNEL), "nothing is booked yet"
    assert apply.refunded_at_channel(plan, take.reference, told, RULES, play.now) == plan, "heard once"
    return answered(plan)


@pytest.mark.parametrize(
    ("answer", "told_fen", "back_fen"),
    [
        (Done(), REFUND_PART + THERE, REFUND_PART + THERE),
        (Done(), THERE, REFUND_PART + THERE),
        (Refused(reason="not_refundable"), REFUND_PART + THERE, REFUND_PART + THERE),
        (Refused(reason="not_refundable"), THERE, THERE),
        (Done(evidence={IN_ALL: REFUND_PART + 2 * THERE}), REFUND_PART + THERE, REFUND_PART + 2 * THERE),
    ],
)
def test_a_sum_is_understood_when_it_is_certain_what_of_it_is_ours(
    answer: Answer, told_fen: int, back_fen: int
) -> None:
    plan = refunded_by_us(answer, told_fen, before=False)
    assert (plan.returned_fen, plan.attention) == (back_fen, apply.REFUNDED_AT_CHANNEL)
    assert plan.takes()[0].evidence.keys() == played([], [(0, "chooses"), (20, "pays")]).plan.takes()[0].evidence.keys()


def test_of_a_sum_what_is_known_to_be_ours_is_ours() -> None:
    plan = refunded_by_us(Done(evidence={IN_ALL: REFUND_PART}), REFUND_PART + THERE, before=True)
    assert plan.returned_fen == REFUND_PART + THERE
    assert [each.amount_fen for each in plan.steps if each.by_channel] == [THERE]


def test_a_sum_that_holds_nothing_but_ours_calls_nobody() -> None:
    play = played([], [(0, "chooses"), (20, "pays"), (900, "wants a part back")], sums=True)
    assert (play.plan.returned_fen, play.plan.attention) == (REFUND_PART, "")


def test_a_refund_of_ours_that_cannot_be_any_more_makes_room() -> None:
    """All of it is on its way back when somebody gives back a part at the channel: we give back the rest."""
    who = [(0, "chooses"), (20, "pays"), (900, "gives back there"), (900, "wants all back")]
    play = played(["", "", "", "", "", "refused", "not_sent"], who)
    check(play)
    assert play.plan.returned_fen == FEE


@given(st.integers(1, FEE - 1), st.integers(1, FEE))
def test_ours_is_dropped_where_theirs_took_its_place(ours: int, theirs: int) -> None:
    play = played([], [(0, "chooses"), (20, "pays")])
    take = play.plan.takes()[0]
    plan = apply.refunding(play.plan, Fen(ours), "why", play.now)
    told = RefundedAtChannel(their_id="X", amount_fen=Fen(theirs))
    plan = apply.refunded_at_channel(plan, take.reference, told, RULES, play.now)
    action = decide(plan, RULES, play.now)
    assert isinstance(action, Drop) == (ours + theirs > FEE)
    if isinstance(action, Drop):
        plan = apply.dropped(plan, action.refund, play.now)
        assert plan.refunds_fen == theirs
    assert plan.refunds_fen <= plan.taken_fen
    assert fulfilled(plan)


def test_people_hear_of_it_long_after_the_end() -> None:
    play = delivered_and_refunded_there()
    again = RefundedAtChannel(their_id="LATER", amount_fen=Fen(100))
    take = play.plan.takes()[0]
    plan = apply.refunded_at_channel(play.plan, take.reference, again, RULES, play.now + timedelta(days=9))
    assert plan.ended_at is None
    assert plan.returned_fen == THERE + 100
