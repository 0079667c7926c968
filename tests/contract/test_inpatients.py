"""``Inpatients``: what every connector to a hospital's stays and deposits has to do."""

import asyncio
from datetime import date, timedelta

import pytest
from hospital_offers import OFFERED
from hospital_stage import Play, Stage, plays, reference, refused

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.business.inpatient.model import Stay
from yinyi.business.inpatient.ports import Inpatients, ListsDeposits
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound, Outcome, Refused

EVER = (date(2000, 1, 1), date(2100, 1, 1))
SETTLED_LONG_AGO = "083214"


@pytest.fixture(params=OFFERED)
def play(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Play:
    """Runs a scene on the stage of each connector."""
    return plays(OFFERED[request.param], postgres)


async def admitted(stage: Stage) -> Stay:
    """Somebody who has just come, with a day's costs."""
    people = await stage.patient_numbers(400)
    number = await stage.hands.admit(people[-1])
    await stage.hands.work()
    return await as_it_is(stage, number)


async def as_it_is(stage: Stage, admission_no: str) -> Stay:
    found = await stage.inpatients.stay(admission_no)
    assert found is not None
    return found


async def deposit(stage: Stage, ref: str, stay: Stay, fen: int = 50_000, payment_no: str = "") -> Outcome:
    return await stage.inpatients.post_deposit(
        *(ref, stay.admission_no, Fen(fen), payment_no or f"P{ref}", "unionpay", await stage.now())
    )


async def settled(stage: Stage, deposit_fen: int) -> tuple[Stay, str]:
    """A stay that is over and settled, and the reference of its one deposit."""
    stay, ref = await admitted(stage), reference()
    assert isinstance(await deposit(stage, ref, stay, deposit_fen), Done)
    assert await stage.hands.discharge(stay.admission_no)
    assert await stage.hands.settle(stay.admission_no)
    return await as_it_is(stage, stay.admission_no), ref


def test_a_stay_adds_up(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        found = [one for who in ("2016000002", SETTLED_LONG_AGO) for one in await stage.inpatients.stays(who)]
        assert {"admitted", "settled"} <= {one.state for one in found}
        for stay in found:
            assert await stage.inpatients.stay(stay.admission_no) == stay
            items = await stage.inpatients.stay_items(stay.admission_no, *EVER)
            days = await stage.inpatients.cost_days(stay.admission_no)
            assert sum(one.amount_fen for one in items) == stay.cost_fen > 0
            assert all(one.amount_fen == one.quantity * one.price_fen for one in items)
            assert days[-1].running_fen == stay.cost_fen
            assert sum(one.item_count for one in days) == len(items)
            categories = await stage.inpatients.cost_categories(stay.admission_no)
            assert sum(one.amount_fen for one in categories) == stay.cost_fen
            assert {one.category_code for one in categories} == {one.category_code for one in items}
            posted = [one for one in await stage.inpatients.deposits(stay.admission_no) if one.state == "posted"]
            in_and_out = {"deposit": 1, "return": -1}
            assert sum(in_and_out[one.kind] * one.amount_fen for one in posted) == stay.deposit_fen
            assert stay.left_fen == stay.deposit_fen - stay.cost_fen

    play(scene)


def test_one_day_is_one_day(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        [stay, *_] = await stage.inpatients.stays(SETTLED_LONG_AGO)
        days = await stage.inpatients.cost_days(stay.admission_no)
        one = days[1]
        items = await stage.inpatients.stay_items(stay.admission_no, one.charged_on, one.charged_on)
        assert {item.charged_on for item in items} == {one.charged_on}
        assert sum(item.amount_fen for item in items) == one.amount_fen
        assert one.running_fen == days[0].running_fen + one.amount_fen

    play(scene)


def test_every_day_costs_something_until_the_discharge(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stay = await admitted(stage)
        await stage.pass_time(timedelta(days=2))
        await stage.hands.work()
        await stage.hands.work()
        later = await as_it_is(stage, stay.admission_no)
        days = await stage.inpatients.cost_days(stay.admission_no)
        assert len(days) == 3
        assert later.cost_fen > stay.cost_fen
        assert await stage.hands.discharge(stay.admission_no)
        await stage.pass_time(timedelta(days=2))
        await stage.hands.work()
        assert (await as_it_is(stage, stay.admission_no)).cost_fen == later.cost_fen

    play(scene)


def test_what_nobody_knows_is_nothing(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        for number in ("", "nobody", "<b>", "9" * 400):
            assert await stage.inpatients.stay(number) is None
            assert await stage.inpatients.stays(number) == []
            assert await stage.inpatients.cost_days(number) == []
            assert await stage.inpatients.deposits(number) == []
            refused(await stage.inpatients.post_deposit(reference(), number, Fen(1), "P", "cash", await stage.now()),
                    "bad_request")  # fmt: skip
        assert isinstance(await stage.inpatients.ask_deposit(reference()), NotFound)

    play(scene)


def test_a_very_long_stay_and_an_empty_one(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        long, empty = await stage.patient_numbers(2)
        first = min(await stage.inpatients.stays(long), key=lambda stay: stay.admitted_at)
        assert len(await stage.inpatients.cost_days(first.admission_no)) > 100
        stay = min(await stage.inpatients.stays(empty), key=lambda stay: stay.admitted_at)
        assert stay.deposit_fen == 0

    play(scene)


def test_one_reference_is_one_deposit(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stay, ref = await admitted(stage), reference()
        outcomes = await asyncio.gather(*(deposit(stage, ref, stay) for _ in range(5)))
        assert all(one == outcomes[0] and isinstance(one, Done) for one in outcomes)
        assert (await as_it_is(stage, stay.admission_no)).deposit_fen == 50_000
        refused(await deposit(stage, ref, stay, 50_001), "bad_request")
        refused(await deposit(stage, ref, stay, 50_000, "P-other"), "already_paid")
        answer = await stage.inpatients.ask_deposit(ref)
        assert isinstance(answer, Done)
        assert (answer.evidence["status"], answer.evidence["amount_fen"]) == ("posted", 50_000)
        assert answer.evidence["left_fen"] == 50_000 - stay.cost_fen

    play(scene)


@pytest.mark.parametrize("fen", [0, -5, 20_000_001, 2_000_000_000])
def test_amounts_have_limits(play: Play, fen: int) -> None:
    async def scene(stage: Stage) -> None:
        refused(await deposit(stage, reference(), await admitted(stage), fen), "limit_exceeded")

    play(scene)


def test_taken_back_as_if_it_had_never_been(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stay, ref, never = await admitted(stage), reference(), reference()
        await deposit(stage, ref, stay)
        for one in (ref, ref, never):
            assert isinstance(await stage.inpatients.reverse_deposit(one), Done)
        assert (await as_it_is(stage, stay.admission_no)).deposit_fen == 0
        for one in (ref, never):
            refused(await stage.inpatients.ask_deposit(one), "expired")
            refused(await deposit(stage, one, stay), "expired")

    play(scene)


def test_a_settled_stay_takes_no_more(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stay, ref = await settled(stage, 100_000)
        assert stay.settlement_no
        refused(await deposit(stage, reference(), stay), "not_permitted")
        refused(await stage.inpatients.reverse_deposit(ref), "not_permitted")
        assert isinstance(await deposit(stage, ref, stay, 100_000), Done)

    play(scene)


def test_the_window_settles_while_a_deposit_comes(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stay, ref = await admitted(stage), reference()
        assert await stage.hands.discharge(stay.admission_no)
        outcome, done = await asyncio.gather(deposit(stage, ref, stay), stage.hands.settle(stay.admission_no))
        assert done
        now = await as_it_is(stage, stay.admission_no)
        assert now.state == "settled"
        assert now.left_fen >= 0
        if isinstance(outcome, Refused):
            assert (outcome.reason, now.left_fen) == ("not_permitted", 0)

    play(scene)


def test_what_is_left_goes_back_and_no_more(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stay, ref = await settled(stage, 100_000)
        left, half = stay.left_fen, stay.left_fen // 2
        assert 0 < left < 100_000
        back = reference()
        give = stage.inpatients.return_deposit
        outcomes = await asyncio.gather(*(give(back, ref, Fen(half)) for _ in range(3)))
        assert all(one == outcomes[0] and isinstance(one, Done) for one in outcomes)
        rest = await asyncio.gather(*(give(reference(), ref, Fen(left - half)) for _ in range(4)))
        assert [isinstance(one, Done) for one in rest].count(True) == 1
        assert {one.reason for one in rest if isinstance(one, Refused)} == {"insufficient_funds"}
        assert (await as_it_is(stage, stay.admission_no)).left_fen == 0
        refused(await give(back, ref, Fen(half + 1)), "bad_request")
        assert isinstance(await stage.inpatients.reverse_deposit(back), Done)
        assert (await as_it_is(stage, stay.admission_no)).left_fen == half
        refused(await give(back, ref, Fen(half)), "expired")

    play(scene)


def test_nothing_goes_back_before_the_settlement_or_of_another(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        stay, ref = await admitted(stage), reference()
        await deposit(stage, ref, stay)
        refused(await stage.inpatients.return_deposit(reference(), ref, Fen(1)), "not_refundable")
        refused(await stage.inpatients.return_deposit(reference(), "nobody", Fen(1)), "bad_request")
        _, other = await settled(stage, 100_000)
        refused(await stage.inpatients.return_deposit(reference(), other, Fen(0)), "limit_exceeded")
        refused(await stage.inpatients.return_deposit(reference(), other, Fen(100_001)), "insufficient_funds")

    play(scene)


def test_what_was_posted_is_told(play: Play) -> None:
    async def scene(stage: Stage) -> None:
        since = await stage.now()
        stay, ref = await settled(stage, 100_000)
        back = reference()
        await stage.inpatients.return_deposit(back, ref, Fen(10))
        assert isinstance(stage.inpatients, ListsDeposits)
        found = {one.reference: one for one in await stage.inpatients.deposit_postings(since, await stage.now())}
        assert (found[ref].kind, found[ref].amount_fen, found[ref].returned_fen) == ("deposit", 100_000, 10)
        assert (found[back].kind, found[back].of_reference, found[back].amount_fen) == ("return", ref, 10)
        listed = await stage.inpatients.deposits(stay.admission_no)
        assert [one.reference for one in listed] == [ref, back]
        assert await stage.hands.take_deposit(stay.admission_no, 5) is False
        assert isinstance(stage.inpatients, Inpatients)

    play(scene)
