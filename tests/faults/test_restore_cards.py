"""The database goes back, and there is a bank line: its bank cannot be asked, and takes no number twice."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from payment_far_side import FEE
from payment_world import World
from queue_desk import say
from restore_cards import CardStage, Staff, asked, ends
from restore_stage import PART, choose, drive, inside, pay, refunds, restored

from yinyi.app.backup.epoch import begin_epoch
from yinyi.business.payments.channels import WINDOW
from yinyi.business.payments.messages_found import ListRestoreGap, SettleGapItem
from yinyi.business.payments.plan import REFUND
from yinyi.business.payments.view import state_of

Copies = Callable[[str], str]
Act = Callable[[World, str], Awaitable[None]]
PATIENCE_S = 60.0


def play(story: Awaitable[None]) -> None:
    asyncio.run(asyncio.wait_for(story, PATIENCE_S))


async def lost(cards: CardStage, url: str, copies: Copies, before: tuple[Act, ...], after: tuple[Act, ...]):
    """A payment of which the database knows what was before only; what is outside now, and its number."""
    async with cards.inside(url) as (it, outside):
        number = await it.open()
        await it.drive(number)
        for act in before:
            await act(it, number)
    copy = copies(url)
    async with cards.inside(url, outside) as (it, outside):
        for act in after:
            await act(it, number)
    await restored(copy, outside)
    return copy, outside, number


async def paid_by_code(it: World, number: str) -> None:
    for act in (choose, drive, pay, drive, drive):
        await act(it, number)


def test_a_payment_by_another_means_leaves_its_gap(platform_url: str, copies: Copies, tmp_path: Path) -> None:
    """Cards are not asked about, so that something may be given back of it."""

    async def story() -> None:
        cards = CardStage(tmp_path)
        url, outside, number = await lost(cards, platform_url, copies, (), (paid_by_code,))
        async with cards.inside(url, outside) as (it, outside):
            await ends(it, number)
            plan = await it.plan(number)
            assert (state_of(plan), plan.takes()[-1].channel) == ("fulfilled", "wechatpay")
            await refunds(it, number)
            await it.to_the_end(number)
            assert it.channel.kept_fen() == FEE - PART

    play(story())


@pytest.mark.parametrize("sent", [True, False], ids=["about to leave", "the line was down"])
def test_what_a_card_was_to_pay_is_chosen_anew(platform_url: str, copies: Copies, tmp_path: Path, sent: bool) -> None:
    """The choice is in the database, and what came of it is not: nothing leaves under that reference."""

    async def cannot(it: World, number: str) -> None:
        cards.bank.next["purchase"] = "not_sent"
        await cards.chooses(it, number)
        await it.drive(number)
        assert (await it.plan(number)).takes()[-1].state == "planned"
        cards.bank.said.clear()

    cards = CardStage(tmp_path)

    async def story() -> None:
        url, outside, number = await lost(cards, platform_url, copies, (cards.chooses if sent else cannot,), ())
        async with cards.inside(url, outside) as (it, outside):
            await ends(it, number)
            assert not cards.bank.said
            assert state_of(await it.plan(number)) == "closed"

    play(story())


def test_a_purchase_in_doubt_that_was_delivered_meanwhile(platform_url: str, copies: Copies, tmp_path: Path) -> None:
    """It is reversed, as everything that is in doubt, and what was delivered for it does not stay."""

    async def story() -> None:
        cards = CardStage(tmp_path)
        before, after = (cards.pays_and_nobody_hears,), (cards.hears_after_all, drive, drive, drive)
        url, outside, number = await lost(cards, platform_url, copies, before, after)
        assert cards.kept_fen() == FEE
        assert "confirmed" in outside.hospital.numbers.values()
        async with cards.inside(url, outside) as (it, outside):
            await ends(it, number)
            assert cards.kept_fen() == 0
            assert "confirmed" not in it.hospital.numbers.values()
            assert state_of(await it.plan(number)) == "closed"

    play(story())


def test_a_purchase_in_doubt_behind_which_another_means_is_found(
    platform_url: str, copies: Copies, tmp_path: Path
) -> None:
    """It was reversed in the time that was lost, then a phone has paid: both are found so."""

    async def restarted(it: World, number: str) -> None:
        await it.restart()
        it.clock.advance(timedelta(minutes=2))

    async def story() -> None:
        cards = CardStage(tmp_path)
        before, after = (cards.pays_and_nobody_hears,), (restarted, drive, drive, paid_by_code)
        url, outside, number = await lost(cards, platform_url, copies, before, after)
        assert (cards.kept_fen(), outside.channel.kept_fen()) == (0, FEE)
        async with cards.inside(url, outside) as (it, outside):
            await ends(it, number)
            plan = await it.plan(number)
            assert state_of(plan) == "fulfilled"
            assert [(step.channel, step.state) for step in plan.takes()] == [
                ("bank_card", "undone"),
                ("wechatpay", "done"),
            ]
            assert plan.ended_at is not None
            assert (cards.kept_fen(), it.channel.kept_fen()) == (0, FEE)

    play(story())


def test_a_purchase_of_the_time_that_was_lost_is_for_the_statement(
    platform_url: str, copies: Copies, tmp_path: Path
) -> None:
    """The hospital has delivered for it; whether a card or a cashier took the money, people compare."""

    async def story() -> None:
        cards = CardStage(tmp_path)
        url, outside, number = await lost(cards, platform_url, copies, (), (cards.pays, drive))
        assert cards.kept_fen() == FEE
        async with cards.inside(url, outside) as (it, outside):
            await ends(it, number)
            plan = await it.plan(number)
            assert (state_of(plan), plan.takes()[-1].channel) == ("fulfilled", WINDOW)
            desk = await asked(it)
            gap = await Staff(it, desk).asks(ListRestoreGap())
            told = {(each.source, each.item[:9]): each.found for each in gap.items if each.state == "to_compare"}
            assert "no bank of a card can be asked" in told["bank_card", "statement"]
            assert "paid by a card" in told[WINDOW, "takings o"]
            assert f"{FEE} fen booked as taken by a cashier" in told[WINDOW, number[:9]]
            assert "trace numbers of" in next(each.item for each in gap.items if each.source == "bank")

    play(story())


@pytest.mark.parametrize("happened", [True, False], ids=["it has happened", "it has not"])
def test_what_may_have_gone_back_to_a_card_goes_again_only_when_people_have_compared(
    platform_url: str, copies: Copies, tmp_path: Path, happened: bool
) -> None:
    """A refund of the time that was lost is wanted once more: nobody can be asked whether it left."""

    async def partly_back(it: World, number: str) -> None:
        await refunds(it, number)
        await it.to_the_end(number)

    async def story() -> None:
        cards = CardStage(tmp_path)
        url, outside, number = await lost(cards, platform_url, copies, (cards.pays, drive), (partly_back,))
        assert cards.kept_fen() == FEE - PART
        async with cards.inside(url, outside) as (it, outside):
            await ends(it, number)
            await refunds(it, number)
            desk = await asked(it)
            for _ in range(50):
                it.clock.advance(timedelta(hours=1))
                await it.drive(number)
            plan = await it.plan(number)
            [refund] = [step for step in plan.steps if step.kind == REFUND]
            assert (refund.state, plan.attention) == ("waiting", "refund_waiting")
            assert cards.kept_fen() == FEE - PART
            if happened:
                for name in ("operator", "supervisor"):
                    await say(it, number, refund.reference, name, "happened")
            staff = Staff(it, desk)
            for each in (await staff.asks(ListRestoreGap())).items:
                if each.state == "to_compare":
                    compared = SettleGapItem(epoch=each.epoch, source=each.source, item=each.item, note="compared")
                    await staff.asks(compared)
            plan = await it.to_the_end(number)
            assert plan.returned_fen == PART
            assert cards.kept_fen() == FEE - (PART if happened else 2 * PART)

    play(story())


def test_no_trace_number_is_used_twice(platform_url: str, copies: Copies, tmp_path: Path) -> None:
    """The bank counts with us: what came to it in lost time, and what comes now, after a sign-on."""

    async def others_pay(it: World, number: str) -> None:
        for turn in range(3):
            await cards.house.next_pays(f"lost {turn}")

    async def story() -> None:
        url, outside, _ = await lost(cards, platform_url, copies, (), (others_pay,))
        used, keys = list(cards.bank.traces), cards.bank.keys_given
        async with cards.inside(url, outside):
            await cards.house.next_pays("afterwards")
            fresh = cards.bank.traces[len(used) :]
        assert len(fresh) == len(set(fresh)) > 0
        assert min(trace for _, trace in fresh) > max(trace for _, trace in used) + 99_000
        assert cards.bank.keys_given == keys + 1, "it has signed on first"

    cards = CardStage(tmp_path)
    play(story())


LAST = [0, 5, 799_999, 800_000, 800_001, 899_999, 900_000, 900_001, 999_999]
DAYS = [0.01, 3.0, 400.0]


def test_where_trace_numbers_go_on(platform_url: str, tmp_path: Path) -> None:
    """Behind all that a session can have used: it goes on up to the last number, or, settled behind 900000, from the
    first one again."""

    async def story() -> None:
        cards = CardStage(tmp_path)
        async with cards.inside(platform_url) as (it, outside):
            for last, days in product(LAST, DAYS):
                async with it.database.transaction() as tx:
                    await tx.execute("UPDATE line_session SET trace_no = $1, batch_began_behind = $1 - 4", last)
                await begin_epoch(platform_url, outside.at, outside.at - timedelta(days=days), 0, stopped=True)
                async with it.database.read() as tx:
                    row = await tx.fetchrow("SELECT * FROM line_session")
                assert row is not None
                most = min(max(100_000, round(days * 86_400)), 800_000) - 1
                straight, again = range(last + 1, last + most + 1), range(1, last + most - 900_001 + 1)
                first = row["trace_no"] + 1
                for used in (straight, again):
                    assert first >= used.stop or first + 99_000 <= used.start, f"{last} after {days} days: {first}"
                assert 0 < first <= 900_001
                assert row["trace_no"] - row["batch_began_behind"] == 4
                assert row["must_sign_on"]
                assert row["busy_until"] is None

    play(story())


def test_a_server_that_nobody_came_to_since_has_no_living_process(platform_url: str) -> None:
    """Its leases are those of the backup."""

    async def story() -> None:
        async with inside(platform_url) as (it, _):
            assert await begin_epoch(platform_url, it.clock.now(), it.clock.now(), 0, stopped=True) == 1

    play(story())
