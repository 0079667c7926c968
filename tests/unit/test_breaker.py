"""Breakers and pauses: a dead channel is left alone but for a probe, and those who wait for it do not come at once."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from engine_world import CHANNEL, RULES, START, new_plan
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from yinyi.business.payments import apply
from yinyi.business.payments.breaker import Breaker, Verb
from yinyi.business.payments.channels import MerchantTable
from yinyi.business.payments.limits import Limits, Place
from yinyi.business.payments.plan import REFUND, TAKE, Plan, Step, StepState
from yinyi.business.payments.registry import Registry
from yinyi.business.payments.rules import Rule, pause_s
from yinyi.kernel.outcome import Answer, Done, NotFound, NotSent, Refused, Unknown, Waiting

RULE = Rule()
SILENT: list[Answer] = [Unknown(), NotSent()]
ANSWERED: list[Answer] = [Done(), Waiting(until=START), Refused(reason="declined"), NotFound()]
VERBS: list[Verb] = ["do", "ask", "undo"]


# ---- the breaker by itself


def opened(payments: int = 2) -> Breaker:
    breaker = Breaker(RULE)
    for number in range(RULE.opens_after):
        breaker.heard(False, number % payments, START, 0.0)
    return breaker


def test_it_opens_after_so_many_in_a_row() -> None:
    breaker = Breaker(RULE)
    changes = [breaker.heard(False, number, START, 0.0) for number in range(RULE.opens_after)]
    assert changes == [False] * (RULE.opens_after - 1) + [True]
    assert breaker.is_open


def test_one_payment_in_doubt_does_not_open_it() -> None:
    assert not opened(payments=1).is_open


def test_an_answer_in_between_keeps_it_closed() -> None:
    breaker = Breaker(RULE)
    for number in range(20):
        breaker.heard(number % RULE.opens_after == RULE.opens_after - 1, number, START, 0.0)
    assert not breaker.is_open


def test_what_was_long_ago_does_not_count() -> None:
    breaker = Breaker(RULE)
    for number in range(20):
        at = START + timedelta(seconds=number * RULE.opens_within_s / (RULE.opens_after - 1.5))
        breaker.heard(False, number, at, 0.0)
    assert not breaker.is_open


def test_a_call_that_makes_somebody_wait_probes_only_after_a_pause() -> None:
    breaker = opened()
    pause = timedelta(seconds=RULE.probe_every_s[0])
    assert not breaker.admits("do", START + pause - timedelta(milliseconds=1))
    assert breaker.admits("do", START + pause)
    assert not breaker.admits("do", START + pause), "one at a time"


def test_pauses_grow_and_have_jitter() -> None:
    breaker, now = opened(), START
    for number, pause in enumerate([*RULE.probe_every_s[1:], RULE.probe_every_s[-1]], start=1):
        jitter = 1 / (number + 1)
        breaker.heard(False, 1, now, jitter)
        due = now + timedelta(seconds=pause * (1 + RULE.spread * jitter))
        assert not breaker.admits("do", due - timedelta(milliseconds=1))
        assert breaker.admits("do", due)
        breaker.left()
        now = due


moves = st.lists(
    st.tuples(st.sampled_from(["begin", "end", "wait"]), st.sampled_from(VERBS), st.booleans(), st.integers(0, 30)),
    max_size=60,
)


@given(moves)
def test_whatever_happens_one_probe_at_a_time_and_an_answer_closes_it(
    what: list[tuple[Literal["begin", "end", "wait"], Verb, bool, int]],
) -> None:
    breaker, now = Breaker(RULE), START
    out: list[bool] = []  # of the calls that are out, whether it is the probe
    for move, verb, answered, number in what:
        if move == "wait":
            now += timedelta(seconds=number)
        elif move == "begin":
            probe = breaker.is_open
            admitted = breaker.admits(verb, now)
            assert admitted or probe, "closed, it lets everything through"
            assert not (admitted and probe and True in out)
            assert admitted or True in out or verb == "do", "questions go out whenever no other one is"
            out += [probe] * admitted
        elif out:
            if out.pop(number % len(out)):
                breaker.left()
            breaker.heard(answered, number, now, 0.0)
            assert not (answered and breaker.is_open)


# ---- with the limits around it


@dataclass
class Channel:
    """Calls it through ``Limits``; ``dead``: nobody answers."""

    limits: Limits = field(default_factory=lambda: Limits(jitter=lambda: 0.0))
    dead: bool = True
    calls: Counter[Verb] = field(default_factory=Counter[Verb])

    async def call(self, number: int, verb: Verb = "do", step: Step | None = None, after_s: float = 0.0) -> Answer:
        now = START + timedelta(seconds=after_s)
        plan, taken = plan_of(number)
        async with self.limits.place(plan, step or taken, verb, RULES[f"{TAKE}/{CHANNEL}"], now) as place:
            return place.answer or self._answer(place, verb)

    def _answer(self, place: Place, verb: Verb) -> Answer:
        self.calls[verb] += 1
        answer: Answer = Unknown() if self.dead else Done()
        place.heard(answer, START)
        return answer


def plan_of(number: int) -> tuple[Plan, Step]:
    """A payment whose take is about to leave."""
    plan = replace(new_plan(), payment_id=number)
    chosen = apply.chosen(replace(plan, tender_no=1), plan.steps[1], CHANNEL, "m", START, {})
    return chosen, apply.sent(chosen, chosen.steps[1], START).steps[1]


async def dead_channel() -> Channel:
    channel = Channel()
    for number in range(RULE.opens_after):
        assert isinstance(await channel.call(number), Unknown)
    assert channel.limits.open_breakers() == [f"{TAKE}/{CHANNEL}"]
    return channel


def test_what_has_not_left_is_told_at_once_and_questions_go_out() -> None:
    async def story() -> None:
        channel = await dead_channel()
        assert isinstance(await channel.call(7), NotSent)
        assert channel.calls["do"] == RULE.opens_after
        assert isinstance(await channel.call(1, "ask"), Unknown)
        assert isinstance(await channel.call(1, "undo"), Unknown)
        assert (channel.calls["ask"], channel.calls["undo"]) == (1, 1)
        channel.dead = False
        assert isinstance(await channel.call(1, "ask"), Done)
        assert not channel.limits.is_open(f"{TAKE}/{CHANNEL}")
        assert isinstance(await channel.call(7), Done)

    asyncio.run(story())


def test_a_second_question_waits_while_one_is_out() -> None:
    async def story() -> None:
        channel = await dead_channel()
        plan, step = plan_of(1)
        async with channel.limits.place(plan, step, "ask", RULE, START) as first:
            assert first.answer is None
            assert isinstance(await channel.call(2, "ask"), NotSent)
        assert isinstance(await channel.call(2, "ask"), Unknown)
        assert channel.calls["ask"] == 1, "a probe that was given up makes room"

    asyncio.run(story())


def test_other_kinds_of_calls_go_on() -> None:
    async def story() -> None:
        channel = await dead_channel()
        plan, step = plan_of(1)
        hold = plan.steps[0]
        async with channel.limits.place(plan, hold, "do", RULES[hold.kind], START) as place:
            assert place.answer is None
        refund = replace(step, kind=REFUND)
        async with channel.limits.place(plan, refund, "do", RULES[f"{REFUND}/{CHANNEL}"], START) as place:
            assert place.answer is None

    asyncio.run(story())


def test_a_channel_that_is_away_is_offered_last() -> None:
    shows: Any = SimpleNamespace(show_code=str, call_timeout_s=5.0, settles_after=timedelta(seconds=30))
    names = ("wechatpay", "alipay")
    merchants = MerchantTable({("outpatient", name): "m" for name in names})
    channels: dict[str, Any] = dict.fromkeys(names, shows)
    registry = Registry(effects=[], purposes=[], channels=channels, merchants=merchants)
    assert registry.tenders("outpatient") == ["wechatpay", "alipay"]
    registry.is_away = lambda name: name == "payments.take/wechatpay"
    assert registry.tenders("outpatient") == ["alipay", "wechatpay"]


@pytest.mark.parametrize("before", ["planned", "doing", "unknown"])
@pytest.mark.parametrize("full", [False, True])
def test_what_is_kept_from_leaving_says_nothing_of_what_may_have_left_before(before: StepState, full: bool) -> None:
    async def story() -> None:
        limits = Limits(at_once=0 if full else 1, patience_s=0.0, jitter=lambda: 0.0)
        plan, step = plan_of(1)
        plan = plan.with_step(replace(step, state=before, sent_at=START))
        for number in range(0 if full else RULE.opens_after):
            async with limits.place(replace(plan, payment_id=number), step, "do", RULE, START) as place:
                place.heard(Unknown(), START)
        plan = apply.sent(plan, plan.steps[1], START)
        async with limits.place(plan, plan.steps[1], "do", RULE, START) as place:
            assert isinstance(place.answer, NotSent)
            plan = apply.learned(plan, plan.steps[1], place.answer, RULES, START)
        assert plan.steps[1].state == ("planned" if before == "planned" else "unknown")

    asyncio.run(story())


# ---- pauses

references = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=24, max_size=24)


@given(references, st.integers(0, 40), st.floats(0, 1))
def test_no_pause_is_shorter_than_its_rule_says_or_much_longer(reference: str, tries: int, spread: float) -> None:
    plain = pause_s(RULE.ask_every_s, tries)
    longer = pause_s(RULE.ask_every_s, tries, spread, reference)
    assert plain <= longer <= plain * (1 + spread)
    assert longer == pause_s(RULE.ask_every_s, tries, spread, reference)


def test_those_who_began_together_do_not_come_together() -> None:
    """Ten thousand payments of one second, asking about once a minute: no second has more than a tenth of them."""
    pauses = [pause_s((60,), 9, RULE.spread, f"26030209230500{number:08}02") for number in range(10_000)]
    seconds = Counter(int(pause) for pause in pauses)
    assert set(seconds) == set(range(60, 75))
    assert max(seconds.values()) < 1000
