"""``Inpatients``: what every connector to a hospital's stays and deposits has to do."""

import asyncio
from datetime import timedelta

from yinyi.business.inpatient.ports import Inpatients, ListsDeposits
from yinyi.conformance.behaviour import Script, equal, expect, refused
from yinyi.conformance.hospital.actions import EVER, admitted, deposit, settled, stay_as_it_is
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done, NotFound, Refused

SCRIPT = Script((Inpatients,))


@SCRIPT.behaviour()
async def a_stay_adds_up(stage: Stage) -> None:
    over, ref = await settled(stage, 100_000)
    expect(await stage.inpatients.return_deposit(reference(), ref, Fen(7)), Done)
    for number in (over.admission_no, (await admitted(stage)).admission_no):
        stay = await stay_as_it_is(stage, number)
        assert stay in await stage.inpatients.stays(stay.patient_no)
        items = await stage.inpatients.stay_items(stay.admission_no, *EVER)
        days = await stage.inpatients.cost_days(stay.admission_no)
        assert sum(one.amount_fen for one in items) == stay.cost_fen > 0
        assert all(one.amount_fen == one.quantity * one.price_fen for one in items)
        equal(days[-1].running_fen, stay.cost_fen)
        equal(sum(one.item_count for one in days), len(items))
        categories = await stage.inpatients.cost_categories(stay.admission_no)
        equal(sum(one.amount_fen for one in categories), stay.cost_fen)
        assert {one.category_code for one in categories} == {one.category_code for one in items}
        posted = [one for one in await stage.inpatients.deposits(stay.admission_no) if one.state == "posted"]
        in_and_out = {"deposit": 1, "return": -1}
        equal(sum(in_and_out[one.kind] * one.amount_fen for one in posted), stay.deposit_fen)
        equal(stay.left_fen, stay.deposit_fen - stay.cost_fen)


@SCRIPT.behaviour()
async def every_day_costs_something_until_the_discharge(stage: Stage) -> None:
    stay = await admitted(stage)
    await stage.pass_time(timedelta(days=2))
    await stage.hands.work()
    await stage.hands.work()
    later = await stay_as_it_is(stage, stay.admission_no)
    days = await stage.inpatients.cost_days(stay.admission_no)
    equal(len(days), 3)
    assert later.cost_fen > stay.cost_fen
    assert await stage.hands.discharge(stay.admission_no)
    await stage.pass_time(timedelta(days=2))
    await stage.hands.work()
    equal((await stay_as_it_is(stage, stay.admission_no)).cost_fen, later.cost_fen)


@SCRIPT.behaviour()
async def what_nobody_knows_is_nothing(stage: Stage) -> None:
    for number in ("", "nobody", "<b>", "9" * 400):
        assert await stage.inpatients.stay(number) is None
        equal(await stage.inpatients.stays(number), [])
        equal(await stage.inpatients.cost_days(number), [])
        equal(await stage.inpatients.deposits(number), [])
        told = (reference(), number, Fen(1), "P", "cash", await stage.now())
        refused(await stage.inpatients.post_deposit(*told), "bad_request")
    expect(await stage.inpatients.ask_deposit(reference()), NotFound)


@SCRIPT.behaviour()
async def one_reference_is_one_deposit(stage: Stage) -> None:
    stay, ref = await admitted(stage), reference()
    outcomes = await asyncio.gather(*(deposit(stage, ref, stay) for _ in range(5)))
    assert all(one == outcomes[0] and isinstance(one, Done) for one in outcomes)
    equal((await stay_as_it_is(stage, stay.admission_no)).deposit_fen, 50_000)
    refused(await deposit(stage, ref, stay, 50_001), "bad_request")
    refused(await deposit(stage, ref, stay, 50_000, "P-other"), "already_paid")
    answer = await stage.inpatients.ask_deposit(ref)
    assert isinstance(answer, Done), answer
    equal((answer.evidence["status"], answer.evidence["amount_fen"]), ("posted", 50_000))
    equal(answer.evidence["left_fen"], 50_000 - stay.cost_fen)


@SCRIPT.behaviour([0, -5, 20_000_001, 2_000_000_000])
async def amounts_have_limits(stage: Stage, fen: int) -> None:
    refused(await deposit(stage, reference(), await admitted(stage), fen), "limit_exceeded")


@SCRIPT.behaviour()
async def taken_back_as_if_it_had_never_been(stage: Stage) -> None:
    stay, ref, never = await admitted(stage), reference(), reference()
    await deposit(stage, ref, stay)
    for one in (ref, ref, never):
        expect(await stage.inpatients.reverse_deposit(one), Done)
    equal((await stay_as_it_is(stage, stay.admission_no)).deposit_fen, 0)
    for one in (ref, never):
        refused(await stage.inpatients.ask_deposit(one), "expired")
        refused(await deposit(stage, one, stay), "expired")


@SCRIPT.behaviour()
async def a_settled_stay_takes_no_more(stage: Stage) -> None:
    stay, ref = await settled(stage, 100_000)
    assert stay.settlement_no
    refused(await deposit(stage, reference(), stay), "not_permitted")
    refused(await stage.inpatients.reverse_deposit(ref), "not_permitted")
    expect(await deposit(stage, ref, stay, 100_000), Done)


@SCRIPT.behaviour()
async def the_window_settles_while_a_deposit_comes(stage: Stage) -> None:
    stay, ref = await admitted(stage), reference()
    assert await stage.hands.discharge(stay.admission_no)
    outcome, done = await asyncio.gather(deposit(stage, ref, stay), stage.hands.settle(stay.admission_no))
    assert done
    now = await stay_as_it_is(stage, stay.admission_no)
    equal(now.state, "settled")
    assert now.left_fen >= 0
    if isinstance(outcome, Refused):
        equal((outcome.reason, now.left_fen), ("not_permitted", 0))


@SCRIPT.behaviour()
async def what_is_left_goes_back_and_no_more(stage: Stage) -> None:
    stay, ref = await settled(stage, 100_000)
    left, half = stay.left_fen, stay.left_fen // 2
    assert 0 < left < 100_000
    back = reference()
    give = stage.inpatients.return_deposit
    outcomes = await asyncio.gather(*(give(back, ref, Fen(half)) for _ in range(3)))
    assert all(one == outcomes[0] and isinstance(one, Done) for one in outcomes)
    rest = await asyncio.gather(*(give(reference(), ref, Fen(left - half)) for _ in range(4)))
    equal([isinstance(one, Done) for one in rest].count(True), 1)
    assert {one.reason for one in rest if isinstance(one, Refused)} == {"insufficient_funds"}
    equal((await stay_as_it_is(stage, stay.admission_no)).left_fen, 0)
    refused(await give(back, ref, Fen(half + 1)), "bad_request")
    expect(await stage.inpatients.reverse_deposit(back), Done)
    equal((await stay_as_it_is(stage, stay.admission_no)).left_fen, half)
    refused(await give(back, ref, Fen(half)), "expired")


@SCRIPT.behaviour()
async def nothing_goes_back_before_the_settlement_or_of_another(stage: Stage) -> None:
    stay, ref = await admitted(stage), reference()
    await deposit(stage, ref, stay)
    refused(await stage.inpatients.return_deposit(reference(), ref, Fen(1)), "not_refundable")
    refused(await stage.inpatients.return_deposit(reference(), "nobody", Fen(1)), "bad_request")
    _, other = await settled(stage, 100_000)
    refused(await stage.inpatients.return_deposit(reference(), other, Fen(0)), "limit_exceeded")
    refused(await stage.inpatients.return_deposit(reference(), other, Fen(100_001)), "insufficient_funds")


@SCRIPT.behaviour(also=(ListsDeposits,))
async def what_was_posted_is_told(stage: Stage) -> None:
    since = await stage.now()
    stay, ref = await settled(stage, 100_000)
    back = reference()
    await stage.inpatients.return_deposit(back, ref, Fen(10))
    assert isinstance(stage.inpatients, ListsDeposits)
    found = {one.reference: one for one in await stage.inpatients.deposit_postings(since, await stage.now())}
    equal((found[ref].kind, found[ref].amount_fen, found[ref].returned_fen), ("deposit", 100_000, 10))
    equal((found[back].kind, found[back].of_reference, found[back].amount_fen), ("return", ref, 10))
    listed = await stage.inpatients.deposits(stay.admission_no)
    assert [one.reference for one in listed] == [ref, back]
    assert await stage.hands.take_deposit(stay.admission_no, 5) is False
