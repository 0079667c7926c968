"""The database goes back to an earlier instant while hospital and channel go on: every moment of a payment, to every
earlier one. What was lost is found by asking, nothing is used twice, and all books agree at the end."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from payment_far_side import FEE, Mishap, SimChannel
from payment_world import ZONE
from restore_stage import (
    JOURNEYS,
    PAIRS,
    PART,
    agree,
    another,
    choose_a_part,
    drive,
    held_before,
    inside,
    pay,
    restored,
)

from yinyi.app.backup.epoch import begin_epoch
from yinyi.app.errors import CannotStart
from yinyi.business.payments.messages_found import ListRestoreGap
from yinyi.business.payments.model import Order
from yinyi.business.payments.plan import TAKE
from yinyi.business.payments.restored import Orphan, Restored
from yinyi.business.payments.view import state_of
from yinyi.kernel.outcome import Answer, Unknown, Waiting


@pytest.mark.parametrize(("journey", "kept", "lost"), PAIRS)
def test_back_to_every_earlier_moment(
    platform_url: str, copies: Callable[[str], str], journey: str, kept: int, lost: int
) -> None:
    """``kept`` acts are in the database, those up to ``lost`` have happened."""
    acts = JOURNEYS[journey]

    async def story() -> None:
        async with inside(platform_url) as (it, outside):
            number = await it.open()
            for act in acts[:kept]:
                await act(it, number)
        url = copies(platform_url)
        async with inside(platform_url, outside) as (it, outside):
            for act in acts[kept:lost]:
                await act(it, number)
        before = list(outside.sent)
        epoch = await restored(url, outside)
        async with inside(url, outside) as (it, outside):
            plan = await it.to_the_end(number)
            if plan.gap_until is not None:  # it had ended before, and is asked about all the same
                it.clock.advance(timedelta(seconds=40))
                await it.drive(number)
                plan = await it.to_the_end(number)
            await agree(it, plan)
            assert plan.restored == epoch
        again = set(before) & set(outside.sent[len(before) :])
        assert not again, "a reference was used again"

    asyncio.run(story())


def test_nothing_is_decided_before_everybody_has_answered(platform_url: str, copies: Callable[[str], str]) -> None:
    async def story() -> None:
        async with inside(platform_url) as (it, outside):
            number = await it.open()
            await it.drive(number)
        url = copies(platform_url)
        async with inside(platform_url, outside) as (it, outside):
            await it.choose(number)
            await it.drive(number)
            await pay(it, number)
        await restored(url, outside)
        async with inside(url, outside) as (it, outside):
            it.clock.advance(timedelta(minutes=9))
            down: list[Mishap] = ["down"] * 200
            it.script.mishaps["ask_channel"] = deque(down)
            before = len(outside.sent)
            for _ in range(200):
                it.clock.advance(timedelta(seconds=6))
                await it.drive(number)
            plan = await it.plan(number)
            assert plan.gap_until is not None
            assert plan.attention == "gap_unasked"
            assert len(outside.sent) == before
            assert "held" in it.hospital.numbers.values()
            plan = await it.to_the_end(number)
            assert plan.attention == ""
            assert state_of(plan) == "fulfilled"
            await agree(it, plan)

    asyncio.run(story())


def test_a_call_that_arrives_after_the_restore_is_still_found(platform_url: str, copies: Callable[[str], str]) -> None:
    """ "Never heard of it" is not believed while something may be on its way."""

    async def story() -> None:
        url, outside, number = await held_before(platform_url, copies)
        await restored(url, outside)
        async with inside(url, outside) as (it, _):
            await it.drive(number)
            assert (await it.plan(number)).gap_until is not None
            it.channel.orders[f"{number}02"] = "paid"
            plan = await it.to_the_end(number)
            assert state_of(plan) == "fulfilled"
            await agree(it, plan)

    asyncio.run(story())


def test_a_choice_made_meanwhile_is_acted_on_only_when_everybody_was_asked(
    platform_url: str, copies: Callable[[str], str]
) -> None:
    async def story() -> None:
        url, outside, number = await held_before(platform_url, copies)
        await restored(url, outside)
        async with inside(url, outside) as (it, now):
            await it.choose(number)
            take = (await it.plan(number)).latest(TAKE)
            assert take is not None
            assert (take.state, take.channel) == ("planned", "")
            await it.drive(number)
            assert now.sent == []
            it.clock.advance(timedelta(seconds=40))
            await it.drive(number)
            assert now.sent == [f"{number}0104"]

    asyncio.run(story())


def test_a_callback_about_an_order_that_nobody_knew_of_then(platform_url: str, copies: Callable[[str], str]) -> None:
    """A channel that knows no order before its code is scanned: it is paid after everybody was asked."""

    async def story() -> None:
        url, outside, number = await held_before(platform_url, copies)
        await restored(url, outside)
        async with inside(url, outside) as (it, _):
            plan = await it.to_the_end(number)
            assert state_of(plan) == "closed"
            lost = f"{number}05"
            it.channel.orders[lost] = "paid"
            await it.callback(number, "E1", reference=lost)
            await it.callback(number, "E2", reference=f"{another(number)}02")
            after = Restored(it.database, it.means.registry, [], it.clock, ZONE, 1)
            async with it.database.read() as tx:
                epochs = await tx.fetch("SELECT epoch, since, reached_at, asked_at FROM restore_epoch")
            await after.look(epochs)
            await it.drive(number)
            it.clock.advance(timedelta(seconds=40))
            await it.drive(number)
            plan = await it.to_the_end(number)
            assert lost in {step.reference for step in plan.takes()}
            assert state_of(plan) == "returned"
            await agree(it, plan)
            async with it.database.read() as tx:
                gap = await after.gap(tx, it.call(), ListRestoreGap())
            found = {(each.item, each.state) for each in gap.items if "callback" in each.source}
            assert found == {(lost, "settled"), (f"{another(number)}02", "to_compare")}
            unknown = next(each.found for each in gap.items if each.item == f"{another(number)}02")
            assert unknown.startswith(f"a payment, perhaps a top-up, of {FEE} fen at outpatient")
            assert gap.unasked == 0

    asyncio.run(story())


class FindsOrphans:
    """A hospital that knows of payments, and of nothing that they could be made of again. Implements ``FindsLost``."""

    source, can_list = "hospital", True

    def __init__(self, *numbers: str) -> None:
        self._numbers = numbers

    async def lost(self, since: datetime, until: datetime) -> list[Orphan]:
        return [Orphan(each, "confirmed; its doctor is not listed any more") for each in self._numbers]


def test_what_cannot_be_written_down_again_is_compared_by_people(platform_url: str) -> None:
    async def story() -> None:
        async with inside(platform_url) as (it, outside):
            known = await it.open()
        await restored(platform_url, outside)
        lost = another(known)
        async with inside(platform_url, outside) as (it, outside):
            after = Restored(it.database, it.means.registry, [FindsOrphans(known, lost)], it.clock, ZONE, 1)
            async with it.database.read() as tx:
                epochs = await tx.fetch("SELECT epoch, since, reached_at, asked_at FROM restore_epoch")
            await after.look(epochs)
            await after.look(epochs)
            async with it.database.read() as tx:
                gap = await after.gap(tx, it.call(), ListRestoreGap())
            found = [(each.item, each.state) for each in gap.items if each.source == "hospital" and each.item != ALL]
            assert found == [(lost, "to_compare")]

    asyncio.run(story())


ALL = "all of the gap"


def test_a_payment_made_afterwards_carries_the_epoch(platform_url: str) -> None:
    async def story() -> None:
        async with inside(platform_url) as (it, outside):
            number = await it.open()
        assert number[12:14] == "00"
        epoch = await restored(platform_url, outside)
        async with inside(platform_url, outside) as (it, outside):
            it.numbers = itertools.count(2)
            fresh = await it.open()
            assert fresh[12:14] == "01"
            plan = await it.to_the_end(fresh)
            assert {step.reference for step in plan.steps} == {f"{fresh}0{n}" for n in (1, 2, 3)}
            assert plan.payment_id > epoch << 40

    asyncio.run(story())


def test_what_is_not_known_to_have_been_paid_may_be_paid_again(platform_url: str, copies: Callable[[str], str]) -> None:
    """Nothing had happened in the lost time: the payer goes on under another reference."""

    async def story() -> None:
        url, outside, number = await held_before(platform_url, copies)
        await restored(url, outside)
        async with inside(url, outside) as (it, outside):
            it.clock.advance(timedelta(seconds=40))
            await it.drive(number)
            assert state_of(await it.plan(number)) == "ready"
            await it.choose(number)
            await it.drive(number)
            take = (await it.plan(number)).latest(TAKE)
            assert take is not None
            assert take.reference == f"{number}0104"
            it.channel.pay(take.reference)
            plan = await it.to_the_end(number)
            assert state_of(plan) == "fulfilled"
            await agree(it, plan)

    asyncio.run(story())


def test_a_channel_that_says_no_amount_before_it_is_paid(platform_url: str, copies: Callable[[str], str]) -> None:
    """The code of a part is on the screen: over how much it is, is learned when it is paid."""

    async def story() -> None:
        url, outside, number = await held_before(platform_url, copies)
        async with inside(platform_url, outside) as (it, outside):
            await choose_a_part(it, number)
            await it.drive(number)
        await restored(url, outside)
        async with inside(url, outside) as (it, _):
            _says_no_amount(it.channel)
            it.clock.advance(timedelta(seconds=40))
            await it.drive(number)
            assert (await it.plan(number)).takes()[-1].amount_fen == FEE
            await pay(it, number)
            for _ in range(3):
                await drive(it, number)
            plan = await it.plan(number)
            assert (plan.taken_fen, plan.takes()[0].amount_fen, state_of(plan)) == (PART, PART, "ready")
            plan = await it.to_the_end(number)
            assert state_of(plan) == "returned"
            await agree(it, plan)

    asyncio.run(story())


def _says_no_amount(channel: SimChannel) -> None:
    """Of orders that are not paid."""
    ask = channel.ask

    async def quiet(order: Order) -> Answer:
        answer = await ask(order)
        unpaid = channel.orders.get(order.reference) == "open"
        return Waiting(until=order.expires_at) if unpaid and isinstance(answer, Unknown) else answer

    channel.ask = quiet


def test_a_business_process_still_at_work_is_no_time_to_restore(platform_url: str) -> None:
    async def story() -> None:
        async with inside(platform_url) as (it, _):
            with pytest.raises(CannotStart, match="still works on this database"):
                await begin_epoch(platform_url, it.clock.now(), it.clock.now(), 0)

    asyncio.run(story())
